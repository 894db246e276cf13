"""A clock that jumps at any point of any verb changes nothing: an hour ahead, an hour back, or asleep for one.

Every play is done once with a clock that goes as it should; then once for each point that it passes
and each jump. Then the waits that protect something, one by one: each must last as long as it says.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.errors import NotAllowed
from headgate.domain.events import EventType
from headgate.domain.instances import InstanceEnd
from headgate.domain.lifecycle import Phase, Settled, Verb
from headgate.domain.operations import OperationStatus, Options, RestoreFrom
from headgate.reconciler.points import Point
from tests.fakes.faults import Fault
from tests.properties.stage import PLAYS, Ending, Passing, Stage, describe, list_cases, play
from tests.properties.world import JOB, Terrain

pytestmark = pytest.mark.usefixtures("no_fault_of_ours")

HOUR = timedelta(hours=1)
BACK_AFTER_S = 5.0
FROM_NONE = Options(restore_from=RestoreFrom.NONE)


def jump(stage: Stage, span: timedelta) -> None:
    stage.clock.ahead += span


def jump_for_a_while(stage: Stage, span: timedelta) -> None:
    """Set wrongly, and set right again some seconds later."""

    def begin() -> Callable[[], None]:
        jump(stage, span)
        return lambda: jump(stage, -span)

    stage.break_for(BACK_AFTER_S, begin)


JUMPS: dict[str, Callable[[Stage], None]] = {
    "ahead": lambda stage: jump(stage, HOUR),
    "ahead and back": lambda stage: jump_for_a_while(stage, HOUR),
    "back": lambda stage: jump(stage, -HOUR),
    "back and ahead": lambda stage: jump_for_a_while(stage, -HOUR),
    "asleep": lambda stage: stage.clock.fall_asleep(HOUR.total_seconds()),
}
"""`asleep`: this machine sleeps for an hour, and Flink, on another one, goes on."""

CASES = list_cases([*JUMPS])


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="module")
def undisturbed(store: MemoryStore) -> dict[str, Ending]:
    endings = {}
    for name, played in PLAYS.items():
        store.restart()
        stage = Stage(store)
        endings[name] = play(stage, name)
        assert stage.passed == played.list_passed(), name
    return endings


@pytest.fixture
def stage(store: MemoryStore) -> Stage:
    store.restart()
    return Stage(store)


def test_every_point_meets_every_jump() -> None:
    met = Counter((passing.point, name) for passing, name in CASES)
    assert [pair for pair in product(Point, JUMPS) if not met[pair]] == []


@pytest.mark.requirement("A-29", "A-30", "U-09", "U-14")
@pytest.mark.parametrize(("passing", "name"), CASES, ids=str)
def test_a_jump_of_the_clock_changes_nothing(
    stage: Stage, undisturbed: dict[str, Ending], passing: Passing, name: str
) -> None:
    jumped = 0

    def disturb(point: Point, number: int) -> None:
        nonlocal jumped
        if (point, number) == (passing.point, passing.number):
            jumped += 1
            JUMPS[name](stage)

    ending = play(stage, passing.play, disturb)
    assert jumped == 1, "the point was never reached"
    assert ending == undisturbed[passing.play]
    with stage.store.read() as work:
        events = {event.type for event in work.events.list_of_job(JOB, 1000, None)}
    assert events.isdisjoint({EventType.OPERATION_FAILED, EventType.OPERATION_OVERDUE, EventType.DECLARED_LOST})


@pytest.fixture(params=["ahead", "back"])
def jumps(request: pytest.FixtureRequest) -> Callable[[Stage], None]:
    return JUMPS[request.param]


def run(stage: Stage) -> None:
    stage.request(Verb.RUN)
    stage.finish()
    assert stage.get_state().settled is Settled.RUNNING


@pytest.mark.requirement("T0-15")
def test_a_start_that_takes_its_time_is_not_cut_short(stage: Stage, jumps: Callable[[Stage], None]) -> None:
    stage.flink.inject(Fault.NO_SLOTS)
    stage.request(Verb.RUN)
    stage.run_for(60)
    jumps(stage)
    stage.run_for(180)
    stage.flink.free_slots()
    stage.finish()
    assert stage.list_operations()[0].status is OperationStatus.SUCCESS
    assert [call.name for call in stage.flink.calls if call.name == "cancel"] == []


def test_one_that_takes_too_long_is_cut_short_all_the_same(stage: Stage) -> None:
    """At half speed, after the clock was set back, it takes up to twice as long."""
    stage.flink.inject(Fault.NO_SLOTS)
    stage.request(Verb.RUN)
    stage.run_for(60)
    jump(stage, -HOUR)
    stage.run_until(lambda: not stage.is_busy(), 620)
    assert stage.list_operations()[0].status is OperationStatus.FAIL


@pytest.mark.requirement("U-15", "A-30", "U-09")
def test_a_silence_of_seconds_is_not_taken_for_a_minute(stage: Stage, jumps: Callable[[Stage], None]) -> None:
    run(stage)
    stage.flink.cut_off(stage.cluster, 10_000)
    stage.run_for(7)
    assert describe(stage).phase is Phase.RUNNING
    jumps(stage)
    for _ in range(40):
        assert Verb.DECLARE_LOST not in stage.list_verbs()
        with pytest.raises(NotAllowed):
            stage.request(Verb.DECLARE_LOST, Options(reason="impatience"))
        stage.run_for(1)
    stage.run_until(lambda: Verb.DECLARE_LOST in stage.list_verbs(), 120)


@pytest.mark.requirement("U-09")
def test_a_job_missed_once_is_not_lost_at_once(stage: Stage, jumps: Callable[[Stage], None]) -> None:
    """A new JobManager has to miss it for ten seconds, whatever the clock says."""
    run(stage)
    stage.flink.restart_job_manager(stage.cluster)
    stage.run_until(lambda: _is_missed(stage), 30)
    since = stage.true.monotonic()
    jumps(stage)
    stage.run_until(lambda: stage.get_state().settled is Settled.FAILED, 60)
    assert stage.true.monotonic() - since >= 9


@pytest.mark.requirement("U-09")
def test_a_job_that_one_and_the_same_jobmanager_misses_has_its_ten_minutes(
    stage: Stage, jumps: Callable[[Stage], None]
) -> None:
    run(stage)
    stage.flink.job_manager(stage.cluster).jobs.clear()
    stage.run_until(lambda: _is_missed(stage), 30)
    stage.run_for(20)
    jumps(stage)
    stage.run_for(500)
    assert stage.get_state().settled is Settled.RUNNING


def _is_missed(stage: Stage) -> bool:
    with stage.store.read() as work:
        instance = work.instances.find_newest(JOB)
    return instance is not None and instance.absence is not None


@pytest.mark.parametrize("recovers", [False, True], ids=["run by a person", "recovered"])
def test_tasks_of_a_lost_jobmanager_are_waited_for(
    store: MemoryStore, jumps: Callable[[Stage], None], recovers: bool
) -> None:
    """They live on for most of a minute: a start before that would run the job twice, and the oracle would say so."""
    store.restart()
    stage = Stage(store, Terrain(seed=7, recovers=recovers, linger_s=49.0))
    run(stage)
    stage.request(Verb.SAVEPOINT)
    stage.finish()
    stage.flink.restart_job_manager(stage.cluster)
    stage.run_until(lambda: stage.get_state().settled is Settled.FAILED, 60)
    if not recovers:
        stage.request(Verb.RUN, Options(restore_from=RestoreFrom.LATEST))
    jumps(stage)
    stage.run_until(lambda: stage.get_state().settled is Settled.RUNNING and not stage.is_busy(), 300)
    stage.run_for(30)
    with stage.store.read() as work:
        ends = [instance.end for instance in work.instances.list_of_job(JOB)]
    assert ends == [None, InstanceEnd.LOST]


@pytest.mark.requirement("U-04")
def test_the_newest_savepoint_is_the_newest_though_the_clock_was_set_back_between_two_servers(stage: Stage) -> None:
    """What a server wrote while the clock was ahead looks younger than anything after it."""
    jump(stage, HOUR)
    run(stage)
    stage.request(Verb.SAVEPOINT)
    stage.finish()
    jump(stage, -HOUR)
    stage.clock.forget()
    stage.boot("server")
    stage.request(Verb.PAUSE)
    stage.finish()
    with stage.store.read() as work:
        on, newest = work.jobs.get_state(JOB).suspended_on, work.snapshots.list_of_job(JOB)[0]
    assert newest.id == on
    stage.request(Verb.RUN, Options(restore_from=RestoreFrom.LATEST))
    stage.finish()
    with stage.store.read() as work:
        instance = work.instances.find_newest(JOB)
    assert instance is not None
    assert instance.restored_from == newest.path


@pytest.mark.parametrize("name", JUMPS)
def test_no_call_is_made_under_a_lease_that_another_server_may_have_by_now(stage: Stage, name: str) -> None:
    """After an hour that this server did not live through the lease is asked for before anything is sent."""
    stage.turn()
    fence = stage.lease.fence
    assert stage.lease.may_send(fence)
    JUMPS[name](stage)
    assert stage.lease.may_send(fence) is name.startswith("back")
    stage.turn()
    assert stage.lease.fence == fence
    assert stage.lease.may_send(fence)
