"""The rows that acting leaves behind: intents before a call, outcomes after the evidence, events of both.

Each function runs inside one transaction of the caller's. What is written was decided elsewhere.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from headgate.domain.decisions import Cancel, Outcome, SnapshotMade, StopWithSavepoint, Submit, TriggerSavepoint
from headgate.domain.events import Event, EventLevel, EventType
from headgate.domain.instances import FlinkJobId, FlinkStatus, Instance, InstanceEnd, InstanceId, new_flink_job_id
from headgate.domain.intents import Intent, IntentId, IntentKind, IntentStatus
from headgate.domain.jobs import JobState, Warning
from headgate.domain.lifecycle import Settled
from headgate.domain.observation import Seen
from headgate.domain.operations import Finding, Operation, OperationStatus, SavepointFormat, Step, StepStatus
from headgate.domain.restore import FromSnapshot
from headgate.domain.snapshots import Snapshot, SnapshotId, SnapshotKind, SnapshotOrigin, SnapshotStatus
from headgate.ports.ids import Ids
from headgate.ports.store import UnitOfWork
from headgate.reconciler import recovering
from headgate.reconciler.situation import Situation

Sending = Submit | StopWithSavepoint | TriggerSavepoint | Cancel

_KINDS: dict[type[Sending], tuple[IntentKind, EventType]] = {
    Submit: (IntentKind.SUBMIT, EventType.SUBMISSION_SENT),
    StopWithSavepoint: (IntentKind.STOP_WITH_SAVEPOINT, EventType.STOP_SENT),
    TriggerSavepoint: (IntentKind.SAVEPOINT, EventType.SAVEPOINT_SENT),
    Cancel: (IntentKind.CANCEL, EventType.CANCEL_SENT),
}
_END_LEVELS: dict[InstanceEnd, EventLevel] = {
    InstanceEnd.FAILED: EventLevel.ERROR,
    InstanceEnd.LOST: EventLevel.ERROR,
    InstanceEnd.NOT_STARTED: EventLevel.WARNING,
    InstanceEnd.GIVEN_UP: EventLevel.WARNING,
}
# How a closed operation reads in the history; all else is an error. CANCELLED is what a person asked for.
_OPERATION_LEVELS: dict[OperationStatus, EventLevel] = {
    OperationStatus.SUCCESS: EventLevel.INFO,
    OperationStatus.CANCELLED: EventLevel.INFO,
    OperationStatus.TASK_STATUS_NO_DONE: EventLevel.WARNING,
}
_FLINK_END: dict[InstanceEnd, FlinkStatus] = {
    InstanceEnd.FINISHED: FlinkStatus.FINISHED,
    InstanceEnd.SUSPENDED: FlinkStatus.FINISHED,
    InstanceEnd.FAILED: FlinkStatus.FAILED,
    InstanceEnd.CANCELLED: FlinkStatus.CANCELED,
}


@dataclass(frozen=True, slots=True)
class NewIds:
    """Where ids come from, and the moment that is written everywhere."""

    ids: Ids
    now: datetime


def write_intent(
    work: UnitOfWork, situation: Situation, decision: Sending, seen: Seen, new: NewIds
) -> tuple[Intent, Instance]:
    """The intent's row with its ids, before the call; for a submission the instance's row too."""
    kind, event = _KINDS[type(decision)]
    if situation.intent is not None and isinstance(decision, Cancel) and decision.closes is not None:
        work.intents.save(replace(situation.intent, status=decision.closes, closed_at=new.now))
    instance = _choose_instance(work, situation, decision, seen, new)
    stray = isinstance(decision, Cancel) and decision.stray is not None
    unasked = isinstance(decision, Submit | Cancel) and decision.is_recovery
    # Clearing away a stray is no step of the operation that waits for it, nor is a recovery.
    operation = None if stray or unasked else situation.operation
    intent = _make_intent(situation, kind, instance, seen, new)
    intent = replace(intent, operation_id=operation.id if operation is not None else None)
    work.intents.add(intent)
    failing = decision.failing if isinstance(decision, Cancel) else None
    if operation is not None:
        work.operations.save(_start_step(operation, new.now, failing))
    if unasked and isinstance(decision, Submit):
        recovering.note(work, situation.job.id, new.now)
    facts = {"flink_job_id": instance.flink_job_id, "because": decision.because}
    about = replace(situation, intent_instance=instance)
    record_event(work, about, EventType.STRAY_CANCELLED if stray else event, new.now, facts)
    return intent, instance


def _make_intent(situation: Situation, kind: IntentKind, instance: Instance, seen: Seen, new: NewIds) -> Intent:
    """A first attempt with its key; a savepoint's has a directory of its own."""
    assert situation.cluster is not None
    intent_id = IntentId(new.ids.new("int"))
    trigger = kind in {IntentKind.STOP_WITH_SAVEPOINT, IntentKind.SAVEPOINT}
    return Intent(
        id=intent_id,
        job_id=situation.job.id,
        instance_id=instance.id,
        cluster_id=situation.cluster.id,
        flink_job_id=instance.flink_job_id,
        operation_id=None,
        lane=situation.lane,
        kind=kind,
        key=new.ids.new_hex(32) if trigger else instance.flink_job_id,
        created_at=new.now,
        unreachable_before=seen.unreachable_total,
        incarnation=seen.incarnation,
        directory=f"{situation.facts.savepoint_dir}/{situation.job.id}/{intent_id}" if trigger else None,
        attempts=1,
        sent_at=new.now,
    )


