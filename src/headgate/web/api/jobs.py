"""Jobs: create, list, show, change, delete, and have one looked at now."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from headgate.domain.errors import Invalid, Problem
from headgate.domain.jobs import Job
from headgate.ports.store import JobFilter, UnitOfWork
from headgate.services.queries import SORTS, JobQuery
from headgate.services.receipts import Keep
from headgate.web.callers import Caller, Edited, MaybeEdited, write_etag
from headgate.web.context import Served
from headgate.web.declared import JOB, KEYS, WORKSPACE, declare
from headgate.web.languages import Spoken
from headgate.web.models.jobs import DeletedJobModel, JobEditBody, JobListModel, JobModel, NewJobBody
from headgate.web.models.shapes import AnyFlinkStatus, AnyJobType, AnyLifecycle, AnyPhase
from headgate.web.once import OnceOnly
from headgate.web.windows import Shown

router = APIRouter(tags=["jobs"])

_NAMES = ("job_name_taken",)
_EDITS = {404: JOB, 412: ("stale_revision",), 428: ("revision_required",)}


@router.post(
    "/workspaces/{workspace}/jobs",
    status_code=201,
    response_model=JobModel,
    responses=declare({404: WORKSPACE, 409: (*_NAMES, *KEYS), 422: ("job_invalid", "spec_invalid")}),
)
def create_job(
    workspace: str, body: NewJobBody, actor: Caller, services: Served, once: OnceOnly, language: Spoken
) -> Response:
    """Create a job with its draft. Nothing is published or started."""

    def act(keep: Keep[Job]) -> Job:
        return services.jobs.create(actor, workspace, body.to_order(), keep)

    def render(unit: UnitOfWork, job: Job) -> JobModel:
        return JobModel.of_detail(services.queries.read_job(unit, actor, job.id), language)

    return once.answer(201, act, render)


def read_filter(
    workspace: str,
    q: Annotated[str | None, Query(description="Sought in name and id.", max_length=200)] = None,
    folder: str | None = None,
    recursive: Annotated[bool, Query(description="With the folders below.")] = False,
    job_type: Annotated[AnyJobType | None, Query(alias="type")] = None,
    cluster: Annotated[
        str | None, Query(description="The name of a cluster: where it runs or ran last, or is to run.")
    ] = None,
) -> JobFilter:
    """What the database filters by."""
    place = folder.strip("/") if folder is not None else None
    return JobFilter(workspace, q or None, place, recursive, cluster, job_type.value if job_type else None)


def read_query(
    rows: Annotated[JobFilter, Depends(read_filter)],
    phase: Annotated[list[AnyPhase] | None, Query()] = None,
    flink_status: Annotated[list[AnyFlinkStatus] | None, Query()] = None,
    lifecycle: Annotated[list[AnyLifecycle] | None, Query()] = None,
    label: Annotated[list[str] | None, Query(description="`key` or `key=value`; all of them must fit.")] = None,
    sort: Annotated[
        str, Query(description=f"{', '.join(SORTS)}; a leading `-` turns the order round.")
    ] = "-created_at",
) -> JobQuery:
    """What is filtered by derived state."""
    if sort.removeprefix("-") not in SORTS:
        facts = (("field", "sort"), ("value", sort), ("allowed", ", ".join(SORTS)))
        raise Invalid("query_invalid", problems=[Problem("sort", "field_choice", facts)])
    return JobQuery(
        rows=rows,
        phases=frozenset(phase or ()),
        flink_statuses=frozenset(flink_status or ()),
        lifecycles=frozenset(lifecycle or ()),
        labels=tuple(_read_label(text) for text in label or ()),
        sort=sort,
    )


def _read_label(text: str) -> tuple[str, str | None]:
    key, equals, value = text.partition("=")
    return key, value if equals else None


@router.get("/workspaces/{workspace}/jobs", responses=declare({404: WORKSPACE, 422: ("query_invalid",)}))
def list_jobs(
    query: Annotated[JobQuery, Depends(read_query)], window: Shown, actor: Caller, services: Served, language: Spoken
) -> JobListModel:
    """The jobs of a workspace, newest first unless sorted, with `total` and `counts` of all that fit."""
    return JobListModel.of(services.queries.list_jobs(actor, query, window), language)


@router.get("/jobs/{job_id}", responses=declare({404: JOB}))
def get_job(job_id: str, actor: Caller, services: Served, language: Spoken, response: Response) -> JobModel:
    """One job: where it is, where it is going, and what may be done."""
    detail = services.queries.get_job(actor, job_id)
    response.headers["ETag"] = write_etag(detail.view.job.revision)
    return JobModel.of_detail(detail, language)


@router.patch("/jobs/{job_id}", responses=declare({**_EDITS, 409: _NAMES, 422: ("job_invalid",)}))
def update_job(
    job_id: str, body: JobEditBody, revision: Edited, actor: Caller, services: Served, language: Spoken
) -> JobModel:
    """Change name, folder, labels, recovery or protection. The draft has its own resource."""
    services.jobs.update(actor, job_id, body.to_edit(), revision)
    return JobModel.of_detail(services.queries.get_job(actor, job_id), language)


@router.delete(
    "/jobs/{job_id}",
    responses=declare(
        {404: JOB, 409: ("job_not_deletable", "job_may_still_run", "job_protected"), 412: ("stale_revision",)}
    ),
)
def delete_job(
    job_id: str, revision: MaybeEdited, actor: Caller, services: Served, language: Spoken
) -> DeletedJobModel:
    """Delete a job that does not run, with its history. The files of its snapshots stay."""
    return DeletedJobModel.of(services.jobs.delete(actor, job_id, revision), language)


@router.post("/jobs/{job_id}/refresh", status_code=202, responses=declare({404: JOB}))
def refresh_job(job_id: str, actor: Caller, services: Served, language: Spoken) -> JobModel:
    """Have Flink asked now instead of at the next sweep. The answer is what is known so far."""
    services.operations.refresh(actor, job_id)
    return JobModel.of_detail(services.queries.get_job(actor, job_id), language)
