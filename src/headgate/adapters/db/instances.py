"""Instances in the database. A second live one of a job is refused by the database itself."""

from sqlalchemy import Connection, bindparam
from sqlalchemy.exc import IntegrityError

from headgate.adapters.db import tables
from headgate.adapters.db.refusals import explain
from headgate.adapters.db.rows import Records
from headgate.domain.clusters import ClusterId
from headgate.domain.instances import FlinkJobId, Instance
from headgate.ports.store import InstanceStore

INSTANCES = Records(tables.instances, Instance, "id", "instance_not_found")

_instances = tables.instances
_of_job = INSTANCES.select.where(_instances.c.job_id == bindparam("job")).order_by(_instances.c.number.desc())
_newest = _of_job.limit(1)
_by_flink_id = INSTANCES.select.where(_instances.c.flink_job_id == bindparam("flink_job_id"))
_live = (
    INSTANCES.select.where(_instances.c.cluster_id == bindparam("cluster"), tables.is_live_instance)
    .order_by(_instances.c.created_at, _instances.c.job_id)
)  # fmt: skip


class DatabaseInstances(InstanceStore):
    """Written by the reconciler alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, instance: Instance) -> None:
        """Conflict("instance_already_live") while another instance of the job has no confirmed end."""
        try:
            INSTANCES.add(self._connection, instance)
        except IntegrityError as error:
            raise explain(error, job=instance.job_id, instance=instance.id) from error

    def get(self, instance_id: str) -> Instance:
        return INSTANCES.get(self._connection, instance_id)

    def save(self, instance: Instance) -> None:
        INSTANCES.save(self._connection, instance)

    def find_newest(self, job_id: str) -> Instance | None:
        return INSTANCES.find_by(self._connection, _newest, job=job_id)

    def find_by_flink_id(self, flink_job_id: FlinkJobId) -> Instance | None:
        return INSTANCES.find_by(self._connection, _by_flink_id, flink_job_id=flink_job_id)

    def list_of_job(self, job_id: str) -> list[Instance]:
        return INSTANCES.list_by(self._connection, _of_job, job=job_id)

    def list_live(self, cluster_id: ClusterId) -> list[Instance]:
        return INSTANCES.list_by(self._connection, _live, cluster=cluster_id)
