"""Who reconciles: taken, renewed in time, lost at once, given back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from headgate.domain.errors import Unavailable
from headgate.ports.store import UnitOfWork
from headgate.reconciler.lease import Lease
from tests.fakes.clock import FakeClock
from tests.fakes.flink import FakeFlink
from tests.unit.domain.facts import NOW
from tests.unit.reconciler.house import House


class SilentStore:
    """A database that answers or does not."""

    def __init__(self, house: House) -> None:
        self._store = house.store
        self.answers = True
        self.asked = 0

    @contextmanager
    def write(self, fence: int | None = None) -> Iterator[UnitOfWork]:
        self.asked += 1
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
    assert store.asked == 1
    house.clock.advance(0.2)
    lease.keep()
    assert store.asked == 2


def test_one_that_was_taken_over_ends_what_it_could_still_submit(house: House, lease: Lease) -> None:
    second = house.make_lease("another server")
    assert lease.keep()
    house.clock.advance(11)
    assert second.keep()
    assert not lease.keep()
    assert lease.fence is None
    assert house.flink.closed


def test_a_database_that_does_not_answer_ends_it_when_its_time_is_over_and_it_is_taken_again_later(
    house: House,
) -> None:
    store = SilentStore(house)
    lease = Lease(store, house.flink, house.clock, "this server")  # type: ignore[arg-type]  # only writing is needed
    assert lease.keep()
    store.answers = False
    house.clock.advance(9.9)
    assert lease.keep(), "nobody else can have taken it yet"
    house.clock.advance(0.6)
    assert not lease.keep()
    assert (lease.fence, house.flink.closed) == (None, True)
    store.answers = True
    assert not lease.keep(), "not before the next try is due"
    house.clock.advance(0.5)
    assert lease.keep()
    assert lease.fence == 1, "nobody else held it meanwhile"


def test_a_server_that_slept_may_not_call_flink_before_it_has_asked(house: House, lease: Lease) -> None:
    assert not lease.may_send(None)
    assert lease.keep()
    assert lease.may_send(1)
    house.clock.advance(10)
    assert not lease.may_send(1), "its time is over; whether another one has it, nobody knows here"
    assert lease.keep()
    assert lease.may_send(1)


def test_a_permission_ends_with_its_fence(house: House, lease: Lease) -> None:
    second = house.make_lease("another server")
    assert lease.keep()
    house.clock.advance(10)
    assert second.keep()
    assert not lease.keep()
    assert not lease.may_send(1)
    second.release()
    house.clock.advance(1)
    assert lease.keep()
    assert lease.fence == 3
    assert (lease.may_send(1), lease.may_send(3)) == (False, True)


def test_one_that_was_lost_and_won_between_two_looks_ends_what_was_sent_under_the_old_one(
    house: House, lease: Lease
) -> None:
    second = house.make_lease("another server")
    assert lease.keep()
    house.clock.advance(10)
    assert second.keep()
    second.release()
    assert lease.keep()
    assert lease.fence == 3
    assert house.flink.closed


@pytest.mark.parametrize("end", ["given back", "left"])
def test_what_a_server_out_of_reach_was_submitting_is_awaited(house: House, lease: Lease, end: str) -> None:
    second = house.make_lease("another server")
    assert lease.keep()
    assert not lease.awaits_predecessor()
    house.flink.clients_within_reach = end == "given back"
    house.clock.advance(10)
    assert second.keep()
    assert second.awaits_predecessor() is (end == "left")
    house.clock.advance(120)
    assert not second.awaits_predecessor()


def test_one_that_failed_to_end_its_predecessor_asks_for_the_same_one_again(house: House) -> None:
    asked: list[str | None] = []

    class Stubborn(FakeFlink):
        def end_predecessors(self, holder: str | None) -> bool:
            asked.append(holder)
            if len(asked) == 1:
                raise PermissionError("a process of another user")
            return False

    assert house.make_lease("another server").keep()
    house.clock.advance(10)
    lease = Lease(house.store, Stubborn(house.clock), house.clock, "this server")
    with pytest.raises(PermissionError):
        lease.keep()
    assert lease.fence is None
    house.clock.advance(3)
    assert lease.keep()
    assert asked == ["another server", "another server"]
    assert lease.awaits_predecessor()


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


class Skewed(FakeClock):
    """The time of day is ahead of the time that has passed."""

    def __init__(self, start: datetime, ahead_s: float) -> None:
        super().__init__(start)
        self.ahead = timedelta(0)
        self.later = timedelta(seconds=ahead_s)

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.mark.parametrize(
    ("passed_s", "ahead_s", "may"),
    [
        pytest.param(9.9, 0, True, id="within its length"),
        pytest.param(10, -0.1, False, id="at its end by the time that has passed"),
        pytest.param(9.9, 0.1, False, id="at its end by the time of day"),
    ],
)
def test_a_permission_ends_by_whichever_clock_is_first(
    house: House, passed_s: float, ahead_s: float, may: bool
) -> None:
    clock = Skewed(NOW, ahead_s)
    lease = Lease(house.store, house.flink, clock, "this server")
    assert lease.keep()
    clock.advance(passed_s)
    clock.ahead = clock.later
    assert lease.may_send(lease.fence) is may


def test_the_first_server_of_all_has_nobody_before_it(house: House) -> None:
    asked: list[str | None] = []

    class Asked(FakeFlink):
        def end_predecessors(self, holder: str | None) -> bool:
            asked.append(holder)
            return True

    assert Lease(house.store, Asked(house.clock), house.clock, "this server").keep()
    assert asked == [None]


def test_what_the_log_tells(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "headgate.reconciler.lease")
    store = SilentStore(house)
    lease = Lease(store, house.flink, house.clock, "this server")  # type: ignore[arg-type]  # only writing is needed
    house.flink.clients_within_reach = False
    assert lease.keep()
    store.answers = False
    house.clock.advance(11)
    assert not lease.keep()
    assert [line.getMessage() for line in caplog.records] == [
        "this server reconciles now (fence 1)",
        "what the server before this one was submitting is awaited for 0:02:00",
        f"the lease cannot be renewed: {Unavailable('database_unavailable')}",
        "the lease is lost; another server reconciles",
    ]
