"""What `decide` may answer: a closed union. `act` carries each out; nobody else does.

Every decision says `because`: the text of the log field that explains it. The record of what is
known of a job when it is decided upon (`JobFacts`) stands here too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from headgate.domain.clusters import FLINK_HEARTBEAT
from headgate.domain.instances import FlinkJobId, Instance, InstanceEnd
from headgate.domain.intents import Intent, IntentStatus
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Settled, Wanted
from headgate.domain.operations import Finding, Operation, OperationStatus
from headgate.domain.recovery import NO_RECOVERY, Recovery, RecoveryPlan
from headgate.domain.restore import RestoreChoice
from headgate.domain.snapshots import SnapshotKind, SnapshotOrigin


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What the rows say of one job. `instance` is the newest; `restore` is set when a start is next.

    `savepoint_dir` is None where none is configured. `in_flight` is the open savepoint of the other
    lane. `forced` is the stop that does not wait for the executing operation. `main_is_busy` tells the
    savepoint lane that the main lane executes something. `pause_is_gone`: the files that SUSPENDED
    rests on were looked at and are not there. `heartbeat_timeout`: how long tasks of the
    newest instance may outlive their JobManager. `policy` is what a person has set for recovery.
    """

    state: JobState
    instance: Instance | None
    savepoint_dir: str | None = None
    restore: RestoreChoice | None = None
    in_flight: Intent | None = None
    forced: Operation | None = None
    main_is_busy: bool = False
    pause_is_gone: bool = False
    heartbeat_timeout: timedelta = FLINK_HEARTBEAT
    policy: Recovery = NO_RECOVERY

    @property
    def is_recovering(self) -> bool:
        """Whether a start that nobody asked for may be due or under way."""
        return self.state.settled is Settled.FAILED and self.state.wanted is Wanted.RUNNING


@dataclass(frozen=True, slots=True)
class Submit:
    """Start a new instance, or with `repeat` send the open intent's key once more.

    `is_recovery`: nobody asked for it.
    """

    because: str
    repeat: bool = False
    is_recovery: bool = False


@dataclass(frozen=True, slots=True)
class StopWithSavepoint:
    because: str
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class TriggerSavepoint:
    because: str
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel the instance (or `stray`, a job of ours that should not live any more).

    `closes` is how an open intent of another kind ends in the same transaction, `failing` why the
    operation will not succeed once the job has ended.
    """

    because: str
    repeat: bool = False
    closes: IntentStatus | None = None
    failing: Finding | None = None
    stray: FlinkJobId | None = None
    is_recovery: bool = False


@dataclass(frozen=True, slots=True)
class AwaitOutcome:
    """An intent is open and nothing is to be sent now. `waits_for` says what it takes, where a person should know."""

    because: str
    waits_for: Finding | None = None


@dataclass(frozen=True, slots=True)
class SnapshotMade:
    """A confirmed snapshot to be recorded. `path` is a URI, `size` in bytes, None where it was not measured.

    `at` is when it was completed, None: by the open act, which may have been noticed late; then
    `written_at` is when its files were, where that can be seen.
    """

    path: str
    origin: SnapshotOrigin
    size: int | None = None
    kind: SnapshotKind = SnapshotKind.SAVEPOINT
    at: datetime | None = None
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one settling changes, in one transaction. None means unchanged everywhere.

    `intent`: how the open intent closes. `step_done`: the operation's step has succeeded.
    `operation`: how the operation closes (None: it goes on). `result` is its finding; `warning`
    is shown beside the state. `rests_on_snapshot`: the made snapshot is what SUSPENDED rests on;
    `forget_pause`: SUSPENDED's snapshot no longer carries the job. `lost`: the JobManager is gone,
    tasks may live a heartbeat longer. `found`: further snapshots that the ended job has left.
    `recovery`: what follows by itself; `recovered`: a start that nobody asked for has succeeded.
    """

    intent: IntentStatus | None = None
    step_done: bool = False
    operation: OperationStatus | None = None
    result: Finding | None = None
    warning: Finding | None = None
    settled: Settled | None = None
    wanted: Wanted | None = None
    instance_running: bool = False
    instance_end: InstanceEnd | None = None
    snapshot: SnapshotMade | None = None
    rests_on_snapshot: bool = False
    forget_pause: bool = False
    lost: bool = False
    found: tuple[SnapshotMade, ...] = ()
    recovery: RecoveryPlan | None = None
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Settle:
    because: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is to be done now. `waits_for` is what an operation waits for, if it does."""

    because: str
    waits_for: Finding | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The open submission can never be answered: its id is given up, the operation goes on."""

    because: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class DeclareLost:
    """A person says that nobody will ever know: everything open of the job is closed, its ids are given up."""

    because: str


Decision = (
    Submit | StopWithSavepoint | TriggerSavepoint | Cancel | AwaitOutcome | Settle | Nothing | GiveUp | DeclareLost
)
