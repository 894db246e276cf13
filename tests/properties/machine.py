"""The rules of a history: what people, time, the network and Flink may do, in any order.

One state machine, run by Hypothesis. After each pass of the server every invariant is checked; at
the end everything heals and the job must come to rest, with a way out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.lifecycle import Verb
from headgate.domain.operations import Options, RestoreFrom, StopSnapshot
from tests.fakes.faults import ACTS, CALLS_OF, Fault
from tests.properties.invariants import Invariants, check_steady, check_way_out
from tests.properties.world import JOB, Tally, Terrain, World

T = TypeVar("T")
TALLY = Tally(Counter(), Counter(), Counter())
"""What occurred in all histories of this test run."""

_STORE = MemoryStore()
_POINTS = [
    f"{act}.{point}"
    for act in ("submit", "stop", "savepoint", "cancel")
    for point in ("intent_written", "called", "answer_written")
]
_LENGTHS = {Fault.LATE_SUBMISSION: 4.0, Fault.ORPHAN_CLIENT: 6.0, Fault.SLOW_SAVEPOINT: 90.0}

terrains = st.builds(
    Terrain,
    high_availability=st.sampled_from([False, False, False, True]),
    savepoint_dir=st.sampled_from(["file:///savepoints", "file:///savepoints", "s3://savepoints", None]),
    linger_s=st.sampled_from([0.0, 20.0, 45.0]),
    seed=st.integers(0, 2**32 - 1),
)
periods = st.sampled_from([0.05, 0.5, 1.5, 4.0, 12.0, 45.0, 70.0, 400.0])
picks = st.integers(0, 11)
troubles = st.one_of(
    st.sampled_from(sorted(set(Fault) - {Fault.CRASH_BEFORE, Fault.CRASH_AFTER})), st.sampled_from(_POINTS)
)
requests: dict[Verb, st.SearchStrategy[Options]] = {
    Verb.RUN: st.builds(
        Options, restore_from=st.sampled_from([None, *RestoreFrom]), version=st.sampled_from([None, None, 1, 2])
    ),
    Verb.PAUSE: st.builds(Options, allow_state_loss=st.booleans()),
    Verb.RESUME: st.just(Options()),
    Verb.STOP: st.builds(Options, snapshot=st.sampled_from(StopSnapshot), force=st.booleans()),
    Verb.RESTART: st.builds(Options, keep_state=st.booleans()),
    Verb.SAVEPOINT: st.just(Options()),
}


class History(RuleBasedStateMachine):
    """One job's history."""

    world: World
    judge: Invariants

    @initialize(terrain=terrains, first_s=periods)
    def begin(self, terrain: Terrain, first_s: float) -> None:
        self.world = World(_STORE, terrain, TALLY)
        self.judge = Invariants(self.world)
        self.world.after_act = self.judge.check
        self.world.request(Verb.RUN)
        self.world.run_for(first_s)

    # People

    @rule(data=st.data(), pick=picks, seconds=periods)
    def ask(self, data: st.DataObject, pick: int, seconds: float) -> None:
        """A verb that is offered now."""
        verbs = self.world.list_verbs()
        if verbs:
            verb = verbs[pick % len(verbs)]
            self.world.request(verb, self._with_snapshot(data.draw(requests[verb], label=verb), pick))
        self.world.run_for(seconds)

    @rule(data=st.data(), verb=st.sampled_from(Verb), pick=picks)
    def ask_anything(self, data: st.DataObject, verb: Verb, pick: int) -> None:
        self.world.request(verb, self._with_snapshot(data.draw(requests[verb]), pick))

    @rule(data=st.data(), pick=picks, trouble=troubles, seconds=periods)
    def ask_in_trouble(self, data: st.DataObject, pick: int, trouble: Fault | str, seconds: float) -> None:
        """A verb whose act meets a fault, or the death of the server at one of its points."""
        if isinstance(trouble, Fault):
            calls = CALLS_OF[trouble]
            self.world.flink.inject(trouble, _pick(sorted(calls & ACTS or calls), pick), _LENGTHS.get(trouble))
        else:
            self.world.crash_at = lambda reached: reached == trouble
        self.ask(data, pick, seconds)

    @rule()
    def click_again(self) -> None:
        """The very same once more: answered by the open operation where there is one."""
        newest = next(iter(self.world.list_operations()), None)
        if newest is None:
            return
        again = self.world.request(newest.verb, newest.options)
        assert again is None or not newest.is_open or again.id == newest.id

    @rule()
    def withdraw(self) -> None:
        for operation in self.world.list_operations():
            if operation.is_open and not operation.has_sent:
                self.world.withdraw(operation)
                return

    # Time

    @rule(seconds=periods)
    def let_time_pass(self, seconds: float) -> None:
        self.world.run_for(seconds)

    @rule()
    def let_it_rest(self) -> None:
        self.world.run_until(lambda: not self.world.is_busy(), 60.0)

    # Network, crashes, Flink

    @rule(fault=st.sampled_from(Fault), pick=picks)
    def inject(self, fault: Fault, pick: int) -> None:
        self.world.flink.inject(fault, _pick(sorted(CALLS_OF[fault]), pick), _LENGTHS.get(fault))

    @rule(down_s=st.sampled_from([1.0, 5.0, 30.0]))
    def restart_job_manager(self, down_s: float) -> None:
        self.world.flink.restart_job_manager(self.world.cluster, down_s)

    @rule(seconds=st.sampled_from([3.0, 30.0, 200.0]), hangs=st.booleans())
    def cut_off(self, seconds: float, hangs: bool) -> None:
        self.world.flink.cut_off(self.world.cluster, seconds, hangs=hangs)

    @rule(how=st.sampled_from(["fail_job", "finish_job", "cancel_outside", "restart_tasks"]))
    def happen_in_flink(self, how: str) -> None:
        for job in self.world.list_live_in_flink():
            getattr(self.world.flink, how)(job)

    @rule()
    def free_slots(self) -> None:
        self.world.flink.free_slots()

    @rule(pick=picks)
    def delete_savepoint(self, pick: int) -> None:
        paths = sorted(self.world.flink.disk.savepoints)
        if paths:
            self.world.flink.delete_path(_pick(paths, pick))

    def teardown(self) -> None:
        """Everything heals; then the job comes to rest, and somebody can act again."""
        if not hasattr(self, "world"):
            return
        world = self.world
        TALLY.histories += 1
        try:
            heal(world)
            check_steady(world)
            check_way_out(world)
        finally:
            TALLY.faults.update({fault.name: count for fault, count in world.flink.faults.counts.items()})

    def _with_snapshot(self, options: Options, pick: int) -> Options:
        if options.restore_from is not RestoreFrom.SNAPSHOT:
            return options
        with self.world.store.read() as work:
            known = [snapshot.id for snapshot in work.snapshots.list_of_job(JOB)]
        return replace(options, snapshot_id=_pick(known, pick) if known else "snap-none")


def _pick(things: Sequence[T], pick: int) -> T:
    return things[pick % len(things)]


def heal(world: World) -> None:
    """No more faults; time passes until nothing is open, in ever longer strides."""
    world.flink.faults.waiting.clear()
    world.crash_at = lambda point: False
    world.flink.cut_off(world.cluster, 0.0)
    world.flink.free_slots()
    for _ in range(24):
        world.run_until(lambda: not world.is_busy(), 120.0)
        world.pace = min(world.pace * 2, 16.0)
        if not world.is_busy():
            break
    world.pace = 1.0
    world.wake()
    world.run_for(60.0)
