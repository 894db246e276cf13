"""The JobManager dies, or hangs: what is shown then, and how a job comes back."""

import psutil
import pytest

from tests.stories.flink import Flink
from tests.stories.house import House
from tests.stories.patience import await_that
from tests.stories.people import Json, Person
from tests.stories.specs import endless

pytestmark = pytest.mark.real


@pytest.mark.requirement("A-29", "D-06", "T0-15", "T0-18")
def test_a_killed_jobmanager_is_replaced_and_its_job_is_called_lost(house: House, person: Person, flink: Flink) -> None:
    job = person.start("lost", endless())
    job.succeed("savepoint")
    old = flink.list_live(job.name)
    before = house.flink

    psutil.Process(before.job_manager_pid).kill()
    lost = job.await_phase("FAILED")
    assert lost["warning"]["code"] == "lost_with_cluster"
    assert lost["warning"]["advice"]
    assert lost["desired_state"] == "RUNNING", "a person is needed, and what was wanted stands"
    assert house.flink.job_manager_pid != before.job_manager_pid
    assert house.flink.rest_url == before.rest_url

    job.succeed("run", **{"from": "LATEST"})
    shown = job.show()
    assert shown["instance"]["restored_snapshot_id"] == job.list("snapshots")[0]["id"]
    live = flink.list_live(job.name)
    assert live == [shown["instance"]["flink_job_id"]]
    assert live != old
    assert [instance["end"] for instance in job.list("instances")] == [None, "LOST"]


@pytest.mark.requirement("A-30", "D-04", "D-05", "D-08", "U-01", "U-09")
def test_a_hanging_jobmanager_is_unreachable_and_its_job_is_not_called_ended(
    house: House, person: Person, flink: Flink
) -> None:
    # With checkpoints Flink restarts a job by itself when its TaskManager has not been heard for too long.
    job = person.start("hidden", endless(checkpointing={"interval": "1s"}))
    before = job.show()
    job_manager = psutil.Process(house.flink.job_manager_pid)

    job_manager.suspend()
    try:
        hidden = await_that(lambda: _in_reach(job.show(), "UNREACHABLE"), 40, job.show)
        assert (hidden["phase"], hidden["flink_status"]) == ("RUNNING", "UNKNOWN")
        reach = hidden["reachability"]
        assert reach["last_known"] == "RUNNING"
        assert reach["as_of"] < reach["since"]
        cluster = person.get("/clusters/local")
        assert (cluster["reachability"]["state"], bool(cluster["cause"])) == ("UNREACHABLE", True)
        problem = person.post("/clusters/local/check")["problem"]
        assert house.flink.rest_url in problem["message"]
        assert "headgate dev" in problem["advice"]
        pause = job.ask("pause")
    finally:
        job_manager.resume()

    ended = person.await_end(pause["id"])
    assert ended["status"] in {"SUCCESS", "FAIL"}, "it waited for the cluster and then got its own answer"
    shown = await_that(lambda: _in_reach(job.show(), "REACHABLE"), 30, job.show)
    assert shown["instance"]["flink_job_id"] == before["instance"]["flink_job_id"]
    if ended["status"] == "SUCCESS":
        assert shown["phase"] == "SUSPENDED"
    else:
        job.await_phase("RUNNING")
        assert flink.list_live(job.name) == [before["instance"]["flink_job_id"]]


def _in_reach(job: Json, state: str) -> Json | None:
    return job if job["reachability"]["state"] == state else None
