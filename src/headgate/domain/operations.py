"""What people asked for: an operation, its options, its steps and how it ended.

Operations are appended by the services and advanced by the reconciler alone. Which of several
open operations is carried out is decided here too, by `choose_operation`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NewType

from headgate.domain.lifecycle import VERBS, Lane, Verb, Wanted

OperationId = NewType("OperationId", str)


class OperationStatus(StrEnum):
    INIT = "INIT"
    OPERATING_BEFORE = "OPERATING_BEFORE"
    OPERATING = "OPERATING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    EXCEPTION = "EXCEPTION"
    TASK_STATUS_NO_DONE = "TASK_STATUS_NO_DONE"
    CANCELLED = "CANCELLED"


OPEN_STATUSES = frozenset({OperationStatus.INIT, OperationStatus.OPERATING_BEFORE, OperationStatus.OPERATING})


class ResultCode(IntEnum):
    """The number under which a closed operation is reported."""

    SUCCESS = 0
    ERROR = 1
    EXCEPTION = 5
    NOT_LOGGED_IN = 401


RESULT_CODES: dict[OperationStatus, ResultCode] = {
    OperationStatus.SUCCESS: ResultCode.SUCCESS,
    OperationStatus.FAIL: ResultCode.ERROR,
    OperationStatus.EXCEPTION: ResultCode.EXCEPTION,
    OperationStatus.TASK_STATUS_NO_DONE: ResultCode.ERROR,
    OperationStatus.CANCELLED: ResultCode.ERROR,
}


class RestoreFrom(StrEnum):
    """Where a run starts from. DEFAULT is the job's own setting."""

    NONE = "NONE"
    LATEST = "LATEST"
    SNAPSHOT = "SNAPSHOT"
    DEFAULT = "DEFAULT"


class StopSnapshot(StrEnum):
    CREATE = "CREATE"
    NONE = "NONE"


class ClaimMode(StrEnum):
    NO_CLAIM = "NO_CLAIM"
    CLAIM = "CLAIM"


class SavepointFormat(StrEnum):
    CANONICAL = "CANONICAL"
    NATIVE = "NATIVE"


@dataclass(frozen=True, slots=True)
class Options:
    """All options that a verb may carry; `VERB_OPTIONS` says which verb reads which."""

    restore_from: RestoreFrom | None = None
    snapshot_id: str | None = None
    version: int | None = None
    allow_non_restored_state: bool = False
    claim_mode: ClaimMode = ClaimMode.NO_CLAIM
    allow_state_loss: bool = False
    snapshot: StopSnapshot | None = None
    force: bool = False
    keep_state: bool | None = None
    format: SavepointFormat = SavepointFormat.CANONICAL
    reason: str = ""


