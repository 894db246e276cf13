"""Jobs as people keep them: creating, renaming, moving, deleting. Running them is `operations.py`.

A job is created together with its draft. Its history goes with it when it is deleted, the files of
its snapshots stay.
"""

import re
from dataclasses import dataclass, field, fields, replace

from headgate.domain.errors import Conflict, Invalid, Problem
from headgate.domain.events import Event, EventType
from headgate.domain.jobs import Draft, Job, JobId
from headgate.domain.lifecycle import Phase
from headgate.domain.recovery import Recovery
from headgate.domain.spec import JobSpec
from headgate.domain.workspaces import Actor, require_workspace
from headgate.ports.calls import CallLog, NoCallLog
from headgate.ports.clock import Clock
from headgate.ports.ids import Ids
from headgate.ports.store import JobRow, Store
from headgate.services.access import get_job, get_row, require_revision
from headgate.services.receipts import Keep, keep_nothing
from headgate.services.standing import Standing, derive_standing, look_at_clusters

NAME_LENGTH = 100
FOLDER_LENGTH = 255
LABEL_COUNT = 32
_ID_FORM = re.compile(r"job-[0-9a-z]{10}")
_LABEL_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a person gives to create a job."""

    name: str
    spec: JobSpec
    folder: str = ""
    labels: dict[str, str] | None = None
    recovery: Recovery = field(default_factory=Recovery)


@dataclass(frozen=True, slots=True)
class JobEdit:
    """What a person changes of a job; None leaves a field as it is."""

    name: str | None = None
    folder: str | None = None
    labels: dict[str, str] | None = None
    recovery: Recovery | None = None
    protected: bool | None = None


@dataclass(frozen=True, slots=True)
class DeletedJob:
    """What is left behind: the snapshots whose files Headgate does not touch."""

    id: JobId
    name: str
    snapshots_left: int


@dataclass(frozen=True, slots=True)
class Jobs:
    store: Store
    clock: Clock
    ids: Ids
    calls: CallLog = field(default_factory=NoCallLog)

    def create(self, actor: Actor, workspace: str, new: NewJob, keep: Keep[Job] = keep_nothing) -> Job:
        """A job with its draft. Conflict("job_name_taken"), Invalid for a name, folder or label that will not do."""
        require_workspace(actor, workspace)
        now = self.clock.now()
        job = Job(
            id=JobId(self.ids.new("job")),
            workspace=workspace,
            name=new.name.strip(),
            folder=_normalise_folder(new.folder),
            labels=new.labels or {},
            recovery=new.recovery,
            protected=False,
            created_at=now,
            created_by=actor.name,
        )
        _validate(job)
        with self.store.write() as unit:
            unit.jobs.add(job, Draft(job.id, new.spec, now, actor.name))
            unit.events.record(
                Event(job.id, workspace, now, EventType.JOB_CREATED, facts={"name": job.name}, actor=actor.name)
            )
            keep(unit, job)
        return job

    def update(self, actor: Actor, job_id: str, edit: JobEdit, revision: int | None) -> Job:
        """The job with `edit` applied. StaleRevision, Conflict("job_name_taken"), Invalid as `create`."""
        with self.store.write() as unit:
            before = get_job(unit, actor, job_id)
            require_revision(before.revision, revision)
            after = _apply(before, edit)
            changed = [item.name for item in fields(Job) if getattr(before, item.name) != getattr(after, item.name)]
            if not changed:
                return before
            _validate(after)
            if "name" in changed and unit.jobs.find_by_name(after.workspace, after.name) is not None:
                raise Conflict("job_name_taken", name=after.name)
            after = replace(after, revision=before.revision + 1)
            unit.jobs.update(after)
            facts = {"fields": ", ".join(changed)}
            unit.events.record(
                Event(after.id, after.workspace, self.clock.now(), EventType.JOB_UPDATED, facts=facts, actor=actor.name)
            )
        return after

    def delete(self, actor: Actor, job_id: str, revision: int | None = None) -> DeletedJob:
        """Remove a job and its history. NotAllowed while it runs, changes, may still run, or is protected."""
        with self.store.write() as unit:
            row = get_row(unit, actor, job_id)
            require_revision(row.job.revision, revision)
            around = look_at_clusters(unit, row.job.workspace, self.clock)
            _refuse_delete(row, derive_standing(row, around))
            left = len(unit.snapshots.list_of_job(job_id))
            unit.jobs.delete(job_id)
        self.calls.forget(job_id)
        return DeletedJob(row.job.id, row.job.name, left)


def _refuse_delete(row: JobRow, standing: Standing) -> None:
    name = row.job.name
    if row.job.protected:
        raise standing.refuse("job_protected", job=name)
    if row.open_operations or standing.phase in {Phase.RUNNING, Phase.TRANSITIONING}:
        raise standing.refuse("job_not_deletable", job=name)
    if row.instance is not None and row.instance.is_live:
        raise standing.refuse("job_may_still_run", job=name, flink_job_id=row.instance.flink_job_id)


def _apply(job: Job, edit: JobEdit) -> Job:
    return replace(
        job,
        name=job.name if edit.name is None else edit.name.strip(),
        folder=job.folder if edit.folder is None else _normalise_folder(edit.folder),
        labels=job.labels if edit.labels is None else edit.labels,
        recovery=job.recovery if edit.recovery is None else edit.recovery,
        protected=job.protected if edit.protected is None else edit.protected,
    )


def _normalise_folder(folder: str) -> str:
    return "/".join(part.strip() for part in folder.strip().strip("/").split("/"))


def _validate(job: Job) -> None:
    problems = [*_check_name(job.name), *_check_folder(job.folder), *_check_labels(job.labels)]
    if problems:
        raise Invalid("job_invalid", problems=problems)


def _check_name(name: str) -> list[Problem]:
    if not name:
        return [Problem("name", "field_required", (("field", "name"),))]
    if len(name) > NAME_LENGTH:
        return [Problem("name", "field_too_long", (("field", "name"), ("most", str(NAME_LENGTH))))]
    if not name.isprintable() or "/" in name:
        return [Problem("name", "name_characters", (("name", name),))]
    if _ID_FORM.fullmatch(name):
        return [Problem("name", "name_like_id", (("name", name),))]
    return []


def _check_folder(folder: str) -> list[Problem]:
    if len(folder) > FOLDER_LENGTH:
        return [Problem("folder", "field_too_long", (("field", "folder"), ("most", str(FOLDER_LENGTH))))]
    parts = folder.split("/") if folder else []
    if any(part in {"", ".", ".."} or not part.isprintable() for part in parts):
        return [Problem("folder", "folder_invalid", (("folder", folder),))]
    return []


def _check_labels(labels: dict[str, str]) -> list[Problem]:
    if len(labels) > LABEL_COUNT:
        return [Problem("labels", "labels_too_many", (("most", str(LABEL_COUNT)),))]
    return [
        Problem(f"labels.{key}", "label_invalid", (("key", key),))
        for key, value in labels.items()
        if not _LABEL_KEY.fullmatch(key) or len(value) > FOLDER_LENGTH or (value and not value.isprintable())
    ]
