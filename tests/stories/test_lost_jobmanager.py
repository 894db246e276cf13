"""The JobManager hangs: what is shown then, and the two ways on: to wait, or to give a job up."""

import psutil
import pytest

from tests.stories.flink import Flink
from tests.stories.house import House
from tests.stories.patience import await_that
from tests.stories.people import JobHandle, Json, Person
from tests.stories.specs import endless

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.mark.requirement("A-30", "D-04", "D-05", "D-08", "U-01", "U-09", "U-15")
def test_a_hanging_jobmanager_is_unreachable_and_a_job_ends_only_where_a_person_declares_it_lost(
    house: House, person: Person, flink: Flink
) -> None:
    # With checkpoints Flink restarts a job by itself when its TaskManager has not been heard for too long.
    job = person.start("hidden", endless(checkpointing={"interval": "1s"}))
    given_up = person.start("declared lost", endless(checkpointing={"interval": "1s"}))
    assert given_up.refuse("declare_lost", reason="too early")["code"] == "not_out_of_sight"
    before = job.show()
    job_manager = psutil.Process(house.flink.job_manager_pid)

    job_manager.suspend()
    try:
        _assert_hidden(job, house)
        pause = job.ask("pause")
        await_that(lambda: "declare_lost" in given_up.show()["allowed_verbs"], 120, given_up.show)
        given_up.ask("savepoint")
        declared = given_up.succeed("declare_lost", reason="nobody answers")
        _assert_given_up(given_up, by=declared["requested_by"])
        assert job.show()["phase"] == "TRANSITIONING", "the other one goes on waiting"
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
    await_that(lambda: "STRAY_CANCELLED" in [event["type"] for event in given_up.list("events")], 60, given_up.show)
    await_that(lambda: not flink.list_live(given_up.name), 60)
    assert given_up.show()["phase"] == "CANCELLED"


def _assert_hidden(job: JobHandle, house: House) -> None:
    hidden = await_that(lambda: _in_reach(job.show(), "UNREACHABLE"), 40, job.show)
    assert (hidden["phase"], hidden["flink_status"]) == ("RUNNING", "UNKNOWN")
    reach = hidden["reachability"]
    assert reach["last_known"] == "RUNNING"
    assert reach["as_of"] < reach["since"]
    cluster = job.person.get("/clusters/local")
    assert (cluster["reachability"]["state"], bool(cluster["cause"])) == ("UNREACHABLE", True)
    problem = job.person.post("/clusters/local/check")["problem"]
    assert house.flink.rest_url in problem["message"]
    assert "headgate dev" in problem["advice"]


def _assert_given_up(job: JobHandle, by: str) -> None:
    lost = job.show()
    assert (lost["phase"], lost["warning"]["code"]) == ("CANCELLED", "declared_lost")
    assert by in lost["warning"]["message"]
    assert [instance["end"] for instance in job.list("instances")] == ["GIVEN_UP"]
    assert {operation["status"] for operation in job.list("operations")} == {"SUCCESS", "CANCELLED"}


def _in_reach(job: Json, state: str) -> Json | None:
    return job if job["reachability"]["state"] == state else None
