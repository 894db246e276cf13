"""Two servers on one PostgreSQL: who asks where does not matter, and one of them may go at any moment."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import pytest

from headgate.adapters.clock import SystemClock
from tests.postgresql import PostgreSql
from tests.stories.conftest import Say
from tests.stories.flink import Flink, find_folder
from tests.stories.house import House
from tests.stories.patience import await_that
from tests.stories.people import JobHandle, Json, Person
from tests.stories.servers import Servers
from tests.stories.specs import endless, jar

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


CLICKS = 50
FAIL_OVER_S = 12.0
AT_ONCE_S = 3.0
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def servers(
    house: House, postgresql: PostgreSql, tmp_path_factory: pytest.TempPathFactory, test_jar: Path
) -> Iterator[Servers]:
    """Both know the Flink of the house, and the jar of the test jobs lies with both."""
    database = postgresql.make_database()
    servers = Servers(tmp_path_factory.mktemp("servers"), postgresql, database)
    try:
        servers.start()
        person = Person(servers.one)
        person.register("shared", house.flink.rest_url, savepoint_dir=f"file://{house.data}/savepoints")
        person.leave()
        yield servers
    finally:
        servers.end_all()
        postgresql.drop(database)


@pytest.fixture
def people(servers: Servers) -> Iterator[tuple[Person, Person]]:
    """Somebody at the server that reconciles, and somebody at the other one. Nothing is left running."""
    for house in (servers.one, servers.other):
        if not house.is_running:
            servers.start(house)
    holder = servers.await_holder(PATIENCE_S)
    people = (Person(holder), Person(servers.get_other(holder)))
    yield people
    for person in people:
        person.leave()


@pytest.fixture
def job(request: pytest.FixtureRequest, servers: Servers, people: tuple[Person, Person]) -> Iterator[JobHandle]:
    """A published job, seen from the server that does *not* reconcile."""
    job = people[1].publish(request.node.name, endless(cluster="shared"))
    yield job
    house = next(house for house in (servers.one, servers.other) if house.is_running)
    last = Person(house)
    JobHandle(last, job.id, job.name).end()
    last.leave()


def _click(people: tuple[Person, Person], job: JobHandle, verb: str, **options: str) -> set[str]:
    """Fifty equal requests at once, half of them with one key and half with a key of their own; the operations' ids."""

    def click(number: int) -> Json:
        key = "the same" if number % 4 < 2 else f"key {number}"
        answer = people[number % 2].ask(
            "POST",
            f"/jobs/{job.id}/operations",
            json={"verb": verb, "options": options},
            headers={"Idempotency-Key": f"{verb} {key}"},
        )
        assert answer.is_success, answer.text
        operation: Json = answer.json()
        return operation

    with ThreadPoolExecutor(CLICKS) as pool:
        return {operation["id"] for operation in pool.map(click, range(CLICKS))}


@pytest.mark.requirement("A-33", "U-06", "U-14")
def test_fifty_equal_clicks_on_two_servers_are_one(people: tuple[Person, Person], job: JobHandle, flink: Flink) -> None:
    (run,) = _click(people, job, "run")
    assert people[0].await_end(run)["status"] == "SUCCESS"
    assert len(flink.list_jobs(job.name)) == 1
    (pause,) = _click(people, job, "pause")
    assert people[1].await_end(pause)["status"] == "SUCCESS"
    (snapshot,) = job.list("snapshots")
    folder = find_folder(snapshot["path"])
    assert (folder / "_metadata").is_file()
    assert len(list(folder.parent.iterdir())) == 1, "one savepoint and no second attempt"
    assert len(job.list("operations")) == 2
    assert flink.list_live(job.name) == []


def test_both_servers_are_ready_whoever_reconciles(people: tuple[Person, Person]) -> None:
    for person in people:
        with urlopen(f"{person.house.url}/readyz", timeout=10) as answer:
            assert answer.status == 200


