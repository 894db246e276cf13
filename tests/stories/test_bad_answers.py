"""A JobManager whose answers get lost or lie: every operation ends well, and nothing is concluded from silence."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.stories.flink import ENDED, Flink, find_folder
from tests.stories.house import House
from tests.stories.ledger import find_start, list_runs, list_saved, read_ledger
from tests.stories.patience import await_that, let_pass
from tests.stories.people import JobHandle, Json, Person
from tests.stories.proxy import EverySecond, Proxy, Reply, proxy_to, tell_the_truth
from tests.stories.specs import ledger

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

ORDERS = {
    "POST /jars/upload",
    "POST /jars/ID/run",
    "POST /jobs/ID/savepoints",
    "POST /jobs/ID/stop",
    "PATCH /jobs/ID",
}
LOOKS = {"GET /jobs/overview", "GET /jobmanager/config", "GET /jobs/ID/savepoints/ID"}
HIDDEN_S = 6.0
"""An idle cluster is looked at every five seconds."""


@pytest.fixture
def proxy(house: House) -> Iterator[Proxy]:
    with proxy_to(house.flink.rest_url) as proxy:
        yield proxy


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """What the job writes of itself."""
    return tmp_path / "ledger"


@pytest.fixture
def job(proxy: Proxy, annex: Person, test_jar: Path, book: Path, request: pytest.FixtureRequest) -> Iterator[JobHandle]:
    """A counting job on the other side of the proxy, which tells the truth before and after the story."""
    place = {"savepoint_dir": f"file://{book.parent}/savepoints"}
    cluster = annex.register("behind-a-proxy", proxy.url, **place)
    await_that(lambda: annex.get(f"/clusters/{cluster}")["reachability"], 30)
    job = annex.publish(request.node.name, ledger(annex.upload(test_jar), book, cluster=cluster))
    yield job
    proxy.rule = tell_the_truth
    job.end()


@pytest.mark.requirement("A-30", "A-33", "D-08", "U-04", "U-09", "U-14")
def test_a_whole_life_of_a_job_while_every_second_answer_is_swallowed(
    proxy: Proxy, job: JobHandle, flink: Flink, book: Path
) -> None:
    proxy.rule = swallowing = EverySecond(seed=5)
    job.succeed("run")
    _await_count(job, book)
    job.succeed("savepoint")
    job.succeed("pause")
    job.succeed("resume")
    _await_count(job, book)
    job.succeed("restart", keep_state=True)
    _await_count(job, book)
    job.succeed("stop", snapshot="NONE")

    assert job.show()["phase"] == "CANCELLED"
    assert set(swallowing.swallowed) >= ORDERS | LOOKS, "each kind of answer was missed at least once"
    instances = list(reversed(job.list("instances")))
    assert [instance["end"] for instance in instances] == ["SUSPENDED", "SUSPENDED", "CANCELLED"]
    assert {operation["status"] for operation in job.list("operations")} == {"SUCCESS"}
    _assert_one_at_a_time(job, flink, book, [instance["flink_job_id"] for instance in instances])
    _assert_goes_on(job, book)
    _assert_one_stop_each(job, [instance["flink_job_id"] for instance in instances[:2]])


@pytest.mark.requirement("A-30", "D-08", "T0-15", "U-09")
def test_a_list_without_the_job_hides_nothing_from_whoever_asks_for_it_by_its_id(
    proxy: Proxy, job: JobHandle, flink: Flink, book: Path
) -> None:
    """As Flink leaves out a job whose JobMaster is too busy to answer it."""
    job.succeed("run")
    _await_count(job, book)
    proxy.rule = _show_no_jobs
    let_pass(HIDDEN_S)
    shown = job.show()
    assert (shown["phase"], shown["flink_status"], shown["warning"]) == ("RUNNING", "RUNNING", None)
    assert shown["reachability"]["state"] == "REACHABLE"
    job.succeed("pause")
    _assert_paused_once(job, flink)


@pytest.mark.requirement("A-30", "D-08", "T0-15", "U-09")
def test_a_jobmanager_that_denies_a_job_for_a_while_is_not_believed(
    proxy: Proxy, job: JobHandle, flink: Flink, book: Path
) -> None:
    job.succeed("run")
    _await_count(job, book)
    proxy.rule = _know_no_jobs
    await_that(lambda: job.show()["reachability"]["state"] == "MISSING", 30, job.show)
    pause = job.ask("pause")
    waiting = await_that(lambda: _find_waiting(job), 30, job.show)
    assert waiting["code"] == "waits_for_job"
    assert waiting["message"]
    assert waiting["advice"]
    let_pass(HIDDEN_S)
    shown = job.show()
    assert (shown["phase"], shown["warning"]) == ("TRANSITIONING", None), "neither lost nor failed"
    assert [instance["end"] for instance in job.list("instances")] == [None]
    proxy.rule = tell_the_truth
    assert job.person.await_end(pause["id"])["status"] == "SUCCESS"
    _assert_paused_once(job, flink)


def _show_no_jobs(reply: Reply) -> Reply | None:
    """The same life of the JobManager, and a list with nothing on it."""
    return replace(reply, body=b'{"jobs":[]}') if reply.kind == "GET /jobs/overview" else reply


def _know_no_jobs(reply: Reply) -> Reply | None:
    """Nor is any job known by its id."""
    if reply.kind == "GET /jobs/ID":
        return replace(reply, status=404, body=json.dumps({"errors": ["Job could not be found"]}).encode())
    return _show_no_jobs(reply)


def _find_waiting(job: JobHandle) -> Json | None:
    operation = job.show()["operation"]
    waiting: Json | None = operation["waiting"] if operation is not None else None
    return waiting


def _await_count(job: JobHandle, book: Path) -> None:
    """The newest run has counted something that could be lost."""
    newest = job.show()["instance"]["flink_job_id"]
    begun = await_that(lambda: find_start(read_ledger(book), newest) is not None, 30, job.show)
    assert begun
    start = find_start(read_ledger(book), newest) or 0
    await_that(
        lambda: any(one.flink_job_id == newest and one.count > start + 10 for one in read_ledger(book)), 30, job.show
    )


def _assert_one_at_a_time(job: JobHandle, flink: Flink, book: Path, ours: list[str]) -> None:
    """By Flink's own list and by what the runs wrote down: one after another, and no others."""
    runs = flink.list_jobs(job.name)
    assert [run["jid"] for run in runs] == ours
    assert all(run["state"] in ENDED for run in runs)
    for earlier, later in pairwise(runs):
        assert 0 < earlier["end-time"] <= later["start-time"], runs
    told = list_runs(read_ledger(book))
    assert [one for one, _, _ in told] == ours
    for (_, _, last), (_, first, _) in pairwise(told):
        assert last <= first, told


