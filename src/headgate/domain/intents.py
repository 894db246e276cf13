"""Intents: the write-ahead record of every act that changes Flink.

An intent is committed with its key before the call and closed only by evidence. While it is open
nothing else is sent in its lane. `format` lets a later release continue what this one began.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from headgate.domain.clusters import ClusterId, Incarnation
from headgate.domain.instances import FlinkJobId, InstanceId
from headgate.domain.lifecycle import Lane
from headgate.domain.operations import OperationId

IntentId = NewType("IntentId", str)

INTENT_FORMAT = 1
"""The newest form of intents that this release writes and knows; docs/checklists/change-an-intent.md."""


class IntentKind(StrEnum):
    SUBMIT = "SUBMIT"
    STOP_WITH_SAVEPOINT = "STOP_WITH_SAVEPOINT"
    SAVEPOINT = "SAVEPOINT"
    CANCEL = "CANCEL"


class IntentStatus(StrEnum):
    OPEN = "OPEN"
    DONE = "DONE"
    NOT_DONE = "NOT_DONE"
    GIVEN_UP = "GIVEN_UP"


class Answer(StrEnum):
    """What the last call of an intent ended with."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    DUPLICATE = "DUPLICATE"
    MISSING = "MISSING"
    UNAVAILABLE = "UNAVAILABLE"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"


@dataclass(frozen=True, slots=True)
class Intent:
    """One external act.

    `key` makes a repetition safe within one life of the JobManager: the Flink job id of a
    submission or cancellation, the trigger id (32 hex) of a stop or savepoint. `directory` is the
    target directory of this savepoint alone. `answer` is None until a call has come back;
    `sent_at` is the last send, None where it was refused on our side before anything was sent;
    `retry_at` is the earliest next one. `unreachable_before` is the cluster's sum at the last send.
    """

    id: IntentId
    job_id: str
    instance_id: InstanceId
    cluster_id: ClusterId
    flink_job_id: FlinkJobId
    operation_id: OperationId | None
    lane: Lane
    kind: IntentKind
    key: str
    created_at: datetime
    unreachable_before: timedelta
    incarnation: Incarnation | None
    directory: str | None = None
    status: IntentStatus = IntentStatus.OPEN
    answer: Answer | None = None
    cause: str = ""
    attempts: int = 0
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    retry_at: datetime | None = None
    closed_at: datetime | None = None
    format: int = INTENT_FORMAT

    @property
    def is_foreign(self) -> bool:
        """Whether a newer release wrote it in a form that this one does not know: it means we do not know what."""
        return self.format > INTENT_FORMAT

    def can_send(self, now: datetime) -> bool:
        """Whether the next attempt need not back off any more."""
        return self.retry_at is None or now >= self.retry_at
