"""What is shown of a job: one frozen record without a word of any language, put together from rows.

Codes and facts stand where people will read sentences; the web fills them in. Nothing here decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from headgate.domain.clusters import Cluster, ClusterState, Reachability
from headgate.domain.instances import FlinkStatus, Instance
from headgate.domain.jobs import Job, Version, Warning
from headgate.domain.lifecycle import Lane, Settled
from headgate.domain.operations import Finding, Operation, choose_operation
from headgate.domain.recovery import RecoveryState
from headgate.domain.restore import History, find_restore_point
from headgate.domain.snapshots import Snapshot
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.store import JobRow
from headgate.services.standing import ClusterSight, Standing, derive_standing


@dataclass(frozen=True, slots=True)
class ReachView:
    """Whether the job can be seen; `last_known` is Flink's last word where it cannot.

    `finding` says why it cannot, where more is known than that nothing answers.
    """

    state: Reachability
    since: datetime
    as_of: datetime | None
    last_known: FlinkStatus | None
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class InstanceView:
    """One run. `duration` counts from all tasks running to where it was last known to run; None before."""

    instance: Instance
    cluster: str
    duration: timedelta | None
    cu: int


@dataclass(frozen=True, slots=True)
class JobView:
    """One job as its row in a list shows it."""

    job: Job
    type: JobType
    standing: Standing
    flink_status: FlinkStatus
    reachability: ReachView | None
    warning: Warning | None
    executing: Operation | None
    waiting: Operation | None
    newest_version: int | None
    online_version: int | None
    draft_changed: bool
    draft_revision: int
    instance: InstanceView | None
    cluster_name: str
    cluster: Cluster | None
    recovery: RecoveryState | None = None
    recovery_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobDetail:
    """One job with what only its own page needs."""

    view: JobView
    restore_point: Snapshot | None
    total_run: timedelta


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What views of many jobs share: the clusters, their health, and what artifact names mean now.

    `findings` say of a cluster, by id, why it cannot be used.
    """

    now: datetime
    clusters: Sequence[Cluster]
    states: dict[str, ClusterState]
    findings: dict[str, Finding]
    artifact_ids: dict[str, str]
    skipped_to: datetime | None = None

    @property
    def sight(self) -> ClusterSight:
        states = {cluster.id: self.states.get(cluster.id) for cluster in self.clusters}
        return ClusterSight(states, self.now, self.skipped_to)

    def find_cluster(self, row: JobRow) -> Cluster | None:
        """Where the job runs or ran last, else where its newest text wants it."""
        if row.instance is not None:
            return next((c for c in self.clusters if c.id == row.instance.cluster_id), None)
        return next((c for c in self.clusters if c.name == _newest_spec(row).cluster), None)


def build_job_view(row: JobRow, around: Surroundings) -> JobView:
    """The view of one job."""
    standing = derive_standing(row, around.sight)
    cluster = around.find_cluster(row)
    reach = _derive_reach(row, cluster, around)
    main = choose_operation(row.open_operations, Lane.MAIN)
    side = choose_operation(row.open_operations, Lane.SAVEPOINT)
    executing = main.executing or side.executing
    waiting = [op for op in row.open_operations if op is not executing]
    return JobView(
        job=row.job,
        type=row.draft.spec.type,
        standing=standing,
        flink_status=_derive_flink_status(row.instance, reach),
        reachability=reach,
        warning=row.state.warning,
        executing=executing,
        waiting=max(waiting, key=lambda op: op.number, default=None),
        newest_version=row.newest_version.number if row.newest_version else None,
        online_version=_derive_online_version(row),
        draft_changed=_is_draft_changed(row.draft.spec, row.newest_version, around),
        draft_revision=row.draft.revision,
        instance=build_instance_view(row.instance, around) if row.instance else None,
        cluster_name=cluster.name if cluster else _newest_spec(row).cluster,
        cluster=cluster,
        recovery=row.state.recovery,
        recovery_at=row.state.recovery_at,
    )


def build_instance_view(instance: Instance, around: Surroundings) -> InstanceView:
    cluster = next((c for c in around.clusters if c.id == instance.cluster_id), None)
    # One CU for the JobManager and one for each parallel slot, as the products count it.
    return InstanceView(
        instance=instance,
        cluster=cluster.name if cluster else instance.spec.cluster,
        duration=measure_run(instance, around),
        cu=1 + instance.spec.parallelism,
    )


def build_job_detail(
    row: JobRow, around: Surroundings, instances: Sequence[Instance], snapshots: Sequence[Snapshot]
) -> JobDetail:
    """The whole of one job; `instances` and `snapshots` are newest first."""
    runs = [measure_run(instance, around) or timedelta() for instance in instances]
    restore_point = find_restore_point(History(row.state, instances, snapshots))
    return JobDetail(build_job_view(row, around), restore_point, sum(runs, timedelta()))


def measure_run(instance: Instance, around: Surroundings) -> timedelta | None:
    """How long an instance has run; None while its tasks have not all run yet."""
    if instance.running_at is None:
        return None
    return max(_choose_last_known(instance, around) - instance.running_at, timedelta())


def _choose_last_known(instance: Instance, around: Surroundings) -> datetime:
    """Until when it is known to have run: a live one that cannot be seen counts up to the last good look."""
    if instance.ended_at is not None:
        return instance.ended_at
    if instance.absence is not None:
        return instance.absence.first_at
    state = around.states.get(instance.cluster_id)
    if state is not None and state.reachability is Reachability.UNREACHABLE and state.last_good_sweep is not None:
        return state.last_good_sweep
    return around.now


def _newest_spec(row: JobRow) -> JobSpec:
    return row.newest_version.spec if row.newest_version else row.draft.spec


def _derive_reach(row: JobRow, cluster: Cluster | None, around: Surroundings) -> ReachView | None:
    """None where nobody has looked yet."""
    state = around.states.get(cluster.id) if cluster else None
    if state is None:
        return None
    run = row.instance if row.instance is not None and (row.instance.is_live or row.instance.is_vanished) else None
    if state.reachability is Reachability.REACHABLE and run is not None and run.absence is not None:
        return ReachView(Reachability.MISSING, run.absence.first_at, state.last_good_sweep, run.flink_status)
    hidden = run.flink_status if run is not None and state.reachability is not Reachability.REACHABLE else None
    finding = around.findings.get(state.cluster_id)
    return ReachView(state.reachability, state.since, state.last_good_sweep, hidden, finding)


def _derive_flink_status(instance: Instance | None, reach: ReachView | None) -> FlinkStatus:
    """Flink's word as long as it can be heard, UNKNOWN where it cannot; never ours."""
    if instance is None:
        return FlinkStatus.UNKNOWN
    if instance.is_live and reach is not None and reach.state is not Reachability.REACHABLE:
        return FlinkStatus.UNKNOWN
    return instance.shown_status


def _derive_online_version(row: JobRow) -> int | None:
    """The version that runs, or that a pause holds."""
    if row.state.settled is Settled.SUSPENDED:
        return row.paused_version
    return row.instance.version if row.instance is not None and row.instance.is_live else None


def _is_draft_changed(draft: JobSpec, newest: Version | None, around: Surroundings) -> bool:
    """Whether publishing now would give another version than the newest."""
    if newest is None:
        return True
    if draft.type is not JobType.JAR:
        return draft != newest.spec
    pinned = around.artifact_ids.get(draft.artifact, draft.artifact)
    main_class = draft.main_class or newest.spec.main_class
    return replace(draft, artifact=pinned, main_class=main_class) != newest.spec
