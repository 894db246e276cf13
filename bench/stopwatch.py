"""A Headgate server with a stopwatch on its calls to Flink: `python -m bench.stopwatch FILE dev ...`.

The server is the real one. Only the two doors through which it waits for Flink, a REST request and
one command to the client JVM, write down when they were open, so that a benchmark can tell
Headgate's own time from Flink's. What is in FILE: a line `<start> <end>` for each call, in epoch seconds.
"""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from headgate.adapters.flink.rest import FlinkRest
from headgate.adapters.flink.sql import client_jvm
from headgate.cli import app


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in epoch seconds."""

    start: float
    end: float


def read_spans(file: Path) -> list[Span]:
    lines = file.read_text(encoding="ascii").splitlines()
    return [Span(*map(float, line.split())) for line in lines]


def measure_overlap(spans: Sequence[Span], window: Span) -> float:
    """Seconds of `window` that are covered by at least one span."""
    covered, until = 0.0, window.start
    for span in sorted(spans, key=lambda each: each.start):
        start, end = max(span.start, until), min(span.end, window.end)
        if end > start:
            covered += end - start
            until = end
    return covered


def main(arguments: Sequence[str]) -> int:
    """Run the command line with both doors watched."""
    lock = threading.Lock()
    with Path(arguments[0]).open("a", encoding="ascii", buffering=1) as file:

        def watch(door: Callable[..., Any]) -> Callable[..., Any]:
            def timed(*args: Any, **kwargs: Any) -> Any:
                start = time.time()
                try:
                    return door(*args, **kwargs)
                finally:
                    with lock:
                        file.write(f"{start:.6f} {time.time():.6f}\n")

            return timed

        jvm = client_jvm._OnceOnlyClient
        with (
            patch.object(FlinkRest, "_send", watch(FlinkRest._send)),
            patch.object(jvm, "send_command", watch(jvm.send_command)),
        ):
            return app.main(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
