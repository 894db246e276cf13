"""Jobs, drafts, versions and job states in the database, and the rows of a list of jobs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, delete, func, or_, select
from sqlalchemy.exc import IntegrityError

from headgate.adapters.db import tables
from headgate.adapters.db.instances import INSTANCES
from headgate.adapters.db.operations import OPERATIONS
from headgate.adapters.db.refusals import explain
from headgate.adapters.db.rows import Records
from headgate.domain.errors import NotFound
from headgate.domain.instances import Instance
from headgate.domain.jobs import Draft, Job, JobState, Version
from headgate.domain.operations import Operation
from headgate.ports.store import JobFilter, JobRow, JobStore

JOBS = Records(tables.jobs, Job, "id", "job_not_found")
DRAFTS = Records(tables.drafts, Draft, "job_id", "job_not_found")
VERSIONS = Records(tables.versions, Version, "job_id", "version_not_found")
STATES = Records(tables.job_states, JobState, "job_id", "job_not_found")

_versions = tables.versions
_of_job = VERSIONS.select.where(_versions.c.job_id == bindparam("job"))
_newest_first = _of_job.order_by(_versions.c.number.desc())
_newest = _newest_first.limit(1)
_numbered = _of_job.where(_versions.c.number == bindparam("number"))
_named = JOBS.select.where(tables.jobs.c.workspace == bindparam("workspace"), tables.jobs.c.name == bindparam("name"))


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
            raise NotFound("job_not_found", id=job_id)

    def get_row(self, job_id: str) -> JobRow:
        for row in self._list_rows(tables.jobs.c.id == job_id):
            return row
        raise NotFound("job_not_found", id=job_id)

    def list_rows(self, job_filter: JobFilter) -> list[JobRow]:
        return self._list_rows(_matches(job_filter))

    def get_draft(self, job_id: str) -> Draft:
        return DRAFTS.get(self._connection, job_id)

    def update_draft(self, draft: Draft) -> None:
        DRAFTS.save_revision(self._connection, draft, draft.revision, **_repeated(draft))

    def add_version(self, version: Version) -> None:
        try:
            VERSIONS.add(self._connection, version)
        except IntegrityError as error:
            raise explain(error, job=version.job_id, number=version.number) from error

    def get_version(self, job_id: str, number: int) -> Version:
        found = VERSIONS.find_by(self._connection, _numbered, job=job_id, number=number)
        if found is None:
            raise NotFound("version_not_found", id=job_id, number=number)
        return found

    def list_versions(self, job_id: str) -> list[Version]:
        return VERSIONS.list_by(self._connection, _newest_first, job=job_id)

    def find_newest_version(self, job_id: str) -> Version | None:
        return VERSIONS.find_by(self._connection, _newest, job=job_id)

    def get_state(self, job_id: str) -> JobState:
        return STATES.find(self._connection, job_id) or JobState(self.get(job_id).id)

    def save_state(self, state: JobState) -> None:
        STATES.put(self._connection, state)

    def _list_rows(self, condition: ColumnElement[bool]) -> list[JobRow]:
        """Four queries, however many jobs there are."""
        jobs = self._select_jobs(condition)
        versions: dict[str, Version] = self._select_newest(VERSIONS, condition)
        instances: dict[str, Instance] = self._select_newest(INSTANCES, condition)
        operations = self._select_open_operations(condition)
        return [
            JobRow(job, draft, state, versions.get(job.id), instances.get(job.id), tuple(operations.get(job.id, ())))
            for job, draft, state in jobs
        ]

    def _select_jobs(self, condition: ColumnElement[bool]) -> list[tuple[Job, Draft, JobState]]:
        statement = (
            select(*JOBS.columns, *DRAFTS.columns, *STATES.columns)
            .join_from(tables.jobs, tables.drafts)
            .outerjoin(tables.job_states, tables.job_states.c.job_id == tables.jobs.c.id)
            .where(condition)
            .order_by(tables.jobs.c.created_at.desc(), tables.jobs.c.ordinal.desc())
        )
        first, second = len(JOBS.columns), len(JOBS.columns) + len(DRAFTS.columns)
        return [
            (
                job := JOBS.to_record(row[:first]),
                DRAFTS.to_record(row[first:second]),
                JobState(job.id) if row[second] is None else STATES.to_record(row[second:]),
            )
            for row in self._connection.execute(statement)
        ]

    def _select_newest(self, records: Records[Any], condition: ColumnElement[bool]) -> dict[str, Any]:
        """Of each job that fits, the record with the highest number."""
        table = records.table
        other = table.alias()
        highest = select(func.max(other.c.number)).where(other.c.job_id == table.c.job_id).scalar_subquery()
        statement = _of_jobs(records.select, table.c.job_id, condition).where(table.c.number == highest)
        return {found.job_id: found for found in records.list_by(self._connection, statement)}

    def _select_open_operations(self, condition: ColumnElement[bool]) -> dict[str, list[Operation]]:
        table = tables.operations
        statement = _of_jobs(OPERATIONS.select, table.c.job_id, condition)
        found: dict[str, list[Operation]] = {}
        for operation in OPERATIONS.list_by(
            self._connection, statement.where(tables.is_open_operation).order_by(table.c.number)
        ):
            found.setdefault(operation.job_id, []).append(operation)
        return found


def _of_jobs(statement: Select[Any], job_id: ColumnElement[str], condition: ColumnElement[bool]) -> Select[Any]:
    matching = select(tables.jobs.c.id).join_from(tables.jobs, tables.drafts).where(condition)
    return statement.where(job_id.in_(matching))


def _matches(job_filter: JobFilter) -> ColumnElement[bool]:
    jobs, drafts = tables.jobs.c, tables.drafts.c
    conditions = [jobs.workspace == job_filter.workspace]
    if job_filter.text:
        text = job_filter.text.lower()
        conditions.append(
            or_(
                func.lower(jobs.name).contains(text, autoescape=True),
                func.lower(jobs.id).contains(text, autoescape=True),
            )
        )
    if job_filter.folder is not None:
        conditions.extend(_is_in_folder(job_filter.folder, job_filter.recursive))
    if job_filter.cluster is not None:
        conditions.append(drafts.cluster == job_filter.cluster)
    if job_filter.type is not None:
        conditions.append(drafts.type == job_filter.type)
    return and_(*conditions)


def _is_in_folder(folder: str, recursive: bool) -> Sequence[ColumnElement[bool]]:
    column = tables.jobs.c.folder
    if not recursive:
        return (column == folder,)
    if not folder:
        return ()
    # Not LIKE: it would ignore the case in SQLite.
    return (or_(column == folder, func.substr(column, 1, len(folder) + 1) == f"{folder}/"),)


def _repeated(draft: Draft) -> dict[str, str]:
    return {"type": draft.spec.type.value, "cluster": draft.spec.cluster}
