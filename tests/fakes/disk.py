"""Time and storage that outlive a JobManager: the agenda of events, savepoints, archived jobs."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from headgate.domain.instances import FlinkJobId
from tests.fakes.clock import FakeClock
from tests.fakes.history import FakeJob, FakeSavepoint


@dataclass
class FakeDisk:
    """Savepoints by path, and the archive of ended jobs."""

    savepoints: dict[str, FakeSavepoint] = field(default_factory=dict)
    archive: dict[FlinkJobId, FakeJob] = field(default_factory=dict)

    def list_below(self, directory: str) -> list[FakeSavepoint]:
        prefix = directory.rstrip("/") + "/"
        return [found for path, found in self.savepoints.items() if path.startswith(prefix)]


class Agenda:
    """What will happen and when, played in order as the clock moves on. `now` is the event's own time."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.now = clock.monotonic()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def add(self, seconds: float, event: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.now + max(0.0, seconds), self._number, event))

    def play(self) -> None:
        """Let everything happen that is due by now."""
        while self._events and self._events[0][0] <= self.clock.monotonic():
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.now = self.clock.monotonic()
