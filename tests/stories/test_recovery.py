"""A run fails with its JobManager, or is ended through Flink itself: what is left of it, and how the job goes on."""

from pathlib import Path

import psutil
import pytest

from headgate.adapters.clock import SystemClock
from tests.stories.conftest import Say
from tests.stories.flink import Flink, find_folder
from tests.stories.house import House
from tests.stories.people import JobHandle, Person
from tests.stories.sums import assert_sums_on, await_checkpoint, summing

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]


def start(person: Person, name: str) -> JobHandle:
    job = person.start(name, summing(name))
    await_checkpoint(job)
    return job


@pytest.mark.requirement("A-29", "D-06", "T0-15", "T0-18", "U-14")
def test_a_job_lost_with_its_jobmanager_is_started_again_by_its_policy_and_waits_for_a_person_without_one(
    house: House, person: Person, flink: Flink, say: Say
) -> None:
    restored, waiting = start(person, "restored"), start(person, "waiting")
    _set_recovery(restored, policy="RESTORE", max_age="1h")
    before = house.flink
    old = flink.list_live(waiting.name)
    psutil.Process(before.job_manager_pid).kill()
    since = SystemClock().monotonic()

    lost = waiting.await_phase("FAILED")
    say(f"recovery `none`, no high availability: FAILED {SystemClock().monotonic() - since:.1f} s after kill -9")
    assert lost["warning"]["code"] == "lost_with_cluster"
    assert lost["warning"]["advice"]
    assert lost["desired_state"] == "RUNNING", "a person is needed, and what was wanted stands"
    assert lost["recovery"]["next_attempt_at"] is None
    assert lost["restore_point"]["path"].rpartition("/")[2].startswith("chk-")
    assert house.flink.job_manager_pid != before.job_manager_pid
    assert house.flink.rest_url == before.rest_url

    running = restored.await_phase("RUNNING", seconds=90)
    say(f"recovery `restore`, no high availability: RUNNING {SystemClock().monotonic() - since:.1f} s after kill -9")
    assert running["warning"] is None
    kept = restored.list("snapshots")[0]
    assert (kept["kind"], kept["origin"]) == ("CHECKPOINT", "RETAINED_CHECKPOINT")
    assert running["instance"]["restored_from"] == kept["path"]
    assert {"RECOVERY_PLANNED", "RECOVERED"} <= {*_list_events(restored)}

    assert waiting.show()["phase"] == "FAILED", "nobody has asked"
    waiting.succeed("run", **{"from": "LATEST"})
    assert waiting.show()["instance"]["restored_from"] == lost["restore_point"]["path"]
    assert flink.list_live(waiting.name) == [waiting.show()["instance"]["flink_job_id"]] != old
    for job in (restored, waiting):
        assert [instance["end"] for instance in job.list("instances")] == [None, "LOST"]
        assert_sums_on(job, house.data)


@pytest.mark.requirement("U-09")
def test_a_job_stopped_with_a_savepoint_through_flink_is_paused_on_it(
    house: House, person: Person, flink: Flink, tmp_path: Path
) -> None:
    job = start(person, "stopped elsewhere")
    flink.stop(job.show()["instance"]["flink_job_id"], f"file://{tmp_path}")

    paused = job.await_phase("SUSPENDED")
    assert paused["warning"]["code"] == "stopped_outside"
    [imported] = job.list("snapshots")
    assert (imported["kind"], imported["origin"]) == ("SAVEPOINT", "IMPORTED")
    assert find_folder(imported["path"]).parent == tmp_path
    job.succeed("resume")
    assert job.show()["instance"]["restored_from"] == imported["path"]
    assert_sums_on(job, house.data)


def test_one_cancelled_through_flink_is_cancelled_and_its_checkpoint_is_kept(
    house: House, person: Person, flink: Flink
) -> None:
    job = start(person, "cancelled elsewhere")
    flink.cancel(job.show()["instance"]["flink_job_id"])
    cancelled = job.await_phase("CANCELLED")
    assert cancelled["warning"]["code"] == "cancelled_outside"
    assert cancelled["restore_point"]["path"] == job.list("snapshots")[0]["path"]
    job.succeed("run", **{"from": "LATEST"})
    assert_sums_on(job, house.data)


def _set_recovery(job: JobHandle, **recovery: object) -> None:
    answer = job.person.ask("PATCH", f"/jobs/{job.id}", json={"recovery": recovery}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


def _list_events(job: JobHandle) -> list[str]:
    return [event["type"] for event in job.list("events")]
