"""The real loop, reconciler, lease and store in one thread, on a machine whose clock and database can fail.

Unlike `World`, whose store is in memory and whose turns are imitated, this is what a server runs; only
Flink is a fake. Time is a fake clock's: the loop says how long it would wait, and so much passes.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from headgate.adapters.clock import SteadyClock
from headgate.domain.jobs import Draft, Job, JobState, Version
from headgate.domain.lifecycle import Phase, Settled, Verb, Wanted
from headgate.domain.operations import Operation, OperationStatus, Options, StopSnapshot
from headgate.domain.policy import Policy
from headgate.domain.recovery import Recovery, RecoveryPolicy
from headgate.ports.store import Store
from headgate.reconciler.act import Tools
from headgate.reconciler.lease import Lease
from headgate.reconciler.loop import Loop, Pace
from headgate.reconciler.points import Point
from headgate.reconciler.reconcile import Reconciler
from headgate.services.operations import Operations
from headgate.services.standing import derive_standing, look_at_clusters
from tests.fakes.clock import START, FakeClock
from tests.fakes.faults import Fault
from tests.properties.oracle import GuardedFlink
from tests.properties.world import ANN, JOB, SPEC, CountingIds, NoFiles, Terrain, make_cluster

SHORTEST_TURN_S = 0.05


class MovableClock(SteadyClock):
    """The product's clock over a machine's whose time of day and sleep the test decides. Flink keeps the true time."""

    def __init__(self, true: FakeClock) -> None:
        self._true = true
        self.ahead = timedelta(0)
        self.asleep_s = 0.0
        self.forget()

    def forget(self) -> None:
        """Another process reads the time: it knows nothing of what this one has seen."""
        super().__init__(lambda: self._true.now() + self.ahead, lambda: self._true.monotonic() - self.asleep_s)

    def sleep(self, seconds: float) -> None:
        self._true.sleep(seconds)

    def fall_asleep(self, seconds: float) -> None:
        """This machine stands still for a while, and Flink, on another one, does not."""
        self._true.advance(seconds)
        self.asleep_s += seconds


class AtOnce(Executor):
    """Runs what it is given in the calling thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Stage:
    """One job on one cluster, and the server that looks after it; `at` is told every point that is passed."""

    def __init__(self, store: Store, terrain: Terrain | None = None, watching: Store | None = None) -> None:
        """`watching` is where the oracle reads: it may have to see what the server cannot."""
        terrain = terrain or Terrain(seed=7)
        self.store = store
        self.true = FakeClock()
        self.clock = MovableClock(self.true)
        self.flink = GuardedFlink(self.true, watching or store, terrain.seed)
        self.cluster = make_cluster(terrain)
        self.manager = self.flink.job_manager(self.cluster)
        self.manager.task_linger_s = terrain.linger_s
        self.ids = CountingIds(Random(terrain.seed))
        self.at: Callable[[Point], None] = lambda point: None
        self.passed: list[Point] = []
        self.outages = 0
        self._mend: Callable[[], None] | None = None
        self._mend_at = 0.0
        self._write_rows(Recovery(RecoveryPolicy.RESTORE if terrain.recovers else RecoveryPolicy.NONE))
        self.boot("server")

    def boot(self, name: str) -> None:
        """A server of this `name` begins to serve, with all that a process knows forgotten."""
        self.lease = Lease(self.store, self.flink, self.clock, name)
        tools = Tools(
            self.store,
            self.flink,
            NoFiles(),
            self.clock,
            self.ids,
            Policy(),
            Random(1),
            reached=self._reached,
            may_send=self.lease.may_send,
            awaits_predecessor=self.lease.awaits_predecessor,
        )
        self.loop = Loop(Reconciler(tools), self.lease, Pace(), AtOnce())
        self.services = Operations(self.store, self.clock, self.ids, self.loop.wake)

    def request(self, verb: Verb, options: Options | None = None) -> Operation:
        return self.services.request(ANN, JOB, verb, options or Options())

    def run_until(self, is_there: Callable[[], bool], limit_s: float) -> None:
        """Let the loop turn until `is_there`; AssertionError where it takes longer."""
        end = self.clock.monotonic() + limit_s
        while not is_there():
            assert self.clock.monotonic() < end, f"it does not come: {self.list_operations()[:1]}"
            self.turn()

    def run_for(self, seconds: float) -> None:
        end = self.true.monotonic() + seconds
        while self.true.monotonic() < end:
            self.turn()

    @property
    def is_broken(self) -> bool:
        return self._mend is not None

    def break_for(self, seconds: float, begin: Callable[[], Callable[[], None]]) -> None:
        """Something is broken from now on, and mended by what `begin` gives once the time is over."""
        self.outages += 1
        self._mend, self._mend_at = begin(), self.true.monotonic() + seconds

    def mend(self) -> None:
        if self._mend is not None:
            self._mend()
            self._mend = None

    def turn(self) -> None:
        """One turn of the loop, and the time until the next. Nothing may come out of it."""
        if self.true.monotonic() >= self._mend_at:
            self.mend()
        self.true.advance(max(self.loop.turn(), SHORTEST_TURN_S))
        overlaps = self.flink.overlaps()
        assert not overlaps, f"two live jobs: {overlaps}"

    def finish(self) -> None:
        """Until nothing is under way and nothing broken, and a while longer."""
        self.run_until(lambda: not self.is_busy() and not self.is_broken, 900)
        self.run_for(7)

    def is_busy(self) -> bool:
        with self.flink.store.read() as work:
            return bool(work.operations.list_busy_jobs())

    def list_operations(self) -> list[Operation]:
        """Newest first."""
        with self.flink.store.read() as work:
            return work.operations.list_of_job(JOB, 100, None)

    def list_verbs(self) -> list[Verb]:
        with self.flink.store.read() as work:
            return derive_standing(work.jobs.get_row(JOB), look_at_clusters(work, "default", self.clock)).allowed_verbs

    def get_state(self) -> JobState:
        with self.flink.store.read() as work:
            return work.jobs.get_state(JOB)

    def _reached(self, point: Point) -> None:
        self.passed.append(point)
        self.at(point)

    def _write_rows(self, recovery: Recovery) -> None:
        with self.store.write() as work:
            work.clusters.add(self.cluster)
            work.jobs.add(
                Job(JOB, "default", "orders", "", {}, recovery, False, START, "ann"), Draft(JOB, SPEC, START, "ann")
            )
            work.jobs.add_version(Version(JOB, 1, "first", SPEC, START, "ann"))


