"""The clock of the machine: the one place that reads the time and sleeps."""

import time
from datetime import UTC, datetime

from headgate.ports.clock import Clock


class SystemClock(Clock):
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)
