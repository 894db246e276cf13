"""Invariant 6: a crash after any commit or call, of any length, ends where no crash would have ended.

Every verb is played once without a crash and once with a crash at each of its points; the rows and
the Flink jobs must end the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.operations import OperationStatus, Options, RestoreFrom, StopSnapshot
from tests.fakes.faults import Fault
from tests.properties.invariants import Invariants, check_steady
from tests.properties.store import RememberingStore
from tests.properties.world import JOB, Terrain, World

LENGTHS = {"short": 0.0, "long": 3600.0}
"""Seconds: one that nobody notices, and one that outlasts every deadline and all that Flink remembers of triggers."""


@dataclass(frozen=True, slots=True)
class Play:
    """`before` brings the job where `verb` applies; `acts` are what the verb sends, in order."""

    verb: Verb
    acts: tuple[str, ...]
    options: Options = field(default_factory=Options)
    before: tuple[tuple[Verb, Options], ...] = ()
    fault: Fault | None = None
    ends: OperationStatus = OperationStatus.SUCCESS


_RUN = (Verb.RUN, Options())
_PAUSE = (Verb.PAUSE, Options())
_STOP = (Verb.STOP, Options(snapshot=StopSnapshot.CREATE))
_LATEST = Options(restore_from=RestoreFrom.LATEST)

PLAYS = {
    "run": Play(Verb.RUN, ("submit",)),
    "run from latest": Play(Verb.RUN, ("submit",), _LATEST, (_RUN, _STOP)),
    "run that fails": Play(Verb.RUN, ("submit",), fault=Fault.START_FAILS, ends=OperationStatus.FAIL),
    "run that does not compile": Play(Verb.RUN, ("submit",), fault=Fault.SQL_INVALID, ends=OperationStatus.FAIL),
    "pause": Play(Verb.PAUSE, ("stop",), before=(_RUN,)),
    "pause that fails": Play(
        Verb.PAUSE, ("stop",), before=(_RUN,), fault=Fault.SAVEPOINT_FAILS, ends=OperationStatus.FAIL
    ),
    "pause whose job fails": Play(Verb.PAUSE, ("stop",), before=(_RUN,), fault=Fault.FAILS_WHILE_STOPPING),
    "pause at any price": Play(
        Verb.PAUSE, ("stop", "cancel"), Options(allow_state_loss=True), (_RUN,), Fault.SAVEPOINT_FAILS
    ),
    "resume": Play(Verb.RESUME, ("submit",), before=(_RUN, _PAUSE)),
    "resume that fails": Play(
        Verb.RESUME, ("submit",), before=(_RUN, _PAUSE), fault=Fault.START_FAILS, ends=OperationStatus.FAIL
    ),
    "stop": Play(Verb.STOP, ("cancel",), Options(snapshot=StopSnapshot.NONE), (_RUN,)),
    "stop with a savepoint": Play(Verb.STOP, ("stop",), Options(snapshot=StopSnapshot.CREATE), (_RUN,)),
    "restart with state": Play(Verb.RESTART, ("stop", "submit"), Options(keep_state=True), (_RUN,)),
    "restart without state": Play(Verb.RESTART, ("cancel", "submit"), Options(keep_state=False), (_RUN,)),
    "savepoint": Play(Verb.SAVEPOINT, ("savepoint",), before=(_RUN,)),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """What must not depend on crashes."""

    settled: Settled
    wanted: Wanted | None
    operations: tuple[OperationStatus, ...]
    live: int
    starts: int
    snapshots: int
    is_warned: bool


def list_points() -> Iterator[tuple[str, str, int]]:
    """Every play with every point it passes; the number tells a point's second passing from its first."""
    for name, play in PLAYS.items():
        for number, act in enumerate(play.acts):
            yield from ((name, f"{act}.{point}", 0) for point in ("intent_written", "called", "answer_written"))
            # An act that gives way to a cancellation is closed together with the cancellation's start.
            if number == 0 or play.verb is Verb.RESTART:
                yield name, "settled", number


@pytest.fixture(scope="module")
def store() -> RememberingStore:
    return RememberingStore(MemoryStore())


@pytest.fixture(scope="module")
def undisturbed(store: RememberingStore) -> dict[str, Ending]:
    """How each play ends without a crash."""
    return {name: play(store, played, None, 0.0) for name, played in PLAYS.items()}


@pytest.mark.parametrize("name", PLAYS)
def test_a_play_ends_as_it_should(undisturbed: dict[str, Ending], name: str) -> None:
    assert undisturbed[name].operations[0] is PLAYS[name].ends


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("name", "point", "number"), list(list_points()))
def test_a_crash_changes_nothing(
    store: RememberingStore, undisturbed: dict[str, Ending], name: str, point: str, number: int, length: str
) -> None:
    assert play(store, PLAYS[name], (point, number), LENGTHS[length]) == undisturbed[name]


def play(store: RememberingStore, played: Play, crash: tuple[str, int] | None, down_s: float) -> Ending:
    """How a play ends when the server dies at the point `crash`, if any, for `down_s` seconds."""
    world = World(store, Terrain(seed=7))
    world.after_act = Invariants(world).check
    world.pace = 4.0
    for verb, options in played.before:
        assert world.request(verb, options)
        world.run_for(20)
    if played.fault is not None:
        for _ in range(3):
            world.flink.inject(played.fault)
    assert world.request(played.verb, played.options)
    if crash is not None:
        _crash_at(world, *crash, down_s)
    assert world.run_until(lambda: not world.is_busy(), 9000.0)
    assert crash is None or world.servers == 2, "the point was never reached"
    world.flink.faults.waiting.clear()
    world.wake()
    world.run_for(30)
    check_steady(world)
    return _describe(world)


def _crash_at(world: World, point: str, number: int, down_s: float) -> None:
    passed = 0

    def is_there(reached: str) -> bool:
        nonlocal passed
        passed += reached == point
        return reached == point and passed == number + 1

    world.crash_at, world.down_s = is_there, down_s


def _describe(world: World) -> Ending:
    state = world.get_state()
    with world.store.read() as work:
        snapshots = work.snapshots.list_of_job(JOB)
    return Ending(
        settled=state.settled,
        wanted=state.wanted,
        operations=tuple(operation.status for operation in world.list_operations()),
        live=len(world.flink.live_jobs(JOB)),
        starts=len(world.flink.history),
        snapshots=len(snapshots),
        is_warned=state.warning is not None,
    )