def write_attempt(work: UnitOfWork, situation: Situation, seen: Seen, now: datetime) -> tuple[Intent, Instance]:
    """The open intent once more: the same key, one attempt further."""
    assert situation.intent is not None
    assert situation.intent_instance is not None
    intent = replace(
        situation.intent,
        attempts=situation.intent.attempts + 1,
        sent_at=now,
        unreachable_before=seen.unreachable_total,
        answer=None,
    )
    work.intents.save(intent)
    # What was missing before this send says nothing about what comes after it.
    instance = replace(situation.intent_instance, absence=None)
    work.instances.save(instance)
    facts = {"attempts": str(intent.attempts), "cause": situation.intent.cause}
    record_event(work, situation, EventType.CALL_REPEATED, now, facts)
    return intent, instance


def apply_outcome(work: UnitOfWork, situation: Situation, outcome: Outcome, ids: Ids, now: datetime) -> None:
    """Everything that one settling changes."""
    if outcome.intent is not None and situation.intent is not None:
        work.intents.save(replace(situation.intent, status=outcome.intent, closed_at=now))
    instance = situation.instance
    made: SnapshotId | None = None
    if instance is not None and (outcome.instance_running or outcome.instance_end):
        work.instances.save(_close_instance(instance, outcome, now))
        _record_instance_events(work, situation, instance, outcome, now)
    if outcome.snapshot is not None and instance is not None:
        made = add_snapshot(work, situation, instance, outcome.snapshot, NewIds(ids, now))
    if instance is not None:
        for found in outcome.found:
            add_snapshot(work, situation, instance, found, NewIds(ids, now))
    if situation.operation is not None:
        _advance_operation(work, situation, situation.operation, outcome, now)
    _save_state(work, situation, outcome, made, now)


def give_up(work: UnitOfWork, situation: Situation, finding: Finding, now: datetime) -> None:
    """An id that can never be answered: tombstoned by its instance's end, the operation goes on."""
    assert situation.intent is not None
    assert situation.intent_instance is not None
    work.intents.save(replace(situation.intent, status=IntentStatus.GIVEN_UP, closed_at=now))
    if situation.intent_instance.is_live:
        work.instances.save(replace(situation.intent_instance, end=InstanceEnd.GIVEN_UP, ended_at=now))
    state = work.jobs.get_state(situation.job.id)
    unasked = situation.intent.kind is IntentKind.SUBMIT and situation.intent.operation_id is None
    work.jobs.save_state(replace(state, lost_at=now, recovery_at=now if unasked else state.recovery_at))
    facts = {"flink_job_id": situation.intent.flink_job_id, **finding.facts}
    record_event(work, situation, EventType.ATTEMPT_ABANDONED, now, facts, EventLevel.WARNING)


def close_operation(
    work: UnitOfWork, situation: Situation, operation: Operation, finding: Finding, event: EventType, now: datetime
) -> None:
    """Close an operation that never sent anything: superseded or withdrawn."""
    closed = replace(operation, status=OperationStatus.CANCELLED, result=finding, ended_at=now)
    work.operations.save(closed)
    record_event(work, replace(situation, operation=operation), event, now, {"verb": operation.verb.value})


def describe_reason(finding: Finding | None) -> dict[str, str]:
    """The facts of an event that say why: the code of the reason, Flink's text, and the reason's own facts."""
    if finding is None:
        return {}
    facts = {f"reason_{name}": value for name, value in finding.facts.items()}
    return {"code": finding.code, "cause": finding.cause, **facts}


