"""What the local cluster's folder remembers from one server to the next: ports, processes, incarnation.

Written whole, by rename; the marks of processes are written before these are started.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from headgate.adapters.engine.configuration import Ports
from headgate.adapters.engine.processes import DetachedProcess
from headgate.domain.clusters import EngineVersion

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class LocalState:
    """The last known cluster. `incarnation` is empty until the JobManager has answered once."""

    engine: EngineVersion
    ports: Ports
    incarnation: str = ""
    job_manager: DetachedProcess | None = None
    task_managers: tuple[DetachedProcess, ...] = field(default=())

    @property
    def processes(self) -> tuple[DetachedProcess, ...]:
        """Every process, the JobManager first."""
        return (*((self.job_manager,) if self.job_manager else ()), *self.task_managers)


def find_state(file: Path) -> LocalState | None:
    """What `file` remembers; None where there is no file, or none that can be read."""
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        job_manager = read["job_manager"]
        return LocalState(
            EngineVersion(read["engine"]),
            Ports(**read["ports"]),
            read["incarnation"],
            DetachedProcess(**job_manager) if job_manager else None,
            tuple(DetachedProcess(**process) for process in read["task_managers"]),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def write_state(file: Path, state: LocalState) -> None:
    job_manager = state.job_manager
    text = json.dumps(
        {
            "format": _FORMAT,
            "engine": state.engine,
            "ports": {"rest": state.ports.rest, "rpc": state.ports.rpc},
            "incarnation": state.incarnation,
            "job_manager": _as_json(job_manager) if job_manager else None,
            "task_managers": [_as_json(process) for process in state.task_managers],
        },
        indent=1,
    )
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    part.replace(file)


def _as_json(process: DetachedProcess) -> dict[str, str | int]:
    return {"token": process.token, "pid": process.pid}