def _assert_goes_on(job: JobHandle, book: Path) -> None:
    """Each run began with what the one before it had saved last, and nothing was counted wrongly."""
    entries = read_ledger(book)
    runs = [one for one, _, _ in list_runs(entries)]
    for before, after in pairwise(runs):
        assert find_start(entries, after) == list_saved(entries, before)[-1] > 0
    assert not [entry for entry in entries if entry.word == "wrong"]


def _assert_one_stop_each(job: JobHandle, stopped: list[str]) -> None:
    """A stop may be sent again, but only under the id that it had."""
    triggers: dict[str, set[str]] = {}
    for call in job.list("trace"):
        if call["path"].endswith("/stop"):
            triggers.setdefault(call["path"], set()).add(json.loads(call["request"])["triggerId"])
    assert triggers.keys() == {f"/jobs/{one}/stop" for one in stopped}
    assert all(len(ids) == 1 for ids in triggers.values()), triggers


def _assert_paused_once(job: JobHandle, flink: Flink) -> None:
    """Suspended on a savepoint that is there, after one run."""
    assert job.show()["phase"] == "SUSPENDED"
    (snapshot,) = job.list("snapshots")
    assert (find_folder(snapshot["path"]) / "_metadata").is_file()
    assert [run["state"] for run in flink.list_jobs(job.name)] == ["FINISHED"]
