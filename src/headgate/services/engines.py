"""Engines: the Flink versions that are installed on the server's machine, and installing one as a task.

An installation takes minutes, so it is answered with a task that can be looked at. A task belongs to
this server, as the engine's folder belongs to its machine: neither is in the database. What breaks
off is begun again by asking again.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import HeadgateError, Invalid, NotAllowed, NotFound, Problem
from headgate.domain.operations import Finding
from headgate.domain.workspaces import Actor
from headgate.ports.clock import Clock
from headgate.ports.engines import Engine, EngineStore, InstallProgress
from headgate.ports.ids import Ids
from headgate.ports.store import Store
from headgate.services.receipts import Keep, keep_nothing

_VERSION = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")

# Somebody may come back for the end of a task; nobody comes back for the hundredth.
_TASKS_KEPT = 100

Start = Callable[[Callable[[], None]], None]


class TaskStatus(StrEnum):
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Task:
    """One installation. `progress` is the present step of it; `finding` says why it failed."""

    id: str
    version: EngineVersion
    requested_by: str
    requested_at: datetime
    status: TaskStatus = TaskStatus.RUNNING
    progress: InstallProgress | None = None
    finding: Finding | None = None
    ended_at: datetime | None = None


@dataclass(slots=True)
class Engines:
    """`start` has work done elsewhere: it returns at once."""

    store: Store
    clock: Clock
    ids: Ids
    installed: EngineStore
    start: Start
    _tasks: dict[str, Task] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def list_all(self) -> list[Engine]:
        return self.installed.list_engines()

    def get(self, version: str) -> Engine:
        """NotFound("engine_not_installed")."""
        return self.installed.get_engine(_read_version(version))

    def install(self, actor: Actor, version: str, keep: Keep[Task] = keep_nothing) -> Task:
        """Begin to install a version; the task that does it already, where there is one."""
        wanted = _read_version(version)
        with self._lock:
            going = next((t for t in self._tasks.values() if (t.version, t.ended_at) == (wanted, None)), None)
            task = going or Task(self.ids.new("task"), wanted, actor.name, self.clock.now())
            with self.store.write() as unit:
                keep(unit, task)
            if going is None:
                self._tasks[task.id] = task
                self._forget()
        if going is None:
            self.start(lambda: self._carry_out(task))
        return task

    def get_task(self, task_id: str) -> Task:
        with self._lock:
            task = self._tasks.get(task_id)
        if task is None:
            raise NotFound("task_not_found", task=task_id)
        return task

    def remove(self, version: str) -> None:
        """Delete an installed version. NotAllowed("engine_in_use") while a registered cluster runs it."""
        wanted = self.get(version).version
        with self.store.read() as unit:
            users = [cluster.name for cluster in unit.clusters.list_all() if cluster.engine_version == wanted]
        if users:
            raise NotAllowed("engine_in_use", version=wanted, clusters=", ".join(users))
        self.installed.remove(wanted)

    def _carry_out(self, task: Task) -> None:
        # What is not expected ends the thread with its traceback in the log; the task must end all the same.
        end: tuple[TaskStatus, Finding | None] = TaskStatus.FAIL, Finding("internal_error")
        try:
            self.installed.install(task.version, lambda progress: self._change(task.id, progress=progress))
            end = TaskStatus.SUCCESS, None
        except HeadgateError as error:
            end = TaskStatus.FAIL, Finding(error.code, error.facts, error.cause)
        finally:
            self._change(task.id, status=end[0], finding=end[1], ended_at=self.clock.now())

    def _change(self, task_id: str, **changes: object) -> None:
        with self._lock:
            self._tasks[task_id] = replace(self._tasks[task_id], **changes)  # type: ignore[arg-type]  # fields of a task

    def _forget(self) -> None:
        """Drop the oldest ended tasks."""
        ended = [task.id for task in self._tasks.values() if task.ended_at is not None]
        for task_id in ended[: max(0, len(self._tasks) - _TASKS_KEPT)]:
            del self._tasks[task_id]


def _read_version(text: str) -> EngineVersion:
    """Only ever three numbers: a version becomes the name of a folder."""
    if not _VERSION.fullmatch(text):
        raise Invalid("body_malformed", problems=[Problem("version", "engine_version_form")])
    return EngineVersion(text)
