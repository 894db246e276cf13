"""The rules of a history: what people, time, the network and Flink may do, in any order.

One state machine, run by Hypothesis. After each pass of the server every invariant is checked; at
the end everything heals and the job must come to rest, with a way out.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.lifecycle import Verb
from headgate.domain.operations import Options, RestoreFrom
from tests.fakes.faults import CALLS_OF, Fault
from tests.properties.choices import (
    LENGTHS,
    SAVES,
    STARTS,
    periods,
    picks,
    requests,
    requests_for,
    terrains,
    troubles_of,
)
from tests.properties.invariants import Invariants, check_steady, check_way_out
from tests.properties.store import RememberingStore
from tests.properties.tally import PASSED_BY_ACTS, Tally
from tests.properties.world import JOB, Terrain, World

T = TypeVar("T")
STORE = RememberingStore(MemoryStore())
HAPPENINGS = ("fail_job", "finish_job", "cancel_outside", "stop_outside", "restart_tasks")


class History(RuleBasedStateMachine):
    """One job's history."""

    tally = Tally()
    world: World
    judge: Invariants

    @initialize(terrain=terrains, first_s=periods)
    def begin(self, terrain: Terrain, first_s: float) -> None:
        self.enter(terrain)
        self.world.request(Verb.RUN)
        self.world.run_for(first_s)

    def enter(self, terrain: Terrain) -> None:
        """A world with a published job."""
        self.world = World(STORE, terrain, self.tally)
        self.judge = Invariants(self.world)
        self.world.after_act = self.judge.check
        self.deadly: set[str] = set()
        self.world.crash_at = self._dies_at

    # People

    @rule(data=st.data(), pick=picks, seconds=periods)
    def ask(self, data: st.DataObject, pick: int, seconds: float) -> None:
        """A verb that is offered now."""
        verbs = self.world.list_verbs()
        if verbs:
            verb = _pick(verbs, pick)
            self.world.request(verb, self._with_snapshot(data.draw(requests[verb], label=verb), pick))
        self.world.run_for(seconds)

    @rule(data=st.data(), verb=st.sampled_from(Verb), pick=picks)
    def ask_anything(self, data: st.DataObject, verb: Verb, pick: int) -> None:
        self.world.request(verb, self._with_snapshot(data.draw(requests[verb]), pick))

    @rule(data=st.data(), pick=picks, seconds=periods)
    def start_in_trouble(self, data: st.DataObject, pick: int, seconds: float) -> None:
        self._ask_in_trouble(data, [v for v in self.world.list_verbs() if v in STARTS], pick)
        self.world.run_for(seconds)

    @rule(data=st.data(), pick=picks, seconds=periods)
    def save_in_trouble(self, data: st.DataObject, pick: int, seconds: float) -> None:
        self._ask_in_trouble(data, [v for v in self.world.list_verbs() if v in SAVES], pick)
        self.world.run_for(seconds)

    @rule(data=st.data(), pick=picks, seconds=periods)
    def ask_in_trouble(self, data: st.DataObject, pick: int, seconds: float) -> None:
        self._ask_in_trouble(data, self.world.list_verbs(), pick)
        self.world.run_for(seconds)

    def _ask_in_trouble(self, data: st.DataObject, verbs: Sequence[Verb], pick: int) -> None:
        """A verb whose own act meets a fault, or the death of the server at one of its points."""
        if not verbs:
            return
        verb = _pick(verbs, pick)
        trouble = data.draw(troubles_of(verb), label=f"trouble of {verb}")
        if trouble.fault is not None:
            self.world.flink.inject(trouble.fault, trouble.call, LENGTHS.get(trouble.fault))
        if trouble.point is not None:
            self.deadly.add(trouble.point)
        self.world.down_s = trouble.down_s
        options = data.draw(requests_for(verb, trouble.call), label=verb)
        self.world.request(verb, self._with_snapshot(options, pick))

    @rule(down_s=st.sampled_from([None, 0.0, 20.0]), back_s=st.sampled_from([0.0, 80.0]))
    def declare_lost_out_of_sight(self, down_s: float | None, back_s: float) -> None:
        """Nothing answers for so long that a person gives the job up; some time later it does again."""
        self.world.flink.cut_off(self.world.cluster, 80.0 + back_s)
        self.world.run_for(75)
        if down_s is not None:
            self.deadly.add("given_up")
            self.world.down_s = down_s
        self.world.request(Verb.DECLARE_LOST, Options(reason="nobody answers any more"))
        self.world.run_for(2)

    @rule(point=st.sampled_from([None, *(f"submit.{point}" for point in PASSED_BY_ACTS)]), lost=st.booleans())
    def fail_after_a_while(self, point: str | None, lost: bool) -> None:
        """A run that has made checkpoints fails, or goes with its JobManager; time enough to recover it."""
        self.world.run_for(25)
        if point is not None:
            self.deadly.add(point)
        if lost:
            self.world.flink.restart_job_manager(self.world.cluster, 1.0)
        else:
            self._befall("fail_job")
        self.world.run_for(70)
        self.deadly.clear()

    @rule()
    def click_again(self) -> None:
        """The very same once more: answered by the open operation, unless that was taken back."""
        newest = next(iter(self.world.list_operations()), None)
        if newest is None:
            return
        is_joined = newest.is_open and not self.world.is_withdrawn(newest)
        again = self.world.request(newest.verb, newest.options)
        assert again is None or (again.id == newest.id) is is_joined

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
        self.world.flink.inject(fault, _pick(sorted(CALLS_OF[fault]), pick), LENGTHS.get(fault))

    @rule(down_s=st.sampled_from([1.0, 5.0, 30.0]))
    def restart_job_manager(self, down_s: float) -> None:
        self.world.flink.restart_job_manager(self.world.cluster, down_s)

    @rule(seconds=st.sampled_from([3.0, 30.0, 200.0]), hangs=st.booleans())
    def cut_off(self, seconds: float, hangs: bool) -> None:
        self.world.flink.cut_off(self.world.cluster, seconds, hangs=hangs)

    @rule(
        how=st.sampled_from(["fail_job", "finish_job", "cancel_outside", "stop_outside", "restart_tasks"]),
        is_cached=st.booleans(),
    )
    def happen_in_flink(self, how: str, is_cached: bool) -> None:
        """To every job that lives; with `is_cached` Flink shows it a little later."""
        if is_cached:
            self.world.flink.inject(Fault.STALE_CACHE, "find_job")
        self._befall(how)

    def _befall(self, how: str) -> None:
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
        if not hasattr(self, "world") or not self.world.is_whole:
            return
        world = self.world
        self.tally.histories += 1
        try:
            heal(world)
            check_steady(world)
            check_way_out(world)
        finally:
            self.tally.faults.update({fault.name: count for fault, count in world.flink.faults.counts.items()})

    def _dies_at(self, point: str) -> bool:
        """Once for each point that was made deadly."""
        is_deadly = point in self.deadly
        self.deadly.discard(point)
        return is_deadly

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
    for _ in range(2):  # what is found at rest may be followed by a recovery
        for _ in range(24):
            world.run_until(lambda: not world.is_busy(), 120.0)
            world.pace = min(world.pace * 2, 16.0)
            if not world.is_busy():
                break
        world.pace = 1.0
        world.wake()
        world.run_for(60.0)
    world.run_until(lambda: not world.is_busy(), 1200.0)
