"""How long people wait: from an accepted `run` to Flink's answer, and from an accepted pause to its end.

Times are those that the server itself wrote into its database; Headgate's own share is what is
left when the calls to Flink and to the client JVM are taken away.
"""

import sqlite3
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Report
from bench.flink import install_engine
from bench.server import Server
from bench.stopwatch import Span, measure_overlap, read_spans
from bench.work import Work

RUNS = 30
WARM_UPS = 3


@dataclass(frozen=True, slots=True)
class Lap:
    """One operation: from acceptance to Flink's answer, to its end, and to the client's knowing of it."""

    answer: Span
    whole: Span
    seen_s: float


def measure(runs: int = RUNS) -> Report:
    install_engine()
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        folder = Path(name)
        calls = folder / "calls.txt"
        with Server(folder / "data", "dev", program=("bench.stopwatch", str(calls))) as server:
            work = Work.at(server.await_ready())
            starts, pauses, resumes = [], [], []
            for number in range(WARM_UPS + runs):
                job_id = work.create(f"job-{number}", "local")
                laps = [_time(work, server, job_id, "run", **{"from": "NONE"})]
                laps += [_time(work, server, job_id, verb) for verb in ("pause", "resume")]
                work.do(job_id, "stop", snapshot="NONE")
                if number >= WARM_UPS:
                    starts.append(laps[0])
                    pauses.append(laps[1])
                    resumes.append(laps[2])
            return _report(starts, pauses, resumes, read_spans(calls))


def _time(work: Work, server: Server, job_id: str, verb: str, **options: object) -> Lap:
    began = time.monotonic()
    operation_id = work.ask(job_id, verb, **options)
    work.wait(operation_id)
    seen = time.monotonic() - began
    accepted, answered, ended = _read_times(server.folder / "headgate.sqlite", operation_id)
    return Lap(Span(accepted, answered), Span(accepted, ended), seen)


def _read_times(database: Path, operation_id: str) -> tuple[float, float, float]:
    """When the operation was accepted, when Flink answered its act, when it ended: epoch seconds."""
    with sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True) as connection:
        accepted, ended = connection.execute(
            "SELECT requested_at, ended_at FROM operations WHERE id = ?", (operation_id,)
        ).fetchone()
        (answered,) = connection.execute(
            "SELECT answered_at FROM intents WHERE operation_id = ?", (operation_id,)
        ).fetchone()
    connection.close()
    return _epoch(accepted), _epoch(answered), _epoch(ended)


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _report(starts: list[Lap], pauses: list[Lap], resumes: list[Lap], calls: list[Span]) -> Report:
    report = Report("submit")
    report.method = [
        f"{len(starts)} small SQL jobs with keyed state (datagen, SUM ... GROUP BY, blackhole; parallelism 1), one "
        "after another, each: run, pause, resume, stop. `headgate dev` with its own Flink; "
        f"{WARM_UPS} jobs before that warm it.",
        "To Flink's answer: from the row of the accepted operation to Flink's answer to its submission or stop. "
        "Own share: the same without the time in requests to the JobManager and in commands to the client JVM. "
        "Whole: until the operation is SUCCESS (a start: all tasks RUNNING). Seen: by the client's own clock, from "
        "before its request to the end of its long poll.",
    ]
    report.add_spread("run: accepted to Flink's answer", [_length(lap.answer) for lap in starts], "s", 1.0)
    report.add_spread("run: own share of it", [_own(lap.answer, calls) for lap in starts], "s", 0.15)
    report.add_spread("run: whole, to RUNNING", [_length(lap.whole) for lap in starts], "s")
    report.add_spread("run: seen by the client", [lap.seen_s for lap in starts], "s")
    report.add_spread("pause: whole, to SUSPENDED", [_length(lap.whole) for lap in pauses], "s", 1.5)
    report.add_spread("pause: own share of the way to Flink", [_own(lap.answer, calls) for lap in pauses], "s")
    report.add_spread("pause: seen by the client", [lap.seen_s for lap in pauses], "s")
    report.add_spread("resume: accepted to Flink's answer", [_length(lap.answer) for lap in resumes], "s")
    report.add_spread("resume: own share of it", [_own(lap.answer, calls) for lap in resumes], "s")
    report.add_spread("resume: whole, to RUNNING", [_length(lap.whole) for lap in resumes], "s")
    return report


def _length(span: Span) -> float:
    return span.end - span.start


def _own(window: Span, calls: list[Span]) -> float:
    return _length(window) - measure_overlap(calls, window)
