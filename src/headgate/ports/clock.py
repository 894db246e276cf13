"""Time as an argument of the program: whoever waits or dates something is given a clock.

Pure code takes `now` itself; this protocol is for code that must wait. The real clock is
`adapters/clock.py`.
"""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What the time is, and how to let some of it pass."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC. It never goes back; it may skip (`skipped_to`)."""

    def skipped_to(self) -> datetime | None:
        """What `now` gave right after it last skipped time that did not pass here; None where it never has.

        The machine slept, or somebody set its clock. What is dated before this moment is less long ago
        than it seems.
        """

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`; at once where it is not positive."""