def test_the_reconciling_server_is_woken_by_the_other(people: tuple[Person, Person], job: JobHandle, say: Say) -> None:
    job.succeed("run")
    clock, taken = SystemClock(), []
    for _ in range(5):
        began = clock.monotonic()
        job.ask_and_see_it_sent("savepoint")
        taken.append(clock.monotonic() - began)
        await_that(lambda: not any(one["ended_at"] is None for one in job.list("operations")), PATIENCE_S)
    say(f"from a click on the other server to the call to Flink: {min(taken):.3f} to {max(taken):.3f} s")
    assert min(taken) < 0.9, "without being told it would take up to a second"


def test_a_killed_holder_is_replaced_in_time_and_what_it_began_is_ended(
    servers: Servers, people: tuple[Person, Person], job: JobHandle, flink: Flink, say: Say
) -> None:
    job.succeed("run")
    job.ask_and_see_it_sent("pause")
    holder = servers.await_holder(PATIENCE_S)
    clock, began = SystemClock(), 0.0
    holder.kill()
    began = clock.monotonic()
    assert servers.await_holder(FAIL_OVER_S + 5, holder) is servers.get_other(holder)
    taken = clock.monotonic() - began
    say(f"fail-over after SIGKILL: {taken:.1f} s")
    assert taken <= FAIL_OVER_S
    job.await_phase("SUSPENDED")
    assert len(job.list("snapshots")) == 1
    assert flink.list_live(job.name) == []


def test_an_orderly_end_gives_the_lease_up_at_once(servers: Servers, people: tuple[Person, Person], say: Say) -> None:
    holder = servers.await_holder(PATIENCE_S)
    clock = SystemClock()
    assert holder.end() == 0
    began = clock.monotonic()
    assert servers.await_holder(PATIENCE_S, holder) is servers.get_other(holder)
    taken = clock.monotonic() - began
    say(f"fail-over after an orderly end: {taken:.1f} s")
    assert taken <= AT_ONCE_S
    assert people[1].ask("GET", "/jobs/none").status_code == 404


def test_a_holder_that_is_stopped_and_wakes_later_reconciles_no_more(
    servers: Servers, people: tuple[Person, Person], job: JobHandle, flink: Flink
) -> None:
    job.succeed("run")
    holder = servers.await_holder(PATIENCE_S)
    job.ask_and_see_it_sent("pause")
    os.kill(holder.pid, signal.SIGSTOP)
    try:
        assert servers.await_holder(FAIL_OVER_S + 5, holder) is servers.get_other(holder)
        job.await_phase("SUSPENDED")
        job.succeed("resume")
    finally:
        os.kill(holder.pid, signal.SIGCONT)
    log = holder.data / "log" / "headgate.log"
    await_that(lambda: "the lease is lost" in log.read_text(encoding="utf-8"), PATIENCE_S)
    seen_there = JobHandle(people[0], job.id, job.name)
    assert seen_there.show()["phase"] == "RUNNING"
    assert seen_there.succeed("pause")
    assert servers.find_holder() is servers.get_other(holder)
    assert len(flink.list_jobs(job.name)) == 2
    assert len(job.list("snapshots")) == 2
    assert flink.list_live(job.name) == []


@pytest.mark.requirement("U-09")
def test_a_database_that_is_killed_and_comes_back_is_met_by_servers_that_go_on(
    servers: Servers, people: tuple[Person, Person], job: JobHandle, postgresql: PostgreSql
) -> None:
    job.succeed("run")
    job.ask_and_see_it_sent("pause")
    postgresql.kill()
    try:
        for person in people:
            problem = person.refused("GET", f"/jobs/{job.id}", 503)
            assert problem["code"] == "database_unavailable"
            assert person.house.is_running
    finally:
        postgresql.start()
    job.await_phase("SUSPENDED")
    job.succeed("resume")
    for person in people:
        assert "Traceback" not in person.house.read_output()


def test_a_jar_that_was_not_shared_is_named_where_it_is_missing(
    servers: Servers, people: tuple[Person, Person], test_jar: Path
) -> None:
    """The folders of jars are two here: what the one server was given, the other has not."""
    name = people[1].upload(test_jar)
    lonely = people[1].publish("lonely jar", jar(name, cluster="shared"))
    failed = lonely.fail("run")
    assert "HEADGATE_ARTIFACT_DIR" in failed["message"] + failed["cause"] + failed["advice"], failed
