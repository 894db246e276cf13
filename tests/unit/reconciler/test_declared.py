"""What a declaration leaves in the rows: everything open is closed, what lies on storage is kept, the id stays dead."""

from datetime import timedelta

import pytest

from headgate.domain.events import EventLevel, EventType
from headgate.domain.instances import InstanceEnd
from headgate.domain.intents import IntentKind, IntentStatus
from headgate.domain.jobs import JobState, Warning
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import Finding, OperationStatus, Options, StepStatus
from headgate.domain.recovery import RecoveryState
from headgate.domain.snapshots import Kept, SnapshotOrigin
from headgate.reconciler.reconcile import Reconciler
from tests.fakes.history import FakeSavepoint
from tests.unit.domain import facts
from tests.unit.domain.facts import FLINK_JOB, JOB, NOW
from tests.unit.reconciler.house import House

REASON = Options(reason="the machine burnt")


def declare(house: House) -> OperationStatus:
    declared = house.ask(Verb.DECLARE_LOST, REASON)
    house.flink.cut_off(house.cluster, 600)
    Reconciler(house.tools).pass_over(JOB, Lane.MAIN, None)
    return house.get_operation(declared).status


@pytest.mark.requirement("U-15")
def test_everything_open_is_closed_at_once(house: House) -> None:
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    instance = house.add_instance()
    pause = house.ask(Verb.PAUSE, sent=1)
    house.add_intent(facts.intent(IntentKind.STOP_WITH_SAVEPOINT, operation_id=pause.id))
    savepoint = house.ask(Verb.SAVEPOINT)
    house.add_intent(facts.intent(IntentKind.SAVEPOINT, id="int-2", key="b" * 32, directory="file:///savepoints/x"))
    assert declare(house) is OperationStatus.SUCCESS
    assert {intent.status for intent in house.list_intents()} == {IntentStatus.GIVEN_UP}
    now = house.clock.now()
    assert [(i.end, i.ended_at) for i in house.list_instances()] == [(InstanceEnd.GIVEN_UP, now)]
    closed = [house.get_operation(pause), house.get_operation(savepoint)]
    assert [operation.status for operation in closed] == [OperationStatus.EXCEPTION, OperationStatus.CANCELLED]
    state = house.get_state()
    assert (state.settled, state.wanted, state.lost_at) == (Settled.CANCELLED, Wanted.CANCELLED, house.clock.now())
    assert state.warning is not None
    assert state.warning.finding.facts == {"reason": "the machine burnt", "actor": "ann"}
    told = next(event for event in house.list_events() if event.type is EventType.DECLARED_LOST)
    assert (told.level, told.instance_id) == (EventLevel.WARNING, instance.id)
    assert told.facts == {"actor": "ann", "flink_job_id": instance.flink_job_id, "reason": "the machine burnt"}


LOST = Finding("declared_lost", {"reason": "the machine burnt", "actor": "ann"})
SAID = {"code": "declared_lost", "cause": "", "reason_reason": "the machine burnt", "reason_actor": "ann"}


def test_what_had_sent_something_breaks_off_where_it_was_and_what_had_not_never_began(house: House) -> None:
    house.add_instance()
    pause = house.ask(Verb.PAUSE, sent=1, waits_for=Finding("waits_for_cluster"))
    house.add_intent(facts.intent(IntentKind.STOP_WITH_SAVEPOINT, operation_id=pause.id))
    savepoint = house.ask(Verb.SAVEPOINT, waits_for=Finding("waits_for_cluster"))
    declare(house)
    now = house.clock.now()
    for asked, step, ended_at in ((pause, StepStatus.FAIL, now), (savepoint, StepStatus.WAITING, None)):
        closed = house.get_operation(asked)
        assert (closed.result, closed.waits_for, closed.ended_at) == (LOST, None, now)
        assert [(one.status, one.ended_at) for one in closed.steps] == [(step, ended_at)]
        [told] = [event for event in house.list_events() if event.operation_id == asked.id]
        assert (told.type, told.level) == (EventType.OPERATION_FAILED, EventLevel.WARNING)
        assert told.facts == {"verb": asked.verb.value, "status": closed.status.value, **SAID}


