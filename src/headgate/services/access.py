"""Finding a thing on somebody's behalf: what lies in a workspace that they may not see is not there.

Every service that starts from an id comes through here, so that no other place decides who sees what.
"""

from headgate.domain.artifacts import Artifact
from headgate.domain.clusters import Cluster
from headgate.domain.errors import NotFound, StaleRevision
from headgate.domain.instances import Instance
from headgate.domain.jobs import Job
from headgate.domain.operations import Operation
from headgate.domain.snapshots import Snapshot
from headgate.domain.workspaces import Actor
from headgate.ports.store import JobRow, UnitOfWork


def get_job(unit: UnitOfWork, actor: Actor, job_id: str) -> Job:
    job = unit.jobs.get(job_id)
    if not actor.may_enter(job.workspace):
        raise NotFound("job_not_found", job=job_id)
    return job


def get_row(unit: UnitOfWork, actor: Actor, job_id: str) -> JobRow:
    row = unit.jobs.get_row(job_id)
    if not actor.may_enter(row.job.workspace):
        raise NotFound("job_not_found", job=job_id)
    return row


def get_operation(unit: UnitOfWork, actor: Actor, operation_id: str) -> Operation:
    operation = unit.operations.get(operation_id)
    if not actor.may_enter(operation.workspace):
        raise NotFound("operation_not_found", operation=operation_id)
    return operation


def get_instance(unit: UnitOfWork, actor: Actor, instance_id: str) -> Instance:
    instance = unit.instances.get(instance_id)
    if not actor.may_enter(unit.jobs.get(instance.job_id).workspace):
        raise NotFound("instance_not_found", instance=instance_id)
    return instance


def get_snapshot(unit: UnitOfWork, actor: Actor, snapshot_id: str) -> Snapshot:
    snapshot = unit.snapshots.get(snapshot_id)
    if not actor.may_enter(unit.jobs.get(snapshot.job_id).workspace):
        raise NotFound("snapshot_not_found", snapshot=snapshot_id)
    return snapshot


def get_cluster(unit: UnitOfWork, actor: Actor, cluster_id: str) -> Cluster:
    """By id, else by name: people know clusters by name."""
    for workspace in sorted(actor.workspaces):
        named = unit.clusters.find_by_name(workspace, cluster_id)
        if named is not None:
            return named
    cluster = unit.clusters.get(cluster_id)
    if not actor.may_enter(cluster.workspace):
        raise NotFound("cluster_not_found", cluster=cluster_id)
    return cluster


def get_artifact(unit: UnitOfWork, actor: Actor, artifact_id: str) -> Artifact:
    artifact = unit.artifacts.get(artifact_id)
    if not actor.may_enter(artifact.workspace):
        raise NotFound("artifact_not_found", artifact=artifact_id)
    return artifact


def find_artifact(unit: UnitOfWork, workspace: str, reference: str) -> Artifact | None:
    """What a specification means by its `artifact`: the newest of that name, else the one with that id."""
    named = unit.artifacts.find_by_name(workspace, reference)
    if named is not None:
        return named
    try:
        artifact = unit.artifacts.get(reference)
    except NotFound:
        return None
    return artifact if artifact.workspace == workspace else None


def require_revision(actual: int, expected: int | None) -> None:
    """StaleRevision where somebody else edited it meanwhile. None: whatever revision there is."""
    if expected is not None and expected != actual:
        raise StaleRevision(expected=expected, actual=actual)