@dataclass(frozen=True, slots=True)
class Play:
    """`before` brings the job where `verb` applies; `passes` are the points that are passed then, in order."""

    verb: Verb
    passes: str
    options: Options = field(default_factory=Options)
    before: tuple[tuple[Verb, Options], ...] = ()
    fault: Fault | None = None

    def list_passed(self) -> list[Point]:
        """The points in full: `submit` stands for the three of that act."""
        steps = {"intent_written", "called", "answer_written"}
        named = set(Point)
        return [
            point
            for word in self.passes.split()
            for point in ([Point(word)] if word in named else [p for p in Point if p.partition(".")[0] == word])
            if word in named or point.partition(".")[2] in steps
        ]


_RUN = (Verb.RUN, Options())
_PAUSE = (Verb.PAUSE, Options())
_NONE, _CREATE = Options(snapshot=StopSnapshot.NONE), Options(snapshot=StopSnapshot.CREATE)

PLAYS = {
    "run": Play(Verb.RUN, "accepted submit seen_written seen_written settled"),
    "run on a dying JobManager": Play(
        Verb.RUN,
        "accepted submit seen_written seen_written given_up submit seen_written seen_written settled",
        fault=Fault.JOB_MANAGER_RESTART,
    ),
    "pause": Play(Verb.PAUSE, "accepted stop seen_written settled", before=(_RUN,)),
    "resume": Play(Verb.RESUME, "accepted submit seen_written seen_written settled", before=(_RUN, _PAUSE)),
    "stop": Play(Verb.STOP, "accepted cancel seen_written settled", _NONE, (_RUN,)),
    "stop with a savepoint": Play(Verb.STOP, "accepted stop seen_written settled", _CREATE, (_RUN,)),
    "savepoint": Play(Verb.SAVEPOINT, "accepted savepoint settled", before=(_RUN,)),
    "restart": Play(
        Verb.RESTART,
        "accepted stop seen_written settled submit seen_written seen_written settled",
        Options(keep_state=True),
        (_RUN,),
    ),
    "restart without state": Play(
        Verb.RESTART,
        "accepted cancel seen_written settled submit seen_written seen_written settled",
        Options(keep_state=False),
        (_RUN,),
    ),
}


