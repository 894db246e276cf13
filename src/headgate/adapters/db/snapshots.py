"""Snapshots in the database."""

from sqlalchemy import Connection, bindparam

from headgate.adapters.db import tables
from headgate.adapters.db.rows import Records
from headgate.domain.snapshots import Snapshot
from headgate.ports.store import SnapshotStore

SNAPSHOTS = Records(tables.snapshots, Snapshot, "id", "snapshot_not_found")

_snapshots = tables.snapshots
_of_job = SNAPSHOTS.select.where(_snapshots.c.job_id == bindparam("job")).order_by(
    _snapshots.c.created_at.desc(), _snapshots.c.ordinal.desc()
)
_by_path = _of_job.where(_snapshots.c.path == bindparam("path"))


class DatabaseSnapshots(SnapshotStore):
    """Written by the reconciler alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, snapshot: Snapshot) -> None:
        SNAPSHOTS.add(self._connection, snapshot)

    def get(self, snapshot_id: str) -> Snapshot:
        return SNAPSHOTS.get(self._connection, snapshot_id)

    def find_by_path(self, job_id: str, path: str) -> Snapshot | None:
        return SNAPSHOTS.find_by(self._connection, _by_path, job=job_id, path=path)

    def save(self, snapshot: Snapshot) -> None:
        SNAPSHOTS.save(self._connection, snapshot)

    def list_of_job(self, job_id: str) -> list[Snapshot]:
        return SNAPSHOTS.list_by(self._connection, _of_job, job=job_id)
