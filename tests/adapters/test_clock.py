"""The clock that waits are judged by: it never goes back, and says where time was skipped."""

from datetime import UTC, datetime, timedelta

import pytest

from headgate.adapters.clock import SteadyClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


class Machine:
    """A machine whose time of day and running time the test sets."""

    def __init__(self) -> None:
        self.wall, self.runs_s = NOON, 1000.0
        self.clock = SteadyClock(lambda: self.wall, lambda: self.runs_s)
        assert self.clock.now() == NOON

    def go_on(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.runs_s += seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("seconds", [0.0, 1.0, 3600.0, 86400.0])
def test_time_that_passes_is_shown_and_nothing_is_skipped(machine: Machine, seconds: float) -> None:
    machine.go_on(seconds)
    assert (machine.clock.now(), machine.clock.skipped_to()) == (machine.wall, None)


def test_a_step_forward_is_taken_over_and_told(machine: Machine) -> None:
    machine.wall += HOUR
    assert machine.clock.skipped_to() == NOON + HOUR
    machine.go_on(10)
    assert (machine.clock.now(), machine.clock.skipped_to()) == (NOON + HOUR + 10 * SECOND, NOON + HOUR)


def test_a_small_correction_is_no_skip(machine: Machine) -> None:
    machine.wall += 2 * SECOND
    assert machine.clock.skipped_to() is None


def test_a_step_back_is_waited_out_at_half_speed(machine: Machine) -> None:
    machine.wall -= 10 * SECOND
    shown = []
    for _ in range(25):
        machine.go_on(1)
        shown.append((machine.clock.now() - NOON).total_seconds())
    assert shown[:3] == [0.5, 1.0, 1.5]
    assert shown[19:] == [10, 11, 12, 13, 14, 15], "twenty seconds later it is what the machine shows"
    assert machine.clock.skipped_to() is None


def test_a_clock_set_wrongly_and_right_again_skips_little(machine: Machine) -> None:
    machine.wall -= HOUR
    machine.go_on(2)
    assert machine.clock.now() == NOON + SECOND
    machine.wall += HOUR
    assert (machine.clock.now(), machine.clock.skipped_to()) == (NOON + 2 * SECOND, None)
