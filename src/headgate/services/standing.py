"""Where one job stands, put together from its row by the rules of `domain/lifecycle.py`.

Acceptance of verbs, the views of jobs and the deletion rules all read a job's state here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from headgate.domain.clusters import ClusterId, ClusterState
from headgate.domain.errors import NotAllowed
from headgate.domain.evidence import is_out_of_sight
from headgate.domain.lifecycle import (
    Lifecycle,
    Phase,
    Sight,
    Verb,
    Wanted,
    derive_desired_state,
    derive_expected_phase,
    derive_lifecycle,
    derive_phase,
    list_allowed_verbs,
)
from headgate.domain.operations import Operation
from headgate.ports.clock import Clock
from headgate.ports.store import JobRow, UnitOfWork


@dataclass(frozen=True, slots=True)
class Standing:
    """The derived states of one job. `heading` is the newest open operation that has a target."""

    phase: Phase
    expected_phase: Phase
    desired_state: Wanted | None
    lifecycle: Lifecycle
    heading: Operation | None
    sight: Sight

    @property
    def allowed_verbs(self) -> list[Verb]:
        return list_allowed_verbs(self.expected_phase, self.sight)

    def refuse(self, code: str, cause: str = "", **facts: object) -> NotAllowed:
        """The error that says why something is not allowed now, where the job stands, and what is allowed."""
        facts |= {
            "phase": self.phase.value,
            "expected_phase": self.expected_phase.value,
            "allowed_verbs": ",".join(self.allowed_verbs),
        }
        return NotAllowed(code, problems=(), cause=cause, **facts)


@dataclass(frozen=True, slots=True)
class ClusterSight:
    """What is known of all clusters now: `states` by id, None for one that nobody has looked at yet.

    `skipped_to`: the time before that is not all time that has passed.
    """

    states: Mapping[ClusterId, ClusterState | None]
    now: datetime
    skipped_to: datetime | None = None


def look_at_clusters(unit: UnitOfWork, workspace: str, clock: Clock) -> ClusterSight:
    """What the rows know of the clusters of a workspace."""
    states = {c.id: unit.clusters.find_state(c.id) for c in unit.clusters.list_all(workspace)}
    return ClusterSight(states, clock.now(), clock.skipped_to())


def derive_standing(row: JobRow, clusters: ClusterSight | None = None) -> Standing:
    """All derived states of the job in `row`. Without `clusters` nothing is said of what is out of sight."""
    heading = max(
        (operation for operation in row.open_operations if operation.target is not None),
        key=lambda operation: operation.number,
        default=None,
    )
    target = heading.target if heading else None
    has_version = row.newest_version is not None
    return Standing(
        phase=derive_phase(row.state.settled, target, has_version),
        expected_phase=derive_expected_phase(row.state.settled, target, has_version),
        desired_state=derive_desired_state(row.state.wanted, target),
        lifecycle=derive_lifecycle(row.state.wanted, has_version),
        heading=heading,
        sight=Sight(row.instance is not None and row.instance.is_live, _is_out_of_sight(row, clusters)),
    )


def _is_out_of_sight(row: JobRow, clusters: ClusterSight | None) -> bool:
    """Whether something was sent of which nobody can see what became of it, wherever it was sent."""
    live = row.instance if row.instance is not None and row.instance.is_live else None
    places = row.waits_on | ({live.cluster_id} if live is not None else frozenset())
    if clusters is None:
        return False
    return bool(places) and all(
        # A cluster that is registered no more is never seen again.
        place not in clusters.states
        or is_out_of_sight(
            clusters.states[place],
            live.absence if live is not None and live.cluster_id == place else None,
            clusters.now,
            clusters.skipped_to,
        )
        for place in places
    )
