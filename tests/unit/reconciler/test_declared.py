"""What a declaration leaves in the rows: everything open is closed, what lies on storage is kept, the id stays dead."""

from datetime import timedelta

import pytest

from headgate.domain.events import EventLevel, EventType
from headgate.domain.instances import InstanceEnd
from headgate.domain.intents import IntentKind, IntentStatus
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import OperationStatus, Options
from headgate.domain.snapshots import SnapshotOrigin
from headgate.reconciler.reconcile import Reconciler
from tests.fakes.history import FakeSavepoint
from tests.unit.domain import facts
from tests.unit.domain.facts import FLINK_JOB, JOB
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
    assert [i.end for i in house.list_instances()] == [InstanceEnd.GIVEN_UP]
    assert house.get_operation(pause).status is OperationStatus.EXCEPTION
    assert house.get_operation(savepoint).status is OperationStatus.CANCELLED
    state = house.get_state()
    assert (state.settled, state.wanted, state.lost_at) == (Settled.CANCELLED, Wanted.CANCELLED, house.clock.now())
    assert state.warning is not None
    assert state.warning.finding.facts == {"reason": "the machine burnt", "actor": "ann"}
    told = next(event for event in house.list_events() if event.type is EventType.DECLARED_LOST)
    assert told.level is EventLevel.WARNING
    assert told.facts == {"actor": "ann", "flink_job_id": instance.flink_job_id, "reason": "the machine burnt"}


def test_a_savepoint_that_the_lost_stop_made_is_kept(house: House) -> None:
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    house.add_instance()
    pause = house.ask(Verb.PAUSE, sent=1)
    act = house.add_intent(facts.intent(IntentKind.STOP_WITH_SAVEPOINT, operation_id=pause.id))
    path = f"{act.directory}/savepoint-1"
    house.flink.disk.savepoints[path] = FakeSavepoint(path, FLINK_JOB, (FLINK_JOB,), 1.0, house.clock.now())
    declare(house)
    [kept] = house.list_snapshots()
    assert (kept.path, kept.origin, kept.trigger_id) == (path, SnapshotOrigin.STOP_WITH_SAVEPOINT, act.key)
    assert house.get_state().suspended_on is None


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
