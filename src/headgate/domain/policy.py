"""How long Headgate waits: the timings that `decide` judges by, and how it backs off.

All values have defaults that the measured behaviour of Flink justifies; settings may change them.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """Deadlines count reachable time only.

    `absence_gap`: a lost job must be missing in two sweeps this far apart. `absence_limit`: an
    unanswered submission that one and the same JobManager has not shown for so long was not done.
    `savepoint_grace`: how long a pause or stop waits for a savepoint in flight. `slow_start`: a start
    that takes longer is explained by the free task slots.
    """

    start_deadline: timedelta = timedelta(minutes=5)
    pause_deadline: timedelta = timedelta(minutes=10)
    savepoint_deadline: timedelta = timedelta(minutes=10)
    cancel_deadline: timedelta = timedelta(minutes=5)
    absence_gap: timedelta = timedelta(seconds=10)
    absence_limit: timedelta = timedelta(minutes=10)
    savepoint_grace: timedelta = timedelta(seconds=60)
    slow_start: timedelta = timedelta(seconds=10)
    longest_back_off: timedelta = timedelta(seconds=30)


def choose_back_off(policy: Policy, attempts: int, jitter: float) -> timedelta:
    """The wait before the next call: 1, 2, 4 ... seconds up to the longest, times 0.75 to 1.25.

    `attempts` calls were made so far (at least 1); `jitter` is drawn from 0 to 1 by the caller.
    """
    doubled = timedelta(seconds=2 ** min(attempts - 1, 10))
    return min(doubled, policy.longest_back_off) * (0.75 + jitter / 2)
