"""Time: wakes the reconciler for what is open, sweeps clusters, and survives one job's fault.

The loop itself only schedules. Passes and sweeps run in threads; a job has at most one pass at a
time, and a cluster that hangs holds only the threads that wait for it.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from headgate.domain.clusters import Cluster
from headgate.domain.errors import HeadgateError, NotFound
from headgate.domain.instances import Instance
from headgate.domain.lifecycle import Lane
from headgate.reconciler.lease import Lease
from headgate.reconciler.reconcile import Reconciler
from headgate.reconciler.watch import ClusterLook

log = logging.getLogger(__name__)

AFTER_FAULT = timedelta(seconds=5)
TICK = 1.0
"""Seconds between two looks at the database for operations that another process accepted."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often idle clusters are swept, and how much runs at once."""

    sweep: timedelta = timedelta(seconds=5)
    workers: int = 32


class Loop:
    """Runs until stopped. `wake` may be called from any thread."""

    def __init__(self, reconciler: Reconciler, lease: Lease, pace: Pace) -> None:
        self._reconciler = reconciler
        self._lease = lease
        self._pace = pace
        self._clock = reconciler.tools.clock
        self._pool = ThreadPoolExecutor(pace.workers, thread_name_prefix="reconciler")
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._due: dict[str, datetime] = {}
        self._swept_at: dict[str, datetime] = {}
        self._known_ids: set[str] = set()
        self.last_turn: datetime | None = None

    def wake(self) -> None:
        """Something was accepted: look at once."""
        self._woken.set()

    def refresh(self) -> None:
        """Sweep every cluster now."""
        with self._lock:
            self._swept_at.clear()
        self.wake()

    def stop(self) -> None:
        """End after the passes under way; the lease is given back."""
        self._stopped.set()
        self._woken.set()

    def run(self) -> None:
        """The loop, in the calling thread, until `stop`."""
        try:
            while not self._stopped.is_set():
                self._woken.clear()
                self._guard("tick", self._tick)
                self._woken.wait(self._choose_pause())
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._guard("release", self._lease.release)

    def _tick(self) -> None:
        self.last_turn = self._clock.now()
        if not self._lease.keep():
            return
        now = self._clock.now()
        store = self._reconciler.tools.store
        with store.read() as work:
            clusters = work.clusters.list_all()
            busy = set(work.operations.list_busy_jobs())
        for cluster in clusters:
            if now - self._swept_at.get(cluster.id, datetime.min.replace(tzinfo=now.tzinfo)) >= self._pace.sweep:
                self._start(f"sweep {cluster.id}", partial(self._sweep, cluster))
        due = {job for job, at in list(self._due.items()) if at <= now}
        for job_id in due | {job for job in busy if job not in self._due}:
            if self._has_room(job_id):
                self._start(job_id, partial(self._pass, job_id))

    def _start(self, name: str, work: Callable[[], None]) -> None:
        """Run `work` in the pool unless the same is under way."""
        with self._lock:
            if name in self._under_way or self._stopped.is_set():
                return
            self._under_way.add(name)
        future = self._pool.submit(self._guard, name, work)
        future.add_done_callback(lambda done: self._finish(name, done))

    def _finish(self, name: str, done: "Future[None]") -> None:
        with self._lock:
            self._under_way.discard(name)
        self._woken.set()

    def _guard(self, name: str, work: Callable[[], None]) -> None:
        """One job's fault must not stop the others: it is logged, and tried again later."""
        try:
            work()
        except HeadgateError as error:
            log.warning("%s: %s", name, error)
            self._put_off(name)
            if error.code == "lease_lost":
                self._lease.drop()
        except Exception:
            log.exception("%s failed", name)
            self._put_off(name)

    def _put_off(self, name: str) -> None:
        with self._lock:
            if name.startswith("job-"):
                self._due[name] = self._clock.now() + AFTER_FAULT

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

    def _pass(self, job_id: str) -> None:
        """Both lanes of one job, until nothing more can be done at once."""
        again: list[timedelta] = []
        for lane in Lane:
            result = None
            try:
                while result is None or result.again_in == timedelta(0):
                    if self._stopped.is_set() or self._lease.fence is None:
                        return
                    result = self._reconciler.pass_over(job_id, lane, self._lease.fence)
            except NotFound:
                self._forget(job_id)
                return
            if result.again_in is not None:
                again.append(result.again_in)
        with self._lock:
            if again:
                self._due[job_id] = self._clock.now() + min(again)
            else:
                self._due.pop(job_id, None)

    def _forget(self, job_id: str) -> None:
        with self._lock:
            self._due.pop(job_id, None)

    def _has_room(self, job_id: str) -> bool:
        """Whether the pool keeps threads for others: passes are few beside the pool's size."""
        with self._lock:
            passes = Counter(name.partition("-")[0] for name in self._under_way)
        return passes["job"] < self._pace.workers - 8

    def _choose_pause(self) -> float:
        now = self._clock.now()
        with self._lock:
            waits = [(at - now).total_seconds() for job, at in self._due.items() if job not in self._under_way]
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
