"""A run fails with its JobManager, or is ended through Flink itself: what is left of it, and how the job goes on.

The job sums 1 .. n, so its last printed row tells whether anything was forgotten or counted twice.
"""

from pathlib import Path

import psutil
import pytest

from headgate.adapters.clock import SystemClock
from tests.stories.conftest import Say
from tests.stories.flink import Flink, find_folder, read_printed
from tests.stories.house import House
from tests.stories.patience import await_that
from tests.stories.people import JobHandle, Json, Person
from tests.stories.specs import counted, endless

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

ROWS, PER_SECOND = 900, 20
SUM = (ROWS, ROWS * (ROWS + 1) // 2)


def start(person: Person, name: str) -> JobHandle:
    """A summing job with a checkpoint each second, of which one at least is known."""
    job = person.start(name, counted(name, ROWS, PER_SECOND) | {"checkpointing": {"interval": "1s"}})
    await_that(lambda: (job.show()["instance"] or {}).get("checkpoint"), 40, job.show)
    return job


def set_recovery(job: JobHandle, **recovery: object) -> None:
    answer = job.person.ask("PATCH", f"/jobs/{job.id}", json={"recovery": recovery}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


def kill_job_manager(house: House) -> float:
    psutil.Process(house.flink.job_manager_pid).kill()
    return SystemClock().monotonic()


def check_sum(house: House, job: JobHandle) -> None:
    job.await_phase("FINISHED", seconds=120)
    rows = [values for _, values in read_printed(house.data, job.name)]
    assert max(rows) == SUM


def list_events(job: JobHandle) -> list[str]:
    return [event["type"] for event in job.list("events")]


@pytest.mark.requirement("A-29", "D-06", "U-14")
def test_a_lost_job_is_started_again_from_its_newest_checkpoint(house: House, person: Person, say: Say) -> None:
    job = start(person, "restored")
    set_recovery(job, policy="RESTORE", max_age="1h")
    since = kill_job_manager(house)

    job.await_phase("FAILED")
    recovering = job.show()["recovery"]
    assert recovering["next_attempt_at"]
    running = job.await_phase("RUNNING", seconds=90)
    say(f"recovery `restore`, no high availability: RUNNING {SystemClock().monotonic() - since:.1f} s after kill -9")
    assert running["warning"] is None
    assert running["instance"]["number"] == 2
    kept = job.list("snapshots")[0]
    assert (kept["kind"], kept["origin"]) == ("CHECKPOINT", "RETAINED_CHECKPOINT")
    assert running["instance"]["restored_from"] == kept["path"]
    assert {"RECOVERY_PLANNED", "RECOVERED"} <= {*list_events(job)}
    check_sum(house, job)


@pytest.mark.requirement("A-29", "D-06")
def test_without_recovery_it_waits_for_a_person_and_goes_on_from_the_checkpoint(
    house: House, person: Person, say: Say
) -> None:
    job = start(person, "unrestored")
    since = kill_job_manager(house)

    failed = job.await_phase("FAILED")
    say(f"recovery `none`, no high availability: FAILED {SystemClock().monotonic() - since:.1f} s after kill -9")
    assert failed["recovery"]["next_attempt_at"] is None
    assert failed["restore_point"]["path"].rpartition("/")[2].startswith("chk-")
    job.succeed("run", **{"from": "LATEST"})
    assert job.show()["instance"]["restored_from"] == failed["restore_point"]["path"]
    check_sum(house, job)


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
    check_sum(house, job)


def test_one_cancelled_through_flink_is_cancelled_and_its_checkpoint_is_kept(
    house: House, person: Person, flink: Flink
) -> None:
    job = start(person, "cancelled elsewhere")
    flink.cancel(job.show()["instance"]["flink_job_id"])
    cancelled = job.await_phase("CANCELLED")
    assert cancelled["warning"]["code"] == "cancelled_outside"
    assert cancelled["restore_point"]["path"] == job.list("snapshots")[0]["path"]
    job.succeed("run", **{"from": "LATEST"})
    check_sum(house, job)


@pytest.mark.requirement("U-15")
def test_a_job_declared_lost_is_given_up_at_once_and_cancelled_when_it_is_seen_again(
    house: House, person: Person, flink: Flink
) -> None:
    job = person.start("declared lost", endless(checkpointing={"interval": "1s"}))
    assert job.refuse("declare_lost", reason="too early")["code"] == "not_out_of_sight"
    job_manager = psutil.Process(house.flink.job_manager_pid)
    job_manager.suspend()
    try:
        await_that(lambda: _offers(job.show(), "declare_lost"), 120, job.show)
        job.ask("savepoint")
        declared = job.succeed("declare_lost", reason="nobody answers")
        lost = job.show()
        assert (lost["phase"], lost["warning"]["code"]) == ("CANCELLED", "declared_lost")
        assert declared["requested_by"] in lost["warning"]["message"]
        assert [instance["end"] for instance in job.list("instances")] == ["GIVEN_UP"]
        assert {operation["status"] for operation in job.list("operations")} == {"SUCCESS", "CANCELLED"}
    finally:
        job_manager.resume()
    await_that(lambda: "STRAY_CANCELLED" in list_events(job), 60, job.show)
    await_that(lambda: not flink.list_live(job.name), 60)
    assert job.show()["phase"] == "CANCELLED"


def _offers(job: Json, verb: str) -> bool:
    return verb in job["allowed_verbs"]
