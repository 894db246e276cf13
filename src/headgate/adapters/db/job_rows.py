"""The rows of a list of jobs: each job with all that is shown of it, in five queries for any number.

What narrows a list is in the statements' conditions; the statements of one kind of filter are built
once and kept, as building them costs more than running them.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)

from headgate.adapters.db import tables
from headgate.adapters.db.instances import INSTANCES
from headgate.adapters.db.letters import lower
from headgate.adapters.db.operations import OPERATIONS
from headgate.adapters.db.rows import Records
from headgate.domain.clusters import ClusterId
from headgate.domain.instances import Instance
from headgate.domain.jobs import Draft, Job, JobState, Version
from headgate.domain.operations import Operation
from headgate.ports.store import JobFilter, JobRow

JOBS = Records(tables.jobs, Job, "id", "job_not_found")
DRAFTS = Records(tables.drafts, Draft, "job_id", "job_not_found")
VERSIONS = Records(tables.versions, Version, "job_id", "version_not_found")
STATES = Records(tables.job_states, JobState, "job_id", "job_not_found")

_jobs, _drafts, _snapshots = tables.jobs.c, tables.drafts.c, tables.snapshots.c
_folder: BindParameter[str] = bindparam("folder", type_=String)
_cluster: BindParameter[str] = bindparam("cluster", type_=String)


def _runs_on(cluster: BindParameter[str]) -> ColumnElement[bool]:
    """Whether the newest instance of the job is on the cluster of that name."""
    # Aliases, as the statement around this may read from instances too.
    newest, other, clusters = tables.instances.alias(), tables.instances.alias(), tables.clusters
    highest = select(func.max(other.c.number)).where(other.c.job_id == newest.c.job_id).scalar_subquery()
    return exists().where(
        newest.c.job_id == _jobs.id,
        newest.c.number == highest,
        newest.c.cluster_id == clusters.c.id,
        clusters.c.name == cluster,
    )


_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "id": _jobs.id == bindparam("id"),
    "workspace": _jobs.workspace == bindparam("workspace"),
    "text": or_(
        lower(_jobs.name).contains(bindparam("text"), autoescape=False, escape="/"),
        lower(_jobs.id).contains(bindparam("text"), autoescape=False, escape="/"),
    ),
    "folder": _jobs.folder == _folder,
    # Not LIKE: it would ignore the case in SQLite.
    "below": or_(
        _jobs.folder == _folder, func.substr(_jobs.folder, 1, func.length(_folder) + 1) == _folder.concat("/")
    ),
    "cluster": or_(_drafts.cluster == _cluster, _runs_on(_cluster)),
    "type": _drafts.type == bindparam("type"),
}


def find_row(connection: Connection, job_id: str) -> JobRow | None:
    """One job's row."""
    return next(iter(_read(connection, ("id",), {"id": job_id})), None)


def list_rows(connection: Connection, job_filter: JobFilter) -> list[JobRow]:
    """Every row that the filter lets through, newest first."""
    parameters: dict[str, object] = {"workspace": job_filter.workspace}
    names = ["workspace"]
    if job_filter.text:
        names.append("text")
        parameters["text"] = _escape(job_filter.text.lower())
    if job_filter.folder is not None and not (job_filter.recursive and not job_filter.folder):
        names.append("below" if job_filter.recursive else "folder")
        parameters["folder"] = job_filter.folder
    for name in ("cluster", "type"):
        if (value := getattr(job_filter, name)) is not None:
            names.append(name)
            parameters[name] = value
    return _read(connection, tuple(names), parameters)


@dataclass(frozen=True, slots=True)
class _Statements:
    """The five queries under one condition."""

    jobs: Select[Any]
    versions: Select[Any]
    instances: Select[Any]
    operations: Select[Any]
    intents: Select[Any]


@cache
def _statements(names: tuple[str, ...]) -> _Statements:
    condition = and_(*(_CONDITIONS[name] for name in names))
    operations, intents = tables.operations.c, tables.intents.c
    return _Statements(
        jobs=(
            select(_snapshots.job_version, *JOBS.columns, *DRAFTS.columns, *STATES.columns)
            .join_from(tables.jobs, tables.drafts)
            .outerjoin(tables.job_states, tables.job_states.c.job_id == _jobs.id)
            .outerjoin(tables.snapshots, _snapshots.id == tables.job_states.c.suspended_on)
            .where(condition)
            .order_by(_jobs.created_at.desc(), _jobs.ordinal.desc())
        ),
        versions=_newest_of_each(VERSIONS, condition),
        instances=_newest_of_each(INSTANCES, condition),
        operations=_of_matching(OPERATIONS, condition).where(tables.is_open_operation).order_by(operations.number),
        intents=select(intents.job_id, intents.cluster_id).where(
            tables.is_open_intent, intents.job_id.in_(_matching(condition))
        ),
    )


def _newest_of_each(records: Records[Any], condition: ColumnElement[bool]) -> Select[Any]:
    """Of each matching job the record with the highest number."""
    table = records.table
    other = table.alias()
    highest = select(func.max(other.c.number)).where(other.c.job_id == table.c.job_id).scalar_subquery()
    return _of_matching(records, condition).where(table.c.number == highest)


def _of_matching(records: Records[Any], condition: ColumnElement[bool]) -> Select[Any]:
    return records.select.where(records.table.c.job_id.in_(_matching(condition)))


def _matching(condition: ColumnElement[bool]) -> Select[Any]:
    return select(_jobs.id).join_from(tables.jobs, tables.drafts).where(condition)


def _read(connection: Connection, names: tuple[str, ...], parameters: dict[str, object]) -> list[JobRow]:
    statements = _statements(names)
    first = 1 + len(JOBS.columns)
    second = first + len(DRAFTS.columns)
    jobs = connection.execute(statements.jobs, parameters).all()
    if not jobs:
        return []
    versions: dict[str, Version] = _by_job(VERSIONS.list_by(connection, statements.versions, **parameters))
    instances: dict[str, Instance] = _by_job(INSTANCES.list_by(connection, statements.instances, **parameters))
    operations: dict[str, list[Operation]] = {}
    for operation in OPERATIONS.list_by(connection, statements.operations, **parameters):
        operations.setdefault(operation.job_id, []).append(operation)
    waits_on: dict[str, set[ClusterId]] = {}
    for job_id, cluster_id in connection.execute(statements.intents, parameters):
        waits_on.setdefault(job_id, set()).add(ClusterId(cluster_id))
    return [
        JobRow(
            job := JOBS.to_record(row[1:first]),
            DRAFTS.to_record(row[first:second]),
            JobState(job.id) if row[second] is None else STATES.to_record(row[second:]),
            versions.get(job.id),
            instances.get(job.id),
            tuple(operations.get(job.id, ())),
            row[0],
            frozenset(waits_on.get(job.id, ())),
        )
        for row in jobs
    ]


def _by_job(records: list[Any]) -> dict[str, Any]:
    return {record.job_id: record for record in records}


def _escape(text: str) -> str:
    """`text` for LIKE, where `%` and `_` mean themselves."""
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")
