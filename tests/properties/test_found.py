"""Histories that once broke something, kept in few words: each was found by the generated ones."""

from datetime import timedelta

import pytest

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.operations import Options, StopSnapshot
from tests.properties.invariants import Invariants, check_steady
from tests.properties.store import RememberingStore
from tests.properties.world import Terrain, World


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
