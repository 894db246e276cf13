"""What is left when the JobManager dies without high availability: questions to the fake and to real ones.

Each test ends all jobs of the cluster.
"""

import pytest

from headgate.domain.errors import FlinkMissing, FlinkOutcomeUnknown, FlinkUnavailable
from headgate.domain.instances import FlinkStatus
from headgate.domain.observation import TriggerStatus
from tests.adapters.flink.contract.worlds import Asked, new_id


def test_a_restarted_job_manager_knows_no_jobs_and_no_triggers(flink: Asked) -> None:
    """It is away, then it has another incarnation and an empty list; files and archive stay."""
    live, ended, trigger = flink.start(), flink.start(), new_id()
    flink.stop(ended, trigger)
    location = flink.fate(ended, trigger).location
    flink.end_of(ended)
    before = flink.world.gateway.sweep(flink.world.cluster)
    flink.world.kill_job_manager()
    with pytest.raises((FlinkUnavailable, FlinkOutcomeUnknown)):
        flink.world.gateway.sweep(flink.world.cluster)
    flink.world.await_job_manager()
    after = flink.world.gateway.sweep(flink.world.cluster)
    assert after.incarnation != before.incarnation
    assert after.identity == before.identity
    assert after.jobs == {}
    assert flink.find(live) is None
    assert flink.fate(ended, trigger).status is TriggerStatus.UNKNOWN
    assert flink.evidence(ended, trigger) == location
    archived = flink.find(ended)
    assert archived is not None
    assert (archived.status, archived.from_archive) == (FlinkStatus.FINISHED, True)
    with pytest.raises(FlinkMissing):
        flink.cancel(live)


def test_a_restarted_job_manager_takes_a_burnt_id_again(flink: Asked) -> None:
    """Why a submission is never repeated across a change of incarnation: nobody would refuse the second."""
    job = flink.start()
    flink.world.kill_job_manager()
    flink.world.await_job_manager()
    flink.submit("counts", job)
    flink.until(lambda: flink.look(job), lambda seen: seen is not None and bool(seen.tasks_running))


def test_a_savepoint_in_flight_dies_with_the_job_manager(flink: Asked) -> None:
    job, trigger = flink.start("counts slowly"), new_id()
    flink.savepoint(job, trigger)
    flink.world.kill_job_manager()
    flink.world.await_job_manager()
    assert flink.fate(job, trigger).status is TriggerStatus.UNKNOWN
    assert flink.evidence(job, trigger) == ""
