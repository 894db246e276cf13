"""Whether this server can do its work: one named check each, told without words of any language."""

from dataclasses import dataclass

from headgate.domain.errors import Unavailable
from headgate.domain.operations import Finding
from headgate.domain.workspaces import DEFAULT_WORKSPACE
from headgate.ports.store import Store


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be well (`database`, `lease`, `sweeps`); `finding` says what is not."""

    name: str
    finding: Finding | None = None

    @property
    def is_ok(self) -> bool:
        return self.finding is None


def check_database(store: Store) -> Check:
    """Whether the database answers a question."""
    try:
        with store.read() as unit:
            unit.clusters.list_all(DEFAULT_WORKSPACE)
    except Unavailable as error:
        return Check("database", Finding(error.code, error.facts))
    return Check("database")
