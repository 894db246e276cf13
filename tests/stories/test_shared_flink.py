"""One Flink for two strangers, one Flink under two addresses, two Flinks behind one: whose a job is stays clear."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.local_cluster import EmbeddedCluster
from headgate.domain.instances import is_ours
from headgate.ports.engines import Engine, LocalClusterShape
from tests.stories.flink import Flink, find_folder
from tests.stories.house import House
from tests.stories.ledger import find_start, list_saved, read_ledger
from tests.stories.patience import await_that, let_pass
from tests.stories.people import JobHandle, Json, Person
from tests.stories.specs import jar, ledger
from tests.stories.wire import Wire, wire_to

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

IDLE_SWEEP_S = 5.5
"""A cluster where nothing is asked for is looked at every five seconds."""
BUSY_SWEEPS_S = 3.0
"""One with an open operation is looked at every second."""
LANGUAGES = ("en", "zh")
REPLACED = "waits_for_own_cluster"
REGISTERED_TWICE = "waits_for_single_registration"


@pytest.fixture
def wire(house: House) -> Iterator[Wire]:
    with wire_to(house.flink.rest_url) as wire:
        yield wire


@pytest.fixture(scope="module")
def other_flink(engine_221: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flink]:
    """Another Flink, with fewer slots than that of the house."""
    folder = tmp_path_factory.mktemp("other-flink")
    cluster = EmbeddedCluster(folder, engine_221, LocalClusterShape(slots=2), SystemClock())
    try:
        yield Flink(cluster.ensure_running().rest_url)
    finally:
        cluster.stop()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """What the job behind the wire writes of itself."""
    return tmp_path / "ledger"


@pytest.fixture
def job(wire: Wire, annex: Person, test_jar: Path, book: Path, request: pytest.FixtureRequest) -> JobHandle:
    """A counting job on what answers at the wire's address, with something counted."""
    cluster = annex.register("behind-a-wire", wire.url, savepoint_dir=f"file://{book.parent}/savepoints")
    job = annex.start(request.node.name, ledger(annex.upload(test_jar), book, cluster=cluster))
    await_that(lambda: any(entry.count > 10 for entry in read_ledger(book)), 30, job.show)
    return job


@pytest.mark.requirement("A-38", "U-04", "U-11", "U-14")
def test_two_servers_that_know_nothing_of_each_other_leave_each_others_jobs_alone(
    house: House, person: Person, annex: Person, flink: Flink, test_jar: Path
) -> None:
    place = {"savepoint_dir": f"file://{house.data}/savepoints"}
    cluster = annex.register("shared", house.flink.rest_url, **place)
    jobs = [
        person.start("of the same name", jar(person.upload(test_jar))),
        annex.start("of the same name", jar(annex.upload(test_jar), cluster=cluster)),
    ]
    ids = [str(job.show()["instance"]["flink_job_id"]) for job in jobs]
    assert sorted(flink.list_live("of the same name")) == sorted(ids)
    assert [[is_ours(one, job.id) for one in ids] for job in jobs] == [[True, False], [False, True]]
    for job, stranger in zip(jobs, reversed(ids), strict=True):
        found = _diagnose(job.person)
        assert stranger in found["diagnosis_foreign_jobs"]["facts"]["jobs"]
        assert not found.keys() & {"diagnosis_orphan", "diagnosis_closed_job_lives", "diagnosis_job_missing"}

    for verb in ("pause", "resume"):
        asked = [job.ask(verb) for job in jobs]
        ends = [job.person.await_end(one["id"])["status"] for job, one in zip(jobs, asked, strict=True)]
        assert ends == ["SUCCESS", "SUCCESS"]
    paths = [job.list("snapshots")[0]["path"] for job in jobs]
    assert find_folder(paths[0]).parent != find_folder(paths[1]).parent
    assert [job.show()["instance"]["restored_from"] for job in jobs] == paths

    ours, theirs = jobs
    theirs.succeed("stop", snapshot="NONE")
    assert annex.ask("DELETE", f"/clusters/{cluster}").is_success
    let_pass(IDLE_SWEEP_S)
    shown = ours.show()
    assert (shown["phase"], shown["warning"]) == ("RUNNING", None)
    assert flink.list_live("of the same name") == [shown["instance"]["flink_job_id"]]
    assert len(flink.list_jobs("of the same name")) == 4, "two runs of each"
    for job in jobs:
        _assert_orders_are_about_its_own(job)


