"""The replay: flights as files that appear one after another, each of them whole.

A file is written under a hidden name and renamed, so that no reader sees half of it. Flink reads
files that wait together in any order; so the feed goes on only while the oldest file that the job
has not read yet is nearer than the watermark's delay. Then no record can be late, however slow the
machine is.
"""

import json
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from pathlib import Path

from headgate.cli.demo.flights import Flight
from headgate.cli.demo.ledger import MARKER
from headgate.cli.demo.pipeline import WATERMARK_DAYS

RECORDS_PER_FILE = 2800  # a little more than three days: the whole year in 121 files
# How many days the feed may be ahead of what was read. Before the pause fewer than are safe, so that some are left
# for the files that arrive during it.
AHEAD_DAYS = WATERMARK_DAYS * 6 // 10
AHEAD_DAYS_PAUSED = WATERMARK_DAYS - 1
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

    def put_next(self) -> None:
        """Let the next file appear."""
        part = self._parts[self.position]
        records = [flight.to_record() for flight in part]
        # What the job writes to `files_read` once it comes to the end of this file.
        records[-1]["file_number"] = self.position
        self._appear(f"flights-{self.position:04}.json", records)
        self.position += 1
        self.records += len(part)

    def put_marker(self) -> None:
        """Let the record appear that moves the watermark past the last window."""
        self._appear("marker.json", [Flight(_MARKER_TIME, MARKER, MARKER, None, None, 0).to_record()])

    def is_safe(self, files_read: Collection[int], ahead_days: int = AHEAD_DAYS) -> bool:
        """Whether the next file may come, where the job has read the files of these numbers."""
        oldest = next((number for number in range(self.position) if number not in files_read), self.position)
        start = date.fromisoformat(self._parts[oldest][0].day)
        end = date.fromisoformat(self._parts[self.position][-1].day)
        return end <= start + timedelta(days=ahead_days)

    def has_been_read(self, files_read: Collection[int]) -> bool:
        """Whether the job has read every file put so far."""
        return len(files_read) >= self.position

    def _appear(self, name: str, records: Sequence[dict[str, object]]) -> None:
        hidden = self._folder / f".{name}"
        hidden.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
        hidden.rename(self._folder / name)
