"""The loop in its own thread, on a clock that the test moves: woken, refreshed, undisturbed by one job's bug."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.clusters import Cluster, ClusterId, Incarnation, Reachability
from headgate.domain.errors import Unavailable
from headgate.domain.events import EventLevel, EventType
from headgate.domain.instances import FlinkJobId, FlinkStatus, Instance
from headgate.domain.jobs import JobId
from headgate.domain.lifecycle import Verb
from headgate.domain.observation import JobSeen
from headgate.domain.operations import Finding, Operation, OperationStatus, Options, RestoreFrom, StopSnapshot
from headgate.domain.recovery import Recovery, RecoveryPolicy
from headgate.ports.flink import Submission, Sweep
from headgate.reconciler.loop import AFTER_FAULT, FAULTS_BORNE, FOR_SWEEPS, Loop, Pace, Task, TaskKind, differs
from headgate.reconciler.points import Point
from headgate.reconciler.reconcile import Reconciler
from headgate.reconciler.watch import ClusterLook
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Fault
from tests.fakes.flink import FakeFlink
from tests.unit.domain.facts import FIRST, JOB, NOW, SPEC, instance, missing
from tests.unit.reconciler.house import CLUSTER, House

FROM_NONE = Options(restore_from=RestoreFrom.NONE)
OTHER = JobId("job-2")
PATIENCE_S = 20.0
PACE = Pace(timedelta(seconds=5), workers=FOR_SWEEPS + 4, per_cluster=3, per_silent_cluster=1)
AWAY = replace(CLUSTER, id=ClusterId("clu-2"), name="away", url="http://127.0.0.1:2")


class LockedFlink(FakeFlink):
    """The fake is made for one thread; here calls take turns. `broken` jobs meet a bug when submitted."""

    def __init__(self) -> None:
        super().__init__(FakeClock(NOW))
        self.turn = threading.RLock()
        self.broken: set[str] = set()
        self.hanging: set[str] = set()
        self.hung: set[str] = set()
        self.faulty: set[str] = set()
        self.let_go = threading.Event()
        self.submitted: list[str] = []

    def sweep(self, cluster: Cluster) -> Sweep:
        if cluster.id in self.hanging:
            self.hung.add(cluster.id)
            self.let_go.wait(PATIENCE_S)
        if cluster.id in self.faulty:
            raise ZeroDivisionError("a bug of ours")
        with self.turn:
            return super().sweep(cluster)

    def submit(self, cluster: Cluster, submission: Submission) -> None:
        with self.turn:
            self.submitted.append(submission.instance.job_id)
            if submission.instance.job_id in self.broken:
                raise ZeroDivisionError("a bug of ours")
            super().submit(cluster, submission)


class Running:
    """A house whose loop runs in a thread of its own."""

    def __init__(self, store: MemoryStore) -> None:
        self.flink = LockedFlink()
        self.house = House(store, self.flink)
        self.house.add_job(OTHER)
        self.lease = self.house.make_lease()
        self.loop = Loop(Reconciler(self.house.tools), self.lease, PACE)
        self.thread = threading.Thread(target=self.loop.run)
        self.thread.start()

    def wait_until(self, is_there: Callable[[], bool], *, pace: float = 0.0) -> None:
        """Wake the loop again and again, `pace` seconds of the fake clock apart."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_there():
            assert time.monotonic() < deadline, "it does not come"
            with self.flink.turn:
                self.house.clock.advance(pace)
            self.loop.wake()
            threading.Event().wait(0.002)

    def settle(self) -> None:
        """Wait until the loop has taken two more turns on a clock that stands still."""
        for _ in range(2):
            self.loop.last_turn = None
            self.wait_until(lambda: self.loop.last_turn is not None)

    def count_turns(self, seconds: float) -> int:
        """How often the loop turns by itself, in real time."""
        turns, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            turns += self.loop.last_turn is not None
            self.loop.last_turn = None
            threading.Event().wait(0.001)
        return turns

    def count(self, call: str) -> int:
        with self.flink.turn:
            return sum(made.name == call for made in self.flink.calls)

    def is_closed(self, operation: Operation) -> bool:
        return not self.house.get_operation(operation).is_open