def test_the_declaration_is_done_at_once_and_is_the_sign_beside_the_state(house: House) -> None:
    house.add_instance()
    kept = house.add_snapshot()
    plan = {"recovery": RecoveryState((NOW,)), "recovery_at": NOW}
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING, suspended_on=kept.id, **plan)
    declared = house.ask(Verb.DECLARE_LOST, REASON, waits_for=Finding("waits_for_cluster"))
    house.flink.cut_off(house.cluster, 600)
    Reconciler(house.tools).pass_over(JOB, Lane.MAIN, None)
    now, closed, state = house.clock.now(), house.get_operation(declared), house.get_state()
    assert (closed.started_at, closed.ended_at, closed.waits_for) == (now, now, None)
    assert [(step.status, step.ended_at) for step in closed.steps] == [(StepStatus.SUCCESS, now)]
    assert state == JobState(
        JOB, Settled.CANCELLED, Wanted.CANCELLED, Warning(LOST, now, declared.id), lost_at=now, changed_at=now
    )
    assert state.changed_at == now
    lost, done, moved = house.list_events()
    assert (lost.type, done.type, moved.type) == (
        EventType.DECLARED_LOST,
        EventType.OPERATION_SUCCEEDED,
        EventType.STATE_CHANGED,
    )
    assert moved.facts == {"before": "RUNNING", "after": "CANCELLED", **SAID}
    assert (done.facts, moved.level) == ({"verb": "declare_lost", "status": "SUCCESS"}, EventLevel.WARNING)


def test_where_the_job_rested_cancelled_already_no_change_is_told(house: House) -> None:
    house.save_state(Settled.CANCELLED)
    house.add_instance(end=InstanceEnd.CANCELLED, ended_at=NOW)
    house.add_intent(facts.intent(IntentKind.CANCEL))
    declare(house)
    assert EventType.STATE_CHANGED not in house.list_event_types()
    assert [(i.end, i.ended_at) for i in house.list_instances()] == [(InstanceEnd.CANCELLED, NOW)]


def test_the_newest_checkpoint_of_the_run_is_kept(house: House) -> None:
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    run = house.add_instance(checkpoint=Kept("file:///checkpoints/chk-7", NOW, size=7))
    declare(house)
    [kept] = house.list_snapshots()
    assert (kept.path, kept.origin, kept.size) == ("file:///checkpoints/chk-7", SnapshotOrigin.SAMPLED_CHECKPOINT, 7)
    assert (kept.instance_id, kept.trigger_id) == (run.id, None)


def test_a_savepoint_that_the_lost_stop_made_is_kept(house: House) -> None:
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    house.add_instance()
    pause = house.ask(Verb.PAUSE, sent=1)
    act = house.add_intent(facts.intent(IntentKind.STOP_WITH_SAVEPOINT, operation_id=pause.id))
    path = f"{act.directory}/savepoint-1"
    house.flink.disk.savepoints[path] = FakeSavepoint(path, FLINK_JOB, (FLINK_JOB,), 1.0, house.clock.now())
    written_at = house.clock.now()
    house.clock.advance(600)
    declare(house)
    [kept] = house.list_snapshots()
    assert kept.created_at == written_at
    assert (kept.path, kept.origin, kept.trigger_id) == (path, SnapshotOrigin.STOP_WITH_SAVEPOINT, act.key)
    assert kept.size == house.flink.measure_snapshot(path).size
    told = next(event for event in house.list_events() if event.type is EventType.SNAPSHOT_CREATED)
    assert (told.instance_id, told.operation_id) == (kept.instance_id, None)
    assert house.get_state().suspended_on is None


