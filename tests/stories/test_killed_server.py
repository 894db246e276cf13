"""The server is killed in the middle of things; the next one finishes them, and nothing runs twice."""

from random import Random

import pytest

from tests.stories.flink import ENDED, Flink, find_folder
from tests.stories.house import House
from tests.stories.patience import let_pass
from tests.stories.people import JobHandle, Person
from tests.stories.specs import endless

pytestmark = pytest.mark.real

# From "the row is just written" over the client JVM's start to "the job is nearly up".
LATEST_KILL_S = 2.0


@pytest.mark.requirement("T0-14", "T0-23", "T0-26", "T0-27", "T0-33", "A-32", "U-14")
@pytest.mark.parametrize("seed", [None, 20], ids=["at-once", "random-20"])
def test_an_accepted_verb_is_carried_out_by_the_next_server(
    house: House, person: Person, flink: Flink, seed: int | None
) -> None:
    moments = Random(seed)
    job = person.publish(f"crashes {seed}", endless())

    def ask_and_kill(verb: str, **options: str) -> None:
        job.ask(verb, **options)
        let_pass(0.0 if seed is None else moments.uniform(0, LATEST_KILL_S if verb == "run" else 0.5))
        house.kill()
        house.start()
        person.sign_in()

    ask_and_kill("run")
    job.await_phase("RUNNING")
    _assert_one_flink_job(job, flink)
    ask_and_kill("pause")
    paused = job.await_phase("SUSPENDED")
    snapshot = job.list("snapshots")[0]
    assert paused["restore_point"]["snapshot_id"] == snapshot["id"]
    assert (find_folder(snapshot["path"]) / "_metadata").is_file()
    assert flink.list_live(job.name) == []

    job.succeed("resume")
    assert job.show()["instance"]["restored_snapshot_id"] == snapshot["id"]
    _assert_one_flink_job(job, flink)
    assert [operation["status"] for operation in job.list("operations")] == ["SUCCESS"] * 3
    assert len(job.list("instances")) == len(flink.list_jobs(job.name)) == 2


def test_jobs_do_not_notice_that_the_server_ends_and_comes_back(house: House, person: Person, flink: Flink) -> None:
    job = person.start("outlives the server", endless())
    alive = flink.list_live(job.name)
    processes = (house.flink.job_manager_pid, house.flink.task_manager_pids)

    assert house.end() == 0
    assert flink.list_live(job.name) == alive
    house.start()
    person.sign_in()
    assert (house.flink.job_manager_pid, house.flink.task_manager_pids) == processes
    shown = job.show()
    assert (shown["phase"], shown["instance"]["flink_job_id"]) == ("RUNNING", alive[0])
    assert flink.list_live(job.name) == alive


def _assert_one_flink_job(job: JobHandle, flink: Flink) -> None:
    live = [found["jid"] for found in flink.list_jobs(job.name) if found["state"] not in ENDED]
    assert live == [job.show()["instance"]["flink_job_id"]]
