"""What occurred in generated histories, so that nobody takes a quiet run for a proof.

A fault, a decision or a point of death that never occurred was not tested, whatever the run says.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import get_args

from headgate.domain.decisions import Decision, Outcome
from tests.fakes.faults import Fault

ACTS = ("submit", "stop", "savepoint", "cancel")
PASSED_BY_ACTS = ("intent_written", "called", "answer_written")
POINTS = (*(f"{act}.{point}" for act in ACTS for point in PASSED_BY_ACTS), "settled", "given_up")
"""Every point of `act` at which a server may die."""


def _none_of(*names: str) -> Counter[str]:
    return Counter(dict.fromkeys(names, 0))


@dataclass
class Tally:
    """How often each thing occurred, by name, over all histories of a run."""

    histories: int = 0
    recoveries: Counter[str] = field(default_factory=lambda: _none_of("planned", "held", "recovered"))
    decisions: Counter[str] = field(default_factory=lambda: _none_of(*(kind.__name__ for kind in get_args(Decision))))
    faults: Counter[str] = field(default_factory=lambda: _none_of(*(fault.name for fault in Fault)))
    deaths: Counter[str] = field(default_factory=lambda: _none_of(*POINTS))

    def note_recovery(self, outcome: Outcome) -> None:
        plan = outcome.recovery
        self.recoveries["planned"] += plan is not None and plan.at is not None
        self.recoveries["held"] += plan is not None and plan.state.held is not None
        self.recoveries["recovered"] += outcome.recovered

    def list_missing(self) -> list[str]:
        """What never occurred."""
        return [name for counter in self._counters().values() for name, count in counter.items() if not count]

    def describe(self) -> Iterator[str]:
        """Lines for people."""
        yield f"histories: {self.histories}"
        for what, counter in self._counters().items():
            yield f"{what}: " + ", ".join(f"{name} {count}" for name, count in counter.items())

    def _counters(self) -> dict[str, Counter[str]]:
        return {
            "decisions": self.decisions,
            "faults": self.faults,
            "deaths of the server": self.deaths,
            "recoveries": self.recoveries,
        }
