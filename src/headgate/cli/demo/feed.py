"""The replay: flights as files that appear one after another, each of them whole.

A file is written under a hidden name and renamed, so that no reader sees half of it. The feed does
not run far ahead of what the job has committed: Flink may read files that wait together in any
order, and more than `WATERMARK_DAYS` of them at once would make records late.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from headgate.cli.demo.flights import Flight
from headgate.cli.demo.ledger import MARKER
from headgate.cli.demo.pipeline import WATERMARK_DAYS

RECORDS_PER_FILE = 2800  # a little more than three days: the whole year in 121 files
# How many days beyond the watermark the feed may be. Fewer than WATERMARK_DAYS are safe in any order; more of
# them while the job is paused, because then nothing of the earlier ones is left to be read.
AHEAD_DAYS = 45
AHEAD_DAYS_PAUSED = 75
# Up to here the feed goes before the first commit: the watermark has then closed the first windows.
_FIRST_DAYS = WATERMARK_DAYS + 5
# Later than every window of the data, watermark delay included.
_MARKER_TIME = "2099-01-01 00:00:00"


class Feed:
    """The input folder and what is still to come. `position` is the number of files put so far."""

    def __init__(self, folder: Path, flights: Sequence[Flight]) -> None:
        self._folder = folder
        self._parts = [flights[i : i + RECORDS_PER_FILE] for i in range(0, len(flights), RECORDS_PER_FILE)]
        self.position = 0
        self.records = 0

    @property
    def total(self) -> int:
        return len(self._parts)

    @property
    def is_done(self) -> bool:
        return self.position >= self.total

    @property
    def first_day(self) -> str:
        return self._parts[0][0].day

    @property
    def newest_day(self) -> str:
        """The newest day in the files put so far."""
        return self._parts[max(self.position, 1) - 1][-1].day

    def put_next(self) -> None:
        """Let the next file appear."""
        part = self._parts[self.position]
        self._appear(f"flights-{self.position:04}.json", [flight.to_json() for flight in part])
        self.position += 1
        self.records += len(part)

    def put_marker(self) -> None:
        """Let the record appear that moves the watermark past the last window."""
        self._appear("marker.json", [Flight(_MARKER_TIME, MARKER, MARKER, None, None, 0).to_json()])

    def is_safe(self, committed_day: str, ahead_days: int = AHEAD_DAYS) -> bool:
        """Whether the next file may come while `committed_day` is the newest day that the job committed (or empty)."""
        end = date.fromisoformat(self._parts[self.position][-1].day)
        if not committed_day:
            return end <= date.fromisoformat(self.first_day) + timedelta(days=_FIRST_DAYS)
        return end <= date.fromisoformat(committed_day) + timedelta(days=WATERMARK_DAYS + ahead_days)

    def has_been_read(self, committed_day: str) -> bool:
        """Whether `committed_day` proves that the last file was read: its own records moved the watermark there."""
        if not committed_day:
            return False
        reached = date.fromisoformat(self.newest_day) - timedelta(days=WATERMARK_DAYS + 1)
        return date.fromisoformat(committed_day) >= reached

    def _appear(self, name: str, lines: Sequence[str]) -> None:
        hidden = self._folder / f".{name}"
        hidden.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        hidden.rename(self._folder / name)
