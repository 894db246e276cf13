"""The same numbers twice: what the job committed, and what plain Python makes of the same files.

Here lies the proof of the demo. Nothing is rounded and nothing is left out: every row of one side
must be on the other, once.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Key = tuple[str, str, str]
"""Day, origin, carrier."""

MARKER = "END"
"""The origin of the record that closes the last window; its own window never ends."""

# Flink keeps files that are not committed yet out of sight in this way.
_HIDDEN = (".", "_")


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of one day, origin and carrier; `arrival_delay` is None where no flight arrived."""

    flights: int
    cancelled: int
    arrival_delay: int | None
    distance: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the job wrote it."""

    key: Key
    totals: Totals


@dataclass(frozen=True, slots=True)
class Comparison:
    """`expected` and `committed` count rows; the other fields hold the rows that do not fit."""

    expected: int
    committed: int
    missing: tuple[Key, ...]
    unexpected: tuple[Key, ...]
    different: tuple[Key, ...]
    repeated: tuple[Key, ...]

    @property
    def is_equal(self) -> bool:
        return not (self.missing or self.unexpected or self.different or self.repeated)


def aggregate(folder: Path) -> dict[Key, Totals]:
    """What the job must arrive at, from the input files alone; the marker is no flight."""
    sums: dict[Key, Totals] = {}
    for file in sorted(folder.iterdir()):
        if not file.name.startswith(_HIDDEN):
            with file.open(encoding="utf-8") as lines:
                _add_lines(sums, lines)
    return sums


def compare(expected: dict[Key, Totals], committed: Iterable[Row]) -> Comparison:
    """Every row of either side against the other."""
    rows = list(committed)
    counts = Counter(row.key for row in rows)
    found = {row.key: row.totals for row in rows}
    return Comparison(
        expected=len(expected),
        committed=len(rows),
        missing=tuple(sorted(expected.keys() - found.keys())),
        unexpected=tuple(sorted(found.keys() - expected.keys())),
        different=tuple(sorted(key for key in expected.keys() & found.keys() if expected[key] != found[key])),
        repeated=tuple(sorted(key for key, count in counts.items() if count > 1)),
    )


@dataclass(slots=True)
class CommittedLines:
    """The lines of the committed files of `folder`. Such a file never changes: each is read once."""

    folder: Path
    _read: set[str] = field(default_factory=set)

    def read_new(self) -> list[dict[str, Any]]:
        """The records of the files that were committed since the last time."""
        if not self.folder.is_dir():
            return []
        lines: list[str] = []
        for file in sorted(self.folder.iterdir()):
            if file.name not in self._read and not file.name.startswith(_HIDDEN):
                self._read.add(file.name)
                lines += file.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


class Committed:
    """What the job has committed so far: result rows, and the numbers of the input files that it has read."""

    def __init__(self, rows: Path, files: Path) -> None:
        self._row_lines, self._file_lines = CommittedLines(rows), CommittedLines(files)
        self.rows: list[Row] = []
        self.files_read: set[int] = set()

    def refresh(self) -> None:
        """Read what was committed since the last time."""
        self.rows += [_read_row(record) for record in self._row_lines.read_new()]
        self.files_read |= {record["file_number"] for record in self._file_lines.read_new()}


def _add_lines(sums: dict[Key, Totals], lines: Iterable[str]) -> None:
    for line in lines:
        record: dict[str, Any] = json.loads(line)
        if record["origin"] == MARKER:
            continue
        key = (record["scheduled"][:10], record["origin"], record["carrier"])
        before = sums.get(key) or Totals(0, 0, None, 0)
        sums[key] = Totals(
            flights=before.flights + 1,
            cancelled=before.cancelled + (record["departure_delay"] is None),
            arrival_delay=_add(before.arrival_delay, record["arrival_delay"]),
            distance=before.distance + record["distance"],
        )


def _add(total: int | None, value: int | None) -> int | None:
    """As SQL's SUM does: nulls do not count, and nothing but nulls is null."""
    if value is None:
        return total
    return value if total is None else total + value


def _read_row(record: dict[str, Any]) -> Row:
    totals = Totals(record["flights"], record["cancelled"], record["arrival_delay"], record["distance"])
    return Row((record["flight_day"][:10], record["origin"], record["carrier"]), totals)
