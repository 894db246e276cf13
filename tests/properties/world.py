"""One job with everything around it: a store, a fake Flink, a server that crashes and comes back.

The server here is the real reconciler under the real lease, driven by a fake clock in one thread,
in the same order in which the loop would schedule it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import BinaryIO

from headgate.domain.clusters import Cluster, ClusterId, ClusterKind, EngineVersion
from headgate.domain.decisions import Cancel, DeclareLost, GiveUp, Settle, StopWithSavepoint, Submit, TriggerSavepoint
from headgate.domain.errors import NotAllowed, NotFound, Unavailable
from headgate.domain.instances import FlinkJobId
from headgate.domain.jobs import Draft, Job, JobId, JobState, Version
from headgate.domain.lifecycle import Lane, Verb
from headgate.domain.operations import Operation, Options
from headgate.domain.policy import Policy
from headgate.domain.recovery import Recovery, RecoveryPolicy
from headgate.domain.spec import JobSpec, JobType, Restore, RestoreStrategy
from headgate.domain.workspaces import Actor
from headgate.ports.artifacts import StoredFile
from headgate.reconciler.act import Tools
from headgate.reconciler.lease import Lease
from headgate.reconciler.loop import differs
from headgate.reconciler.reconcile import Reconciler
from headgate.services.operations import Operations
from headgate.services.standing import derive_standing, look_at_clusters
from tests.fakes.clock import START, FakeClock
from tests.fakes.faults import SimulatedCrash
from tests.properties.oracle import GuardedFlink
from tests.properties.store import RememberingStore
from tests.properties.tally import Tally

JOB = JobId("job-0000000001")
ANN = Actor("ann", "token-1")
SWEEP = timedelta(seconds=5)
RENEWAL = timedelta(seconds=6)
LONGEST_STRIDE = timedelta(seconds=20)
CALMEST = 6.0
"""So many times longer than usual is the time between two looks that show nothing new."""
AT_ONCE = 200
"""So many passes without a pause are a loop without an end."""

SPEC = JobSpec(JobType.SQL, sql="INSERT INTO a SELECT * FROM b")


@dataclass(frozen=True, slots=True)
class Terrain:
    """What a history plays on.

    `linger_s`: how long tasks outlive their JobManager. `remembers_s`: how long triggers are known once done.
    `archives`: whether ended jobs are archived. Without a `checkpoint_dir` jobs make no checkpoints.
    `recovers`: the job is started again by itself after a failure.
    """

    high_availability: bool = False
    savepoint_dir: str | None = "file:///savepoints"
    linger_s: float = 0.0
    remembers_s: float = 300.0
    checkpoint_dir: str | None = None
    archives: bool = True
    recovers: bool = False
    seed: int = 0


class CountingIds:
    """Ids in a row, and hexadecimal digits from a seed."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._number = 0

    def new(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}-{self._number:010d}"

    def new_hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"


class NoFiles:
    """SQL jobs have no artifacts."""

    def store(self, content: BinaryIO) -> StoredFile:
        raise NotImplementedError

    def get_path(self, digest: str) -> Path:
        raise NotFound("artifact_file_missing", digest=digest)

    def delete(self, digest: str) -> None:
        raise NotImplementedError


