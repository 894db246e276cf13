"""A job, its draft and its versions: what people edit and publish.

What the reconciler knows of a job (`JobState`) stands here too, as its own record with its own
writer. How both become a phase is in `domain/lifecycle.py`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from headgate.domain.lifecycle import Settled, Wanted
from headgate.domain.operations import Finding, OperationId
from headgate.domain.recovery import Recovery, RecoveryState
from headgate.domain.snapshots import SnapshotId
from headgate.domain.spec import JobSpec

JobId = NewType("JobId", str)


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a workspace. `folder` is a path such as `etl/orders`, empty at the root.

    `revision` counts human edits and is what If-Match compares.
    """

    id: JobId
    workspace: str
    name: str
    folder: str
    labels: dict[str, str]
    recovery: Recovery
    protected: bool
    created_at: datetime
    created_by: str
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """The editable text of a job."""

    job_id: JobId
    spec: JobSpec
    updated_at: datetime
    updated_by: str
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Version:
    """An immutable copy of a draft. `number` counts from 1 within its job, given by the system."""

    job_id: JobId
    number: int
    description: str
    spec: JobSpec
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Warning:
    """The sign beside the state: stays until a later operation succeeds."""

    finding: Finding
    at: datetime
    operation_id: OperationId | None = None


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job rests and what was last wanted of it; written by the reconciler alone.

    `suspended_on` is the snapshot that SUSPENDED rests on: set whenever `settled` is SUSPENDED.
    `lost_at` is when an instance was lost with its JobManager: old tasks may live a heartbeat longer.
    `recovery` is set while recovery has something to say, `recovery_at` while an attempt is due.
    """

    job_id: JobId
    settled: Settled = Settled.NONE
    wanted: Wanted | None = None
    warning: Warning | None = None
    suspended_on: SnapshotId | None = None
    lost_at: datetime | None = None
    recovery: RecoveryState | None = None
    recovery_at: datetime | None = None
    changed_at: datetime | None = field(default=None, compare=False)
