"""What Headgate relies on in Flink, asked of the fake and of a real Flink 2.2.1 in the same words."""

import pytest

from headgate.domain.errors import FlinkMissing, FlinkRejected
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.observation import TriggerStatus
from headgate.domain.snapshots import PathStatus
from tests.adapters.flink.contract.worlds import Asked, new_id


def status_of(flink: Asked, job: FlinkJobId) -> FlinkStatus | None:
    seen = flink.look(job)
    return seen.status if seen is not None else None


def test_a_stop_saves_and_finishes(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger)
    location = flink.fate(job, trigger).location
    assert flink.end_of(job).status is FlinkStatus.FINISHED
    assert flink.world.gateway.look_at_path(flink.world.cluster, location) is PathStatus.AVAILABLE
    assert flink.evidence(job, trigger) == location


def test_a_job_goes_on_from_its_savepoint(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger)
    restored = flink.start(restored_from=flink.fate(job, trigger).location)
    assert status_of(flink, restored) is FlinkStatus.RUNNING


def test_the_same_trigger_id_makes_one_savepoint(flink: Asked) -> None:
    job, trigger = flink.start("counts slowly"), new_id()
    for _ in range(5):
        flink.stop(job, trigger)
    first = flink.fate(job, trigger)
    flink.stop(job, trigger)
    assert first.status is TriggerStatus.COMPLETED
    assert flink.fate(job, trigger) == first
    assert flink.end_of(job).status is FlinkStatus.FINISHED


def test_a_second_stop_trigger_breaks_the_first(flink: Asked) -> None:
    job, first, second = flink.start("counts slowly"), new_id(), new_id()
    flink.stop(job, first)
    flink.world.pass_time(0.3)
    flink.stop(job, second)
    assert flink.fate(job, first).status is TriggerStatus.FAILED
    assert flink.evidence(job, first) == ""


def test_a_cancel_during_a_stop_kills_the_savepoint(flink: Asked) -> None:
    job, trigger = flink.start("counts slowly"), new_id()
    flink.stop(job, trigger)
    flink.world.pass_time(0.3)
    flink.cancel(job)
    assert flink.fate(job, trigger).status is TriggerStatus.FAILED
    assert flink.end_of(job).status is FlinkStatus.CANCELED
    assert flink.evidence(job, trigger) == ""


def test_a_stop_kills_a_savepoint_in_flight(flink: Asked) -> None:
    job, savepoint, stop = flink.start("counts slowly"), new_id(), new_id()
    flink.savepoint(job, savepoint)
    flink.world.pass_time(0.3)
    flink.stop(job, stop)
    assert flink.fate(job, savepoint).status is TriggerStatus.FAILED
    assert flink.fate(job, stop).status is TriggerStatus.COMPLETED


