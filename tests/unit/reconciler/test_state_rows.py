"""What one settling leaves in the rows of the job's state and of its runs, and what it lets them keep."""

from datetime import datetime, timedelta

import pytest

from headgate.domain.decisions import Cancel, Outcome, SnapshotMade, Submit
from headgate.domain.events import EventLevel, EventType
from headgate.domain.instances import InstanceEnd, new_flink_job_id
from headgate.domain.intents import IntentStatus
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.operations import Finding, OperationStatus
from headgate.domain.recovery import RecoveryPlan, RecoveryState
from headgate.domain.snapshots import SnapshotId, SnapshotOrigin
from headgate.reconciler import record
from headgate.reconciler.record import NewIds
from tests.unit.domain.facts import JOB, NOW, SAVEPOINT, ago, seen
from tests.unit.reconciler.house import CountingIds, House

LATER = NOW + timedelta(seconds=2)
MADE = SnapshotMade(SAVEPOINT, SnapshotOrigin.USER_REQUEST)


def apply(house: House, outcome: Outcome) -> None:
    situation = house.load()
    with house.store.write() as work:
        record.apply_outcome(work, situation, outcome, house.ids, LATER)


class LastIds(CountingIds):
    """Every digit is the last that there is."""

    def new_hex(self, digits: int) -> str:
        return "f" * digits


def test_half_of_a_flink_job_id_is_chance(house: House) -> None:
    house.ask(Verb.RUN)
    situation = house.load()
    with house.store.write() as work:
        _, made = record.write_intent(work, situation, Submit("go"), seen(), NewIds(LastIds(), NOW))
    assert made.flink_job_id == new_flink_job_id(JOB, 2**64 - 1)


def test_a_cancellation_that_finds_no_open_act_closes_none(house: House) -> None:
    house.add_instance()
    situation = house.load()
    with house.store.write() as work:
        act, _ = record.write_intent(
            work, situation, Cancel("late", closes=IntentStatus.DONE), seen(), NewIds(house.ids, NOW)
        )
    assert house.list_intents() == [act]


@pytest.mark.parametrize(
    ("before", "outcome", "after"),
    [
        pytest.param(None, Outcome(instance_end=InstanceEnd.FAILED), None, id="it never ran"),
        pytest.param(
            None,
            Outcome(instance_end=InstanceEnd.FINISHED, instance_running=True),
            LATER,
            id="it ran and ended at once",
        ),
        pytest.param(ago(hours=1), Outcome(instance_end=InstanceEnd.FAILED), ago(hours=1), id="it ran for an hour"),
    ],
)
def test_since_when_an_ended_run_ran(
    house: House, before: datetime | None, outcome: Outcome, after: datetime | None
) -> None:
    house.add_instance(running_at=before)
    apply(house, outcome)
    assert [run.running_at for run in house.list_instances()] == [after]


def test_the_end_of_a_job_that_never_ran_is_no_run_s_end(house: House) -> None:
    apply(house, Outcome(settled=Settled.CANCELLED, instance_end=InstanceEnd.CANCELLED))
    assert house.list_event_types() == [EventType.STATE_CHANGED]


@pytest.mark.parametrize(
    ("outcome", "rests_on"),
    [
        pytest.param(Outcome(wanted=Wanted.RUNNING), "snap-1", id="nothing is said of it"),
        pytest.param(Outcome(settled=Settled.FAILED, forget_pause=True), None, id="the job goes on without it"),
        pytest.param(Outcome(wanted=Wanted.RUNNING, snapshot=MADE), "snap-1", id="another one is made beside it"),
        pytest.param(Outcome(wanted=Wanted.RUNNING, rests_on_snapshot=True), "snap-1", id="none was made"),
    ],
)
def test_what_a_suspended_job_rests_on(house: House, outcome: Outcome, rests_on: str | None) -> None:
    house.add_instance(end=InstanceEnd.SUSPENDED)
    kept = house.add_snapshot()
    house.save_state(Settled.SUSPENDED, suspended_on=kept.id, changed_at=NOW)
    apply(house, outcome)
    state = house.get_state()
    assert state.suspended_on == (SnapshotId(rests_on) if rests_on is not None else None)
    assert state.changed_at == LATER


def test_what_a_person_asked_for_ends_a_recovery_and_is_no_error_in_the_history(house: House) -> None:
    house.add_instance()
    plan = {"recovery": RecoveryState((NOW,)), "recovery_at": LATER}
    house.save_state(Settled.FAILED, wanted=Wanted.RUNNING, **plan)
    house.ask(Verb.RUN)
    apply(house, Outcome(operation=OperationStatus.SUCCESS, settled=Settled.RUNNING))
    state = house.get_state()
    assert (state.recovery, state.recovery_at) == (None, None)
    told = house.list_events()[-1]
    assert (told.type, told.level) == (EventType.STATE_CHANGED, EventLevel.INFO)


def test_that_a_recovery_is_held_stands_out(house: House) -> None:
    house.add_instance(end=InstanceEnd.FAILED)
    house.save_state(Settled.FAILED, wanted=Wanted.RUNNING)
    held = Finding("recovery_exhausted", {"attempts": "5"}, "boom")
    apply(house, Outcome(recovery=RecoveryPlan(RecoveryState((), held))))
    [told] = house.list_events()
    assert (told.type, told.level) == (EventType.RECOVERY_HELD, EventLevel.WARNING)
