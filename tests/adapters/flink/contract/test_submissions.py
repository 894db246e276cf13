"""What a submission may meet with besides a plain yes or no: questions to the fake and to real ones."""

import pytest

from headgate.domain.errors import FlinkOutcomeUnknown, FlinkRejected
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.observation import TriggerStatus
from tests.adapters.flink.contract.worlds import Asked, new_id


def test_of_several_submissions_at_once_one_is_taken(flink: Asked) -> None:
    job = FlinkJobId(new_id())
    flink.started.append(job)
    met_with = flink.world.submit_at_once(job, 3)
    assert met_with.count(None) == 1
    refusals = [error for error in met_with if isinstance(error, FlinkRejected)]
    assert len(refusals) == 2
    assert all(refusal.is_duplicate for refusal in refusals)
    flink.until(lambda: flink.look(job), lambda seen: seen is not None and bool(seen.tasks_running))


def test_a_submission_outlives_its_time_out(flink: Asked) -> None:
    """Absence right after a time-out proves nothing."""
    job = FlinkJobId(new_id())
    flink.started.append(job)
    with pytest.raises(FlinkOutcomeUnknown):
        flink.world.submit_impatiently(job)
    assert flink.find(job) is None
    flink.until(lambda: flink.look(job), lambda seen: seen is not None and bool(seen.tasks_running))


def test_the_overview_is_fresh(flink: Asked) -> None:
    """Once a stop has its result, the very next look shows the end: the overview does not come from the cache."""
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger)
    assert flink.fate(job, trigger).status is TriggerStatus.COMPLETED
    assert flink.status(job) is FlinkStatus.FINISHED


def test_a_result_is_forgotten_after_its_time_and_the_savepoint_stays(flink: Asked) -> None:
    job, trigger = flink.start(), new_id()
    flink.stop(job, trigger)
    location = flink.fate(job, trigger).location
    flink.until(lambda: flink.fate(job, trigger).status, lambda status: status is TriggerStatus.UNKNOWN)
    assert flink.status(job) is FlinkStatus.FINISHED
    assert flink.evidence(job, trigger) == location
