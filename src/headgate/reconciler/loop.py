"""Time: wakes the reconciler for what is open, sweeps clusters, and survives one job's fault.

The loop itself only schedules. Passes and sweeps run in threads; a job has at most one pass at a
time, and a cluster that hangs holds only the few threads that one cluster may have.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from headgate.domain.clusters import Cluster
from headgate.domain.errors import HeadgateError, NotFound
from headgate.domain.instances import Instance
from headgate.domain.lifecycle import Lane
from headgate.domain.secrets import mask_secrets
from headgate.reconciler.fault import record_fault
from headgate.reconciler.lease import Lease
from headgate.reconciler.points import Point
from headgate.reconciler.reconcile import LONGEST_POLL, PassResult, Reconciler
from headgate.reconciler.watch import ClusterLook

log = logging.getLogger(__name__)

AFTER_FAULT = timedelta(seconds=5)
FAULTS_BORNE = 3
"""So many passes in a row may fail before the operation says so: one may be chance, three are a bug of ours."""
EXCERPT = 500
TICK = 1.0
"""Seconds between two looks at the database for operations that another process accepted."""
FOR_SWEEPS = 8
"""Threads that passes leave to sweeps, so that what is wrong with a cluster is always found out."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often idle clusters are swept, and how much runs at once.

    Passes over jobs of one cluster take `per_cluster` threads at most, and `per_silent_cluster` where
    its newest look went unanswered: more would only wait for the same look.
    """

    sweep: timedelta = timedelta(seconds=5)
    workers: int = 32
    per_cluster: int = 8
    per_silent_cluster: int = 2


class TaskKind(StrEnum):
    TICK = "tick"
    SWEEP = "sweep of"
    PASS = "pass over"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to run: `id` is the swept cluster's, or that of the job that is passed over."""

    kind: TaskKind
    id: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.id}".rstrip()


@dataclass(frozen=True, slots=True)
class JobFault:
    """How often in a row a job's passes have failed, and in which lane and by what the last one did."""

    times: int
    lane: Lane
    excerpt: str


