"""The loop taken turn by turn: what a turn begins is kept until a test runs it, so that no thread has a say."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import timedelta
from functools import partial
from typing import Any

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.clusters import Cluster
from headgate.domain.instances import FlinkJobId
from headgate.domain.jobs import JobId
from headgate.domain.lifecycle import Verb
from headgate.domain.operations import Operation, Options, RestoreFrom
from headgate.domain.snapshots import Kept
from headgate.ports.flink import SavepointOrder, Submission, Sweep
from headgate.reconciler.loop import AFTER_FAULT, FOR_SWEEPS, Loop, Pace
from headgate.reconciler.reconcile import Reconciler
from tests.fakes.clock import FakeClock
from tests.fakes.flink import FakeFlink
from tests.unit.domain.facts import JOB, NOW
from tests.unit.reconciler.house import CLUSTER, House

FROM_NONE = Options(restore_from=RestoreFrom.NONE)
OTHER, THIRD = JobId("job-2"), JobId("job-3")
SWEEP = f"sweep of {CLUSTER.id}"
ROOMY = Pace(timedelta(seconds=5), workers=FOR_SWEEPS + 8, per_cluster=8, per_silent_cluster=8)


def name_pass(job_id: JobId) -> str:
    return f"pass over {job_id}"


class BuggyFlink(FakeFlink):
    """The fake, and a bug of ours in every call that is named; `meanwhile` happens in the midst of the call named."""

    def __init__(self) -> None:
        super().__init__(FakeClock(NOW))
        self.buggy: set[str] = set()
        self.meanwhile: dict[str, Callable[[], object]] = {}

    def sweep(self, cluster: Cluster) -> Sweep:
        self._let_happen("sweep")
        return super().sweep(cluster)

    def sample_checkpoint(self, cluster: Cluster, flink_job_id: FlinkJobId) -> Kept | None:
        self._let_happen("sample_checkpoint")
        return super().sample_checkpoint(cluster, flink_job_id)

    def submit(self, cluster: Cluster, submission: Submission) -> None:
        self._stumble("submit")
        super().submit(cluster, submission)

    def trigger_savepoint(self, cluster: Cluster, order: SavepointOrder) -> None:
        self._stumble("trigger_savepoint")
        super().trigger_savepoint(cluster, order)

    def _let_happen(self, call: str) -> None:
        happens = self.meanwhile.pop(call, None)
        if happens is not None:
            happens()

    def _stumble(self, call: str) -> None:
        if call in self.buggy:
            raise ZeroDivisionError("a bug of ours")


class ByHand(Executor):
    """Keeps what the loop begins, under the name of its task, until it is run."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, Callable[[], Any], Future[Any]]] = []
        self.shutdowns: list[tuple[bool, bool]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self.waiting.append((str(args[0]), partial(fn, *args, **named), future))
        return future

    def run(self, name: str) -> None:
        found = next(entry for entry in self.waiting if entry[0] == name)
        self.waiting.remove(found)
        found[2].set_result(found[1]())

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.shutdowns.append((wait, cancel_futures))


class Turns:
    """A house with three jobs, and a loop that takes a turn when the test says so."""

    def __init__(self, store: MemoryStore, pace: Pace = ROOMY) -> None:
        self.flink = BuggyFlink()
        self.house = House(store, self.flink)
        self.house.add_job(OTHER)
        self.house.add_job(THIRD)
        self.lease = self.house.make_lease()
        self.pool = ByHand()
        self.reconciler = Reconciler(self.house.tools)
        self.loop = Loop(self.reconciler, self.lease, pace, self.pool)
        self.rest = 0.0

    def ask(self, job_id: JobId = JOB) -> Operation:
        return self.house.ask(Verb.RUN, FROM_NONE, job_id=job_id)

    def turn(self) -> list[str]:
        """What this turn has begun."""
        before = len(self.pool.waiting)
        self.rest = self.loop.turn()
        return [name for name, _, _ in self.pool.waiting[before:]]

    def turn_and_run(self, after: timedelta = timedelta(0)) -> list[str]:
        """The next turn; all that it has begun has ended afterwards."""
        self.house.clock.advance(after.total_seconds())
        begun = self.turn()
        for name in begun:
            self.pool.run(name)
        return begun

    def turn_until(self, is_there: Callable[[], bool], pace: timedelta = timedelta(seconds=1)) -> None:
        for _ in range(200):
            if is_there():
                return
            self.turn_and_run(pace)
        raise AssertionError("it does not come")

    def pass_next(self, job_id: JobId = JOB) -> None:
        """Turns until a pass over the job has begun and ended."""
        for _ in range(200):
            if name_pass(job_id) in self.turn_and_run(timedelta(seconds=1)):
                return
        raise AssertionError("it does not come")

    def run_job(self) -> None:
        """`JOB` runs."""
        asked = self.ask()
        self.turn_until(lambda: not self.house.get_operation(asked).is_open)

    def take_over(self) -> None:
        """Another server has the lease from now on; this one has yet to notice."""
        far = self.house.clock.now() + timedelta(days=1)
        with self.house.store.write() as work:
            assert work.lease.acquire("another server", far, far + timedelta(days=1)) is not None

    def make_three_known(self) -> None:
        """A bug has put off the passes over three jobs, of which it is known now on which cluster they are."""
        for job_id in (JOB, OTHER, THIRD):
            self.ask(job_id)
        self.flink.buggy.add("submit")
        assert self.turn_and_run()[1:] == [name_pass(JOB), name_pass(OTHER), name_pass(THIRD)]
        self.house.clock.advance(AFTER_FAULT.total_seconds())