@dataclass(frozen=True, slots=True)
class Passing:
    """A play at the `number`th passing of a point, counted from 1."""

    play: str
    point: Point
    number: int

    def __str__(self) -> str:
        return f"{self.play}, {self.point}{f' ({self.number})' if self.number > 1 else ''}"


def list_passings() -> list[Passing]:
    """Every play at every point that it passes; of one that Flink spoils, where it differs from the others."""
    found = []
    for name, play in PLAYS.items():
        times: Counter[Point] = Counter()
        for point in play.list_passed():
            times[point] += 1
            if play.fault is None or point is Point.GIVEN_UP:
                found.append(Passing(name, point, times[point]))
    return found


def list_cases(faults: Sequence[str]) -> list[tuple[Passing, str]]:
    """Every passing with two of `faults`, in turn: so every point meets every one of them at least once."""
    seen: Counter[Point] = Counter()
    passings = list_passings()
    often = Counter(passing.point for passing in passings)
    found = []
    for passing in passings:
        at, seen[passing.point] = seen[passing.point] * 2, seen[passing.point] + 1
        each = 2 if often[passing.point] * 2 >= len(faults) else len(faults)
        found += [(passing, faults[(at + step) % len(faults)]) for step in range(each)]
    return found


@dataclass(frozen=True, slots=True)
class Ending:
    """What must not depend on any fault. `acts` are the ids that Flink was given, by the kind of call."""

    settled: Settled
    wanted: Wanted | None
    phase: Phase
    operations: tuple[tuple[Verb, OperationStatus, str], ...]
    instances: tuple[tuple[int, str, bool], ...]
    snapshots: tuple[tuple[str, str, str, bool], ...]
    acts: tuple[tuple[str, int], ...]
    starts: int
    live: int
    warning: str
    recovery: str


def describe(stage: Stage) -> Ending:
    """How the play has ended, in the rows and in Flink."""
    state = stage.get_state()
    with stage.store.read() as work:
        instances = work.instances.list_of_job(JOB)
        snapshots = work.snapshots.list_of_job(JOB)
        standing = derive_standing(work.jobs.get_row(JOB))
    called = {(call.name, call.key) for call in stage.flink.calls if call.name in _ACTS}
    return Ending(
        settled=state.settled,
        wanted=state.wanted,
        phase=standing.phase,
        operations=tuple((o.verb, o.status, o.result.code if o.result else "") for o in stage.list_operations()),
        instances=tuple((i.number, str(i.end), i.restored_from is None) for i in instances),
        snapshots=tuple((s.kind, s.origin, s.status, s.path in stage.flink.disk.savepoints) for s in snapshots),
        acts=tuple(sorted(Counter(name for name, _ in called).items())),
        starts=len(stage.flink.history),
        live=len(stage.flink.live_jobs(JOB)),
        warning=state.warning.finding.code if state.warning is not None else "",
        recovery=str((state.recovery, state.recovery_at)),
    )


_ACTS = frozenset({"submit", "cancel", "stop_with_savepoint", "trigger_savepoint"})


def play(stage: Stage, name: str, then: Callable[[Point, int], None] = lambda point, number: None) -> Ending:
    """Play `name` to its end; `then` is told each point of the verb itself, and how often it was passed."""
    played = PLAYS[name]
    for verb, options in played.before:
        stage.request(verb, options)
        stage.run_until(lambda: not stage.is_busy(), 900)
    if played.fault is not None:
        stage.flink.inject(played.fault, "submit")
    stage.passed.clear()
    stage.at = lambda point: then(point, stage.passed.count(point))
    stage.request(played.verb, played.options)
    stage.finish()
    return describe(stage)
