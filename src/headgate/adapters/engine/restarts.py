"""When a process that died may be started again: pure, over readings of a monotonic clock.

A process that keeps dying is started ever more rarely; one that lived long enough starts afresh.
"""

from dataclasses import dataclass, replace

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 30.0

# Longer than a start takes, so that a process that dies while starting is never called healthy.
STABLE_AFTER_S = 120.0


@dataclass(frozen=True, slots=True)
class Restarts:
    """How often a process was started again, when last, and when the next start is due (None: none is)."""

    attempts: int = 0
    started: float = float("-inf")
    due: float | None = None


def choose_delay(attempts: int) -> float:
    """Seconds to wait before another start, after `attempts` restarts in a row: 1, 2, 4 ... 30."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempts, 16))


def plan_restart(history: Restarts, now: float) -> Restarts:
    """The process was found dead: fix when it is started again. A plan that stands is kept."""
    if history.due is not None:
        return history
    attempts = 0 if now - history.started >= STABLE_AFTER_S else history.attempts
    return Restarts(attempts, history.started, now + choose_delay(attempts))


def is_due(history: Restarts, now: float) -> bool:
    return history.due is not None and now >= history.due


def count_start(history: Restarts, now: float) -> Restarts:
    """The process was started again."""
    return replace(history, attempts=history.attempts + 1, started=now, due=None)
