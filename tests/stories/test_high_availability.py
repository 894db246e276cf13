"""The JobManager of a cluster with high availability dies: Flink brings its jobs back, and Headgate lets it.

One death serves all jobs of the story: each is another question.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.adapters.clock import SystemClock
from headgate.ports.engines import Engine
from tests.stories.conftest import Say
from tests.stories.flink import find_folder
from tests.stories.high_availability import HaFlink
from tests.stories.house import House
from tests.stories.patience import await_that
from tests.stories.people import JobHandle, Json, Person
from tests.stories.sums import assert_sums_on, await_checkpoint, summing

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

CLUSTER = "ha"


@pytest.fixture(scope="module")
def standing(engine_221: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HaFlink]:
    with HaFlink(tmp_path_factory.mktemp("ha") / "data", engine_221, slots=4).opened() as flink:
        yield flink


@pytest.fixture
def operator(standing: HaFlink, tmp_path: Path) -> Iterator[Person]:
    """A person at a server that knows this Flink by its address alone: nobody told it of high availability."""
    house = House(tmp_path, command="serve")
    house.start()
    person = Person(house)
    try:
        person.register(CLUSTER, standing.url, savepoint_dir=f"file://{standing.data}/savepoints")
        yield person
    finally:
        person.leave()
        house.kill_if_alive()


def start(person: Person, name: str, policy: str) -> JobHandle:
    job = person.start(name, summing(name, cluster=CLUSTER))
    answer = person.ask("PATCH", f"/jobs/{job.id}", json={"recovery": {"policy": policy}}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    await_checkpoint(job)
    return job


@pytest.mark.requirement("A-29", "A-30", "D-06", "U-09", "U-14")
def test_a_killed_job_manager_is_waited_for_and_no_job_is_started_twice(
    standing: HaFlink, operator: Person, say: Say
) -> None:
    jobs = {policy: start(operator, f"ha-{policy}", policy) for policy in ("NONE", "RESTORE")}
    paused = start(operator, "ha-paused", "RESTORE")
    everybody = [*jobs.values(), paused]
    before = {job.name: job.show()["instance"]["flink_job_id"] for job in everybody}

    standing.kill_job_manager()
    since = SystemClock().monotonic()
    for job in everybody:
        _await_reach(job, "UNREACHABLE")
        assert job.show()["phase"] == "RUNNING", "nothing is concluded from silence"
    pause = paused.ask("pause")
    standing.start_job_manager()
    for policy, job in jobs.items():
        _await_reach(job, "REACHABLE")
        took = SystemClock().monotonic() - since
        say(f"recovery `{policy.lower()}`, high availability: RUNNING {took:.1f} s after kill -9")
    assert operator.get(f"/clusters/{CLUSTER}")["high_availability"] is True

    assert operator.await_end(str(pause["id"]))["status"] == "SUCCESS"
    suspended = paused.await_phase("SUSPENDED")
    assert (find_folder(suspended["restore_point"]["path"]) / "_metadata").is_file()
    paused.succeed("resume")
    for job in everybody:
        assert_sums_on(job, standing.data)
        job.end()
    for job in jobs.values():
        assert [instance["flink_job_id"] for instance in job.list("instances")] == [before[job.name]]
        assert "RECOVERY_PLANNED" not in [event["type"] for event in job.list("events")]
    assert len(paused.list("instances")) == 2
    submitted = [job["jid"] for job in standing.flink.list_all()]
    assert len(submitted) == len(set(submitted)) == 4, "each run, and none twice"


def _await_reach(job: JobHandle, state: str) -> None:
    def look() -> Json | None:
        shown = job.show()
        is_running = state == "UNREACHABLE" or shown["flink_status"] == "RUNNING"
        return shown if is_running and (shown["reachability"] or {}).get("state") == state else None

    await_that(look, 90, job.show)
