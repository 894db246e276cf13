"""A server's machine where all is well, until a test says otherwise."""

from dataclasses import replace
from typing import Any

from headgate.domain.diagnosis import Machine
from headgate.ports.machine import MachineProbe
from tests.fakes.clock import FakeClock

GIGABYTE = 1024 * 1024 * 1024


class FakeMachine(MachineProbe):
    """What `change` was told, else a sound machine whose database has the server's clock."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._changes: dict[str, Any] = {}

    def change(self, **changes: Any) -> None:
        self._changes |= changes

    def look(self) -> Machine:
        sound = Machine("/data", 50 * GIGABYTE, 100 * GIGABYTE, self._clock.now(), "0001", "0001")
        return replace(sound, **self._changes)
