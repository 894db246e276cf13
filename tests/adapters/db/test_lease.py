"""The lease: one holder at a time, and a fence that shuts an old one out whatever its clock says."""

from datetime import timedelta

import pytest

from headgate.domain.diagnosis import LeaseSeen
from headgate.domain.errors import Unavailable
from headgate.ports.store import Store
from tests.adapters.db.samples import NOW, add_job


def _acquire(store: Store, holder: str, after: float = 0) -> int | None:
    now = NOW + timedelta(seconds=after)
    with store.write() as unit:
        return unit.lease.acquire(holder, now, now + timedelta(seconds=10))


def test_the_first_takes_it_and_a_second_waits(store: Store) -> None:
    assert _acquire(store, "a") == 1
    assert _acquire(store, "b", after=9.9) is None


def test_a_renewal_keeps_the_fence_and_the_time_begins_anew(store: Store) -> None:
    assert _acquire(store, "a") == 1
    assert _acquire(store, "a", after=9) == 1
    assert _acquire(store, "b", after=18.9) is None
    assert _acquire(store, "b", after=19) == 2


def test_a_holder_that_was_late_but_not_replaced_goes_on(store: Store) -> None:
    assert _acquire(store, "a") == 1
    assert _acquire(store, "a", after=100) == 1


def test_every_change_of_holder_raises_the_fence(store: Store) -> None:
    assert _acquire(store, "a") == 1
    assert _acquire(store, "b", after=10) == 2
    assert _acquire(store, "a", after=20) == 3


def test_a_released_lease_is_free_at_once_under_a_new_fence(store: Store) -> None:
    assert _acquire(store, "a") == 1
    with store.write() as unit:
        unit.lease.release("b")
    assert _acquire(store, "b") is None
    with store.write() as unit:
        unit.lease.release("a")
    assert _acquire(store, "b") == 2


def test_a_write_with_the_newest_fence_is_done(store: Store) -> None:
    fence = _acquire(store, "a")
    with store.write(fence) as unit:
        add_job(unit)
    with store.read() as unit:
        assert unit.jobs.find_by_name("default", "orders") is not None


@pytest.mark.parametrize("loss", ["taken over", "released", "never held"])
def test_a_write_with_a_lost_fence_is_refused(store: Store, loss: str) -> None:
    if loss != "never held":
        _acquire(store, "a")
    if loss == "taken over":
        _acquire(store, "b", after=10)
    if loss == "released":
        with store.write() as unit:
            unit.lease.release("a")
    with pytest.raises(Unavailable) as caught, store.write(1) as unit:
        add_job(unit)
    assert caught.value.code == "lease_lost"
    with store.read() as unit:
        assert unit.jobs.find_by_name("default", "orders") is None


def test_the_lease_as_it_stands(store: Store) -> None:
    with store.read() as unit:
        assert unit.lease.find() is None
    _acquire(store, "a")
    _acquire(store, "b", after=10)
    with store.write() as unit:
        held = unit.lease.find()
        unit.lease.release("b")
        free = unit.lease.find()
    assert held == LeaseSeen("b", 2, NOW + timedelta(seconds=20))
    assert free == LeaseSeen(None, 2, NOW + timedelta(seconds=20))
