"""A workspace on a real store in memory, with the reconciler's part played by hand.

`World` has every service on one store. What the reconciler would write after looking at Flink is
written by `settle`, `add_snapshot` and `close`.
"""

import io
import itertools
import threading
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from headgate.adapters.artifacts.files import ArtifactFolder
from headgate.adapters.calls import CallFiles
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.domain.clusters import Cluster, ClusterId, ClusterState, EngineVersion, Incarnation, Reachability
from headgate.domain.instances import FlinkStatus, Instance, InstanceEnd, InstanceId, new_flink_job_id
from headgate.domain.jobs import Job, JobState, Version
from headgate.domain.lifecycle import Settled, Wanted
from headgate.domain.operations import Operation, OperationStatus
from headgate.domain.snapshots import Snapshot, SnapshotId, SnapshotKind, SnapshotOrigin, SnapshotStatus
from headgate.domain.spec import JobSpec, JobType
from headgate.domain.workspaces import DEFAULT_WORKSPACE, Actor
from headgate.ports.sql import CheckedScript, SqlCompiler
from headgate.services.artifacts import Artifacts
from headgate.services.clusters import ClusterOrder, Clusters
from headgate.services.diagnosis import Diagnoses
from headgate.services.drafts import Drafts
from headgate.services.jobs import Jobs, NewJob
from headgate.services.operations import Operations
from headgate.services.queries import Queries
from headgate.services.traces import Traces
from headgate.services.versions import Versions
from tests.fakes.clock import FakeClock
from tests.fakes.engines import PATIENCE_S, FakeEngines
from tests.fakes.flink import FakeFlink
from tests.fakes.machine import FakeMachine

SQL = "CREATE TABLE a (x INT) WITH ('connector'='datagen'); INSERT INTO b SELECT x FROM a;"
SPEC = JobSpec(JobType.SQL, sql=SQL)
SAVEPOINTS = "file:///savepoints"
SETTLED_PHASES = {
    Settled.RUNNING: Wanted.RUNNING,
    Settled.SUSPENDED: Wanted.SUSPENDED,
    Settled.CANCELLED: Wanted.CANCELLED,
    Settled.FINISHED: Wanted.CANCELLED,
    Settled.FAILED: Wanted.RUNNING,
}
_ENDS = {
    Settled.SUSPENDED: (InstanceEnd.SUSPENDED, FlinkStatus.FINISHED),
    Settled.CANCELLED: (InstanceEnd.CANCELLED, FlinkStatus.CANCELED),
    Settled.FINISHED: (InstanceEnd.FINISHED, FlinkStatus.FINISHED),
    Settled.FAILED: (InstanceEnd.FAILED, FlinkStatus.FAILED),
}


