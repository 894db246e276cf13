"""Two Flinks to ask the same questions: the fake of the property tests, and a real Flink 2.2.1."""

import os
import secrets
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from headgate.adapters.engine.local_cluster import EmbeddedCluster
from headgate.domain.clusters import Cluster, ClusterId, ClusterKind, EngineVersion
from headgate.domain.errors import FlinkError, FlinkRejected
from headgate.domain.instances import FlinkJobId, Instance, InstanceId
from headgate.domain.intents import IntentKind
from headgate.domain.observation import JobSeen, TriggerSeen, TriggerStatus
from headgate.domain.operations import ClaimMode
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.flink import FlinkGateway, SavepointOrder, Submission
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Fault
from tests.fakes.flink import FakeFlink

T = TypeVar("T")
PATIENCE_S = 30.0

CLUSTER = Cluster(
    id=ClusterId("c1"),
    workspace="default",
    name="local",
    kind=ClusterKind.LOCAL,
    url="http://127.0.0.1:1",
    engine_version=EngineVersion("2.2.1"),
    savepoint_dir="file:///savepoints",
    checkpoint_dir=None,
    high_availability=False,
    region="",
    zone="",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    revision=1,
)


def new_id() -> str:
    return secrets.token_hex(16)


class World(Protocol):
    """One Flink, and how a test makes it behave."""

    gateway: FlinkGateway
    cluster: Cluster

    def submit(self, behaviour: str, flink_job_id: str, restored_from: str | None = None, claim: bool = False) -> None:
        """Submit a job that behaves as named in `ARGUMENTS`."""

    def pass_time(self, seconds: float) -> None: ...
    def now(self) -> datetime: ...
    def order(self, job: str, trigger: str, *, fails: bool = False) -> SavepointOrder: ...
    def directory(self, trigger: str) -> str: ...
    def restart_job_manager(self) -> None: ...


class Asked:
    """What every contract test asks of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.started: list[FlinkJobId] = []

    def start(self, behaviour: str = "counts", restored_from: str | None = None, *, claim: bool = False) -> FlinkJobId:
        """A new job whose tasks all run."""
        job = FlinkJobId(new_id())
        self.submit(behaviour, job, restored_from, claim=claim)
        self.until(lambda: self.look(job), lambda seen: seen is not None and bool(seen.tasks_running))
        return job

    def submit(self, behaviour: str, job: FlinkJobId, restored_from: str | None = None, *, claim: bool = False) -> None:
        self.started.append(job)
        self.world.submit(behaviour, job, restored_from, claim)

    def look(self, job: FlinkJobId) -> JobSeen | None:
        return self.world.gateway.sweep(self.world.cluster).jobs.get(job)

    def find(self, job: FlinkJobId) -> JobSeen | None:
        return self.world.gateway.find_job(self.world.cluster, job)

    def end_of(self, job: FlinkJobId) -> JobSeen:
        seen = self.until(lambda: self.find(job), lambda seen: seen is not None and seen.status.is_terminal)
        assert seen is not None
        return seen

    def stop(self, job: FlinkJobId, trigger: str, *, fails: bool = False) -> None:
        self.world.gateway.stop_with_savepoint(self.world.cluster, self.world.order(job, trigger, fails=fails))

    def savepoint(self, job: FlinkJobId, trigger: str, *, fails: bool = False) -> None:
        self.world.gateway.trigger_savepoint(self.world.cluster, self.world.order(job, trigger, fails=fails))

    def cancel(self, job: FlinkJobId) -> None:
        self.world.gateway.cancel(self.world.cluster, job)

    def fate(self, job: FlinkJobId, trigger: str) -> TriggerSeen:
        """The trigger's result, once it has one."""
        kind = IntentKind.STOP_WITH_SAVEPOINT
        return self.until(
            lambda: self.world.gateway.get_trigger(self.world.cluster, job, trigger, kind),
            lambda seen: seen.status is not TriggerStatus.IN_PROGRESS,
        )

    def until(self, look: Callable[[], T], is_good: Callable[[T], bool], patience_s: float = PATIENCE_S) -> T:
        for _ in range(int(patience_s / 0.1)):
            found = look()
            if is_good(found):
                return found
            self.world.pass_time(0.1)
        raise AssertionError(f"still {look()!r} after {patience_s} s")

    def evidence(self, job: FlinkJobId, trigger: str) -> str:
        directory = self.world.directory(trigger)
        since = self.world.now() - timedelta(minutes=5)
        return self.world.gateway.find_evidence(self.world.cluster, job, directory, since).savepoint

    def clean(self) -> None:
        """Cancel what the test started, and wait until its slots are free."""
        for job in self.started:
            seen = self.look(job)
            if seen is not None and not seen.status.is_terminal:
                with suppress(FlinkRejected):  # it may end between the look and the call
                    self.cancel(job)
        for job in self.started:
            self.until(partial(self.look, job), lambda seen: seen is None or seen.status.is_terminal)