@pytest.fixture
def running(memory_store: MemoryStore) -> Iterator[Running]:
    made = Running(memory_store)
    yield made
    made.flink.let_go.set()
    made.loop.stop()
    made.thread.join(PATIENCE_S)
    assert not made.thread.is_alive()


@pytest.mark.requirement("A-31", "A-32", "T0-14")
def test_an_accepted_operation_is_carried_out(running: Running) -> None:
    run = running.house.ask(Verb.RUN, FROM_NONE)
    running.wait_until(lambda: running.is_closed(run), pace=0.1)
    assert running.house.get_operation(run).status is OperationStatus.SUCCESS


def test_an_idle_cluster_is_swept_at_its_pace_however_often_the_loop_is_woken(running: Running) -> None:
    running.wait_until(lambda: running.count("sweep") == 1)
    running.settle()
    assert running.count("sweep") == 1
    running.house.clock.advance(5)
    running.wait_until(lambda: running.count("sweep") == 2)


def test_a_refresh_sweeps_at_once(running: Running) -> None:
    running.wait_until(lambda: running.count("sweep") == 1)
    running.settle()
    # A look of the last second is shared, also by a refresh.
    running.house.clock.advance(1.1)
    running.loop.refresh()
    running.wait_until(lambda: running.count("sweep") == 2)


@pytest.mark.requirement("T0-15")
def test_what_a_sweep_shows_otherwise_than_the_rows_is_passed_over(running: Running) -> None:
    run = running.house.ask(Verb.RUN, FROM_NONE)
    running.wait_until(lambda: running.is_closed(run), pace=0.1)
    with running.flink.turn:
        running.flink.fail_job(running.house.list_instances()[0].flink_job_id)
    running.wait_until(lambda: running.house.get_state().settled == "FAILED", pace=0.1)