def test_a_savepoint_on_a_cluster_that_was_removed_is_kept_too(house: House) -> None:
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    house.add_instance()
    pause = house.ask(Verb.PAUSE, sent=1)
    act = house.add_intent(facts.intent(IntentKind.STOP_WITH_SAVEPOINT, operation_id=pause.id))
    path = f"{act.directory}/savepoint-1"
    house.flink.disk.savepoints[path] = FakeSavepoint(path, FLINK_JOB, (FLINK_JOB,), 1.0, house.clock.now())
    with house.store.write() as work:
        work.clusters.delete(house.cluster.id)
    declare(house)
    assert [(kept.path, kept.size) for kept in house.list_snapshots()] == [(path, 1024)]


def test_of_two_open_acts_the_savepoint_of_the_other_lane_is_kept_too(house: House) -> None:
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    first = house.add_instance(end=InstanceEnd.CANCELLED)
    house.add_instance(2)
    house.add_intent(facts.intent(IntentKind.CANCEL, instance_id="ins-2", directory=None))
    act = house.add_intent(
        facts.intent(IntentKind.SAVEPOINT, id="int-2", key="b" * 32, directory="file:///savepoints/x")
    )
    path = f"{act.directory}/savepoint-1"
    house.flink.disk.savepoints[path] = FakeSavepoint(path, FLINK_JOB, (FLINK_JOB,), 1.0, house.clock.now())
    declare(house)
    [kept] = house.list_snapshots()
    assert (kept.path, kept.origin, kept.instance_id) == (path, SnapshotOrigin.USER_REQUEST, first.id)
    assert kept.trigger_id == act.key
    told = next(event for event in house.list_events() if event.type is EventType.SNAPSHOT_CREATED)
    assert told.instance_id == first.id


def test_what_was_asked_later_is_left_to_its_turn(house: House) -> None:
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    house.add_instance()
    declared = house.ask(Verb.DECLARE_LOST, REASON)
    run = house.ask(Verb.RUN, Options())
    house.flink.cut_off(house.cluster, 600)
    Reconciler(house.tools).pass_over(JOB, Lane.MAIN, None)
    assert house.get_operation(declared).status is OperationStatus.SUCCESS
    assert house.get_operation(run).is_open


def test_a_cluster_that_is_registered_no_more_is_no_obstacle(house: House) -> None:
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    house.add_instance()
    house.add_intent(facts.intent(IntentKind.CANCEL))
    with house.store.write() as work:
        work.clusters.delete(house.cluster.id)
    assert declare(house) is OperationStatus.SUCCESS
    assert house.get_state().settled is Settled.CANCELLED
    assert house.find_intent() is None


def test_a_job_declared_lost_that_is_seen_again_is_cancelled(house: House) -> None:
    reconciler = Reconciler(house.tools)
    run = house.ask(Verb.RUN)
    for _ in range(10):
        reconciler.pass_over(JOB, Lane.MAIN, None)
        house.clock.advance(1)
    assert house.get_operation(run).status is OperationStatus.SUCCESS
    declared = house.ask(Verb.DECLARE_LOST, REASON)
    house.flink.cut_off(house.cluster, 5)
    reconciler.pass_over(JOB, Lane.MAIN, None)
    assert house.get_operation(declared).status is OperationStatus.SUCCESS
    assert len(house.flink.live_jobs(JOB)) == 1
    house.clock.advance(6)
    for _ in range(20):
        reconciler.look(house.cluster, timedelta(0), None)
        reconciler.pass_over(JOB, Lane.MAIN, None)
        house.clock.advance(1)
    assert house.flink.live_jobs(JOB) == []
    assert EventType.STRAY_CANCELLED in house.list_event_types()
    assert house.get_state().settled is Settled.CANCELLED


def test_it_is_told_of_the_newest_run_whichever_the_open_act_is_about(house: House) -> None:
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    house.add_instance(1, end=InstanceEnd.GIVEN_UP)
    newest = house.add_instance(2)
    house.add_intent(facts.intent(IntentKind.CANCEL, operation_id=None))
    declare(house)
    told = next(event for event in house.list_events() if event.type is EventType.DECLARED_LOST)
    assert told.instance_id == newest.id
