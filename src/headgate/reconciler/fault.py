"""A pass that fails by a fault of Headgate's own is said on the operation, so that it never hangs in silence.

Nothing is concluded about Flink: an operation whose act is open stays open and is marked overdue. Where a
broken one has ended the run already, the job rests on what that left.
"""

from dataclasses import replace

from headgate.domain.events import Event, EventLevel, EventType
from headgate.domain.evidence import still_waiting
from headgate.domain.jobs import Warning
from headgate.domain.lifecycle import Lane
from headgate.domain.operations import Finding, Operation, OperationStatus, choose_operation
from headgate.domain.settle import rest_after_fault
from headgate.ports.store import UnitOfWork
from headgate.reconciler.act import Tools
from headgate.reconciler.record import describe_reason


def record_fault(tools: Tools, job_id: str, lane: Lane, excerpt: str, fence: int | None) -> None:
    """Close what executes in `lane` as EXCEPTION with `excerpt`, or mark it overdue while its act is open."""
    with tools.store.write(fence) as work:
        operation = choose_operation(work.operations.list_open(job_id), lane).executing
        if operation is None:
            return
        intent = work.intents.find_open(job_id, lane)
        if intent is None:
            _close(tools, work, operation, excerpt)
            return
        overdue = replace(still_waiting(intent), cause=excerpt)
        if operation.waits_for != overdue:
            work.operations.save(replace(operation, waits_for=overdue))
            _record(tools, work, operation, EventType.OPERATION_OVERDUE, describe_reason(overdue))


def _close(tools: Tools, work: UnitOfWork, operation: Operation, excerpt: str) -> None:
    now, status = tools.clock.now(), OperationStatus.EXCEPTION
    finding = Finding("operation_broken", {}, excerpt)
    work.operations.save(replace(operation, status=status, result=finding, ended_at=now, waits_for=None))
    newest = work.instances.find_newest(operation.job_id)
    is_live = newest is not None and newest.is_live
    state = rest_after_fault(work.jobs.get_state(operation.job_id), is_live=is_live)
    work.jobs.save_state(replace(state, warning=Warning(finding, now, operation.id), changed_at=now))
    facts = {"status": status.value, **describe_reason(finding)}
    _record(tools, work, operation, EventType.OPERATION_FAILED, facts)


def _record(tools: Tools, work: UnitOfWork, operation: Operation, kind: EventType, facts: dict[str, str]) -> None:
    work.events.record(
        Event(
            job_id=operation.job_id,
            workspace=operation.workspace,
            at=tools.clock.now(),
            type=kind,
            level=EventLevel.ERROR,
            facts={"verb": operation.verb.value, **facts},
            operation_id=operation.id,
        )
    )
