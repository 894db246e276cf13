"""What recovery leaves in a job's state and history. When and whether it acts is decided in `domain/`."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from headgate.domain.decisions import Outcome
from headgate.domain.events import EventLevel, EventType
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Lane
from headgate.domain.operations import Operation
from headgate.domain.recovery import note_attempt
from headgate.ports.store import UnitOfWork


def note(work: UnitOfWork, job_id: str, now: datetime) -> None:
    """An attempt is being made: written together with its intent."""
    state = work.jobs.get_state(job_id)
    plan = note_attempt(state.recovery, now)
    work.jobs.save_state(replace(state, recovery=plan.state, recovery_at=plan.at))


def follow(state: JobState, outcome: Outcome, operation: Operation | None) -> JobState:
    """`state` with what follows by itself; whatever a person's operation has led to ends it."""
    if outcome.recovery is not None:
        return replace(state, recovery=outcome.recovery.state, recovery_at=outcome.recovery.at)
    if outcome.operation is not None and operation is not None and operation.lane is Lane.MAIN:
        return replace(state, recovery=None, recovery_at=None)
    return replace(state, recovery_at=None) if outcome.settled is not None else state


def list_events(outcome: Outcome) -> Iterator[tuple[EventType, dict[str, str], EventLevel]]:
    """What is told of recovery."""
    if outcome.recovered:
        yield EventType.RECOVERED, {}, EventLevel.INFO
    if outcome.recovery is None:
        return
    attempt = len(outcome.recovery.state.tried) + 1
    if outcome.recovery.at is not None:
        at = outcome.recovery.at.isoformat(timespec="seconds")
        yield EventType.RECOVERY_PLANNED, {"at": at, "attempt": str(attempt)}, EventLevel.INFO
    held = outcome.recovery.state.held
    if held is not None:
        facts = {f"reason_{name}": value for name, value in held.facts.items()}
        yield EventType.RECOVERY_HELD, {"code": held.code, "cause": held.cause, **facts}, EventLevel.WARNING
