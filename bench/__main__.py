"""`python -m bench [submit|idle|start|list ...] [--keep]`: measure, tell, and with --keep write to bench/results/.

Ends with 1 when a bar is missed. Without names, all benchmarks run, one after the other.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import idle, start, submit
from bench import list as list_of_jobs
from bench.figures import Report, write_report
from bench.machine import describe_run

RESULTS = Path(__file__).resolve().parent / "results"
BENCHMARKS: dict[str, Callable[[], Report]] = {
    "start": start.measure,
    "submit": submit.measure,
    "idle": idle.measure,
    "list": list_of_jobs.measure,
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Headgate on this machine.")
    parser.add_argument("names", nargs="*", metavar="|".join(BENCHMARKS), help="what to measure; all, if left out")
    parser.add_argument("--keep", action="store_true", help="write the figures to bench/results/")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; choose from {', '.join(BENCHMARKS)}")
    kept = True
    for name in options.names or BENCHMARKS:
        head = describe_run([name])
        report = BENCHMARKS[name]()
        text = write_report(report, head)
        print(text, flush=True)
        kept = kept and report.is_kept
        if options.keep:
            RESULTS.mkdir(exist_ok=True)
            (RESULTS / f"{name}.txt").write_text(text, encoding="utf-8")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
