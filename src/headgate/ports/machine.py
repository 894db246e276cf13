"""The machine that the server runs on, as the diagnosis sees it."""

from typing import Protocol

from headgate.domain.diagnosis import Machine


class MachineProbe(Protocol):
    """One look at what only this machine can tell."""

    def look(self) -> Machine:
        """Unavailable("database_unavailable") where the database does not answer."""
