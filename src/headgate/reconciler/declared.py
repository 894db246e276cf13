"""What a declaration leaves behind: a person says that a job is lost, and everything open of it is closed.

It is the one way in which an act is closed without its outcome. The ids that are given up here stay so:
should one of them be seen alive later, its job is cancelled as a stray.
"""

from dataclasses import dataclass, replace

from headgate.domain.decisions import SnapshotMade
from headgate.domain.events import EventLevel, EventType
from headgate.domain.instances import Instance, InstanceEnd
from headgate.domain.intents import Intent, IntentKind, IntentStatus
from headgate.domain.jobs import Warning
from headgate.domain.lifecycle import Lane, Settled, Wanted
from headgate.domain.operations import Finding, Operation, OperationStatus, StepStatus
from headgate.domain.remains import list_found
from headgate.domain.snapshots import SnapshotOrigin
from headgate.ports.flink import FlinkGateway
from headgate.ports.store import UnitOfWork
from headgate.reconciler import record
from headgate.reconciler.record import NewIds
from headgate.reconciler.situation import Situation

_ORIGINS = {
    IntentKind.STOP_WITH_SAVEPOINT: SnapshotOrigin.STOP_WITH_SAVEPOINT,
    IntentKind.SAVEPOINT: SnapshotOrigin.USER_REQUEST,
}


@dataclass(frozen=True, slots=True)
class Left:
    """A snapshot that is there: a savepoint of an open act, in its own directory, or else one of the run itself."""

    intent: Intent | None
    made: SnapshotMade


def find_left(gateway: FlinkGateway, situation: Situation) -> list[Left]:
    """The savepoints of the acts that are given up, and the run's checkpoints, as far as they are known from here."""
    found = []
    for intent in (situation.intent, situation.facts.in_flight):
        if intent is None or intent.directory is None:
            continue
        path = gateway.find_savepoint(intent.directory)
        if path:
            seen = gateway.measure_snapshot(path)
            made = SnapshotMade(path, _ORIGINS[intent.kind], seen.size, written_at=seen.written_at)
            found.append(Left(intent, made))
    instance = situation.facts.instance
    if instance is not None and instance.is_live and situation.cluster is not None:
        remains = gateway.list_retained(situation.cluster, instance)
        found += [Left(None, made) for made in list_found(remains, checkpoints=True)]
    return found


def declare_lost(work: UnitOfWork, situation: Situation, left: list[Left], new: NewIds) -> None:
    """Everything that the declaration changes; `situation.operation` is the declaration itself."""
    declaration = situation.operation
    assert declaration is not None
    finding = Finding("declared_lost", {"reason": declaration.options.reason, "actor": declaration.requested_by})
    for found in left:
        _keep(work, situation, found, new)
    for lane in Lane:
        intent = work.intents.find_open(situation.job.id, lane)
        if intent is not None:
            work.intents.save(replace(intent, status=IntentStatus.GIVEN_UP, closed_at=new.now))
    instance = situation.facts.instance
    if instance is not None and instance.is_live:
        work.instances.save(replace(instance, end=InstanceEnd.GIVEN_UP, ended_at=new.now))
    for operation in work.operations.list_open(situation.job.id):
        if operation.number < declaration.number:
            _close(work, situation, operation, finding, new)
    _record(work, situation, declaration, instance, new)
    _finish(work, situation, declaration, finding, new)


def _keep(work: UnitOfWork, situation: Situation, left: Left, new: NewIds) -> None:
    """A savepoint that is there stays a restore point."""
    newest = situation.facts.instance
    instance = work.instances.get(left.intent.instance_id) if left.intent is not None else newest
    assert instance is not None
    about = replace(situation, intent=left.intent, intent_instance=instance, operation=None)
    record.add_snapshot(work, about, instance, left.made, new)


def _close(work: UnitOfWork, situation: Situation, operation: Operation, finding: Finding, new: NewIds) -> None:
    """What had sent something ended in a way that nobody knows; what had not, never began."""
    status = OperationStatus.EXCEPTION if operation.has_sent else OperationStatus.CANCELLED
    steps = record.change_step(operation, StepStatus.FAIL, new.now) if operation.has_sent else operation.steps
    closed = replace(operation, status=status, steps=steps, result=finding, ended_at=new.now, waits_for=None)
    work.operations.save(closed)
    facts = {"verb": operation.verb.value, "status": status.value, **record.describe_reason(finding)}
    about = replace(situation, operation=operation)
    record.record_event(work, about, EventType.OPERATION_FAILED, new.now, facts, EventLevel.WARNING)


def _record(
    work: UnitOfWork, situation: Situation, declaration: Operation, instance: Instance | None, new: NewIds
) -> None:
    facts = {
        "actor": declaration.requested_by,
        "flink_job_id": instance.flink_job_id if instance is not None else "-",
        "reason": declaration.options.reason,
    }
    about = replace(situation, intent_instance=None)
    record.record_event(work, about, EventType.DECLARED_LOST, new.now, facts, EventLevel.WARNING)


def _finish(work: UnitOfWork, situation: Situation, declaration: Operation, finding: Finding, new: NewIds) -> None:
    """The declaration has done what it says. Old tasks may live on: the next start waits for them."""
    steps = record.change_step(declaration, StepStatus.SUCCESS, new.now)
    status = OperationStatus.SUCCESS
    work.operations.save(
        replace(
            declaration,
            status=status,
            steps=steps,
            started_at=new.now,
            ended_at=new.now,
            waits_for=None,
        )
    )
    facts = {"verb": declaration.verb.value, "status": status.value}
    record.record_event(work, situation, EventType.OPERATION_SUCCEEDED, new.now, facts)
    before = work.jobs.get_state(situation.job.id)
    state = replace(
        before,
        settled=Settled.CANCELLED,
        wanted=Wanted.CANCELLED,
        warning=Warning(finding, new.now, declaration.id),
        suspended_on=None,
        lost_at=new.now,
        recovery=None,
        recovery_at=None,
        changed_at=new.now,
    )
    work.jobs.save_state(state)
    if state.settled is not before.settled:
        moved = {"before": before.settled.value, "after": state.settled.value, **record.describe_reason(finding)}
        record.record_event(work, situation, EventType.STATE_CHANGED, new.now, moved, EventLevel.WARNING)
