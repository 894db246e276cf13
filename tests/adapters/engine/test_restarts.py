"""The back-off of a process that dies again and again."""

import pytest

from headgate.adapters.engine.restarts import STABLE_AFTER_S, Restarts, choose_delay, count_start, is_due, plan_restart


@pytest.mark.parametrize(
    ("attempts", "delay"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (6, 30), (10_000, 30)]
)
def test_the_delay_doubles_up_to_half_a_minute(attempts: int, delay: float) -> None:
    assert choose_delay(attempts) == delay


def test_a_dead_process_is_started_when_its_delay_is_over() -> None:
    planned = plan_restart(Restarts(), now=100)
    assert not is_due(planned, now=100.9)
    assert is_due(planned, now=101)


def test_looking_again_does_not_put_the_start_off() -> None:
    planned = plan_restart(Restarts(), now=100)
    assert plan_restart(planned, now=100.9) == planned


def test_a_process_that_dies_young_waits_longer() -> None:
    again = plan_restart(count_start(plan_restart(Restarts(), now=100), now=101), now=105)
    assert again.due == 107


def test_a_process_that_lived_long_starts_afresh() -> None:
    started = count_start(Restarts(attempts=5), now=100)
    assert plan_restart(started, now=100 + STABLE_AFTER_S).due == 100 + STABLE_AFTER_S + 1


def test_nothing_is_due_that_was_not_planned() -> None:
    assert not is_due(Restarts(), now=1e9)
