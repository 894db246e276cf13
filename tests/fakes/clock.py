"""A clock that moves only when somebody waits: tests of hours take milliseconds."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """Time that `sleep` and `advance` move on."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._passed = 0.0

    def now(self) -> datetime:
        return self.at(self._passed)

    def skipped_to(self) -> datetime | None:
        return None

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self._passed += max(0.0, seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass without anybody waiting for it."""
        self.sleep(seconds)

    def at(self, monotonic: float) -> datetime:
        """The moment at which `monotonic()` gave this number."""
        return self._start + timedelta(seconds=monotonic)
