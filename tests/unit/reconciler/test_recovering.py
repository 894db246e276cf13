"""What recovery leaves in the state and in the history, as it is planned, tried, held or ended."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from headgate.domain.decisions import Outcome, Submit
from headgate.domain.events import EventLevel, EventType
from headgate.domain.instances import InstanceEnd
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.operations import Finding, Operation, OperationStatus
from headgate.domain.recovery import RecoveryPlan, RecoveryState
from headgate.reconciler import record, recovering
from headgate.reconciler.record import NewIds
from tests.unit.domain.facts import JOB, NOW, ago, operation, seen
from tests.unit.reconciler.house import House

TRIED = RecoveryState((ago(minutes=2),))
WAITING = JobState(JOB, Settled.FAILED, wanted=Wanted.RUNNING, recovery=TRIED, recovery_at=NOW)
NEXT = RecoveryPlan(RecoveryState((ago(minutes=2), ago(minutes=1))), NOW + timedelta(seconds=40))
HELD = RecoveryPlan(RecoveryState((), Finding("recovery_exhausted", {"attempts": "5"}, "boom")))


@pytest.mark.parametrize(
    ("outcome", "asked", "recovery", "at"),
    [
        pytest.param(Outcome(recovery=NEXT), None, NEXT.state, NEXT.at, id="the next attempt"),
        pytest.param(Outcome(recovery=HELD), None, HELD.state, None, id="none until a person acts"),
        pytest.param(
            Outcome(operation=OperationStatus.SUCCESS), operation(Verb.RUN), None, None, id="a person's start ends it"
        ),
        pytest.param(
            Outcome(operation=OperationStatus.SUCCESS), operation(Verb.SAVEPOINT), TRIED, NOW, id="no savepoint does"
        ),
        pytest.param(Outcome(settled=Settled.RUNNING), None, TRIED, None, id="a recovered run keeps count of attempts"),
        pytest.param(Outcome(settled=Settled.RUNNING), operation(Verb.RUN), TRIED, None, id="also beside a person's"),
        pytest.param(Outcome(), None, TRIED, NOW, id="where nothing is settled it stays due"),
    ],
)
def test_what_follows_by_itself(
    outcome: Outcome, asked: Operation | None, recovery: RecoveryState | None, at: datetime | None
) -> None:
    assert recovering.follow(WAITING, outcome, asked) == replace(WAITING, recovery=recovery, recovery_at=at)


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        pytest.param(Outcome(), [], id="nothing"),
        pytest.param(Outcome(recovered=True), [(EventType.RECOVERED, {}, EventLevel.INFO)], id="it has succeeded"),
        pytest.param(
            Outcome(recovery=NEXT),
            [(EventType.RECOVERY_PLANNED, {"at": "2026-01-01T12:00:40+00:00", "attempt": "3"}, EventLevel.INFO)],
            id="the next attempt",
        ),
        pytest.param(
            Outcome(recovery=HELD),
            [
                (
                    EventType.RECOVERY_HELD,
                    {"code": "recovery_exhausted", "cause": "boom", "reason_attempts": "5"},
                    EventLevel.WARNING,
                )
            ],
            id="held",
        ),
        pytest.param(Outcome(recovery=RecoveryPlan(RecoveryState())), [], id="called off"),
    ],
)
def test_what_is_told_of_it(outcome: Outcome, told: list[object]) -> None:
    assert list(recovering.list_events(outcome)) == told


@pytest.mark.parametrize("before", [None, TRIED], ids=["the first attempt", "a further one"])
def test_an_attempt_is_counted_with_its_intent_and_is_due_no_more(house: House, before: RecoveryState | None) -> None:
    house.add_instance(end=InstanceEnd.FAILED)
    house.save_state(Settled.FAILED, wanted=Wanted.RUNNING, recovery=before, recovery_at=NOW)
    situation = house.load()
    with house.store.write() as work:
        act, _ = record.write_intent(
            work, situation, Submit("due", is_recovery=True), seen(), NewIds(house.ids, house.clock.now())
        )
    tried = (*(before.tried if before else ()), NOW)
    state = house.get_state()
    assert (state.recovery, state.recovery_at) == (RecoveryState(tried), None)
    assert (state.settled, state.wanted, act.operation_id) == (Settled.FAILED, Wanted.RUNNING, None)
