"""Waiting for what a real system will show, with a deadline and a reason when it does not."""

from collections.abc import Callable
from typing import TypeVar

from headgate.adapters.clock import SystemClock

T = TypeVar("T")

POLL_S = 0.05


def await_that(look: Callable[[], T | None], seconds: float, explain: Callable[[], object] = lambda: "") -> T:
    """What `look` gives once that is something true; fails with `explain` after so many seconds."""
    clock = SystemClock()
    deadline = clock.monotonic() + seconds
    while not (found := look()):
        assert clock.monotonic() < deadline, f"not within {seconds} s: {explain()}"
        clock.sleep(POLL_S)
    return found


def let_pass(seconds: float) -> None:
    """Let time pass where the story itself is that time passes."""
    SystemClock().sleep(seconds)