@pytest.mark.requirement("U-04", "U-11", "U-14")
def test_a_second_registration_of_one_flink_is_told_so_and_gets_nothing(
    house: House, wire: Wire, annex: Person, flink: Flink, test_jar: Path
) -> None:
    place = {"savepoint_dir": f"file://{house.data}/savepoints"}
    first = annex.register("straight", house.flink.rest_url, **place)
    job = annex.start("at the first address", jar(annex.upload(test_jar), cluster=first))
    second = annex.register("roundabout", wire.url, **place)
    cluster = await_that(lambda: _find_problem(annex, second, "cluster_registered_twice"), 30)
    assert (cluster["reachability"]["state"], cluster["reachability"]["as_of"]) == ("UNREACHABLE", None)
    texts = {language: annex.get(f"/clusters/{second}", language)["problem"] for language in LANGUAGES}
    _assert_told_in_both(texts, first, second)
    assert annex.post(f"/clusters/{second}/check")["problem"]["code"] == "cluster_registered_twice"
    assert _diagnose(annex)["diagnosis_cluster_twice"]["facts"]["other"] == first

    stuck = annex.publish("at the second address", jar("jobs.jar", cluster=second))
    run = stuck.ask("run")
    await_that(lambda: _find_waiting(stuck, REGISTERED_TWICE), 30, stuck.show)
    _assert_told_in_both({language: _find_waiting(stuck, REGISTERED_TWICE, language) for language in LANGUAGES})
    let_pass(BUSY_SWEEPS_S)
    assert flink.list_jobs(stuck.name) == []
    assert [call for call in stuck.list("trace") if call["method"] != "GET"] == [], "nothing was sent"

    shown = job.show()
    assert (shown["phase"], shown["reachability"]["state"], shown["warning"]) == ("RUNNING", "REACHABLE", None)
    job.succeed("pause")
    job.succeed("resume")
    assert len(flink.list_jobs(job.name)) == 2
    # Once the first is gone, the second is the only one, and what waited goes on.
    job.succeed("stop", snapshot="NONE")
    assert annex.ask("DELETE", f"/clusters/{first}").is_success
    assert annex.await_end(run["id"])["status"] == "SUCCESS"
    assert flink.list_live(stuck.name) == [stuck.show()["instance"]["flink_job_id"]]
    stuck.end()


@pytest.mark.requirement("A-30", "D-08", "U-04", "U-09", "U-14")
def test_another_flink_behind_the_same_address_gets_nothing_and_the_old_one_is_known_again(
    wire: Wire, flink: Flink, other_flink: Flink, annex: Person, job: JobHandle, book: Path
) -> None:
    before = job.show()["instance"]["flink_job_id"]
    wire.lead_to(other_flink.url)
    hidden = await_that(lambda: _find_replaced(job), 30, job.show)
    assert (hidden["phase"], hidden["flink_status"]) == ("RUNNING", "UNKNOWN")
    assert hidden["reachability"]["last_known"] == "RUNNING"
    texts = {language: job.show(language)["reachability"]["problem"] for language in LANGUAGES}
    _assert_told_in_both(texts, wire.url)
    assert _diagnose(annex)["diagnosis_cluster_replaced"]["facts"]["count"] == "1"

    pause = job.ask("pause")
    newcomer = annex.publish("for nobody yet", jar("jobs.jar", cluster="behind-a-wire"))
    run = newcomer.ask("run")
    await_that(lambda: _find_waiting(job, REPLACED), 30, job.show)
    await_that(lambda: _find_waiting(newcomer, REPLACED), 30, newcomer.show)
    _assert_told_in_both({language: _find_waiting(job, REPLACED, language) for language in LANGUAGES})
    let_pass(BUSY_SWEEPS_S)
    assert other_flink.list_all() == []
    assert flink.list_live(job.name) == [before]
    assert annex.ask("DELETE", f"/operations/{run['id']}").status_code == 202
    assert annex.await_end(run["id"])["status"] == "CANCELLED"

    wire.lead_to(flink.url)
    assert annex.await_end(pause["id"])["status"] == "SUCCESS"
    assert job.show()["reachability"]["state"] == "REACHABLE"
    job.succeed("resume")
    _assert_counts_on(job, book, before)
    assert len(flink.list_jobs(job.name)) == 2
    assert other_flink.list_all() == []
    job.end()


