"""What an ended job has left to start from: asked of Flink, its archive and its checkpoint directory, in this order.

Flink's statistics are cached for 3 s, so right after an end they may be from before it; the archive is
written after the end, the directory is what it is.
"""

from collections.abc import Callable
from dataclasses import dataclass

from headgate.adapters.flink import evidence, payloads
from headgate.adapters.flink.configuration import find_checkpoint_dir
from headgate.adapters.flink.payloads import CheckpointRecord, Json
from headgate.adapters.flink.rest import FlinkRest
from headgate.domain.clusters import Cluster
from headgate.domain.errors import FlinkMissing
from headgate.domain.instances import FlinkJobId, Instance
from headgate.domain.observation import Remains
from headgate.domain.snapshots import Kept


@dataclass(frozen=True, slots=True)
class RemainsFinder:
    """`read_configuration` gives the JobManager's own configuration."""

    rest: FlinkRest
    read_configuration: Callable[[Cluster], dict[str, str]]

    def sample(self, cluster: Cluster, flink_job_id: FlinkJobId) -> Kept | None:
        """The newest completed checkpoint that Flink shows."""
        try:
            answer = self.rest.get(cluster.url, _path(flink_job_id))
        except FlinkMissing:
            return None
        kept = [_show(record) for record in payloads.read_checkpoints(answer) if not record.is_savepoint]
        return max(kept, key=lambda one: one.at, default=None)

    def find(self, cluster: Cluster, instance: Instance, *, is_fresh: bool) -> Remains | None:
        """See `FlinkGateway.find_remains`."""
        answer: Json = None
        if not is_fresh:
            try:
                answer = self.rest.get(cluster.url, _path(instance.flink_job_id))
            except FlinkMissing:
                answer = None  # the JobManager has forgotten it, or never knew it
        configuration = self.read_configuration(cluster) if answer is None else {}
        if answer is None:
            archived = evidence.find_archived(configuration.get("jobmanager.archive.fs.dir", ""), instance.flink_job_id)
            answer = archived.answers.get(_path(instance.flink_job_id)) if archived is not None else None
        if answer is not None:
            kept = [_show(record) for record in payloads.read_checkpoints(answer)]
            return Remains(tuple(sorted(kept, key=lambda one: one.at)))
        return None if is_fresh else self.list_retained(cluster, instance, configuration)

    def list_retained(self, cluster: Cluster, instance: Instance, configuration: dict[str, str]) -> Remains:
        """What lies in the checkpoint directory, else the last sample."""
        directory = find_checkpoint_dir(cluster, instance.spec, configuration)
        listed = evidence.find_checkpoints(directory, instance.flink_job_id) if directory is not None else None
        if listed is not None:
            return Remains(tuple(listed))
        return Remains((instance.checkpoint,), is_sampled=True) if instance.checkpoint is not None else Remains()


def _path(flink_job_id: FlinkJobId) -> str:
    return f"/jobs/{flink_job_id}/checkpoints"


def _show(record: CheckpointRecord) -> Kept:
    return Kept(record.path, record.completed_at, record.is_savepoint, record.is_stop, record.size)
