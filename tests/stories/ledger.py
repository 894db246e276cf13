"""What a LedgerJob wrote of itself: from where each of its runs counted, and whether it ever counted wrongly."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """`at` in milliseconds of the epoch."""

    word: str
    flink_job_id: str
    at: int
    count: int


def read_ledger(file: Path) -> list[Entry]:
    """All entries in order; none where the job never ran. A line cut off by a killed TaskManager is no entry."""
    if not file.exists():
        return []
    lines = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    return [
        Entry(word, job, int(at), int(count)) for word, job, at, count in (line for line in lines if len(line) == 4)
    ]


def list_runs(entries: list[Entry]) -> list[tuple[str, int, int]]:
    """Each Flink job with its first and its last entry."""
    found: dict[str, tuple[int, int]] = {}
    for entry in entries:
        first, last = found.get(entry.flink_job_id, (entry.at, entry.at))
        found[entry.flink_job_id] = (min(first, entry.at), max(last, entry.at))
    return [(job, first, last) for job, (first, last) in found.items()]


def find_start(entries: list[Entry], flink_job_id: str) -> int | None:
    """The count that this run began from; None where it never ran."""
    return next((entry.count for entry in entries if (entry.word, entry.flink_job_id) == ("open", flink_job_id)), None)


def list_saved(entries: list[Entry], flink_job_id: str) -> list[int]:
    """The counts in the snapshots of this run."""
    return [entry.count for entry in entries if (entry.word, entry.flink_job_id) == ("snapshot", flink_job_id)]