VERB_OPTIONS: dict[Verb, frozenset[str]] = {
    Verb.RUN: frozenset({"restore_from", "snapshot_id", "version", "allow_non_restored_state", "claim_mode"}),
    Verb.PAUSE: frozenset({"allow_state_loss"}),
    Verb.RESUME: frozenset({"snapshot_id"}),
    Verb.STOP: frozenset({"snapshot", "force"}),
    Verb.RESTART: frozenset({"keep_state"}),
    Verb.SAVEPOINT: frozenset({"format"}),
    Verb.DECLARE_LOST: frozenset({"reason"}),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth saying: a code of the catalogue, its facts, and Flink's raw text if any."""

    code: str
    facts: dict[str, str] = field(default_factory=dict)
    cause: str = ""


STILL_WAITING = "still_waiting"
"""The finding of an operation whose deadline has passed."""
INTENT_FORMAT_NEWER = "intent_format_newer"
"""The finding of an operation whose act only a newer release can continue."""


class StepName(StrEnum):
    CANCEL = "cancel"
    STOP_WITH_SAVEPOINT = "stop_with_savepoint"
    SAVEPOINT = "savepoint"
    SUBMIT = "submit"
    DECLARE_LOST = "declare_lost"


class StepStatus(StrEnum):
    WAITING = "WAITING"
    OPERATING = "OPERATING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Step:
    name: StepName
    status: StepStatus = StepStatus.WAITING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `number` orders the operations of all jobs; `version` is the one to submit.

    `failing` is why a start attempt is being cancelled: it becomes the result once it has ended.
    `waits_for` says what it waits for, and that a deadline has passed where `is_overdue`; it never closes anything.
    """

    id: OperationId
    number: int
    job_id: str
    workspace: str
    verb: Verb
    options: Options
    status: OperationStatus
    steps: tuple[Step, ...]
    requested_by: str
    requested_at: datetime
    version: int | None = None
    result: Finding | None = None
    waits_for: Finding | None = None
    failing: Finding | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    batch_id: str | None = None

    @property
    def target(self) -> Wanted | None:
        return VERBS[self.verb].target

    @property
    def lane(self) -> Lane:
        return VERBS[self.verb].lane

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def is_overdue(self) -> bool:
        """Whether a deadline has passed or a person is needed, rather than something simply being waited for."""
        return self.waits_for is not None and self.waits_for.code in {STILL_WAITING, INTENT_FORMAT_NEWER}

    @property
    def has_sent(self) -> bool:
        """Whether a first intent was written: from then on it cannot be withdrawn."""
        return any(step.status is not StepStatus.WAITING for step in self.steps)

    @property
    def step(self) -> Step | None:
        """The first step that has not succeeded; None when all have."""
        return next((step for step in self.steps if step.status is not StepStatus.SUCCESS), None)


def plan_steps(verb: Verb, options: Options) -> tuple[Step, ...]:
    """The steps of a new operation, in order."""
    match verb:
        case Verb.RUN | Verb.RESUME:
            names: tuple[StepName, ...] = (StepName.SUBMIT,)
        case Verb.PAUSE:
            names = (StepName.STOP_WITH_SAVEPOINT,)
        case Verb.STOP:
            create = options.snapshot is StopSnapshot.CREATE
            names = (StepName.STOP_WITH_SAVEPOINT if create else StepName.CANCEL,)
        case Verb.RESTART:
            names = (StepName.STOP_WITH_SAVEPOINT if options.keep_state else StepName.CANCEL, StepName.SUBMIT)
        case Verb.SAVEPOINT:
            names = (StepName.SAVEPOINT,)
        case Verb.DECLARE_LOST:
            names = (StepName.DECLARE_LOST,)
    return tuple(Step(name) for name in names)


def find_same(open_operations: Sequence[Operation], verb: Verb, options: Options) -> Operation | None:
    """The newest open operation of the verb's lane, if it asks for the very same (a double click)."""
    lane = [operation for operation in open_operations if operation.lane is VERBS[verb].lane]
    if not lane:
        return None
    newest = max(lane, key=lambda operation: operation.number)
    return newest if (newest.verb, newest.options) == (verb, options) else None


def is_declaration(operation: Operation | None) -> bool:
    """Whether it says that the job is lost."""
    return operation is not None and operation.verb is Verb.DECLARE_LOST


@dataclass(frozen=True, slots=True)
class Choice:
    """Which open operation is carried out now, which older ones give way, and which ones wait for their turn."""

    executing: Operation | None
    superseded: tuple[Operation, ...] = ()
    overridden_by: Operation | None = None
    queued: tuple[Operation, ...] = ()

    @property
    def is_declaration(self) -> bool:
        """Whether it is the one that waits for nothing, not even for what is under way."""
        return is_declaration(self.executing)


def choose_operation(open_operations: Sequence[Operation], lane: Lane) -> Choice:
    """Serial change of mind: what has sent something finishes, then the newest waiting one counts.

    One that has sent nothing yet yields to a newer one. A `stop` with force does not wait: it is
    `overridden_by`, and the executing operation is cut short. A declaration that the job is lost waits
    for nothing at all, and closes what is older itself. In the savepoint lane nothing yields.
    """
    waiting = sorted((op for op in open_operations if op.lane is lane), key=lambda op: op.number)
    if not waiting:
        return Choice(None)
    if lane is Lane.SAVEPOINT:
        return Choice(waiting[0], queued=tuple(waiting[1:]))
    declared = next((op for op in reversed(waiting) if op.verb is Verb.DECLARE_LOST), None)
    if declared is not None:
        return Choice(declared, queued=tuple(op for op in waiting if op.number > declared.number))
    newest = waiting[-1]
    sent = next((op for op in waiting if op.has_sent), None)
    if sent is None or sent is newest:
        return Choice(newest, tuple(waiting[:-1]))
    middle = tuple(op for op in waiting if op is not sent and op is not newest)
    forced = newest.verb is Verb.STOP and newest.options.force
    return Choice(sent, middle, newest) if forced else Choice(sent, middle, queued=(newest,))