class World:
    """A job on a cluster, and the server that looks after it."""

    def __init__(self, store: RememberingStore, terrain: Terrain, tally: Tally | None = None) -> None:
        store.restart()
        self.store = store
        self.clock = FakeClock()
        self.tally = tally or Tally()
        self.flink = GuardedFlink(self.clock, store, terrain.seed)
        self._random = Random(terrain.seed)
        self.ids = CountingIds(self._random)
        self.cluster = make_cluster(terrain)
        manager = self.flink.job_manager(self.cluster)
        manager.task_linger_s, manager.store_duration_s = terrain.linger_s, terrain.remembers_s
        manager.archives = terrain.archives
        self.services = Operations(store, self.clock, self.ids, self.wake)
        self.servers = 0
        self.is_whole = True
        self.crash_at: Callable[[str], bool] = lambda point: False
        self.down_s = 0.0
        self.pace = 1.0
        self.after_act: Callable[[], None] = lambda: None
        self._due: datetime | None = None
        self._swept_at: datetime | None = None
        self._stride = SWEEP
        self._calm = 1.0
        self._is_woken = True
        self._write_rows(Recovery(RecoveryPolicy.RESTORE if terrain.recovers else RecoveryPolicy.NONE))
        self.boot()

    # People

    def request(self, verb: Verb, options: Options | None = None) -> Operation | None:
        """Ask for a verb; None when it is not allowed now."""
        try:
            return self.services.request(ANN, JOB, verb, options or Options())
        except (NotAllowed, NotFound):
            return None

    def withdraw(self, operation: Operation) -> None:
        self.services.withdraw(ANN, operation.id)

    def is_withdrawn(self, operation: Operation) -> bool:
        with self.store.read() as work:
            return work.operations.is_withdrawal_requested(operation.id)

    # The server

    def boot(self) -> None:
        """A new server process takes over as soon as the old lease has ended."""
        self.servers += 1
        tools = Tools(
            self.store, self.flink, NoFiles(), self.clock, self.ids, Policy(), self._random, reached=self._reached
        )
        self.reconciler = Reconciler(tools)
        self.lease = Lease(self.store, self.flink, self.clock, f"server-{self.servers}")
        self.lease.renewal = RENEWAL
        self._due = self._swept_at = None
        self.wake()
        while not self.lease.keep():
            self.clock.advance(1)

    def run_for(self, seconds: float) -> None:
        """Let time pass: the server looks when it would."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while True:
            self.step()
            next_at = max(self._choose_next(), self.clock.now())
            if next_at >= end:
                break
            self.clock.advance(max(0.0, (next_at - self.clock.now()).total_seconds()))
        self.clock.advance(max(0.0, (end - self.clock.now()).total_seconds()))

    def run_until(self, is_there: Callable[[], bool], limit_s: float) -> bool:
        """Let time pass until `is_there`, at most `limit_s`."""
        end = self.clock.now() + timedelta(seconds=limit_s)
        while not is_there():
            if self.clock.now() > end:
                return False
            self.step()
            wait = (self._choose_next() - self.clock.now()).total_seconds()
            self.clock.advance(max(0.0, wait))
        return True

    def step(self) -> None:
        """What the loop does at one moment. A crash is followed by the next server."""
        self.is_whole = False  # and stays so after any other error
        try:
            self._tick()
        except SimulatedCrash:
            self.after_act()
            self.clock.advance(self.down_s)
            self.boot()
        except Unavailable as error:
            if error.code != "lease_lost":
                raise
            self.boot()
        self.is_whole = True

    # Rows

    def get_state(self) -> JobState:
        with self.store.read() as work:
            return work.jobs.get_state(JOB)

    def list_operations(self) -> list[Operation]:
        """Newest first."""
        with self.store.read() as work:
            return work.operations.list_of_job(JOB, 1000, None)

    def list_verbs(self) -> list[Verb]:
        """What is offered now."""
        with self.store.read() as work:
            around = look_at_clusters(work, "default", self.clock)
            return derive_standing(work.jobs.get_row(JOB), around).allowed_verbs

    def list_live_in_flink(self) -> list[FlinkJobId]:
        """The jobs that a person would see alive in Flink's own console."""
        self.flink.live_jobs()
        return [key for key, job in self.flink.job_manager(self.cluster).jobs.items() if job.is_live]

    def is_busy(self) -> bool:
        with self.store.read() as work:
            return bool(work.operations.list_busy_jobs())

    def _tick(self) -> None:
        if not self.lease.keep():
            return
        now = self.clock.now()
        if self._swept_at is None or now - self._swept_at >= self._stride:
            self._swept_at = now
            # Nothing new will be seen while nothing happens: hours of peace need few looks.
            self._stride = SWEEP if self._due is not None else min(self._stride * 1.5, LONGEST_STRIDE)
            self._sweep()
        if self._due is None and (self._is_woken or self._swept_at == now) and self.is_busy():
            self._due = now
        self._is_woken = False
        if self._due is not None and self._due <= now:
            self._pass()

    def _sweep(self) -> None:
        look = self.reconciler.look(self.cluster, timedelta(seconds=1), self.lease.fence)
        if look.jobs is None:
            self._stride = SWEEP
            return
        with self.store.read() as work:
            live = work.instances.list_live(self.cluster.id)
            closed = {i.flink_job_id for i in work.instances.list_of_job(JOB) if not i.is_live}
        strays = any(not job.status.is_terminal for key, job in look.jobs.items() if key in closed)
        if (strays or any(differs(instance, look) for instance in live)) and self._due is None:
            self._due = look.at
        self.reconciler.sampler.sample(self.cluster, live, self.lease.fence)

    def _pass(self) -> None:
        again: list[timedelta] = []
        for lane in Lane:
            for _ in range(AT_ONCE):
                result = self.reconciler.pass_over(JOB, lane, self.lease.fence)
                if result.decision is not None:
                    self.tally.decisions[type(result.decision).__name__] += 1
                if isinstance(result.decision, Settle):
                    self.tally.note_recovery(result.decision.outcome)
                if isinstance(
                    result.decision,
                    Submit | StopWithSavepoint | TriggerSavepoint | Cancel | Settle | GiveUp | DeclareLost,
                ):
                    self._calm = 1.0
                    self.after_act()
                if result.again_in != timedelta(0):
                    break
            else:
                raise AssertionError(f"a loop without an end: {result}")
            if result.again_in is not None:
                again.append(result.again_in)
        self._due = self.clock.now() + min(again) * self.pace * self._calm if again else None
        self._calm = min(self._calm * 1.2, CALMEST)

    def _choose_next(self) -> datetime:
        now = self.clock.now()
        sweep = (self._swept_at or now) + self._stride
        return min([sweep, *([self._due] if self._due is not None else [])])

    def wake(self) -> None:
        """Look at once, and often again."""
        self._is_woken, self._stride, self._calm = True, SWEEP, 1.0

    def _reached(self, point: str) -> None:
        if self.crash_at(point):
            self.tally.deaths[point] += 1
            raise SimulatedCrash(point)

    def _write_rows(self, recovery: Recovery) -> None:
        job = Job(JOB, "default", "orders", "", {}, recovery, False, START, "ann")
        first = Version(JOB, 1, "first", SPEC, START, "ann")
        stateless = replace(SPEC, parallelism=2, restore=Restore(RestoreStrategy.NONE))
        with self.store.write() as work:
            work.clusters.add(self.cluster)
            work.jobs.add(job, Draft(JOB, SPEC, START, "ann"))
            work.jobs.add_version(first)
            work.jobs.add_version(replace(first, number=2, description="second", spec=stateless))


def make_cluster(terrain: Terrain) -> Cluster:
    return Cluster(
        id=ClusterId("clu-0000000001"),
        workspace="default",
        name="local",
        kind=ClusterKind.SESSION,
        url="http://127.0.0.1:1",
        engine_version=EngineVersion("2.2.1"),
        savepoint_dir=terrain.savepoint_dir,
        checkpoint_dir=terrain.checkpoint_dir,
        high_availability=terrain.high_availability,
        region="",
        zone="",
        created_at=START,
        revision=1,
    )
