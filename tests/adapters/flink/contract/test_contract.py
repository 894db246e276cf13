"""What Headgate relies on in Flink, asked of the fake and of real ones in the same words.

docs/flink-facts.md has one row for each test of this folder.
"""

import pytest

from headgate.domain.errors import FlinkMissing, FlinkRejected
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.intents import IntentKind
from headgate.domain.observation import TriggerStatus
from headgate.domain.snapshots import PathStatus
from tests.adapters.flink.contract.worlds import Asked, new_id


@pytest.mark.smoke
def test_a_stop_saves_and_finishes(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger)
    location = flink.fate(job, trigger).location
    assert flink.end_of(job).status is FlinkStatus.FINISHED
    assert flink.look_at(location) is PathStatus.AVAILABLE
    assert flink.evidence(job, trigger) == location


def test_a_job_goes_on_from_its_savepoint(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger)
    restored = flink.start(restored_from=flink.fate(job, trigger).location)
    assert flink.status(restored) is FlinkStatus.RUNNING


def test_the_same_trigger_id_stops_once(flink: Asked) -> None:
    job, trigger = flink.start("counts slowly"), new_id()
    for _ in range(5):
        flink.stop(job, trigger)
    first = flink.fate(job, trigger)
    flink.stop(job, trigger)
    assert first.status is TriggerStatus.COMPLETED
    assert flink.fate(job, trigger) == first
    assert flink.end_of(job).status is FlinkStatus.FINISHED


def test_the_same_trigger_id_makes_one_savepoint(flink: Asked) -> None:
    """While it is made, and when it has been."""
    job, trigger = flink.start("counts slowly"), new_id()
    for _ in range(3):
        flink.savepoint(job, trigger)
    first = flink.fate(job, trigger)
    flink.savepoint(job, trigger)
    assert first.status is TriggerStatus.COMPLETED
    assert flink.fate(job, trigger) == first
    assert flink.evidence(job, trigger) == first.location


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
    assert flink.status(job) is FlinkStatus.RUNNING


@pytest.mark.requirement("T0-16")
def test_a_savepoint_that_fails_leaves_the_job_running(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.savepoint(job, trigger, fails=True)
    seen = flink.fate(job, trigger)
    assert seen.status is TriggerStatus.FAILED
    assert seen.failure
    assert flink.status(job) is FlinkStatus.RUNNING


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
    assert flink.look_at(seen.location) is PathStatus.AVAILABLE


def test_an_unknown_trigger_is_unknown(flink: Asked) -> None:
    assert flink.fate(flink.start(), new_id()).status is TriggerStatus.UNKNOWN


BOTH = pytest.mark.parametrize("kind", [IntentKind.STOP_WITH_SAVEPOINT, IntentKind.SAVEPOINT])


@BOTH
def test_a_trigger_for_an_unknown_job_is_accepted_and_fails(flink: Asked, kind: IntentKind) -> None:
    job, trigger = FlinkJobId(new_id()), new_id()
    flink.trigger(kind, job, trigger)
    assert flink.fate(job, trigger).status is TriggerStatus.FAILED


@BOTH
def test_a_trigger_for_an_ended_job_is_accepted_and_fails(flink: Asked, kind: IntentKind) -> None:
    job, trigger = flink.start(), new_id()
    flink.cancel(job)
    flink.end_of(job)
    flink.trigger(kind, job, trigger)
    assert flink.fate(job, trigger).status is TriggerStatus.FAILED


def test_a_stop_of_a_restarting_job_fails_and_leaves_it_restarting(flink: Asked) -> None:
    job, trigger = FlinkJobId(new_id()), new_id()
    flink.submit("keeps restarting", job)
    flink.until(lambda: flink.status(job), lambda status: status is FlinkStatus.RESTARTING)
    flink.stop(job, trigger)
    assert flink.fate(job, trigger).status is TriggerStatus.FAILED
    seen = flink.find(job)
    assert seen is not None
    assert seen.status is FlinkStatus.RESTARTING
    assert "on purpose" in seen.failure


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
    assert flink.status(job) is FlinkStatus.CANCELED


def test_a_finished_job_refuses_the_cancel(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger)
    flink.fate(job, trigger)
    flink.end_of(job)
    with pytest.raises(FlinkRejected) as refusal:
        flink.cancel(job)
    assert refusal.value.status == 409


def test_a_failed_job_refuses_the_cancel(flink: Asked) -> None:
    job = FlinkJobId(new_id())
    flink.submit("fails", job)
    flink.end_of(job)
    with pytest.raises(FlinkRejected) as refusal:
        flink.cancel(job)
    assert refusal.value.status == 409


def test_a_cancel_of_an_unknown_job_is_missing(flink: Asked) -> None:
    with pytest.raises(FlinkMissing):
        flink.cancel(FlinkJobId(new_id()))


@pytest.mark.smoke
def test_an_id_is_refused_while_its_job_lives(flink: Asked) -> None:
    job = flink.start()
    with pytest.raises(FlinkRejected) as refusal:
        flink.submit("counts", job)
    assert refusal.value.is_duplicate
    assert flink.status(job) is FlinkStatus.RUNNING


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
    """Flink calls the job RUNNING soon; none of its tasks is."""
    job = FlinkJobId(new_id())
    flink.submit("needs slots", job)
    said = set()
    for _ in range(10):
        flink.world.pass_time(0.3)
        seen = flink.look(job)
        assert seen is not None
        assert not seen.status.is_terminal
        assert not seen.tasks_running
        said.add(seen.status)
    assert FlinkStatus.RUNNING in said


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


def stopped(flink: Asked) -> str:
    """The savepoint of a job that was stopped."""
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger)
    return flink.fate(job, trigger).location


def test_a_claimed_savepoint_is_deleted_later_and_another_is_kept(flink: Asked) -> None:
    claimed, kept = stopped(flink), stopped(flink)
    flink.start(restored_from=kept)
    flink.start(restored_from=claimed, claim=True)
    flink.until(lambda: flink.look_at(claimed), lambda found: found is PathStatus.GONE)
    assert flink.look_at(kept) is PathStatus.AVAILABLE
