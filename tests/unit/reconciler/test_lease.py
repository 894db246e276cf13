"""Who reconciles: taken, renewed in time, lost at once, given back."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from headgate.domain.errors import Unavailable
from headgate.ports.store import UnitOfWork
from headgate.reconciler.lease import Lease
from tests.unit.reconciler.house import House


class SilentStore:
    """A database that answers or does not."""

    def __init__(self, house: House) -> None:
        self._store = house.store
        self.answers = True

    @contextmanager
    def write(self, fence: int | None = None) -> Iterator[UnitOfWork]:
        if not self.answers:
            raise Unavailable("database_unavailable")
        with self._store.write(fence) as work:
            yield work

    def read(self) -> object:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


@pytest.fixture
def lease(house: House) -> Lease:
    return house.make_lease()


def test_the_first_server_holds_it_and_ends_what_a_predecessor_left(house: House, lease: Lease) -> None:
    assert lease.keep()
    assert lease.fence == 1
    assert house.flink.predecessors_ended == 1


def test_a_second_server_waits_until_the_first_has_been_silent_for_its_length(house: House, lease: Lease) -> None:
    second = house.make_lease("another server")
    assert lease.keep()
    assert not second.keep()
    assert second.fence is None
    house.clock.advance(9.9)
    assert not second.keep()
    house.clock.advance(3)
    assert second.keep()
    assert second.fence == 2


def test_it_is_renewed_when_that_is_due_and_not_before(house: House, lease: Lease) -> None:
    second = house.make_lease("another server")
    for _ in range(20):
        assert lease.keep()
        house.clock.advance(3)
        assert not second.keep()
    assert lease.fence == 1
    assert house.flink.predecessors_ended == 1, "only a change of holder ends predecessors"


def test_between_renewals_the_database_is_not_asked(house: House) -> None:
    store = SilentStore(house)
    lease = Lease(store, house.flink, house.clock, "this server")  # type: ignore[arg-type]  # only writing is needed
    assert lease.keep()
    store.answers = False
    house.clock.advance(2.9)
    assert lease.keep()
    house.clock.advance(0.2)
    assert not lease.keep()


def test_one_that_was_taken_over_ends_what_it_could_still_submit(house: House, lease: Lease) -> None:
    second = house.make_lease("another server")
    assert lease.keep()
    house.clock.advance(11)
    assert second.keep()
    assert not lease.keep()
    assert lease.fence is None
    assert house.flink.closed


def test_a_database_that_does_not_answer_ends_it_and_it_is_taken_again_later(house: House) -> None:
    store = SilentStore(house)
    lease = Lease(store, house.flink, house.clock, "this server")  # type: ignore[arg-type]  # only writing is needed
    assert lease.keep()
    store.answers = False
    house.clock.advance(3)
    assert not lease.keep()
    assert (lease.fence, house.flink.closed) == (None, True)
    store.answers = True
    assert not lease.keep(), "not before the next renewal is due"
    house.clock.advance(3)
    assert lease.keep()
    assert lease.fence == 1, "nobody else held it meanwhile"


def test_one_given_back_is_free_at_once(house: House, lease: Lease) -> None:
    second = house.make_lease("another server")
    assert lease.keep()
    lease.release()
    assert lease.fence is None
    assert second.keep()
    assert second.fence == 2


def test_one_that_is_not_held_cannot_be_given_back_in_another_s_name(house: House, lease: Lease) -> None:
    second = house.make_lease("another server")
    assert lease.keep()
    second.release()
    house.clock.advance(3)
    assert lease.keep()
    assert not second.keep()


def test_the_writes_of_an_old_holder_are_refused(house: House, lease: Lease) -> None:
    assert lease.keep()
    old = lease.fence
    house.clock.advance(11)
    assert house.make_lease("another server").keep()
    with pytest.raises(Unavailable) as caught, house.store.write(old) as work:
        work.operations.next_number()
    assert caught.value.code == "lease_lost"
