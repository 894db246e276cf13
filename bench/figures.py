"""Figures and their bars, and the text that a run leaves behind. Nothing is measured here."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `bar` is the most that it may be; None for a figure that is only told."""

    name: str
    value: float
    unit: str
    bar: float | None = None

    @property
    def is_kept(self) -> bool:
        return self.bar is None or self.value <= self.bar


@dataclass(slots=True)
class Report:
    """What one benchmark found. `method` says what was done, a paragraph each."""

    name: str
    method: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    def add(self, name: str, value: float, unit: str, bar: float | None = None) -> None:
        self.figures.append(Figure(name, value, unit, bar))

    def add_spread(self, name: str, values: Sequence[float], unit: str, bar: float | None = None) -> None:
        """Median, p95 and maximum; the bar is one for the p95."""
        self.add(f"{name}, p50", median(values), unit)
        self.add(f"{name}, p95", percentile(values, 95), unit, bar)
        self.add(f"{name}, max", max(values), unit)

    @property
    def is_kept(self) -> bool:
        return all(figure.is_kept for figure in self.figures)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` percent of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * share / 100), 1) - 1]


def write_report(report: Report, head: Sequence[str]) -> str:
    """The report as people read it."""
    method = [textwrap.fill(paragraph, _WIDTH) for paragraph in report.method]
    lines = [f"bench/{report.name}", *head, "", *method, ""]
    width = max(len(figure.name) for figure in report.figures)
    for figure in report.figures:
        bar = f"  (bar: {_show(figure.bar, figure.unit)})" if figure.bar is not None else ""
        missed = "" if figure.is_kept else "  MISSED"
        lines.append(f"{figure.name:<{width}}  {_show(figure.value, figure.unit):>12}{bar}{missed}")
    return "\n".join(lines) + "\n"


def _show(value: float, unit: str) -> str:
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 20 else 2 if value >= 2 else 3
    return f"{value:.{digits}f} {unit}".rstrip()
