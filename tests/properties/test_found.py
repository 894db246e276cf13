"""Histories that once broke something, kept in few words: each was found by the generated ones."""

from datetime import timedelta

import pytest

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.lifecycle import Lane, Settled, Verb
from headgate.domain.operations import Options, StopSnapshot
from tests.fakes.faults import Fault
from tests.properties.invariants import Invariants, check_steady
from tests.properties.store import RememberingStore
from tests.properties.world import JOB, Terrain, World


@pytest.fixture(scope="module")
def store() -> RememberingStore:
    return RememberingStore(MemoryStore())


@pytest.fixture
def world(store: RememberingStore) -> World:
    """A job that runs."""
    world = World(store, Terrain(seed=7))
    world.after_act = Invariants(world).check
    assert world.request(Verb.RUN)
    world.run_for(20)
    return world


def test_a_cancellation_refused_as_too_late_is_not_repeated_at_once(world: World) -> None:
    world.reconciler.look(world.cluster, timedelta(0), world.lease.fence)
    for job in world.list_live_in_flink():
        world.flink.fail_job(job)
    assert world.request(Verb.STOP, Options(snapshot=StopSnapshot.NONE))
    world.run_for(60)
    check_steady(world)
    assert world.get_state().settled is Settled.FAILED
    assert [call.name for call in world.flink.calls].count("cancel") == 1


def test_an_end_that_the_other_lane_saw_first_is_still_told(world: World) -> None:
    """The savepoint's lane writes Flink's word for the job; what it means is the main lane's to say."""
    world.flink.inject(Fault.SLOW_SAVEPOINT, seconds=30)
    assert world.request(Verb.SAVEPOINT)
    world.run_for(3)
    for job in world.list_live_in_flink():
        world.flink.fail_job(job)
    while world.is_busy():
        world.clock.advance(1)
        world.reconciler.pass_over(JOB, Lane.SAVEPOINT, world.lease.fence)
    world.boot()
    world.run_for(60)
    check_steady(world)
    assert world.get_state().settled is Settled.FAILED
