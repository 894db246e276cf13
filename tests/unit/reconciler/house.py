"""The reconciler's surroundings in memory: the real tables, a fake Flink, a clock that stands still.

Records come from `tests/unit/domain/facts.py`; here they become rows, and rows become what a test reads.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.clusters import Cluster, ClusterId, ClusterKind, EngineVersion
from headgate.domain.errors import NotFound
from headgate.domain.events import Event, EventType
from headgate.domain.instances import Instance
from headgate.domain.intents import Intent
from headgate.domain.jobs import Draft, Job, JobId, JobState, Version
from headgate.domain.lifecycle import Lane, Settled, Verb
from headgate.domain.operations import Finding, Operation, OperationId, Options
from headgate.domain.policy import Policy
from headgate.domain.recovery import Recovery
from headgate.domain.snapshots import Snapshot
from headgate.domain.spec import JobSpec
from headgate.ports.artifacts import StoredFile
from headgate.reconciler.act import Tools
from headgate.reconciler.lease import Lease
from headgate.reconciler.reconcile import PassResult, Reconciler
from headgate.reconciler.situation import Situation, load_situation
from tests.fakes.clock import FakeClock
from tests.fakes.flink import FakeFlink
from tests.unit.domain import facts
from tests.unit.domain.facts import JOB, NOW, SPEC


class CountingIds:
    """Ids in a row: `int-1`, `ins-2`; digits likewise."""

    def __init__(self) -> None:
        self._number = 100

    def new(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}-{self._number}"

    def new_hex(self, digits: int) -> str:
        self._number += 1
        return f"{self._number:0{digits}x}"


class NoFiles:
    """SQL jobs have no jars."""

    def store(self, content: BinaryIO) -> StoredFile:
        raise NotImplementedError

    def get_path(self, digest: str) -> Path:
        raise NotFound("artifact_file_missing", digest=digest)

    def delete(self, digest: str) -> None:
        raise NotImplementedError


CLUSTER = Cluster(
    id=ClusterId("clu-1"),
    workspace="default",
    name="local",
    kind=ClusterKind.SESSION,
    url="http://127.0.0.1:1",
    engine_version=EngineVersion("2.2.1"),
    savepoint_dir="file:///savepoints",
    checkpoint_dir=None,
    high_availability=False,
    region="",
    zone="",
    created_at=NOW,
    revision=1,
)


class House:
    """One published job on one cluster, and everything that the reconciler is given."""

    def __init__(self, store: MemoryStore, flink: FakeFlink | None = None, cluster: Cluster = CLUSTER) -> None:
        store.restart()
        self.store = store
        self.flink = flink or FakeFlink(FakeClock(NOW))
        self.clock = self.flink.clock
        self.ids = CountingIds()
        self.cluster = cluster
        self.tools = Tools(store, self.flink, NoFiles(), self.clock, self.ids, Policy(), Random(0))
        with store.write() as work:
            work.clusters.add(cluster)
        self.add_job()

    def make_lease(self, holder: str = "this server") -> Lease:
        return Lease(self.store, self.flink, self.clock, holder)

    # Rows are written

    def add_job(self, job_id: JobId = JOB, spec: JobSpec = SPEC) -> None:
        job = Job(job_id, "default", f"name of {job_id}", "", {}, Recovery(), False, NOW, "ann")
        with self.store.write() as work:
            work.jobs.add(job, Draft(job_id, spec, NOW, "ann"))
            work.jobs.add_version(Version(job_id, 1, "first", spec, NOW, "ann"))

    def save_state(self, settled: Settled, **more: Any) -> None:
        with self.store.write() as work:
            work.jobs.save_state(JobState(JOB, settled, **more))

    def ask(self, verb: Verb, options: Options = facts.NO_OPTIONS, **more: Any) -> Operation:
        """An accepted operation; `sent` as in the facts."""
        with self.store.write() as work:
            number = work.operations.next_number()
            made = facts.operation(verb, options, number=number, **{"id": OperationId(f"op-{number}"), **more})
            work.operations.add(made)
        return made

    def withdraw(self, operation: Operation) -> None:
        with self.store.write() as work:
            work.operations.request_withdrawal(operation.id, "ann", NOW)

    def add_instance(self, number: int = 1, **more: Any) -> Instance:
        made = facts.instance(number, **more)
        with self.store.write() as work:
            work.instances.add(made)
        return made

    def add_intent(self, made: Intent) -> Intent:
        with self.store.write() as work:
            work.intents.add(made)
        return made

    def add_snapshot(self, number: int = 1, of: int = 1, **more: Any) -> Snapshot:
        made = facts.snapshot(number, of, **more)
        with self.store.write() as work:
            work.snapshots.add(made)
        return made

    # Rows are read

    def load(self, lane: Lane = Lane.MAIN) -> Situation:
        with self.store.read() as work:
            return load_situation(work, JOB, lane, self.clock.now())

    def get_state(self) -> JobState:
        with self.store.read() as work:
            return work.jobs.get_state(JOB)

    def get_operation(self, operation: Operation) -> Operation:
        with self.store.read() as work:
            return work.operations.get(operation.id)

    def list_instances(self) -> list[Instance]:
        """Newest first."""
        with self.store.read() as work:
            return work.instances.list_of_job(JOB)

    def list_snapshots(self) -> list[Snapshot]:
        with self.store.read() as work:
            return work.snapshots.list_of_job(JOB)

    def find_intent(self, lane: Lane = Lane.MAIN) -> Intent | None:
        with self.store.read() as work:
            return work.intents.find_open(JOB, lane)

    def list_intents(self) -> list[Intent]:
        with self.store.read() as work:
            return work.intents.list_of_job(JOB)

    def list_events(self) -> list[Event]:
        """Oldest first."""
        with self.store.read() as work:
            return work.events.list_of_job(JOB, 1000, None)[::-1]

    def list_findings(self) -> list[Finding]:
        """All that operations and the sign beside the state say."""
        with self.store.read() as work:
            asked = work.operations.list_of_job(JOB, 1000, None)
        warning = self.get_state().warning
        said = [finding for one in asked for finding in (one.result, one.waits_for, one.failing) if finding]
        return [*said, warning.finding] if warning is not None else said

    def list_event_types(self) -> list[EventType]:
        return [event.type for event in self.list_events()]


def pass_until_it_rests(reconciler: Reconciler, lane: Lane = Lane.MAIN, fence: int | None = None) -> PassResult:
    """Passes until nothing more can be done at once; the last one's result."""
    for _ in range(20):
        result = reconciler.pass_over(JOB, lane, fence)
        if result.again_in != timedelta(0):
            return result
    raise AssertionError("a loop without an end")


def with_high_availability() -> Cluster:
    return replace(CLUSTER, high_availability=True)