class CountingIds:
    """Ids in the right form that tell their order."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new(self, prefix: str) -> str:
        return f"{prefix}-{next(self._numbers):010}"

    def new_hex(self, digits: int) -> str:
        return f"{next(self._numbers):0{digits}x}"


class KnowingCompiler(SqlCompiler):
    """Answers with what it was told to find, and remembers what it was asked."""

    def __init__(self) -> None:
        self.found = CheckedScript(())
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def check(
        self, version: EngineVersion, script: str, settings: Mapping[str, str], jars: Sequence[Path]
    ) -> CheckedScript:
        self.asked.append((version, script, dict(settings)))
        return self.found


class World:
    def __init__(self, store: DatabaseStore, folder: Path) -> None:
        self.store = store
        self.clock = FakeClock()
        self.ids = CountingIds()
        self.actor = Actor("mei", "token-1")
        self.stranger = Actor("otto", "token-2", frozenset({"elsewhere"}))
        self.wakes = self.sweeps = 0
        self.started: list[threading.Thread] = []
        self.compiler = KnowingCompiler()
        self.files = ArtifactFolder(folder / "artifacts")
        self.flink = FakeFlink(self.clock)
        self.engines = FakeEngines("2.2.1")
        self.calls = CallFiles(folder / "trace", self.clock)
        self.jobs = Jobs(self.store, self.clock, self.ids, self.calls)
        self.drafts = Drafts(self.store, self.clock, self.compiler, self.files)
        self.versions = Versions(self.store, self.clock)
        self.operations = Operations(self.store, self.clock, self.ids, self.wake)
        self.clusters = Clusters(self.store, self.clock, self.ids, self.flink)
        self.artifacts = Artifacts(self.store, self.clock, self.ids, self.files)
        self.queries = Queries(self.store, self.clock)
        self.traces = Traces(self.store, self.calls)
        self.machine = FakeMachine(self.clock)
        self.diagnoses = Diagnoses(self.store, self.clock, self.flink, self.engines, self.machine)

    def wake(self) -> None:
        self.wakes += 1

    def sweep(self) -> None:
        self.sweeps += 1

    def start(self, work: Callable[[], None]) -> None:
        """Work beside the requests; it ends when the fake engines are let."""
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.started.append(thread)

    def await_started(self) -> None:
        """Until all work beside the requests has ended."""
        for thread in self.started:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    def add_cluster(self, name: str = "local", savepoint_dir: str | None = SAVEPOINTS) -> Cluster:
        order = ClusterOrder(name, f"http://{name}:8081", "2.2.1", savepoint_dir)
        return self.clusters.create(self.actor, DEFAULT_WORKSPACE, order)

    def add_job(self, name: str = "orders", spec: JobSpec = SPEC) -> Job:
        self.clock.advance(1)
        return self.jobs.create(self.actor, DEFAULT_WORKSPACE, NewJob(name, spec))

    def publish(self, job: Job) -> Version:
        self.clock.advance(1)
        return self.versions.publish(self.actor, job.id, "as it is")

    def add_published(self, name: str = "orders", spec: JobSpec = SPEC) -> Job:
        job = self.add_job(name, spec)
        self.publish(job)
        return job

    def add_settled(self, settled: Settled, name: str = "orders", spec: JobSpec = SPEC) -> Job:
        """A published job that rests there, with the rows that come with it."""
        job = self.add_published(name, spec)
        self.settle(job, settled)
        return job

    def settle(self, job: Job, settled: Settled) -> Instance | None:
        """What the reconciler writes once a job rests: the state, its newest instance, a pause's snapshot."""
        if settled is Settled.NONE:
            return None
        self.clock.advance(1)
        with self.store.read() as unit:
            before = unit.instances.find_newest(job.id)
        if before is not None and before.is_live:
            instance = before
        else:
            instance = self._start_instance(job, 1 if before is None else before.number + 1)
        if settled is not Settled.RUNNING:
            end, status = _ENDS[settled]
            instance = replace(instance, end=end, flink_status=status, ended_at=self.clock.now())
            with self.store.write() as unit:
                unit.instances.save(instance)
        snapshot = self.add_snapshot(job, instance) if settled is Settled.SUSPENDED else None
        state = JobState(job.id, settled, SETTLED_PHASES[settled], suspended_on=snapshot.id if snapshot else None)
        with self.store.write() as unit:
            unit.jobs.save_state(state)
        return instance

    def fail_to_start(self, job: Job) -> None:
        """An attempt with the newest version that ended before it ran; where the job rests stays."""
        with self.store.read() as unit:
            before = unit.instances.find_newest(job.id)
        instance = self._start_instance(job, 1 if before is None else before.number + 1)
        ended = replace(instance, end=InstanceEnd.FAILED, flink_status=FlinkStatus.FAILED, ended_at=self.clock.now())
        with self.store.write() as unit:
            unit.instances.save(ended)

    def add_snapshot(self, job: Job, instance: Instance, path: str | None = None) -> Snapshot:
        self.clock.advance(1)
        snapshot = Snapshot(
            id=SnapshotId(self.ids.new("snap")),
            job_id=job.id,
            instance_id=instance.id,
            instance_number=instance.number,
            job_version=instance.version,
            kind=SnapshotKind.SAVEPOINT,
            origin=SnapshotOrigin.STOP_WITH_SAVEPOINT,
            status=SnapshotStatus.COMPLETED,
            path=path or f"{SAVEPOINTS}/{self.ids.new('sp')}",
            created_at=self.clock.now(),
            flink_version="2.2.1",
            size=1234,
            duration=timedelta(seconds=2),
        )
        with self.store.write() as unit:
            unit.snapshots.add(snapshot)
        return snapshot

    def close(self, operation: Operation, status: OperationStatus = OperationStatus.SUCCESS) -> None:
        with self.store.write() as unit:
            unit.operations.save(replace(operation, status=status, ended_at=self.clock.now()))

    def see_cluster(self, cluster: Cluster, reachability: Reachability) -> None:
        """What a sweep leaves behind."""
        state = ClusterState(
            cluster.id, reachability, self.clock.now(), self.clock.now(), Incarnation("life-1"), timedelta()
        )
        with self.store.write() as unit:
            unit.clusters.save_state(state)

    def change_instance(self, job: Job, change: Callable[[Instance], Instance]) -> None:
        with self.store.write() as unit:
            instance = unit.instances.find_newest(job.id)
            assert instance is not None
            unit.instances.save(change(instance))

    def list_event_types(self, job: Job) -> list[str]:
        """Oldest first."""
        with self.store.read() as unit:
            return [event.type.name for event in reversed(unit.events.list_of_job(job.id, 200, None))]

    def _start_instance(self, job: Job, number: int) -> Instance:
        with self.store.read() as unit:
            version = unit.jobs.find_newest_version(job.id)
            assert version is not None
            cluster = unit.clusters.find_by_name(job.workspace, version.spec.cluster)
        instance = Instance(
            id=InstanceId(self.ids.new("inst")),
            job_id=job.id,
            number=number,
            version=version.number,
            cluster_id=cluster.id if cluster else ClusterId("cluster-gone"),
            flink_job_id=new_flink_job_id(job.id, number),
            spec=version.spec,
            created_at=self.clock.now(),
            flink_status=FlinkStatus.RUNNING,
            running_at=self.clock.now(),
        )
        with self.store.write() as unit:
            unit.instances.add(instance)
        return instance


def make_jar(main_class: str = "demo.Main", *, in_manifest: bool = True) -> io.BytesIO:
    """A jar with one class, named by its manifest or not; the same bytes every time, whatever the clock says."""
    files = {f"{main_class.replace('.', '/')}.class": b"\xca\xfe\xba\xbe"}
    if in_manifest:
        files["META-INF/MANIFEST.MF"] = f"Manifest-Version: 1.0\r\nMain-Class: {main_class}\r\n".encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as jar:
        for name in sorted(files):
            jar.writestr(zipfile.ZipInfo(name), files[name])
    content.seek(0)
    return content
