"""Events: dated facts of a job's history, appended and never changed.

An event's words are in the catalogue under its type (`event_...`); here are the types and the record.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventType(StrEnum):
    JOB_CREATED = "event_job_created"
    JOB_UPDATED = "event_job_updated"
    DRAFT_SAVED = "event_draft_saved"
    VERSION_PUBLISHED = "event_version_published"
    OPERATION_REQUESTED = "event_operation_requested"
    OPERATION_JOINED = "event_operation_joined"
    OPERATION_SUCCEEDED = "event_operation_succeeded"
    OPERATION_FAILED = "event_operation_failed"
    OPERATION_SUPERSEDED = "event_operation_superseded"
    OPERATION_WITHDRAWN = "event_operation_withdrawn"
    OPERATION_WAITING = "event_operation_waiting"
    OPERATION_OVERDUE = "event_operation_overdue"
    SUBMISSION_SENT = "event_submission_sent"
    STOP_SENT = "event_stop_sent"
    SAVEPOINT_SENT = "event_savepoint_sent"
    CANCEL_SENT = "event_cancel_sent"
    CALL_REPEATED = "event_call_repeated"
    ATTEMPT_ABANDONED = "event_attempt_abandoned"
    INSTANCE_RUNNING = "event_instance_running"
    INSTANCE_ENDED = "event_instance_ended"
    SNAPSHOT_CREATED = "event_snapshot_created"
    SNAPSHOT_FOUND = "event_snapshot_found"
    STATE_CHANGED = "event_state_changed"
    STRAY_CANCELLED = "event_stray_cancelled"
    DECLARED_LOST = "event_declared_lost"
    RECOVERY_PLANNED = "event_recovery_planned"
    RECOVERY_HELD = "event_recovery_held"
    RECOVERED = "event_recovered"


class EventLevel(StrEnum):
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. `facts` fill the words; `number` is given by the store and orders all events."""

    job_id: str
    workspace: str
    at: datetime
    type: EventType
    level: EventLevel = EventLevel.INFO
    facts: dict[str, str] = field(default_factory=dict)
    instance_id: str | None = None
    operation_id: str | None = None
    actor: str = ""
    number: int = 0
