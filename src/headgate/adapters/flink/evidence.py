"""What is left on storage of savepoints and of ended jobs, when the JobManager does not know it any more.

Only file systems that this machine mounts are looked at. A URI of another scheme is never opened:
it would need credentials that Headgate does not have, and `http:` would fetch whatever it names.
"""

import logging
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import fsspec

from headgate.adapters.flink.payloads import CheckpointRecord, Json, read_archive
from headgate.domain.clusters import Cluster, ClusterKind
from headgate.domain.errors import FlinkOutcomeUnknown
from headgate.domain.snapshots import NOT_SEEN, Kept, Measure, PathStatus

log = logging.getLogger(__name__)

_METADATA = "_metadata"
# The JobManager's clock and ours may differ by this much; its own directory proves the rest.
_CLOCK_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ArchivedJob:
    """A job's last answers, as the JobManager wrote them when it ended; by their path."""

    answers: dict[str, Json]


def find_savepoint(directory: str) -> str:
    """The newest savepoint in `directory` itself or one level below, as Flink writes its path; else empty."""
    local = _local_path(directory)
    if local is None:
        return ""
    files = fsspec.filesystem("file")
    found: list[tuple[float, str]] = []
    try:
        folders = [local, *(entry["name"] for entry in files.ls(local, detail=True) if entry["type"] == "directory")]
        for folder in folders:
            metadata = posixpath.join(folder, _METADATA)
            if files.isfile(metadata):
                found.append((files.info(metadata)["mtime"], folder))
    except OSError:
        return ""  # not there, or not ours to read: the records are asked next
    return f"file:{max(found)[1]}" if found else ""


def find_recorded(records: list[CheckpointRecord], directory: str, not_before: datetime) -> str:
    """The newest recorded savepoint below `directory` that was not triggered before; else empty."""
    below = _normal(directory).rstrip("/") + "/"
    fitting = [
        record
        for record in records
        if record.is_savepoint
        and record.triggered_at >= not_before - _CLOCK_SKEW
        and _normal(record.path).startswith(below)
    ]
    newest = max(fitting, key=lambda record: record.triggered_at, default=None)
    return newest.path if newest is not None else ""


def find_checkpoints(directory: str, flink_job_id: str) -> list[Kept] | None:
    """The completed checkpoints of a job below its checkpoint directory; None where this machine does not see it.

    Flink makes the job's folder before its first checkpoint, and a checkpoint's `_metadata` as its last file.
    """
    root = _local_path(directory)
    if root is None:
        return None
    files = fsspec.filesystem("file")
    own = posixpath.join(root, flink_job_id)
    found = []
    try:
        for entry in files.ls(own, detail=True):
            metadata = posixpath.join(entry["name"], _METADATA)
            if posixpath.basename(entry["name"]).startswith("chk-") and files.isfile(metadata):
                at = datetime.fromtimestamp(files.info(metadata)["mtime"], UTC)
                found.append(Kept(f"file:{entry['name']}", at))
    except OSError:
        return None
    return sorted(found, key=lambda kept: kept.at)


def look_at_snapshot(cluster: Cluster, path: str) -> PathStatus:
    """Whether a snapshot's metadata is there. GONE only where this machine surely sees the same files."""
    local = _local_path(path)
    if local is None:
        return PathStatus.UNKNOWN
    files = fsspec.filesystem("file")
    metadata = local if posixpath.basename(local) == _METADATA else posixpath.join(local, _METADATA)
    try:
        if files.isfile(metadata):
            return PathStatus.AVAILABLE
        roots = [posixpath.dirname(local), *_roots_above(cluster, local)]
        is_shared = cluster.kind is ClusterKind.LOCAL or any(files.isdir(root) for root in roots)
    except OSError:
        return PathStatus.UNKNOWN
    return PathStatus.GONE if is_shared else PathStatus.UNKNOWN


def measure_snapshot(path: str) -> Measure:
    """The bytes of all files in a snapshot's folder, and when its metadata, the last of them, was written."""
    local = _local_path(path)
    if local is None:
        return NOT_SEEN
    files = fsspec.filesystem("file")
    try:
        written = files.info(posixpath.join(local, _METADATA))["mtime"]
        return Measure(int(files.du(local)) or None, datetime.fromtimestamp(written, UTC))
    except OSError:
        return NOT_SEEN


def find_archived(archive_dir: str, flink_job_id: str) -> ArchivedJob | None:
    """The archive of one ended job; None where it cannot be read or there is none."""
    local = _local_path(archive_dir)
    if local is None:
        return None
    files = fsspec.filesystem("file")
    try:
        path = next((path for path in _archive_paths(files, local, flink_job_id) if files.isfile(path)), None)
        if path is None:
            return None
        with files.open(path, "rb") as file:
            return ArchivedJob(read_archive(file.read().decode("utf-8", "replace")))
    except OSError:
        return None
    except FlinkOutcomeUnknown as error:
        # Cut off while it was written: as good as none.
        log.warning("the archive of Flink job %s cannot be read: %s", flink_job_id, error.cause)
        return None


def _archive_paths(files: Any, local: str, flink_job_id: str) -> Iterator[str]:
    """Where the archive of a job may lie. Flink 2.3 files it under its application, which has the job's id.

    Both places are looked at whatever version is registered: a cluster may have been upgraded since.
    """
    yield posixpath.join(local, flink_job_id)
    for entry in files.ls(local, detail=True):
        if entry["type"] == "directory":
            yield posixpath.join(entry["name"], "applications", flink_job_id, "jobs", flink_job_id)


def _roots_above(cluster: Cluster, local: str) -> list[str]:
    roots = [_local_path(root) for root in (cluster.savepoint_dir, cluster.checkpoint_dir) if root]
    return [root for root in roots if root and local.startswith(root + "/")]


def _local_path(uri: str) -> str | None:
    """The path of a `file:` URI, None for another scheme. Flink does not percent-decode, so neither do we."""
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme != "file":
        return None
    if rest.startswith("//"):
        rest = "/" + rest[2:].partition("/")[2]
    return posixpath.normpath(rest) if rest.startswith("/") else None


def _normal(uri: str) -> str:
    """One form for the several ways in which the same place is written (`file:/a`, `file:///a`)."""
    local = _local_path(uri)
    return f"file:{local}" if local is not None else uri