def test_a_savepoint_lets_the_job_go_on(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.savepoint(job, trigger)
    assert flink.fate(job, trigger).status is TriggerStatus.COMPLETED
    assert status_of(flink, job) is FlinkStatus.RUNNING


@pytest.mark.requirement("T0-16")
def test_a_savepoint_that_fails_leaves_the_job_running(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.savepoint(job, trigger, fails=True)
    seen = flink.fate(job, trigger)
    assert seen.status is TriggerStatus.FAILED
    assert seen.failure
    assert status_of(flink, job) is FlinkStatus.RUNNING


@pytest.mark.requirement("T0-16")
def test_a_stop_that_fails_leaves_the_job_alive(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger, fails=True)
    assert flink.fate(job, trigger).status is TriggerStatus.FAILED
    flink.until(lambda: flink.look(job), lambda seen: seen is not None and bool(seen.tasks_running))


def test_a_job_that_fails_while_it_stops_leaves_its_savepoint(flink: Asked) -> None:
    job, trigger = flink.start("fails while stopping"), new_id()
    flink.stop(job, trigger)
    seen = flink.fate(job, trigger)
    assert seen.status is TriggerStatus.COMPLETED
    assert "failed during stopping" in seen.failure
    assert flink.end_of(job).status is FlinkStatus.FAILED
    assert flink.world.gateway.look_at_path(flink.world.cluster, seen.location) is PathStatus.AVAILABLE


def test_an_unknown_trigger_is_unknown(flink: Asked) -> None:
    assert flink.fate(flink.start(), new_id()).status is TriggerStatus.UNKNOWN


def test_a_stop_of_an_unknown_job_is_accepted_and_fails(flink: Asked) -> None:
    job, trigger = FlinkJobId(new_id()), new_id()
    flink.stop(job, trigger)
    assert flink.fate(job, trigger).status is TriggerStatus.FAILED


def test_a_stop_of_an_ended_job_is_accepted_and_fails(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.cancel(job)
    flink.end_of(job)
    flink.stop(job, trigger)
    assert flink.fate(job, trigger).status is TriggerStatus.FAILED


def test_a_stop_before_the_tasks_run_fails(flink: Asked) -> None:
    job, trigger = FlinkJobId(new_id()), new_id()
    flink.submit("needs slots", job)
    flink.stop(job, trigger)
    assert flink.fate(job, trigger).status is TriggerStatus.FAILED


def test_a_cancel_may_be_repeated(flink: Asked) -> None:
    job = flink.start()
    flink.cancel(job)
    flink.end_of(job)
    flink.cancel(job)
    assert status_of(flink, job) is FlinkStatus.CANCELED


def test_a_finished_job_refuses_the_cancel(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger)
    flink.fate(job, trigger)
    flink.end_of(job)
    with pytest.raises(FlinkRejected) as refusal:
        flink.cancel(job)
    assert refusal.value.status == 409


def test_a_cancel_of_an_unknown_job_is_missing(flink: Asked) -> None:
    with pytest.raises(FlinkMissing):
        flink.cancel(FlinkJobId(new_id()))


def test_an_id_is_refused_while_its_job_lives(flink: Asked) -> None:
    job = flink.start()
    with pytest.raises(FlinkRejected) as refusal:
        flink.submit("counts", job)
    assert refusal.value.is_duplicate
    assert status_of(flink, job) is FlinkStatus.RUNNING


def test_an_id_is_burnt_once_its_job_ended(flink: Asked) -> None:
    job = flink.start()
    flink.cancel(job)
    flink.end_of(job)
    with pytest.raises(FlinkRejected) as refusal:
        flink.submit("counts", job)
    assert refusal.value.is_duplicate


def test_a_missing_restore_path_burns_the_id(flink: Asked) -> None:
    job = FlinkJobId(new_id())
    with pytest.raises(FlinkRejected) as refusal:
        flink.submit("counts", job, "file:///nowhere/savepoint-1")
    assert not refusal.value.is_duplicate
    seen = flink.end_of(job)
    assert seen.status is FlinkStatus.FAILED
    assert "Cannot find checkpoint or savepoint" in seen.failure
    with pytest.raises(FlinkRejected) as second:
        flink.submit("counts", job)
    assert second.value.is_duplicate


def test_a_main_that_throws_leaves_no_job(flink: Asked) -> None:
    job = FlinkJobId(new_id())
    with pytest.raises(FlinkRejected):
        flink.submit("throws", job)
    assert flink.find(job) is None


@pytest.mark.parametrize("behaviour", ["throws after execute", "executes twice"])
def test_a_main_that_fails_after_execute_leaves_a_live_job(flink: Asked, behaviour: str) -> None:
    job = FlinkJobId(new_id())
    with pytest.raises(FlinkRejected) as refusal:
        flink.submit(behaviour, job)
    assert not refusal.value.is_duplicate
    seen = flink.find(job)
    assert seen is not None
    assert not seen.status.is_terminal


def test_accepted_is_not_running_without_slots(flink: Asked) -> None:
    job = FlinkJobId(new_id())
    flink.submit("needs slots", job)
    for _ in range(10):
        flink.world.pass_time(0.3)
        seen = flink.look(job)
        assert seen is not None
        assert not seen.status.is_terminal
        assert not seen.tasks_running


def test_a_job_that_fails_says_why(flink: Asked) -> None:
    job = FlinkJobId(new_id())
    flink.submit("fails", job)
    seen = flink.end_of(job)
    assert seen.status is FlinkStatus.FAILED
    assert "on purpose" in seen.failure
    assert seen.ended_at is not None


def test_a_bounded_job_finishes_with_all_its_tasks(flink: Asked) -> None:
    job = FlinkJobId(new_id())
    flink.submit("ends", job)
    seen = flink.end_of(job)
    assert seen.status is FlinkStatus.FINISHED
    assert seen.tasks_running


def test_a_claimed_savepoint_is_deleted_later(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger)
    location = flink.fate(job, trigger).location
    flink.start(restored_from=location, claim=True)
    flink.until(
        lambda: flink.world.gateway.look_at_path(flink.world.cluster, location),
        lambda found: found is PathStatus.GONE,
    )


def test_a_restarted_job_manager_forgets(flink: Asked) -> None:
    """Last, for it ends all jobs of the cluster: triggers, jobs and burnt ids are gone, files and archive stay."""
    live, ended, trigger = flink.start(), flink.start(), new_id()
    flink.stop(ended, trigger)
    location = flink.fate(ended, trigger).location
    flink.end_of(ended)
    before = flink.world.gateway.sweep(flink.world.cluster)
    flink.world.restart_job_manager()
    after = flink.world.gateway.sweep(flink.world.cluster)
    assert after.incarnation != before.incarnation
    assert after.jobs == {}
    assert flink.find(live) is None
    assert flink.fate(ended, trigger).status is TriggerStatus.UNKNOWN
    assert flink.evidence(ended, trigger) == location
    archived = flink.find(ended)
    assert archived is not None
    assert (archived.status, archived.from_archive) == (FlinkStatus.FINISHED, True)
    with pytest.raises(FlinkMissing):
        flink.cancel(live)
    flink.submit("counts", live)
    flink.until(lambda: flink.look(live), lambda seen: seen is not None and bool(seen.tasks_running))
