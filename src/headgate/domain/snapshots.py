"""Snapshots (savepoints and checkpoints), and which of them a start restores from.

A snapshot enters only by a confirmed result. `choose_restore` is pure: it names the snapshot, says
that the start is without state because somebody wanted it so, or refuses with advice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

SnapshotId = NewType("SnapshotId", str)


class SnapshotKind(StrEnum):
    SAVEPOINT = "SAVEPOINT"
    CHECKPOINT = "CHECKPOINT"


class SnapshotOrigin(StrEnum):
    """How Headgate knows it. SAMPLED_CHECKPOINT: seen while the job ran; nobody could look after its end."""

    USER_REQUEST = "USER_REQUEST"
    STOP_WITH_SAVEPOINT = "STOP_WITH_SAVEPOINT"
    RETAINED_CHECKPOINT = "RETAINED_CHECKPOINT"
    SAMPLED_CHECKPOINT = "SAMPLED_CHECKPOINT"
    IMPORTED = "IMPORTED"


class SnapshotStatus(StrEnum):
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Measure:
    """What the storage tells of a snapshot: all its bytes, and when its last file was written. None: not known."""

    size: int | None = None
    written_at: datetime | None = None


NOT_SEEN = Measure()
"""Of storage that this machine does not see."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A completed snapshot as Flink, its archive or its directory shows it. `at` is when it was completed.

    `is_stop`: the job was stopped with this savepoint. `size` in bytes, None where nobody said it.
    """

    path: str
    at: datetime
    is_savepoint: bool = False
    is_stop: bool = False
    size: int | None = None


class PathStatus(StrEnum):
    """Whether the files are there; UNKNOWN where Headgate cannot look (a remote file system)."""

    AVAILABLE = "AVAILABLE"
    GONE = "GONE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot. `path` is a URI as Flink gave it; `size` in bytes, None where not known."""

    id: SnapshotId
    job_id: str
    instance_id: str
    instance_number: int
    job_version: int
    kind: SnapshotKind
    origin: SnapshotOrigin
    status: SnapshotStatus
    path: str
    created_at: datetime
    flink_version: str
    format: str = "CANONICAL"
    path_status: PathStatus = PathStatus.AVAILABLE
    size: int | None = None
    duration: timedelta | None = None
    trigger_id: str | None = None


def find_latest(snapshots: Sequence[Snapshot], instance_id: str) -> Snapshot | None:
    """The newest confirmed snapshot of one instance, whatever became of its files."""
    own = [s for s in snapshots if s.instance_id == instance_id and s.status is SnapshotStatus.COMPLETED]
    return max(own, key=lambda snapshot: snapshot.created_at, default=None)
