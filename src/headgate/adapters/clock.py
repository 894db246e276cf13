"""The clock of the machine: the one place that reads the time and sleeps.

People set clocks, and laptops sleep. What waits or dates must see neither a time that goes back nor
an hour that did not pass without being told.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from headgate.ports.clock import Clock

NOTICED = timedelta(seconds=2)
"""A skip from here on is told. Less is what a clock is corrected by in the course of hours."""


class SteadyClock(Clock):
    """The time that `read` gives, without its steps back, and with a word on its steps forward.

    After a step back it goes on at half speed until the machine's clock has caught up: every wait ends,
    and none ends early. A step forward is taken over, as dates have to be right, and told by `skipped_to`.
    """

    def __init__(self, read: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._read = read
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._shown: datetime | None = None
        self._shown_at = 0.0
        self._skipped_to: datetime | None = None

    def now(self) -> datetime:
        with self._lock:
            passed = timedelta(seconds=self._monotonic() - self._shown_at)
            wall = self._read()
            if self._shown is not None:
                before, wall = self._shown, max(wall, self._shown + passed / 2)
                if wall - before - passed > NOTICED:
                    self._skipped_to = wall
            self._shown, self._shown_at = wall, self._shown_at + passed.total_seconds()
            return wall

    def skipped_to(self) -> datetime | None:
        self.now()
        return self._skipped_to

    def monotonic(self) -> float:
        return self._monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


class SystemClock(SteadyClock):
    """The time of this machine."""

    def __init__(self) -> None:
        super().__init__(lambda: datetime.now(UTC), time.monotonic)