def make_submission(job: str, spec: JobSpec, restored_from: str | None, claim: bool) -> Submission:
    instance = Instance(
        InstanceId("i"),
        "job-1",
        1,
        1,
        CLUSTER.id,
        FlinkJobId(job),
        spec,
        CLUSTER.created_at,
        restored_from=restored_from,
    )
    return Submission(instance, "contract", claim_mode=ClaimMode.CLAIM if claim else ClaimMode.NO_CLAIM)


FAULTS: dict[str, Fault | None] = {
    "counts": None,
    "counts slowly": None,
    "ends": None,
    "fails": Fault.START_FAILS,
    "needs slots": Fault.NO_SLOTS,
    "throws": Fault.MAIN_THROWS,
    "throws after execute": Fault.MAIN_THROWS_AFTER_EXECUTE,
    "executes twice": Fault.MAIN_THROWS_AFTER_EXECUTE,
    "fails while stopping": None,
}


class FakeWorld:
    """The fake: behaviours are faults of its calls."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.flink = FakeFlink(self.clock, seed=11)
        self.gateway: FlinkGateway = self.flink
        self.cluster = CLUSTER
        self._slow: set[str] = set()
        self._breaking: set[str] = set()

    def submit(self, behaviour: str, flink_job_id: str, restored_from: str | None = None, claim: bool = False) -> None:
        fault = FAULTS[behaviour]
        if fault is not None:
            self.flink.inject(fault, "submit")
        if behaviour == "counts slowly":
            self._slow.add(flink_job_id)
        if behaviour == "fails while stopping":
            self._breaking.add(flink_job_id)
        submission = make_submission(flink_job_id, JobSpec(JobType.JAR), restored_from, claim)
        self.flink.submit(self.cluster, submission)
        if behaviour == "ends":
            self.clock.advance(4)
            self.flink.finish_job(FlinkJobId(flink_job_id))

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def now(self) -> datetime:
        return self.clock.now()

    def order(self, job: str, trigger: str, *, fails: bool = False) -> SavepointOrder:
        if fails:
            self.flink.inject(Fault.SAVEPOINT_FAILS)
        if job in self._slow:
            self.flink.faults.waiting = [w for w in self.flink.faults.waiting if w.fault is not Fault.SLOW_SAVEPOINT]
            self.flink.inject(Fault.SLOW_SAVEPOINT, seconds=1.5)
        if job in self._breaking:
            self.flink.inject(Fault.FAILS_WHILE_STOPPING)
        return SavepointOrder(FlinkJobId(job), trigger, self.directory(trigger))

    def directory(self, trigger: str) -> str:
        return f"file:///savepoints/contract/{trigger}"

    def restart_job_manager(self) -> None:
        self.flink.restart_job_manager(self.cluster)
        self.clock.advance(2)


ARGUMENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "counts": ("CountingJob", ()),
    "counts slowly": ("CountingJob", ("--snapshot-ms", "1500")),
    "ends": ("BoundedJob", ()),
    "fails": ("CountingJob", ("--then", "fail")),
    "needs slots": ("CountingJob", ()),
    "throws": ("ThrowsBeforeExecute", ()),
    "throws after execute": ("ThrowsAfterExecute", ()),
    "executes twice": ("ExecutesTwice", ()),
    "fails while stopping": ("CountingJob", ("--then", "fail-on-close")),
}


class RealWorld:
    """The embedded cluster: behaviours are arguments of the Java test jobs."""

    def __init__(self, embedded: EmbeddedCluster, gateway: FlinkGateway, jar: Path, version: EngineVersion) -> None:
        self.embedded = embedded
        self.gateway = gateway
        self._jar = jar
        self.cluster = replace(
            CLUSTER,
            url=embedded.ensure_running().rest_url,
            engine_version=version,
            savepoint_dir=embedded.savepoint_dir,
            checkpoint_dir=embedded.checkpoint_dir,
        )

    def submit(self, behaviour: str, flink_job_id: str, restored_from: str | None = None, claim: bool = False) -> None:
        main_class, args = ARGUMENTS[behaviour]
        spec = JobSpec(
            JobType.JAR,
            main_class=main_class,
            args=args,
            parallelism=99 if behaviour == "needs slots" else 1,
            checkpoint_interval=timedelta(seconds=1),
            flink_config={"restart-strategy.type": "none"} if behaviour == "fails" else {},
        )
        submission = make_submission(flink_job_id, spec, restored_from, claim)
        self.gateway.submit(self.cluster, replace(submission, jar=self._jar))

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def order(self, job: str, trigger: str, *, fails: bool = False) -> SavepointOrder:
        # Below a regular file no directory can be made, not even by root.
        directory = f"file://{self._jar}/{trigger}" if fails else self.directory(trigger)
        return SavepointOrder(FlinkJobId(job), trigger, directory)

    def directory(self, trigger: str) -> str:
        return f"{self.cluster.savepoint_dir}/contract/{trigger}"

    def restart_job_manager(self) -> None:
        before = self.embedded.ensure_running()
        os.kill(before.job_manager_pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self._answers():
            time.sleep(0.05)
        self.cluster = replace(self.cluster, url=self.embedded.ensure_running().rest_url)

    def _answers(self) -> bool:
        try:
            self.gateway.sweep(self.cluster)
        except FlinkError:
            return False
        return True