class AtOnce(Executor):
    """Runs what it is given in the calling thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(fn(*args, **named))
        return done


@pytest.mark.requirement("T0-14")
def test_what_a_person_asks_for_does_not_wait_for_the_back_off_of_a_recovery(memory_store: MemoryStore) -> None:
    house = House(memory_store, LockedFlink())
    loop = Loop(Reconciler(house.tools), house.make_lease(), PACE, AtOnce())
    with house.store.write() as work:
        job = work.jobs.get(JOB)
        work.jobs.update(replace(job, recovery=Recovery(RecoveryPolicy.RESTORE), revision=job.revision + 1))
    run = house.ask(Verb.RUN, FROM_NONE)
    while house.get_operation(run).is_open:
        loop.turn()
        house.clock.advance(1)
    house.flink.fail_job(house.list_instances()[0].flink_job_id)
    while house.get_state().recovery_at is None:
        loop.turn()
        house.clock.advance(1)

    stop = house.ask(Verb.STOP, Options(snapshot=StopSnapshot.NONE))
    loop.wake()
    loop.turn()
    assert house.get_operation(stop).status is OperationStatus.SUCCESS
    assert house.get_state().recovery_at is None


@pytest.mark.requirement("A-30")
def test_a_database_that_is_away_is_logged_once_until_it_answers_again(
    memory_store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(memory_store, LockedFlink())
    lease = house.make_lease()
    loop = Loop(Reconciler(house.tools), lease, PACE, AtOnce())

    def go_away() -> bool:
        raise Unavailable(cause="refused")

    for _ in range(2):
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(lease, "keep", go_away)
            for _ in range(3):
                loop.turn()
        loop.turn()
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said == ["tick: unavailable(): refused"] * 2


def test_a_bug_that_one_job_meets_is_logged_put_off_and_stops_no_other(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    running.flink.broken.add(OTHER)
    bad = running.house.ask(Verb.RUN, FROM_NONE, job_id=OTHER)
    running.wait_until(lambda: any(record.exc_info for record in caplog.records))
    assert running.flink.submitted == [OTHER]
    running.settle()
    assert running.flink.submitted == [OTHER], "it is put off for a while"

    good = running.house.ask(Verb.RUN, FROM_NONE)
    running.wait_until(lambda: running.is_closed(good), pace=0.05)
    assert running.house.get_operation(good).status is OperationStatus.SUCCESS
    assert running.flink.submitted == [OTHER, JOB], "it is still put off"
    assert {record.getMessage() for record in caplog.records if record.exc_info} == {f"pass over {OTHER} failed"}

    running.flink.broken.clear()
    running.house.clock.advance(AFTER_FAULT.total_seconds())
    running.wait_until(lambda: running.is_closed(bad), pace=0.05)
    assert running.house.get_operation(bad).status is OperationStatus.SUCCESS


@pytest.mark.parametrize("sent", [False, True], ids=["nothing sent", "an act is open"])
def test_a_bug_that_does_not_go_away_is_said_on_the_operation(running: Running, sent: bool) -> None:
    def read() -> Operation:
        return running.house.get_operation(run)

    if sent:
        running.flink.inject(Fault.NO_SLOTS)
    else:
        running.flink.faulty.add(AWAY.id)
    with running.house.store.write() as work:
        work.clusters.add(AWAY)
    away = JobId("job-away")
    running.house.add_job(away, replace(SPEC, cluster="away"))
    began = running.house.clock.now()
    run = running.house.ask(Verb.RUN, FROM_NONE, job_id=away)
    if sent:
        running.wait_until(lambda: read().has_sent)
        running.flink.faulty.add(AWAY.id)
        began = running.house.clock.now()
    running.wait_until(lambda: read().is_overdue if sent else not read().is_open, pace=0.2)
    excerpt = "ZeroDivisionError: a bug of ours"
    with running.house.store.read() as work:
        said = work.events.list_of_job(away, 1, None)[0]
    assert said.at - began >= FAULTS_BORNE * AFTER_FAULT, "each pass that failed was put off"
    if sent:
        assert read().waits_for == Finding("still_waiting", {"act": "SUBMIT"}, excerpt)
    else:
        result = Finding("operation_broken", {}, excerpt)
        assert (read().status, read().result) == (OperationStatus.EXCEPTION, result)
        with running.house.store.read() as work:
            warning, last = work.jobs.get_state(away).warning, work.events.list_of_job(away, 1, None)[0]
        assert warning is not None
        assert (warning.finding, warning.operation_id) == (result, run.id)
        assert (last.type, last.level) == (EventType.OPERATION_FAILED, EventLevel.ERROR)

    running.flink.faulty.clear()
    with running.flink.turn:
        running.flink.free_slots()
    again = running.house.ask(Verb.RUN, FROM_NONE, job_id=away) if not sent else run
    running.wait_until(lambda: running.is_closed(again), pace=0.2)
    assert running.house.get_operation(again).status is OperationStatus.SUCCESS


def test_a_server_that_was_taken_over_drops_its_lease_and_its_clients(running: Running) -> None:
    running.wait_until(lambda: running.lease.fence == 1)
    with running.house.store.write() as work:
        far = NOW + timedelta(days=1)
        assert work.lease.acquire("another server", far, far + timedelta(days=1)) == 2
    running.house.ask(Verb.RUN, FROM_NONE)
    running.wait_until(lambda: running.flink.closed)
    assert running.lease.fence is None
    assert running.flink.submitted == []


def test_a_server_without_the_lease_does_nothing(memory_store: MemoryStore) -> None:
    house = House(memory_store, LockedFlink())
    assert house.make_lease("another server").keep()
    loop = Loop(Reconciler(house.tools), house.make_lease(), PACE)
    house.ask(Verb.RUN, FROM_NONE)
    thread = threading.Thread(target=loop.run)
    thread.start()
    deadline = time.monotonic() + PATIENCE_S
    while loop.last_turn is None and time.monotonic() < deadline:
        threading.Event().wait(0.002)
    loop.stop()
    thread.join(PATIENCE_S)
    assert loop.last_turn is not None
    assert house.flink.calls == []


def test_a_cluster_that_hangs_keeps_no_other_waiting(running: Running) -> None:
    with running.house.store.write() as work:
        work.clusters.add(AWAY)
    running.flink.hanging.add(AWAY.id)
    for number in range(12):
        job_id = JobId(f"job-away-{number}")
        running.house.add_job(job_id, replace(SPEC, cluster="away"))
        running.house.ask(Verb.RUN, FROM_NONE, job_id=job_id)
    running.settle()
    run = running.house.ask(Verb.RUN, FROM_NONE)
    running.wait_until(lambda: running.is_closed(run), pace=0.1)
    assert running.house.get_operation(run).status is OperationStatus.SUCCESS
    assert set(running.flink.submitted) == {JOB}

    running.flink.let_go.set()
    running.wait_until(lambda: len(running.flink.submitted) == 13, pace=0.1)


def test_as_many_clusters_may_hang_as_there_are_threads(running: Running) -> None:
    hanging = {f"clu-away-{number}" for number in range(PACE.workers)}
    running.flink.hanging.update(hanging)
    with running.house.store.write() as work:
        for number, cluster_id in enumerate(sorted(hanging)):
            work.clusters.add(
                replace(AWAY, id=ClusterId(cluster_id), name=cluster_id, url=f"http://127.0.0.1:{number}")
            )
    running.wait_until(lambda: running.flink.hung == hanging)


@pytest.mark.parametrize("why", ["no lease", "no room"])
def test_what_cannot_start_does_not_make_the_loop_turn(running: Running, why: str) -> None:
    with running.flink.turn:
        running.flink.cut_off(CLUSTER, 1000)
    asked = [running.house.ask(Verb.RUN, FROM_NONE), running.house.ask(Verb.RUN, FROM_NONE, job_id=OTHER)]
    running.wait_until(lambda: all(running.house.get_operation(run).waits_for for run in asked), pace=0.1)
    if why == "no room":
        running.flink.hanging.add(CLUSTER.id)
    else:
        with running.house.store.write() as work:
            far = NOW + timedelta(days=1)
            assert work.lease.acquire("another server", far, far + timedelta(days=1)) == 2
        running.wait_until(lambda: running.flink.closed, pace=1)
    running.house.clock.advance(2)  # both jobs are due
    running.settle()
    # One a second looks for what others have accepted; what was under way may end, and wakes it.
    assert running.count_turns(0.5) <= 5


def test_stopping_gives_the_lease_back(running: Running) -> None:
    running.wait_until(lambda: running.lease.fence is not None)
    running.loop.stop()
    running.thread.join(PATIENCE_S)
    assert running.house.make_lease("the next server").keep()


def test_what_was_accepted_is_told_and_before_its_first_turn_a_loop_has_no_last_one(memory_store: MemoryStore) -> None:
    points: list[Point] = []
    house = House(memory_store, LockedFlink())
    loop = Loop(Reconciler(replace(house.tools, reached=points.append)), house.make_lease(), PACE, AtOnce())
    loop.wake()
    assert (points, loop.last_turn) == ([Point.ACCEPTED], None)


def test_a_task_is_named_by_what_it_does_and_to_whom() -> None:
    assert [str(task) for task in (Task(TaskKind.TICK), Task(TaskKind.PASS, JOB))] == ["tick", f"pass over {JOB}"]


RUNNING = JobSeen(FlinkStatus.RUNNING)
KNOWN = instance(flink_status=FlinkStatus.RUNNING)


@pytest.mark.parametrize(
    ("known", "shown", "different"),
    [
        pytest.param(KNOWN, RUNNING, False, id="the same"),
        pytest.param(KNOWN, JobSeen(FlinkStatus.RESTARTING), True, id="another state"),
        pytest.param(KNOWN, None, True, id="it is missing"),
        pytest.param(replace(KNOWN, absence=missing()), RUNNING, True, id="it is back"),
    ],
)
def test_whether_a_sweep_has_news_of_an_instance(known: Instance, shown: JobSeen | None, different: bool) -> None:
    jobs: dict[FlinkJobId, JobSeen] = {} if shown is None else {known.flink_job_id: shown}
    look = ClusterLook(NOW, Reachability.REACHABLE, Incarnation(FIRST), timedelta(0), jobs)
    assert differs(known, look) is different
