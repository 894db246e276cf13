"""What ended jobs have left in the fake: checkpoint records, shown late by a live JobManager, and files."""

from datetime import datetime, timedelta

from headgate.domain.clusters import Cluster
from headgate.domain.instances import FlinkJobId, Instance
from headgate.domain.observation import Remains
from headgate.domain.snapshots import Kept
from tests.fakes.disk import FakeDisk
from tests.fakes.history import FakeSavepoint
from tests.fakes.job_manager import FakeJobManager

CACHE = timedelta(seconds=3)  # web.refresh-interval


def find_records(
    disk: FakeDisk, manager: FakeJobManager, flink_job_id: FlinkJobId, directory: str, not_before: datetime
) -> tuple[list[FakeSavepoint], bool]:
    """The savepoint records below `directory`, which a live JobManager shows 3 s late, else the archive's.

    The second tells whether any of them is not shown yet.
    """
    shown_until = manager.agenda.clock.at(manager.agenda.now) - CACHE
    live = manager.jobs.get(flink_job_id)
    job = live or disk.archive.get(flink_job_id)
    below = directory.rstrip("/") + "/"
    records = [
        record
        for record in (job.records if job else [])
        if not record.is_checkpoint and record.path.startswith(below) and record.created_at >= not_before
    ]
    shown = [record for record in records if live is None or record.created_at <= shown_until]
    return shown, len(shown) < len(records)


def find_remains(
    disk: FakeDisk, manager: FakeJobManager, cluster: Cluster, instance: Instance, *, is_fresh: bool
) -> Remains | None:
    """Flink's records or the archive's, else what lies in the directory; right after an end the archive alone."""
    flink_job_id = instance.flink_job_id
    live = manager.jobs.get(flink_job_id)
    if live is not None and not is_fresh:
        shown_until = manager.agenda.clock.at(manager.agenda.now) - CACHE
        return _show([record for record in live.records if record.created_at <= shown_until])
    archived = disk.archive.get(flink_job_id)
    if archived is not None:
        return _show(archived.records)
    return None if is_fresh else list_retained(disk, cluster, instance)


def list_retained(disk: FakeDisk, cluster: Cluster, instance: Instance) -> Remains:
    """What lies in the checkpoint directory, where it can be looked at, else the last sample."""
    place = cluster.checkpoint_dir
    if place is not None and is_readable(place):
        return _show(disk.list_below(f"{place}/{instance.flink_job_id}"))
    return Remains((instance.checkpoint,), is_sampled=True) if instance.checkpoint is not None else Remains()


def keep(found: FakeSavepoint) -> Kept:
    return Kept(found.path, found.created_at, not found.is_checkpoint, found.is_stop, 1024)


def is_readable(path: str) -> bool:
    """Headgate reads local files only; the rest it cannot look at."""
    return path.startswith("file:")


def _show(records: list[FakeSavepoint]) -> Remains:
    return Remains(tuple(sorted(map(keep, records), key=lambda kept: kept.at)))
