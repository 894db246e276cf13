"""Engines in and out, and the task that installs one."""

from datetime import datetime

from pydantic import Field

from headgate.domain.catalogue import Language
from headgate.domain.operations import Finding
from headgate.ports.engines import Engine
from headgate.services.engines import Task, TaskStatus
from headgate.web.models.shapes import Body, Shown
from headgate.web.wording import advise, say


class NewEngineBody(Body):
    version: str = Field(description="The Flink version, such as `2.2.1`.")


class EngineModel(Shown):
    """A Flink version that is installed on the server's machine."""

    version: str
    home: str = Field(description="Its folder there.")

    @classmethod
    def of(cls, engine: Engine) -> "EngineModel":
        return cls(version=engine.version, home=str(engine.home))


class TaskModel(Shown):
    """An installation under way. It belongs to the server that answers; asked for again, it goes on."""

    id: str
    version: str
    status: TaskStatus
    progress: float | None = Field(description="How much of the present step is done, 0 to 1; null if not known.")
    message: str = Field(description="The present step; once it has ended, what came of it.")
    code: str | None = Field(description="Why it failed.")
    cause: str
    advice: str
    requested_by: str
    requested_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, task: Task, language: Language) -> "TaskModel":
        finding, progress = task.finding, task.progress
        share = min(progress.done / progress.total, 1.0) if progress is not None and progress.total else None
        return cls(
            id=task.id,
            version=task.version,
            status=task.status,
            progress=1.0 if task.status is TaskStatus.SUCCESS else share,
            message=_say(task, finding, language),
            code=finding.code if finding else None,
            cause=finding.cause if finding else "",
            advice=advise(finding.code, finding.facts, language) if finding else "",
            requested_by=task.requested_by,
            requested_at=task.requested_at,
            ended_at=task.ended_at,
        )


def _say(task: Task, finding: Finding | None, language: Language) -> str:
    if finding is not None:
        return say(finding.code, finding.facts, language)
    if task.status is TaskStatus.SUCCESS:
        return say("engine_is_installed", {"version": task.version}, language)
    step = task.progress.step if task.progress is not None else "wait_for_other_process"
    return say(f"engine_step_{step}", {}, language)