@pytest.mark.long
@pytest.mark.requirement("U-14", "U-15")
def test_jobs_of_a_cluster_that_was_replaced_for_good_go_on_at_the_new_one(
    wire: Wire, flink: Flink, other_flink: Flink, annex: Person, job: JobHandle, book: Path
) -> None:
    """Slow: a job is out of sight for a minute before it may be given up, and its old tasks have theirs to end."""
    before = str(job.show()["instance"]["flink_job_id"])
    job.succeed("savepoint")
    wire.lead_to(other_flink.url)
    assert job.refuse("declare_lost", reason="too early")["code"] == "not_out_of_sight"
    await_that(lambda: "declare_lost" in job.show()["allowed_verbs"], 120, job.show)
    flink.cancel(before)  # as the advice says: nobody else will
    await_that(lambda: flink.list_live(job.name) == [], 30)
    job.succeed("declare_lost", reason="the old cluster is gone")

    run = job.ask("run", **{"from": "LATEST"})
    ended = await_that(lambda: _find_end(annex, run["id"]), 180, job.show)
    assert ended["status"] == "SUCCESS", ended
    assert other_flink.list_live(job.name) == [job.show()["instance"]["flink_job_id"]]
    assert job.show()["reachability"]["state"] == "REACHABLE"
    _assert_counts_on(job, book, before)
    job.end()


def _assert_counts_on(job: JobHandle, book: Path, before: str) -> None:
    """The newest run began with what the one before had saved, and nothing was counted wrongly."""
    newest = job.show()["instance"]["flink_job_id"]
    await_that(lambda: find_start(read_ledger(book), newest), 30, job.show)
    entries = read_ledger(book)
    assert find_start(entries, newest) == list_saved(entries, before)[-1] > 0
    assert not [entry for entry in entries if entry.word == "wrong"]


def _assert_orders_are_about_its_own(job: JobHandle) -> None:
    """What was sent on behalf of a job names its own runs and nobody else's."""
    own = {instance["flink_job_id"] for instance in job.list("instances")}
    orders = [call for call in job.list("trace") if call["method"] != "GET" and call["path"].startswith("/jobs/")]
    assert orders
    assert {call["path"].split("/")[2].partition("?")[0] for call in orders} <= own


def _assert_told_in_both(texts: dict[str, Any], *named: str) -> None:
    """A sentence and an advice in each language, and the names in each sentence."""
    said = [(text["message"], text["advice"]) for text in (texts[language] for language in LANGUAGES)]
    assert all(chain.from_iterable(said)), texts
    assert len(set(chain.from_iterable(said))) == 4, "each language has words of its own"
    for message, _ in said:
        assert all(name in message for name in named), message


def _diagnose(person: Person) -> dict[str, Json]:
    return {finding["code"]: finding for finding in person.get("/diagnosis")["findings"]}


def _find_problem(person: Person, name: str, code: str) -> Json | None:
    cluster: Json = person.get(f"/clusters/{name}")
    return cluster if (cluster["problem"] or {}).get("code") == code else None


def _find_waiting(job: JobHandle, code: str, language: str = "en") -> Json | None:
    """What its open operation waits for, if it is this."""
    shown = job.show(language)
    waiting: Json = ((shown["operation"] or shown["waiting"]) or {}).get("waiting") or {}
    return waiting if waiting.get("code") == code else None


def _find_replaced(job: JobHandle) -> Json | None:
    shown = job.show()
    return shown if (shown["reachability"]["problem"] or {}).get("code") == "cluster_replaced" else None


def _find_end(person: Person, operation_id: str) -> Json | None:
    operation: Json = person.get(f"/operations/{operation_id}?wait=10")
    return operation if operation["ended_at"] else None
