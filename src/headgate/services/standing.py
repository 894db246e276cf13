"""Where one job stands, put together from its row by the rules of `domain/lifecycle.py`.

Acceptance of verbs, the views of jobs and the deletion rules all read a job's state here.
"""

from dataclasses import dataclass

from headgate.domain.errors import NotAllowed
from headgate.domain.lifecycle import (
    Lifecycle,
    Phase,
    Verb,
    Wanted,
    derive_desired_state,
    derive_expected_phase,
    derive_lifecycle,
    derive_phase,
    list_allowed_verbs,
)
from headgate.domain.operations import Operation
from headgate.ports.store import JobRow


@dataclass(frozen=True, slots=True)
class Standing:
    """The derived states of one job. `heading` is the newest open operation that has a target."""

    phase: Phase
    expected_phase: Phase
    desired_state: Wanted | None
    lifecycle: Lifecycle
    heading: Operation | None
    unconfirmed_instance: bool

    @property
    def allowed_verbs(self) -> list[Verb]:
        return list_allowed_verbs(self.expected_phase, unconfirmed_instance=self.unconfirmed_instance)

    def refuse(self, code: str, cause: str = "", **facts: object) -> NotAllowed:
        """The error that says why something is not allowed now, where the job stands, and what is allowed."""
        facts |= {
            "phase": self.phase.value,
            "expected_phase": self.expected_phase.value,
            "allowed_verbs": ",".join(self.allowed_verbs),
        }
        return NotAllowed(code, problems=(), cause=cause, **facts)


def derive_standing(row: JobRow) -> Standing:
    """All derived states of the job in `row`."""
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
        unconfirmed_instance=row.instance is not None and row.instance.is_live,
    )
