"""What is off, gathered at one moment: from the rows, from every cluster, and from the server's own machine.

Looks alone: nothing is written and nothing is set right. What the facts mean is for the rules in
`domain/diagnosis_rules.py` to say.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from headgate.domain.clusters import Cluster, ClusterKind
from headgate.domain.diagnosis import (
    Case,
    ClusterCase,
    Diagnosis,
    JobCase,
    LeaseSeen,
    Rows,
    classify_strangers,
    measure_gap,
)
from headgate.domain.diagnosis_rules import examine
from headgate.domain.errors import FlinkError
from headgate.domain.instances import FlinkJobId, Instance
from headgate.domain.lifecycle import Lane
from headgate.domain.observation import JobSeen
from headgate.domain.restore import History, find_restore_point
from headgate.domain.snapshots import PathStatus, Snapshot, SnapshotStatus
from headgate.domain.spec import JobType
from headgate.domain.workspaces import Actor
from headgate.ports.clock import Clock
from headgate.ports.engines import EngineStore
from headgate.ports.machine import MachineProbe
from headgate.ports.store import JobFilter, JobRow, Store, UnitOfWork
from headgate.services.clusters import ClusterProbe, is_never_stopped

AT_ONCE = 8
"""Clusters that are asked at the same time: one that hangs must not make a person wait for all."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """What one consistent read told."""

    clusters: Sequence[ClusterCase]
    jobs: Sequence[JobCase]
    snapshots: Mapping[str, Sequence[Snapshot]]
    lease: LeaseSeen | None


@dataclass(frozen=True, slots=True)
class Diagnoses:
    """`is_local_stopped` tells whether the embedded cluster was stopped on purpose."""

    store: Store
    clock: Clock
    probe: ClusterProbe
    engines: EngineStore
    machine: MachineProbe
    is_local_stopped: Callable[[], bool] = is_never_stopped

    def make(self, actor: Actor) -> Diagnosis:
        """Look at everything that `actor` may see."""
        at = self.clock.now()
        machine = self.machine.look()
        rows = self._read(actor)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="diagnosis") as threads:
            clusters = list(threads.map(self._ask, rows.clusters))
        clusters = self._sort_out(clusters, rows.jobs)
        jobs = [self._look_at_snapshots(one, rows, clusters) for one in rows.jobs]
        return examine(Case(at, machine, rows.lease, clusters, jobs))

    def _read(self, actor: Actor) -> _Rows:
        engines = {engine.version for engine in self.engines.list_engines()}
        with self.store.read() as unit:
            found = [row for name in sorted(actor.workspaces) for row in unit.jobs.list_rows(JobFilter(name))]
            snapshots: dict[str, Sequence[Snapshot]] = {
                row.job.id: unit.snapshots.list_of_job(row.job.id) for row in found
            }
            clusters = [
                replace(
                    self._read_cluster(unit, cluster),
                    sql_jobs=_list_sql_jobs(cluster, found),
                    has_engine=cluster.engine_version in engines,
                )
                for name in sorted(actor.workspaces)
                for cluster in unit.clusters.list_all(name)
            ]
            jobs = [_read_job(unit, row, snapshots[row.job.id]) for row in found]
            return _Rows(clusters, jobs, snapshots, unit.lease.find())

    def _read_cluster(self, unit: UnitOfWork, cluster: Cluster) -> ClusterCase:
        return ClusterCase(
            cluster=cluster,
            state=unit.clusters.find_state(cluster.id),
            is_stopped=cluster.kind is ClusterKind.LOCAL and self.is_local_stopped(),
            live=tuple(unit.instances.list_live(cluster.id)),
        )

    def _ask(self, one: ClusterCase) -> ClusterCase:
        """What the cluster itself says now."""
        try:
            jobs = self.probe.sweep(one.cluster).jobs
            asked_at = self.clock.now()
            clock = self.probe.read_clock(one.cluster)
        except FlinkError as error:
            return replace(one, cause=error.cause or str(error))
        return replace(one, jobs=jobs, clock_gap=measure_gap(clock, asked_at, self.clock.now()))

    def _sort_out(self, clusters: list[ClusterCase], jobs: Sequence[JobCase]) -> list[ClusterCase]:
        """Whose the jobs are that Flink shows. Read after the sweeps: a job may have been started meanwhile."""
        owners = [one.job for one in jobs]
        with self.store.read() as unit:
            return [
                replace(one, strangers=classify_strangers(one.jobs, Rows(_find_instances(unit, one.jobs), owners)))
                if one.jobs is not None
                else one
                for one in clusters
            ]

    def _look_at_snapshots(self, one: JobCase, rows: _Rows, clusters: Sequence[ClusterCase]) -> JobCase:
        """The job with what has become of its snapshots' files."""
        known = {place.cluster.id: place.cluster for place in clusters}
        places = {name: known[cluster_id] for name, cluster_id in one.places.items() if cluster_id in known}
        looked = [self._look_at(snapshot, places.get(snapshot.instance_id)) for snapshot in rows.snapshots[one.job.id]]
        restore_point = next((s for s in looked if one.restore_point and s.id == one.restore_point.id), None)
        gone = tuple(snapshot for snapshot in looked if snapshot.path_status is PathStatus.GONE)
        return replace(one, restore_point=restore_point, usable=_find_usable(looked), gone=gone)

    def _look_at(self, snapshot: Snapshot, cluster: Cluster | None) -> Snapshot:
        """Where the files cannot be looked at, what was found at the last look stands."""
        status = self.probe.look_at_path(cluster, snapshot.path) if cluster is not None else PathStatus.UNKNOWN
        return snapshot if status is PathStatus.UNKNOWN else replace(snapshot, path_status=status)


def _find_usable(looked: Sequence[Snapshot]) -> Snapshot | None:
    """The newest that a start could name; `looked` is newest first."""
    kept = (s for s in looked if s.status is SnapshotStatus.COMPLETED and s.path_status is PathStatus.AVAILABLE)
    return next(kept, None)


def _read_job(unit: UnitOfWork, row: JobRow, snapshots: Sequence[Snapshot]) -> JobCase:
    instances = unit.instances.list_of_job(row.job.id)
    intents = [unit.intents.find_open(row.job.id, lane) for lane in Lane]
    return JobCase(
        job=row.job,
        state=row.state,
        restore_point=find_restore_point(History(row.state, instances, snapshots)),
        operations=row.open_operations,
        intents=tuple(intent for intent in intents if intent is not None),
        places={instance.id: instance.cluster_id for instance in instances},
    )


def _find_instances(unit: UnitOfWork, seen: Mapping[FlinkJobId, JobSeen]) -> dict[FlinkJobId, Instance]:
    """The rows of the jobs that live."""
    alive = [name for name, job in seen.items() if not job.status.is_terminal]
    found = [unit.instances.find_by_flink_id(name) for name in alive]
    return {instance.flink_job_id: instance for instance in found if instance is not None}


def _list_sql_jobs(cluster: Cluster, rows: Sequence[JobRow]) -> tuple[str, ...]:
    """The SQL jobs that are written for this cluster: compiling them takes its engine."""
    return tuple(
        sorted(
            row.job.name
            for row in rows
            if row.job.workspace == cluster.workspace
            and row.draft.spec.type is JobType.SQL
            and row.draft.spec.cluster == cluster.name
        )
    )