def record_event(
    work: UnitOfWork,
    situation: Situation,
    kind: EventType,
    at: datetime,
    facts: dict[str, str],
    level: EventLevel = EventLevel.INFO,
) -> None:
    """Append one event of this job."""
    operation = situation.operation
    instance = situation.instance
    work.events.record(
        Event(
            job_id=situation.job.id,
            workspace=situation.job.workspace,
            at=at,
            type=kind,
            level=level,
            facts=facts,
            instance_id=instance.id if instance is not None else None,
            operation_id=operation.id if operation is not None else None,
        )
    )


def _choose_instance(work: UnitOfWork, situation: Situation, decision: Sending, seen: Seen, new: NewIds) -> Instance:
    """The instance that the call is about: a new one for a submission, a stray's own, else the newest."""
    if isinstance(decision, Submit):
        return _add_instance(work, situation, seen, new)
    if isinstance(decision, Cancel) and decision.stray is not None:
        stray = work.instances.find_by_flink_id(decision.stray)
        assert stray is not None, "a stray is only cancelled when its row is known"
        # It was seen alive: what was missing before says nothing about its end.
        stray = replace(stray, absence=None)
        work.instances.save(stray)
        return stray
    assert situation.instance is not None
    return situation.instance


def _add_instance(work: UnitOfWork, situation: Situation, seen: Seen, new: NewIds) -> Instance:
    version, cluster = situation.version, situation.cluster
    assert version is not None
    assert cluster is not None
    newest = situation.facts.instance
    restore = situation.facts.restore
    chosen = restore if isinstance(restore, FromSnapshot) else None
    instance = Instance(
        id=InstanceId(new.ids.new("ins")),
        job_id=situation.job.id,
        number=newest.number + 1 if newest is not None else 1,
        version=version.number,
        cluster_id=cluster.id,
        flink_job_id=FlinkJobId(new_flink_job_id(situation.job.id, int(new.ids.new_hex(16), 16))),
        spec=version.spec,
        created_at=new.now,
        incarnation=seen.incarnation,
        restored_from=chosen.path if chosen is not None else None,
        restored_snapshot_id=chosen.snapshot.id if chosen is not None and chosen.snapshot is not None else None,
    )
    work.instances.add(instance)
    return instance


def _start_step(operation: Operation, now: datetime, failing: Finding | None) -> Operation:
    steps = change_step(operation, StepStatus.OPERATING, now)
    started = operation.started_at or now
    return replace(
        operation,
        status=OperationStatus.OPERATING,
        steps=steps,
        started_at=started,
        waits_for=None,
        failing=failing or operation.failing,
    )


def change_step(operation: Operation, status: StepStatus, now: datetime) -> tuple[Step, ...]:
    """The steps with the current one changed."""
    current = operation.step
    ended = now if status in {StepStatus.SUCCESS, StepStatus.FAIL} else None
    return tuple(
        replace(step, status=status, started_at=step.started_at or now, ended_at=ended) if step is current else step
        for step in operation.steps
    )


def _close_instance(instance: Instance, outcome: Outcome, now: datetime) -> Instance:
    running_at = instance.running_at or (now if outcome.instance_running else None)
    if outcome.instance_end is None:
        return replace(instance, running_at=running_at)
    status = _FLINK_END.get(outcome.instance_end, instance.flink_status)
    return replace(instance, running_at=running_at, end=outcome.instance_end, ended_at=now, flink_status=status)


def _record_instance_events(
    work: UnitOfWork, situation: Situation, instance: Instance, outcome: Outcome, now: datetime
) -> None:
    facts = {"number": str(instance.number), "flink_job_id": instance.flink_job_id}
    if outcome.instance_running and instance.running_at is None:
        record_event(work, situation, EventType.INSTANCE_RUNNING, now, facts)
    if outcome.instance_end is not None:
        facts |= {"end": outcome.instance_end.value, **describe_reason(outcome.warning or outcome.result)}
        level = _END_LEVELS.get(outcome.instance_end, EventLevel.INFO)
        record_event(work, situation, EventType.INSTANCE_ENDED, now, facts, level)


def _date_snapshot(work: UnitOfWork, instance: Instance, made: SnapshotMade, now: datetime) -> datetime:
    """When it was made. "The newest" is decided by this, so what an act of ours has just made is never older."""
    if made.at is not None:
        return min(made.at, now)  # the JobManager's clock may be ahead of ours
    written_at = min(made.written_at or now, now)
    earlier = [known.created_at for known in work.snapshots.list_of_job(instance.job_id)]
    return max([written_at, *earlier])  # the clock may have been set back since


