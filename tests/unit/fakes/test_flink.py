"""The fake Flink keeps what was measured of the real one; the contract suite compares the two."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from headgate.domain.clusters import Cluster, ClusterId, ClusterKind, EngineVersion
from headgate.domain.errors import FlinkMissing, FlinkOutcomeUnknown, FlinkRejected, FlinkUnavailable
from headgate.domain.instances import FlinkJobId, FlinkStatus, Instance, InstanceId
from headgate.domain.intents import IntentKind
from headgate.domain.observation import TriggerStatus
from headgate.domain.operations import ClaimMode
from headgate.domain.snapshots import PathStatus
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.flink import FlinkGateway, SavepointOrder, Submission
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Fault, SimulatedCrash
from tests.fakes.flink import FakeFlink

ID = FlinkJobId("a" * 32)
OTHER_ID = FlinkJobId("b" * 32)
STOP = IntentKind.STOP_WITH_SAVEPOINT
DIRECTORY = "file:///savepoints/job/intent"


def make_cluster(*, high_availability: bool = False) -> Cluster:
    return Cluster(
        ClusterId("c1"), "default", "local", ClusterKind.SESSION, "http://127.0.0.1:1", EngineVersion("2.2.1"),
        "file:///savepoints", None, high_availability, "", "", datetime(2026, 1, 1, tzinfo=UTC), 1,
    )  # fmt: skip


def make_submission(flink_job_id: FlinkJobId = ID, restored_from: str | None = None) -> Submission:
    instance = Instance(
        InstanceId("i-" + flink_job_id[:1]), "job-1", 1, 1, ClusterId("c1"), flink_job_id, JobSpec(JobType.SQL),
        datetime(2026, 1, 1, tzinfo=UTC), restored_from=restored_from,
    )  # fmt: skip
    return Submission(instance, "orders")


def make_order(trigger_id: str, directory: str = DIRECTORY, flink_job_id: FlinkJobId = ID) -> SavepointOrder:
    return SavepointOrder(flink_job_id, trigger_id, directory)


CLUSTER = make_cluster()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def flink(clock: FakeClock) -> FakeFlink:
    return FakeFlink(clock, seed=7)


@pytest.fixture
def running(flink: FakeFlink, clock: FakeClock) -> FakeFlink:
    flink.submit(CLUSTER, make_submission())
    clock.advance(5)
    return flink


def status_of(flink: FakeFlink, flink_job_id: FlinkJobId = ID) -> FlinkStatus | None:
    seen = flink.sweep(CLUSTER).jobs.get(flink_job_id)
    return seen.status if seen else None


def stop(flink: FakeFlink, clock: FakeClock, trigger_id: str = "t1") -> str:
    flink.stop_with_savepoint(CLUSTER, make_order(trigger_id))
    clock.advance(2)
    seen = flink.get_trigger(CLUSTER, ID, trigger_id, STOP)
    assert seen.status is TriggerStatus.COMPLETED
    return seen.location


def test_keeps_the_port(flink: FakeFlink) -> None:
    port: FlinkGateway = flink
    assert port.sweep(CLUSTER).jobs == {}


def test_job_level_running_precedes_running_tasks(flink: FakeFlink, clock: FakeClock) -> None:
    flink.submit(CLUSTER, make_submission())
    clock.advance(0.3)
    early = flink.sweep(CLUSTER).jobs[ID]
    clock.advance(3)
    assert (early.status, early.tasks_running) == (FlinkStatus.RUNNING, False)
    assert flink.sweep(CLUSTER).jobs[ID].tasks_running


def test_state_travels_through_a_stop(running: FakeFlink, clock: FakeClock) -> None:
    location = stop(running, clock)
    running.submit(CLUSTER, make_submission(OTHER_ID, location))
    assert status_of(running) is FlinkStatus.FINISHED
    assert running.history[1].lineage == (ID, OTHER_ID)
    assert running.history[1].counter > 0
    assert running.overlaps() == []


def test_two_live_jobs_are_seen_by_the_oracle(running: FakeFlink, clock: FakeClock) -> None:
    running.submit(CLUSTER, make_submission(OTHER_ID))
    clock.advance(1)
    assert len(running.live_jobs("job-1")) == 2
    assert len(running.overlaps()) == 1


def test_same_stop_trigger_makes_one_savepoint(running: FakeFlink, clock: FakeClock) -> None:
    for _ in range(5):
        running.stop_with_savepoint(CLUSTER, make_order("t1"))
    clock.advance(2)
    running.stop_with_savepoint(CLUSTER, make_order("t1"))
    assert len(running.disk.savepoints) == 1
    assert status_of(running) is FlinkStatus.FINISHED


def test_second_stop_trigger_breaks_the_first(running: FakeFlink, clock: FakeClock) -> None:
    running.stop_with_savepoint(CLUSTER, make_order("t1"))
    running.stop_with_savepoint(CLUSTER, make_order("t2"))
    clock.advance(5)
    assert running.get_trigger(CLUSTER, ID, "t1", STOP).status is TriggerStatus.FAILED


def test_cancel_kills_a_stop_in_flight(running: FakeFlink, clock: FakeClock) -> None:
    running.stop_with_savepoint(CLUSTER, make_order("t1"))
    running.cancel(CLUSTER, ID)
    clock.advance(2)
    assert running.get_trigger(CLUSTER, ID, "t1", STOP).status is TriggerStatus.FAILED
    assert status_of(running) is FlinkStatus.CANCELED


def test_stop_kills_a_savepoint_in_flight(running: FakeFlink, clock: FakeClock) -> None:
    running.trigger_savepoint(CLUSTER, make_order("s1"))
    stop(running, clock)
    assert running.get_trigger(CLUSTER, ID, "s1", IntentKind.SAVEPOINT).status is TriggerStatus.FAILED


def test_failed_savepoint_leaves_the_job_running(running: FakeFlink, clock: FakeClock) -> None:
    running.inject(Fault.SAVEPOINT_FAILS)
    running.stop_with_savepoint(CLUSTER, make_order("t1"))
    clock.advance(4)  # time enough for a restart of the tasks
    assert running.get_trigger(CLUSTER, ID, "t1", STOP).failure
    assert status_of(running) is FlinkStatus.RUNNING


def test_failure_while_stopping_has_a_location(running: FakeFlink, clock: FakeClock) -> None:
    running.inject(Fault.FAILS_WHILE_STOPPING)
    location = stop(running, clock)
    assert running.look_at_path(CLUSTER, location) is PathStatus.AVAILABLE
    assert status_of(running) is FlinkStatus.FAILED


def test_stop_of_a_restarting_job_fails(running: FakeFlink, clock: FakeClock) -> None:
    running.restart_tasks(ID)
    running.stop_with_savepoint(CLUSTER, make_order("t1"))
    assert running.get_trigger(CLUSTER, ID, "t1", STOP).status is TriggerStatus.FAILED
    assert status_of(running) is FlinkStatus.RESTARTING


def test_trigger_result_expires(running: FakeFlink, clock: FakeClock) -> None:
    location = stop(running, clock)
    clock.advance(301)
    assert running.get_trigger(CLUSTER, ID, "t1", STOP).status is TriggerStatus.UNKNOWN
    assert running.find_evidence(CLUSTER, ID, DIRECTORY, clock.now()).savepoint == location


def test_restart_without_high_availability_forgets_all(running: FakeFlink, clock: FakeClock) -> None:
    before = running.sweep(CLUSTER).incarnation
    running.restart_job_manager(CLUSTER)
    with pytest.raises(FlinkUnavailable):
        running.sweep(CLUSTER)
    clock.advance(1)
    after = running.sweep(CLUSTER)
    assert after.jobs == {}
    assert after.incarnation != before
    assert running.live_jobs() == []
    with pytest.raises(FlinkMissing):
        running.cancel(CLUSTER, ID)


def test_takeover_keeps_the_jobs(running: FakeFlink, clock: FakeClock) -> None:
    cluster = make_cluster(high_availability=True)
    running.restart_job_manager(cluster)
    clock.advance(2)
    with pytest.raises(FlinkOutcomeUnknown):
        running.sweep(cluster)
    clock.advance(8)
    assert running.sweep(cluster).jobs[ID].status is FlinkStatus.RUNNING
    assert len(running.history) == 1


@pytest.mark.parametrize(
    ("fault", "error", "done"),
    [
        pytest.param(Fault.REFUSED, FlinkUnavailable, False, id="refused"),
        pytest.param(Fault.LOST_REQUEST, FlinkOutcomeUnknown, False, id="lost request"),
        pytest.param(Fault.LOST_REPLY, FlinkOutcomeUnknown, True, id="lost reply"),
        pytest.param(Fault.HANG, FlinkOutcomeUnknown, False, id="hang"),
        pytest.param(Fault.CRASH_BEFORE, SimulatedCrash, False, id="crash before"),
        pytest.param(Fault.CRASH_AFTER, SimulatedCrash, True, id="crash after"),
        pytest.param(Fault.MAIN_THROWS, FlinkRejected, False, id="main throws"),
        pytest.param(Fault.MAIN_THROWS_AFTER_EXECUTE, FlinkRejected, True, id="main throws after execute"),
        pytest.param(Fault.NO_SLOTS, None, True, id="no slots"),
    ],
)
def test_fault_of_a_submission(flink: FakeFlink, fault: Fault, error: type[BaseException] | None, done: bool) -> None:
    flink.inject(fault)
    if error is None:
        flink.submit(CLUSTER, make_submission())
    else:
        with pytest.raises(error):
            flink.submit(CLUSTER, make_submission())
    assert bool(flink.live_jobs()) is done
    assert flink.faults.counts[fault] == 1


def test_late_submission_appears_after_the_time_out(flink: FakeFlink, clock: FakeClock) -> None:
    flink.inject(Fault.LATE_SUBMISSION, seconds=4)
    with pytest.raises(FlinkOutcomeUnknown):
        flink.submit(CLUSTER, make_submission())
    assert flink.find_job(CLUSTER, ID) is None
    clock.advance(5)
    with pytest.raises(FlinkRejected) as refusal:
        flink.submit(CLUSTER, make_submission())
    assert refusal.value.is_duplicate


@pytest.mark.parametrize("ended", [pytest.param(True, id="ended"), pytest.param(False, id="left alone")])
def test_orphaned_client_submits_unless_ended(flink: FakeFlink, clock: FakeClock, ended: bool) -> None:
    flink.inject(Fault.ORPHAN_CLIENT, seconds=4)
    with pytest.raises(SimulatedCrash):
        flink.submit(CLUSTER, make_submission())
    if ended:
        flink.end_predecessors(None)
    clock.advance(5)
    assert bool(flink.live_jobs()) is not ended


def test_missing_restore_path_burns_the_id(flink: FakeFlink) -> None:
    with pytest.raises(FlinkRejected):
        flink.submit(CLUSTER, make_submission(restored_from="file:///nowhere"))
    seen = flink.find_job(CLUSTER, ID)
    assert seen is not None
    assert seen.status is FlinkStatus.FAILED
    with pytest.raises(FlinkRejected) as refusal:
        flink.submit(CLUSTER, make_submission())
    assert refusal.value.is_duplicate


def test_claimed_savepoint_is_deleted(running: FakeFlink, clock: FakeClock) -> None:
    location = stop(running, clock)
    claiming = replace(make_submission(OTHER_ID, location), claim_mode=ClaimMode.CLAIM)
    running.submit(CLUSTER, claiming)
    clock.advance(20)
    assert running.look_at_path(CLUSTER, location) is PathStatus.GONE


def test_records_are_shown_late(running: FakeFlink, clock: FakeClock) -> None:
    remote = "s3://bucket/job/intent"
    since = clock.now() - timedelta(seconds=1)
    running.inject(Fault.SLOW_SAVEPOINT, seconds=1)
    running.stop_with_savepoint(CLUSTER, make_order("t1", remote))
    clock.advance(2)
    early = running.find_evidence(CLUSTER, ID, remote, since)
    clock.advance(3)
    assert early.savepoint == ""
    assert running.find_evidence(CLUSTER, ID, remote, since).savepoint.startswith(remote)
    assert running.faults.counts[Fault.STALE_CACHE] == 1


def test_ended_job_is_found_in_the_archive(running: FakeFlink, clock: FakeClock) -> None:
    running.fail_job(ID, "boom")
    running.restart_job_manager(CLUSTER)
    clock.advance(1)
    seen = running.find_job(CLUSTER, ID)
    assert seen is not None
    assert (seen.status, seen.failure, seen.from_archive) == (FlinkStatus.FAILED, "boom", True)


def test_drawn_faults_repeat_with_the_seed() -> None:
    def play(seed: int) -> list[str]:
        flink = FakeFlink(FakeClock(), seed, {Fault.REFUSED: 0.3, Fault.LOST_REPLY: 0.3})
        for _ in range(30):
            try:
                flink.sweep(CLUSTER)
            except (FlinkUnavailable, FlinkOutcomeUnknown):
                continue
        return [call.answer for call in flink.calls]

    assert play(1) == play(1)
    assert len(set(play(1))) == 3
