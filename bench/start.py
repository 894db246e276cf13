"""How long a server takes to answer, and the command line to show its help."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.figures import Report
from bench.flink import install_engine
from bench.server import ROOT, Server, choose_environment

RUNS = 10


def measure(runs: int = RUNS) -> Report:
    install_engine()
    report = Report("start")
    report.method = [
        f"Each {runs} times, from the start of the process. `serve` on a new data folder (its database is made), and "
        "again on the same folder; `dev` (whose Flink comes up beside it) on a new folder. First answer: GET /healthz "
        "is 200."
    ]
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        folder = Path(name)
        new = [_start(folder / f"serve-{number}", "serve") for number in range(runs)]
        again = [_start(folder / "serve-0", "serve") for _ in range(runs)]
        dev = [_start(folder / f"dev-{number}", "dev") for number in range(runs)]
        ready = [_start_wholly(folder / f"ready-{number}") for number in range(3)]
        shown = [_show_help(folder) for _ in range(runs)]
    report.add("server start to first answer, new data folder, median", median(new), "s", 2.0)
    report.add("server start to first answer, same folder again, median", median(again), "s", 2.0)
    report.add("headgate dev to first answer, new data folder, median", median(dev), "s", 2.0)
    report.add("headgate dev to ready with its Flink, median of 3", median(ready), "s")
    report.add("headgate --help, median", median(shown), "s", 0.35)
    report.add("headgate --help, slowest", max(shown), "s")
    return report


def _start(folder: Path, command: str) -> float:
    with Server(folder, command) as server:
        return server.await_health()


def _start_wholly(folder: Path) -> float:
    with Server(folder, "dev") as server:
        server.await_ready()
        return time.monotonic() - server.started_at


def _show_help(folder: Path) -> float:
    start = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "headgate", "--help"],
        cwd=ROOT,
        env=choose_environment(folder),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - start
