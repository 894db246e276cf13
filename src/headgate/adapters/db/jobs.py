"""Jobs, drafts, versions and job states in the database.

The rows of a list, which join these with instances and operations, are in `job_rows.py`.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, bindparam, delete, select, type_coerce
from sqlalchemy.exc import IntegrityError

from headgate.adapters.db import tables
from headgate.adapters.db.job_rows import DRAFTS, JOBS, STATES, VERSIONS, find_row, list_rows
from headgate.adapters.db.refusals import explain
from headgate.domain.errors import NotFound
from headgate.domain.jobs import Draft, Job, JobState, Version
from headgate.domain.spec import JobType
from headgate.ports.store import JobFilter, JobRow, JobStore

_versions = tables.versions
_of_job = VERSIONS.select.where(_versions.c.job_id == bindparam("job"))
_newest_first = _of_job.order_by(_versions.c.number.desc())
_newest = _newest_first.limit(1)
_numbered = _of_job.where(_versions.c.number == bindparam("number"))
_named = JOBS.select.where(tables.jobs.c.workspace == bindparam("workspace"), tables.jobs.c.name == bindparam("name"))


def _meant(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The artifact of a specification, inside its JSON."""
    meant: ColumnElement[str] = type_coerce(column, JSON)["artifact"].as_string()
    return meant


_pinned = select(_versions.c.job_id).where(_meant(_versions.c.spec) == bindparam("artifact"))
_drafted = select(tables.drafts.c.job_id).where(
    tables.drafts.c.type == JobType.JAR.value,
    _meant(tables.drafts.c.spec).in_(bindparam("references", expanding=True)),
)
_names_using = select(tables.jobs.c.name).where(
    tables.jobs.c.workspace == bindparam("workspace"),
    tables.jobs.c.id.in_(_pinned) | tables.jobs.c.id.in_(_drafted),
)


class DatabaseJobs(JobStore):
    """What people edit and publish, and what the reconciler knows of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job: Job, draft: Draft) -> None:
        try:
            JOBS.add(self._connection, job)
        except IntegrityError as error:
            raise explain(error, name=job.name, workspace=job.workspace) from error
        DRAFTS.add(self._connection, draft, **_repeated(draft))

    def get(self, job_id: str) -> Job:
        return JOBS.get(self._connection, job_id)

    def find_by_name(self, workspace: str, name: str) -> Job | None:
        return JOBS.find_by(self._connection, _named, workspace=workspace, name=name)

    def update(self, job: Job) -> None:
        try:
            JOBS.save_revision(self._connection, job, job.revision)
        except IntegrityError as error:
            raise explain(error, name=job.name, workspace=job.workspace) from error

    def delete(self, job_id: str) -> None:
        # Every row of a job hangs on it with ON DELETE CASCADE.
        if not self._connection.execute(delete(tables.jobs).where(tables.jobs.c.id == job_id)).rowcount:
            raise JOBS.missing(job_id)

    def get_row(self, job_id: str) -> JobRow:
        row = find_row(self._connection, job_id)
        if row is None:
            raise JOBS.missing(job_id)
        return row

    def list_rows(self, job_filter: JobFilter) -> list[JobRow]:
        return list_rows(self._connection, job_filter)

    def list_names_using(self, workspace: str, artifact_id: str, references: Sequence[str]) -> list[str]:
        facts = {"workspace": workspace, "artifact": artifact_id, "references": list(references)}
        # Not ordered by the database: each orders letters as its locale says.
        return sorted(self._connection.execute(_names_using, facts).scalars())

    def get_draft(self, job_id: str) -> Draft:
        return DRAFTS.get(self._connection, job_id)

    def update_draft(self, draft: Draft) -> None:
        DRAFTS.save_revision(self._connection, draft, draft.revision, **_repeated(draft))

    def add_version(self, version: Version) -> None:
        try:
            VERSIONS.add(self._connection, version)
        except IntegrityError as error:
            raise explain(error, job=version.job_id, version=version.number) from error

    def get_version(self, job_id: str, number: int) -> Version:
        found = VERSIONS.find_by(self._connection, _numbered, job=job_id, number=number)
        if found is None:
            raise NotFound("version_not_found", job=job_id, version=number)
        return found

    def list_versions(self, job_id: str) -> list[Version]:
        return VERSIONS.list_by(self._connection, _newest_first, job=job_id)

    def find_newest_version(self, job_id: str) -> Version | None:
        return VERSIONS.find_by(self._connection, _newest, job=job_id)

    def get_state(self, job_id: str) -> JobState:
        return STATES.find(self._connection, job_id) or JobState(self.get(job_id).id)

    def save_state(self, state: JobState) -> None:
        STATES.put(self._connection, state)


def _repeated(draft: Draft) -> dict[str, str]:
    return {"type": draft.spec.type.value, "cluster": draft.spec.cluster}