def add_snapshot(
    work: UnitOfWork, situation: Situation, instance: Instance, made: SnapshotMade, new: NewIds
) -> SnapshotId:
    """A snapshot of `instance` that the situation's intent made; the row that its path has already, if it has one."""
    # What was found afterwards was not made by the act that is open now.
    intent = situation.intent if made.at is None else None
    cluster = situation.cluster
    known = work.snapshots.find_by_path(situation.job.id, made.path)
    if known is not None:
        if intent is not None and known.origin is SnapshotOrigin.IMPORTED:
            # It was found among what the run left before its own act was settled.
            work.snapshots.save(replace(known, origin=made.origin, trigger_id=intent.key))
        return known.id
    snapshot = Snapshot(
        id=SnapshotId(new.ids.new("snap")),
        job_id=situation.job.id,
        instance_id=instance.id,
        instance_number=instance.number,
        job_version=instance.version,
        kind=made.kind,
        origin=made.origin,
        status=SnapshotStatus.COMPLETED,
        path=made.path,
        created_at=_date_snapshot(work, instance, made, new.now),
        flink_version=cluster.engine_version if cluster is not None else "",
        format=_choose_format(situation.operation, made),
        size=made.size,
        duration=new.now - intent.created_at if intent is not None else None,
        trigger_id=intent.key if intent is not None else None,
    )
    work.snapshots.add(snapshot)
    facts = {"path": made.path, "snapshot": snapshot.id}
    if made.at is None:
        record_event(work, situation, EventType.SNAPSHOT_CREATED, new.now, facts)
    else:
        record_event(work, situation, EventType.SNAPSHOT_FOUND, new.now, {**facts, "origin": made.origin.value})
    return snapshot.id


def _choose_format(operation: Operation | None, made: SnapshotMade) -> str:
    """A checkpoint is in Flink's own form; of a savepoint that others made nobody told it."""
    if made.kind is SnapshotKind.CHECKPOINT:
        return SavepointFormat.NATIVE.value
    return operation.options.format.value if operation is not None else SavepointFormat.CANONICAL.value


def _advance_operation(
    work: UnitOfWork, situation: Situation, operation: Operation, outcome: Outcome, now: datetime
) -> None:
    if not outcome.step_done and outcome.operation is None:
        return
    steps = operation.steps
    if operation.step is not None and (outcome.step_done or operation.has_sent):
        steps = change_step(operation, StepStatus.SUCCESS if outcome.step_done else StepStatus.FAIL, now)
    operation = replace(operation, steps=steps)
    if outcome.operation is None:
        work.operations.save(operation)
        return
    closed = replace(operation, status=outcome.operation, result=outcome.result, ended_at=now, waits_for=None)
    work.operations.save(closed)
    good = outcome.operation is OperationStatus.SUCCESS
    facts = {"verb": operation.verb.value, "status": outcome.operation.value, **describe_reason(outcome.result)}
    kind = EventType.OPERATION_SUCCEEDED if good else EventType.OPERATION_FAILED
    record_event(work, situation, kind, now, facts, _OPERATION_LEVELS.get(outcome.operation, EventLevel.ERROR))


def _save_state(
    work: UnitOfWork, situation: Situation, outcome: Outcome, made: SnapshotId | None, now: datetime
) -> None:
    before = work.jobs.get_state(situation.job.id)
    state = replace(
        before,
        settled=outcome.settled or before.settled,
        wanted=outcome.wanted or before.wanted,
        warning=_choose_warning(before, situation.operation, outcome, now),
        suspended_on=None if outcome.forget_pause else before.suspended_on,
        lost_at=now if outcome.lost else before.lost_at,
        changed_at=now,
    )
    if outcome.rests_on_snapshot and made is not None:
        state = replace(state, suspended_on=made)
    state = recovering.follow(state, outcome, situation.operation)
    if state == before:
        return
    work.jobs.save_state(state)
    if state.settled is not before.settled:
        facts = {"before": before.settled.value, "after": state.settled.value, **describe_reason(outcome.warning)}
        level = EventLevel.ERROR if state.settled is Settled.FAILED else EventLevel.INFO
        record_event(work, situation, EventType.STATE_CHANGED, now, facts, level)
    for kind, facts, level in recovering.list_events(outcome):
        record_event(work, situation, kind, now, facts, level)


def _choose_warning(before: JobState, operation: Operation | None, outcome: Outcome, now: datetime) -> Warning | None:
    """A sign stays until an operation succeeds; a new one takes its place."""
    if outcome.warning is not None:
        return Warning(outcome.warning, now, operation.id if operation is not None else None)
    return None if outcome.operation is OperationStatus.SUCCESS or outcome.recovered else before.warning
