"""What an ended job has left to start from becomes part of how it is settled.

No end is written down before this was looked for: a start that comes right after it must know the
newest restore point. What a stop made itself needs no search.
"""

from dataclasses import replace

from headgate.domain.decisions import Decision, GiveUp, Nothing, Outcome, Settle, SnapshotMade
from headgate.domain.instances import InstanceEnd
from headgate.domain.intents import Intent
from headgate.domain.lifecycle import Settled, Wanted
from headgate.domain.observation import Remains, Seen
from headgate.domain.operations import Finding
from headgate.domain.snapshots import Kept, SnapshotKind, SnapshotOrigin

_LEAVES_CHECKPOINTS = frozenset({InstanceEnd.FAILED, InstanceEnd.CANCELLED, InstanceEnd.LOST, InstanceEnd.GIVEN_UP})
"""Flink deletes the checkpoints of a job that has finished."""


def with_remains(decision: Decision, intent: Intent | None, seen: Seen) -> Decision:
    """`decision` with the snapshots that the ended job left; a wait where they are not known yet."""
    matters = isinstance(decision, GiveUp) or (isinstance(decision, Settle) and _may_leave(decision.outcome, intent))
    if matters and seen.remains is None:
        because = "the job has ended; what it left to start from is looked for next"
        return Nothing(because, Finding("waits_for_remains"))
    if not matters or not isinstance(decision, Settle) or seen.remains is None:
        return decision
    return replace(decision, outcome=_add(decision.outcome, seen.remains))


def list_found(remains: Remains, *, checkpoints: bool) -> tuple[SnapshotMade, ...]:
    """The newest checkpoint, where Flink keeps it, and every savepoint; whatever has a row already is passed over."""
    newest = max((kept for kept in remains.kept if not kept.is_savepoint), key=lambda kept: kept.at, default=None)
    savepoints = tuple(_import(kept) for kept in remains.kept if kept.is_savepoint)
    if newest is None or not checkpoints:
        return savepoints
    origin = SnapshotOrigin.SAMPLED_CHECKPOINT if remains.is_sampled else SnapshotOrigin.RETAINED_CHECKPOINT
    return (*savepoints, SnapshotMade(newest.path, origin, newest.size, SnapshotKind.CHECKPOINT, newest.at))


def _may_leave(outcome: Outcome, intent: Intent | None) -> bool:
    if outcome.snapshot is not None:
        return False
    ended_by_itself = outcome.instance_end is InstanceEnd.FINISHED and intent is None
    return ended_by_itself or outcome.instance_end in _LEAVES_CHECKPOINTS


def _add(outcome: Outcome, remains: Remains) -> Outcome:
    found = list_found(remains, checkpoints=outcome.instance_end in _LEAVES_CHECKPOINTS)
    if outcome.instance_end is InstanceEnd.FINISHED:
        newest = max(remains.kept, key=lambda kept: kept.at, default=None)
        return _stopped_outside(outcome, newest, found) if newest is not None and newest.is_stop else outcome
    outcome = replace(outcome, found=found)
    has_gone_on = any(made.kind is SnapshotKind.CHECKPOINT for made in found)
    if outcome.settled is Settled.SUSPENDED and has_gone_on:
        # The start out of the pause ran after all: going back to the pause would forget what it did since.
        return replace(outcome, settled=Settled.FAILED, wanted=Wanted.RUNNING, forget_pause=True)
    return outcome


def _stopped_outside(outcome: Outcome, stop: Kept, found: tuple[SnapshotMade, ...]) -> Outcome:
    """Somebody stopped the job with a savepoint through Flink itself: it rests on that savepoint."""
    return replace(
        outcome,
        settled=Settled.SUSPENDED,
        wanted=Wanted.SUSPENDED,
        instance_end=InstanceEnd.SUSPENDED,
        warning=Finding("stopped_outside", {"path": stop.path}),
        snapshot=_import(stop),
        rests_on_snapshot=True,
        forget_pause=False,
        found=tuple(made for made in found if made.path != stop.path),
    )


def _import(kept: Kept) -> SnapshotMade:
    return SnapshotMade(kept.path, SnapshotOrigin.IMPORTED, kept.size, at=kept.at)
