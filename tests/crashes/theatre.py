"""The Flink that all cases play on, its death, and a witness of every job that it ever showed.

It belongs to no server: each case brings its own, which knows this Flink as a session cluster.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.local_cluster import EmbeddedCluster
from headgate.ports.engines import Engine, LocalClusterFacts, LocalClusterShape
from tests.stories.flink import ENDED, Flink

LOOK_S = 0.25
_SUBMISSION = re.compile(r"Received \w+ submission '(.*)' \(([0-9a-f]{32})\)")


@dataclass(frozen=True, slots=True)
class Life:
    """One Flink job as Flink's own list showed it. Milliseconds of the epoch; `end` is when it last was alive."""

    name: str
    flink_job_id: str
    start: int
    end: int


class Theatre:
    """One JobManager and one TaskManager, with room for `slots` jobs."""

    def __init__(self, folder: Path, engine: Engine, slots: int) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._cluster = EmbeddedCluster(self.data, engine, LocalClusterShape(slots=slots), SystemClock())
        self._lives: dict[str, Life] = {}
        self._closed = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="witness")
        self._facts: LocalClusterFacts | None = None

    @property
    def url(self) -> str:
        assert self._facts is not None
        return self._facts.rest_url

    @property
    def savepoint_dir(self) -> str:
        return self._cluster.savepoint_dir

    @property
    def flink(self) -> Flink:
        return Flink(self.url)

    @contextmanager
    def opened(self) -> Iterator["Theatre"]:
        self._facts = self._cluster.ensure_running()
        self._watching.start()
        try:
            yield self
        finally:
            self._closed.set()
            self._watching.join()
            self._cluster.stop()

    def strike(self) -> None:
        """Kill the JobManager and return once its successor has a TaskManager."""
        assert self._facts is not None
        killed = psutil.Process(self._facts.job_manager_pid)
        killed.kill()
        with suppress(psutil.TimeoutExpired):
            killed.wait(10)
        self._facts = self._cluster.ensure_running()

    def list_lives(self, name: str) -> list[Life]:
        """Every Flink job of this name that was ever shown, by its start."""
        lives = [life for life in self._lives.copy().values() if life.name == name]
        return sorted(lives, key=lambda life: life.start)

    def list_submissions(self, name: str) -> list[str]:
        """The ids under which a job of this name reached a JobManager, in order, by the JobManagers' own log."""
        logs = sorted((self.data / "local" / "log").glob("jobmanager.log*"), reverse=True)
        text = "".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)
        return [job for found, job in _SUBMISSION.findall(text) if found == name]

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_S):
            with suppress(OSError, ValueError):
                self._take(self.flink.list_all(), round(SystemClock().now().timestamp() * 1000))

    def _take(self, shown: list[dict[str, Any]], now: int) -> None:
        for job in shown:
            end = int(job["end-time"]) if job["state"] in ENDED else now
            known = self._lives.get(job["jid"])
            life = known or Life(job["name"], job["jid"], int(job["start-time"]), end)
            self._lives[job["jid"]] = replace(life, end=end)


def find_overlaps(lives: list[tuple[str, int, int]]) -> list[tuple[str, str]]:
    """The pairs of ids whose intervals (id, start, end) have a moment in common."""
    ordered = sorted(lives, key=lambda life: life[1])
    pairs = [(one, other) for number, one in enumerate(ordered) for other in ordered[number + 1 :]]
    return [(one[0], other[0]) for one, other in pairs if other[1] < one[2]]
