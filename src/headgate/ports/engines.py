"""Engines (installed Flink distributions) and the local cluster that Headgate runs itself."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from headgate.domain.clusters import EngineVersion


@dataclass(frozen=True, slots=True)
class Engine:
    """An installed engine: `home` has lib/, opt/, plugins/; `java` is the java executable."""

    version: EngineVersion
    home: Path
    java: Path

    @property
    def class_path(self) -> str:
        """The class path of every JVM of this engine (a directory wildcard for Java)."""
        return str(self.home / "lib" / "*")


@dataclass(frozen=True, slots=True)
class InstallProgress:
    """One moment of an installation: what is done, and how far (bytes; total 0 = not known yet).

    The words of a `step` are in the catalogue under `engine_step_<step>`.
    """

    step: str
    done: int
    total: int


OnProgress = Callable[[InstallProgress], None]


class EngineStore(Protocol):
    """The installed engines of this machine."""

    def list_engines(self) -> list[Engine]: ...

    def get_engine(self, version: EngineVersion) -> Engine:
        """NotFound("engine_not_installed") where it is not (wholly) installed."""

    def install(self, version: EngineVersion, on_progress: OnProgress, digest: str = "") -> Engine:
        """Download, check, unpack; idempotent. EngineFailed with what failed and what to do.

        `digest` (SHA-256, hex, of the distribution) allows a version that Headgate does not know.
        """

    def remove(self, version: EngineVersion) -> None: ...


@dataclass(frozen=True, slots=True)
class LocalClusterShape:
    """What the embedded cluster looks like. Times in seconds.

    `slots` are those of one TaskManager. `rest_port` 0: a free one, chosen once and kept.
    """

    slots: int = 4
    task_managers: int = 1
    rest_port: int = 0
    rest_store_duration_s: int = 24 * 3600


@dataclass(frozen=True, slots=True)
class LocalClusterFacts:
    """A running local cluster: where it answers, and which life of the JobManager this is."""

    rest_url: str
    incarnation: str
    job_manager_pid: int
    task_manager_pids: tuple[int, ...]


class LocalCluster(Protocol):
    """The embedded cluster of one data folder. It outlives the server that started it."""

    def ensure_running(self) -> LocalClusterFacts:
        """Adopt the living cluster of this folder, or start one. EngineFailed where it does not start."""

    def keep_alive(self) -> None:
        """One look: restart, with back-off, a JobManager or TaskManager whose process died."""

    def stop(self) -> bool:
        """End its processes; False where none ran."""