class Loop:
    """Runs until stopped. `wake` and `refresh` may be called from any thread.

    `_due` says when which job is passed over next, `_places` on which cluster it will be; a job that is
    not in it has yet to find out. `_lanes` is where a pass under way is, `_faults` is of failed ones,
    `_told` what the log has said last of what does not work at present.
    """

    def __init__(self, reconciler: Reconciler, lease: Lease, pace: Pace, pool: Executor | None = None) -> None:
        self._reconciler = reconciler
        self._lease = lease
        self._pace = pace
        self._clock = reconciler.tools.clock
        self._pool = pool or ThreadPoolExecutor(pace.workers, thread_name_prefix="reconciler")
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._under_way: set[Task] = set()
        self._due: dict[str, datetime] = {}
        self._places: dict[str, str | None] = {}
        self._lanes: dict[str, Lane] = {}
        self._faults: dict[str, JobFault] = {}
        self._told: dict[Task, str] = {}
        self._swept_at: dict[str, datetime] = {}
        self._known_ids: set[str] = set()
        self.last_turn: float | None = None

    def wake(self) -> None:
        """Something was accepted: look at once."""
        self._reconciler.tools.reached(Point.ACCEPTED)
        self._woken.set()

    def refresh(self) -> None:
        """Sweep every cluster now."""
        with self._lock:
            self._swept_at.clear()
        self._woken.set()

    def stop(self) -> None:
        """End after the passes under way; the lease is given back."""
        self._stopped.set()
        self._woken.set()

    def run(self) -> None:
        """The loop, in the calling thread, until `stop`."""
        try:
            while not self._stopped.is_set():
                self._woken.clear()
                self._woken.wait(self.turn())
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._guard(Task(TaskKind.RELEASE), self._lease.release)

    def turn(self) -> float:
        """Start what is due; the seconds until something can be due again."""
        self._guard(Task(TaskKind.TICK), self._tick)
        return self._choose_pause()

    def _tick(self) -> None:
        self.last_turn = self._clock.monotonic()
        if not self._lease.keep():
            self._forget_all()
            return
        now = self._clock.now()
        with self._reconciler.tools.store.read() as work:
            clusters = work.clusters.list_all()
            busy = work.operations.list_busy_jobs(now)
        for cluster in clusters:
            if now - self._swept_at.get(cluster.id, datetime.min.replace(tzinfo=now.tzinfo)) >= self._pace.sweep:
                self._start(Task(TaskKind.SWEEP, cluster.id), partial(self._sweep, cluster))
        for job_id in self._choose_jobs(busy, now):
            self._start(Task(TaskKind.PASS, job_id), partial(self._pass, job_id))

    def _choose_jobs(self, busy: Sequence[str], now: datetime) -> list[str]:
        """The jobs to pass over now: what has been due longest goes first, as far as there is room."""
        chosen = []
        with self._lock:
            due = {**dict.fromkeys(busy, now), **self._due}
            passes = self._count_passes()
            for job_id in sorted((job for job, at in due.items() if at <= now), key=due.__getitem__):
                if Task(TaskKind.PASS, job_id) not in self._under_way and self._has_room(job_id, passes):
                    passes[self._places.get(job_id)] += 1
                    chosen.append(job_id)
        return chosen

    def _start(self, task: Task, work: Callable[[], None]) -> None:
        """Run `work` in the pool unless the same is under way."""
        with self._lock:
            if task in self._under_way or self._stopped.is_set():
                return
            self._under_way.add(task)
        future = self._pool.submit(self._guard, task, work)
        future.add_done_callback(lambda done: self._finish(task, done))

    def _finish(self, task: Task, done: "Future[None]") -> None:
        with self._lock:
            self._under_way.discard(task)
        self._woken.set()

    def _guard(self, task: Task, work: Callable[[], None]) -> None:
        """One job's fault must not stop the others: it is logged, and tried again later.

        What goes on being wrong is said once, not with every trial.
        """
        try:
            work()
            self._told.pop(task, None)
        except HeadgateError as error:
            level = logging.DEBUG if self._told.get(task) == str(error) else logging.WARNING
            self._told[task] = str(error)
            log.log(level, "%s: %s", task, error)
            self._put_off(task)
            if error.code == "lease_lost":
                self._lease.drop()
        except Exception as error:
            log.exception("%s failed", task)
            self._put_off(task)
            self._count_fault(task, error)

    def _put_off(self, task: Task) -> None:
        with self._lock:
            if task.kind is TaskKind.PASS:
                self._due[task.id] = self._clock.now() + AFTER_FAULT

    def _count_fault(self, task: Task, error: Exception) -> None:
        if task.kind is TaskKind.PASS:
            excerpt = mask_secrets(f"{type(error).__name__}: {error}")[:EXCERPT]
            with self._lock:
                before = self._faults.get(task.id)
                times = before.times + 1 if before is not None else 1
                self._faults[task.id] = JobFault(times, self._lanes.get(task.id, Lane.MAIN), excerpt)

    def _tell_fault(self, job_id: str) -> None:
        """What the job's last passes failed by is said once, and then counted anew."""
        fault, fence = self._faults.get(job_id), self._lease.fence
        if fault is not None and fence is not None and fault.times >= FAULTS_BORNE:
            record_fault(self._reconciler.tools, job_id, fault.lane, fault.excerpt, fence)
            with self._lock:
                self._faults.pop(job_id, None)

    def _sweep(self, cluster: Cluster) -> None:
        """Look at one cluster and have every job passed over whose instance differs from its row."""
        with self._lock:
            self._swept_at[cluster.id] = self._clock.now()
        look = self._reconciler.look(cluster, timedelta(seconds=1), self._lease.fence)
        if look.jobs is None:
            return
        with self._reconciler.tools.store.read() as work:
            instances = work.instances.list_live(cluster.id)
            strangers = set(look.jobs) - {i.flink_job_id for i in instances} - self._known_ids
            owners = [work.instances.find_by_flink_id(stranger) for stranger in strangers]
        # Closed rows seen ended are never asked for again; living ones are asked for in each sweep.
        self._known_ids |= {stranger for stranger in strangers if look.jobs[stranger].status.is_terminal}
        changed = {i.job_id for i in instances if differs(i, look)}
        changed |= {owner.job_id for owner in owners if owner and not look.jobs[owner.flink_job_id].status.is_terminal}
        with self._lock:
            for job_id in changed:
                self._due.setdefault(job_id, look.at)
        self._reconciler.sampler.sample(cluster, instances, self._lease.fence)

    def _pass(self, job_id: str) -> None:
        """Both lanes of one job, until nothing more can be done at once."""
        again: list[timedelta] = []
        try:
            self._tell_fault(job_id)
            if not self._take_place(job_id):
                return
            for lane in Lane:
                result = self._pass_lane(job_id, lane)
                if result is None:
                    return
                if result.again_in is not None:
                    again.append(result.again_in)
        except NotFound:
            again.clear()  # the job was deleted
        with self._lock:
            for kept in (self._places, self._lanes, self._faults):
                kept.pop(job_id, None)
            # A longer wait is a recovery's back-off. The rows tell its end, and it keeps no operation waiting.
            if again and min(again) <= LONGEST_POLL:
                self._due[job_id] = self._clock.now() + min(again)
            else:
                self._due.pop(job_id, None)

    def _pass_lane(self, job_id: str, lane: Lane) -> PassResult | None:
        """The last pass's result; None where this server is to stop reconciling."""
        self._lanes[job_id] = lane
        result = None
        while result is None or result.again_in == timedelta(0):
            if self._stopped.is_set() or self._lease.fence is None:
                return None
            result = self._reconciler.pass_over(job_id, lane, self._lease.fence)
        return result

    def _take_place(self, job_id: str) -> bool:
        """Find out on which cluster this pass will be; False where that has as many as it may have."""
        place = self._reconciler.find_place(job_id)
        with self._lock:
            self._places.pop(job_id, None)  # a pass does not stand in its own way
            has_room = place is None or self._count_passes()[place] < self._limit(place)
            self._places[job_id] = place
        return has_room

    def _count_passes(self) -> Counter[str | None]:
        """The passes under way by cluster; None stands for those that do not know theirs yet."""
        return Counter(self._places.get(task.id) for task in self._under_way if task.kind is TaskKind.PASS)

    def _has_room(self, job_id: str, passes: Counter[str | None]) -> bool:
        """Whether a pass over this job may start: the pool keeps threads for sweeps and for other clusters."""
        place = self._places.get(job_id)
        is_full = place is not None and passes[place] >= self._limit(place)
        return not is_full and passes.total() < self._pace.workers - FOR_SWEEPS

    def _limit(self, place: str) -> int:
        return self._pace.per_silent_cluster if self._reconciler.is_silent(place) else self._pace.per_cluster

    def _forget_all(self) -> None:
        """Another server passes over what is due now; should this one come to do it again, the rows tell."""
        with self._lock:
            for kept in (self._due, self._places, self._lanes, self._faults):
                kept.clear()

    def _choose_pause(self) -> float:
        """Until the next pass that could start; the end of one under way wakes the loop by itself."""
        now = self._clock.now()
        with self._lock:
            passes = self._count_passes()
            idle = [job for job in self._due if Task(TaskKind.PASS, job) not in self._under_way]
            waits = [(self._due[job] - now).total_seconds() for job in idle if self._has_room(job, passes)]
        return min([TICK, *(max(wait, 0.005) for wait in waits)])


def differs(instance: Instance, look: ClusterLook) -> bool:
    """Whether a sweep shows a live instance otherwise than its row.

    An end always does: its word may have been written without what it means, by the other lane or
    just before a crash.
    """
    job = (look.jobs or {}).get(instance.flink_job_id)
    if job is None or job.status.is_terminal:
        return True
    return instance.absence is not None or job.status is not instance.flink_status
