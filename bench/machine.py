"""The machine of a run, in words that name neither it nor its folders: date, size, versions, load."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

FLINK_VERSION = "2.2.1"


def describe_run(arguments: Sequence[str]) -> list[str]:
    """The lines at the head of a report."""
    memory = psutil.virtual_memory().total / 1024**3
    load = psutil.getloadavg()[0]
    return [
        f"date:    {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"command: python -m bench {' '.join(arguments)}".rstrip(),
        f"machine: {psutil.cpu_count()} cores, {memory:.1f} GiB of memory, load {load:.1f} before the run",
        f"with:    Headgate {version('headgate')}, Python {platform.python_version()}, Flink {FLINK_VERSION}",
    ]
