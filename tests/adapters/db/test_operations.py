"""Operations: numbered once for ever, listed in pages, withdrawn by request, guarded when closed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.errors import Conflict, NotFound
from headgate.domain.instances import InstanceEnd
from headgate.domain.intents import IntentStatus
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Verb
from headgate.domain.operations import (
    ClaimMode,
    Finding,
    OperationId,
    OperationStatus,
    Options,
    SavepointFormat,
    Step,
    StepName,
    StepStatus,
    StopSnapshot,
)
from headgate.ports.store import Store
from tests.adapters.db.samples import NOW, add_job, instance, intent, operation


def test_an_operation_comes_back_as_written(store: Store) -> None:
    with store.write() as unit:
        made = operation(
            add_job(unit),
            verb=Verb.RESTART,
            options=Options(
                allow_non_restored_state=True,
                claim_mode=ClaimMode.CLAIM,
                snapshot=StopSnapshot.CREATE,
                keep_state=False,
                format=SavepointFormat.NATIVE,
            ),
            version=4,
            batch_id="b-1",
        )
        unit.operations.add(made)
        assert unit.operations.get(made.id) == made
        changed = replace(
            made,
            status=OperationStatus.EXCEPTION,
            steps=(Step(StepName.CANCEL, StepStatus.SUCCESS, NOW, NOW, "ok"), Step(StepName.SUBMIT, StepStatus.FAIL)),
            result=Finding("no_free_slots", {"slots": "0"}, "NoResourceAvailableException\n\tat …"),
            waits_for=Finding("still_waiting"),
            failing=Finding("back_end"),
            started_at=NOW,
            ended_at=NOW + timedelta(microseconds=1),
        )
        unit.operations.save(changed)
    with store.read() as unit:
        assert unit.operations.get(made.id) == changed


def test_an_unknown_operation_is_not_found(store: Store) -> None:
    with store.read() as unit, pytest.raises(NotFound, match="operation_not_found"):
        unit.operations.get("op-none")
    with store.write() as unit:
        made = add_job(unit)
        with pytest.raises(NotFound, match="operation_not_found"):
            unit.operations.save(operation(made))


def test_numbers_grow_over_all_jobs_and_are_never_given_twice(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        assert [unit.operations.next_number() for _ in range(3)] == [1, 2, 3]
        unit.operations.add(operation(made, 3))
    with store.write() as unit:
        unit.jobs.delete(made.id)
        assert unit.operations.next_number() == 4


def test_a_number_that_was_rolled_back_is_given_again(store: Store) -> None:
    with store.write() as unit:
        unit.operations.next_number()
    with pytest.raises(NotFound), store.write() as unit:
        unit.operations.get(f"op-{unit.operations.next_number()}")
    with store.write() as unit:
        assert unit.operations.next_number() == 2


def test_pages_are_newest_first_below_a_number(store: Store) -> None:
    with store.write() as unit:
        one, two = add_job(unit, "one"), add_job(unit, "two")
        elsewhere = add_job(unit, "three", workspace="other")
        for number in range(1, 7):
            unit.operations.add(operation(one if number % 2 else two, number))
        unit.operations.add(operation(elsewhere, 7))
    with store.read() as unit:
        operations = unit.operations
        assert [found.number for found in operations.list_of_job(one.id, 2, None)] == [5, 3]
        assert [found.number for found in operations.list_of_job(one.id, 2, 3)] == [1]
        assert [found.number for found in operations.list_of_workspace("default", 4, None)] == [6, 5, 4, 3]
        assert [found.number for found in operations.list_of_workspace("default", 4, 3)] == [2, 1]
        assert operations.list_of_job(one.id, 0, None) == []


def test_busy_are_jobs_with_an_open_operation_or_an_open_intent(store: Store) -> None:
    with store.write() as unit:
        operated, acted, both, idle = (add_job(unit, name) for name in ("operated", "acted", "both", "idle"))
        unit.operations.add(operation(operated, 1))
        unit.operations.add(operation(both, 2))
        unit.operations.add(operation(idle, 3, status=OperationStatus.SUCCESS, ended_at=NOW))
        for made in (acted, both, idle):
            unit.instances.add(instance(made))
        unit.intents.add(intent(instance(acted)))
        unit.intents.add(intent(instance(both)))
        unit.intents.add(intent(instance(idle), status=IntentStatus.NOT_DONE, closed_at=NOW))
    with store.read() as unit:
        assert unit.operations.list_busy_jobs() == sorted([operated.id, acted.id, both.id])
        assert [found.number for found in unit.operations.list_open(both.id)] == [2]
        assert unit.operations.list_open(idle.id) == []


def test_busy_is_a_job_whose_recovery_is_planned_and_due_by_the_moment_that_is_said(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit, "recovering")
        unit.jobs.save_state(JobState(made.id, recovery_at=NOW))
    with store.read() as unit:
        assert unit.operations.list_busy_jobs() == [made.id]
        assert unit.operations.list_busy_jobs(NOW) == [made.id]
        assert unit.operations.list_busy_jobs(NOW - timedelta(milliseconds=1)) == []


def test_a_withdrawal_is_requested_once(store: Store) -> None:
    with store.write() as unit:
        made = operation(add_job(unit))
        unit.operations.add(made)
        assert not unit.operations.is_withdrawal_requested(made.id)
        unit.operations.request_withdrawal(made.id, "ann", NOW)
        unit.operations.request_withdrawal(made.id, "bob", NOW)
        assert unit.operations.is_withdrawal_requested(made.id)


def test_only_an_operation_can_be_withdrawn(store: Store) -> None:
    with pytest.raises(Conflict, match="row_refused"), store.write() as unit:
        unit.operations.request_withdrawal(OperationId("op-none"), "ann", NOW)


@pytest.mark.parametrize(
    ("status", "ended"),
    [(OperationStatus.SUCCESS, False), (OperationStatus.OPERATING, True)],
    ids=["closed without a date", "open with a date"],
)
def test_the_database_refuses_a_status_that_contradicts_the_date(
    store: Store, status: OperationStatus, ended: bool
) -> None:
    with store.write() as unit:
        made = add_job(unit)
    with pytest.raises(Conflict, match="row_refused"), store.write() as unit:
        unit.operations.add(operation(made, status=status, ended_at=NOW if ended else None))


def test_an_operation_needs_its_job(store: Store) -> None:
    with store.write() as unit:
        gone = add_job(unit)
        unit.jobs.delete(gone.id)
    with pytest.raises(Conflict, match="row_refused"), store.write() as unit:
        unit.operations.add(operation(gone))


def test_instances_that_ended_do_not_make_a_job_busy(store: Store) -> None:
    with store.write() as unit:
        unit.instances.add(instance(add_job(unit), end=InstanceEnd.LOST))
        assert unit.operations.list_busy_jobs() == []
