"""What a start restores from: pure, never guessing, never dropping state by itself.

The answer is one of three: a snapshot, a start without state that somebody asked for (or that
loses nothing), or a refusal with advice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from headgate.domain.instances import Instance, InstanceEnd
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Verb
from headgate.domain.operations import Finding, Options, RestoreFrom
from headgate.domain.snapshots import Snapshot, SnapshotOrigin, SnapshotStatus, find_latest
from headgate.domain.spec import Restore, RestoreStrategy, format_duration


@dataclass(frozen=True, slots=True)
class FromSnapshot:
    """Restore from `path`; `snapshot` is its row, None for a path that the job's own setting names."""

    path: str
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Stateless:
    """Start with empty state: asked for, or nothing exists that could be lost."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No usable restore point; `finding` says why and what to do."""

    finding: Finding


RestoreChoice = FromSnapshot | Stateless | Refused

_UNASKED = frozenset({InstanceEnd.FAILED, InstanceEnd.LOST, InstanceEnd.GIVEN_UP})


@dataclass(frozen=True, slots=True)
class History:
    """What the choice is made from: the job's state, its instances and snapshots, newest first."""

    state: JobState
    instances: Sequence[Instance]
    snapshots: Sequence[Snapshot]


def choose_restore(verb: Verb, options: Options, setting: Restore, history: History) -> RestoreChoice:
    """What a start by `verb` with `options` restores from; `setting` is the job's own default."""
    if verb is Verb.RESUME:
        return _choose_by_id(options.snapshot_id or history.state.suspended_on, history)
    if verb is Verb.RESTART:
        return _choose_latest(history) if options.keep_state else Stateless()
    match options.restore_from:
        case None:
            return Refused(Finding("from_required")) if is_state_at_stake(history) else Stateless()
        case RestoreFrom.NONE:
            return Stateless()
        case RestoreFrom.LATEST:
            return _choose_latest(history)
        case RestoreFrom.SNAPSHOT:
            return _choose_by_id(options.snapshot_id, history)
        case RestoreFrom.DEFAULT:
            return _choose_by_setting(setting, history)
        case _:
            assert_never(options.restore_from)


def choose_recovery(history: History, max_age: timedelta | None, now: datetime) -> FromSnapshot | Refused:
    """What a recovery restores from: the newest confirmed restore point of the newest run, else what that came from.

    Never without state, never from what nobody could confirm, and nothing older than `max_age`.
    """
    choice = _choose_latest(history)
    if not isinstance(choice, FromSnapshot):
        return Refused(Finding("recovery_without_restore_point"))
    snapshot = choice.snapshot
    if snapshot is not None and snapshot.origin is SnapshotOrigin.SAMPLED_CHECKPOINT:
        return Refused(Finding("recovery_not_confirmed", {"path": choice.path}))
    if max_age is not None and (snapshot is None or now - snapshot.created_at > max_age):
        return Refused(Finding("recovery_too_old", {"path": choice.path, "max_age": format_duration(max_age)}))
    return choice


def is_state_at_stake(history: History) -> bool:
    """Whether a start that does not say from where could drop state that nobody gave up.

    There is a snapshot, or the newest run that got going ended by itself: its checkpoints may be kept.
    """
    ran = next((instance for instance in history.instances if instance.running_at is not None), None)
    return bool(history.snapshots) or (ran is not None and ran.end in _UNASKED)


def find_paused_instance(history: History) -> Instance | None:
    """The instance whose savepoint SUSPENDED rests on."""
    on = history.state.suspended_on
    made_by = next((snapshot.instance_id for snapshot in history.snapshots if snapshot.id == on), None)
    return next((instance for instance in history.instances if instance.id == made_by), None)


def find_restore_point(history: History) -> Snapshot | None:
    """The snapshot that a resume, or else a run from LATEST, would use now; None where there is none."""
    verb = Verb.RESUME if history.state.suspended_on else Verb.RUN
    choice = choose_restore(verb, Options(restore_from=RestoreFrom.LATEST), Restore(), history)
    return choice.snapshot if isinstance(choice, FromSnapshot) else None


def _choose_by_id(snapshot_id: str | None, history: History) -> RestoreChoice:
    for snapshot in history.snapshots:
        if snapshot.id == snapshot_id and snapshot.status is SnapshotStatus.COMPLETED:
            return FromSnapshot(snapshot.path, snapshot)
    return Refused(Finding("snapshot_not_usable", {"snapshot": snapshot_id or "-"}))


def _choose_latest(history: History) -> RestoreChoice:
    """The newest snapshot of the newest instance, else the one it was itself started from.

    An attempt that never became a job is passed over: it had no state to go on from.
    """
    newest = next((i for i in history.instances if i.end is not InstanceEnd.NOT_STARTED), None)
    if newest is None:
        return Refused(Finding("no_restore_point"))
    own = find_latest(history.snapshots, newest.id)
    if own is not None:
        return FromSnapshot(own.path, own)
    if newest.restored_from is None:
        return Refused(Finding("no_restore_point"))
    origin = next((s for s in history.snapshots if s.id == newest.restored_snapshot_id), None)
    return FromSnapshot(newest.restored_from, origin)


def _choose_by_setting(setting: Restore, history: History) -> RestoreChoice:
    match setting.strategy:
        case RestoreStrategy.NONE:
            return Stateless()
        case RestoreStrategy.CUSTOM:
            return FromSnapshot(setting.path)
        case RestoreStrategy.LATEST:
            # A job that never ran has nothing to lose: its first start is without state.
            has_run = any(i.end is not InstanceEnd.NOT_STARTED for i in history.instances)
            return _choose_latest(history) if has_run else Stateless()
        case _:
            assert_never(setting.strategy)
