"""Records to store: each with sound values, so that a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from headgate.domain.artifacts import Artifact
from headgate.domain.clusters import Cluster, ClusterId, ClusterKind, EngineVersion, Incarnation
from headgate.domain.events import Event, EventType
from headgate.domain.instances import Absence, FlinkJobId, FlinkStatus, Instance, InstanceId
from headgate.domain.intents import Intent, IntentId, IntentKind
from headgate.domain.jobs import Draft, Job, JobId, Version
from headgate.domain.lifecycle import Lane, Verb
from headgate.domain.operations import (
    Operation,
    OperationId,
    OperationStatus,
    Options,
    RestoreFrom,
    plan_steps,
)
from headgate.domain.recovery import Recovery
from headgate.domain.snapshots import Snapshot, SnapshotId, SnapshotKind, SnapshotOrigin, SnapshotStatus
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.store import UnitOfWork

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SPEC = JobSpec(
    JobType.SQL,
    sql="INSERT INTO 输出 SELECT 'naïve' FROM t",
    checkpoint_interval=timedelta(seconds=10),
    flink_config={"pipeline.object-reuse": "true"},
)


def job(name: str = "orders", **more: Any) -> Job:
    made = Job(JobId(f"job-{name}"), "default", name, "", {"team": "数据"}, Recovery(), False, NOW, "ann")
    return replace(made, **more)


def draft(of: Job, **more: Any) -> Draft:
    return replace(Draft(of.id, SPEC, NOW, "ann"), **more)


def version(of: Job, number: int = 1, **more: Any) -> Version:
    return replace(Version(of.id, number, "first", SPEC, NOW, "ann"), **more)


def instance(of: Job, number: int = 1, **more: Any) -> Instance:
    name = f"{of.id}-{number}"
    made = Instance(
        InstanceId(f"ins-{name}"), of.id, number, 1, ClusterId("clu-1"), FlinkJobId(f"flink-{name}"), SPEC, NOW
    )
    made = replace(
        made, flink_status=FlinkStatus.RUNNING, absence=Absence(Incarnation("a"), NOW, timedelta(seconds=2.5))
    )
    return replace(made, **more)


def intent(of: Instance, name: str = "1", **more: Any) -> Intent:
    made = Intent(
        id=IntentId(f"int-{of.job_id}-{name}"),
        job_id=of.job_id,
        instance_id=of.id,
        cluster_id=of.cluster_id,
        flink_job_id=of.flink_job_id,
        operation_id=None,
        lane=Lane.MAIN,
        kind=IntentKind.SUBMIT,
        key=of.flink_job_id,
        created_at=NOW,
        unreachable_before=timedelta(microseconds=1),
        incarnation=None,
    )
    return replace(made, **more)


def operation(of: Job, number: int = 1, **more: Any) -> Operation:
    options = Options(restore_from=RestoreFrom.LATEST, version=3)
    made = Operation(
        id=OperationId(f"op-{number}"),
        number=number,
        job_id=of.id,
        workspace=of.workspace,
        verb=Verb.RUN,
        options=options,
        status=OperationStatus.INIT,
        steps=plan_steps(Verb.RUN, options),
        requested_by="ann",
        requested_at=NOW,
    )
    return replace(made, **more)


def snapshot(of: Job, name: str = "1", **more: Any) -> Snapshot:
    made = Snapshot(
        id=SnapshotId(f"snap-{name}"),
        job_id=of.id,
        instance_id="ins-1",
        instance_number=1,
        job_version=1,
        kind=SnapshotKind.SAVEPOINT,
        origin=SnapshotOrigin.USER_REQUEST,
        status=SnapshotStatus.COMPLETED,
        path=f"file:///savepoints/{name}",
        created_at=NOW,
        flink_version="2.2.1",
        size=5_000_000_000,
        duration=timedelta(milliseconds=1234),
    )
    return replace(made, **more)


def event(of: Job, **more: Any) -> Event:
    return replace(Event(of.id, of.workspace, NOW, EventType.JOB_CREATED, facts={"name": "订单"}), **more)


def cluster(name: str = "local", **more: Any) -> Cluster:
    made = Cluster(
        id=ClusterId(f"clu-{name}"),
        workspace="default",
        name=name,
        kind=ClusterKind.LOCAL,
        url="http://127.0.0.1:8081",
        engine_version=EngineVersion("2.2.1"),
        savepoint_dir="file:///savepoints",
        checkpoint_dir=None,
        high_availability=False,
        region="",
        zone="",
        created_at=NOW,
        revision=1,
    )
    return replace(made, **more)


def artifact(name: str = "app.jar", **more: Any) -> Artifact:
    return replace(Artifact(f"art-{name}", "default", name, "ab" * 32, 7_000_000_000, "", NOW, "ann"), **more)


def add_job(unit: UnitOfWork, name: str = "orders", **more: Any) -> Job:
    """A job with its draft, stored."""
    made = job(name, **more)
    unit.jobs.add(made, draft(made))
    return made
