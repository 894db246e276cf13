"""What happened: instances, snapshots and events, of one job or of all; and the calls to Flink behind it."""

from typing import Annotated

from fastapi import APIRouter, Query

from headgate.web.callers import Caller
from headgate.web.context import Served
from headgate.web.declared import JOB, WORKSPACE, declare
from headgate.web.languages import Spoken
from headgate.web.models.history import CallModel, EventModel, InstanceDetailModel, InstanceModel, SnapshotModel
from headgate.web.models.shapes import MAX_NUMBER, PageModel, list_models
from headgate.web.windows import Shown

router = APIRouter(tags=["history"])

_OF_JOB = declare({404: JOB, 422: ("query_invalid",)})
_OF_WORKSPACE = declare({404: WORKSPACE, 422: ("query_invalid",)})


@router.get("/jobs/{job_id}/instances", responses=_OF_JOB)
def list_job_instances(job_id: str, window: Shown, actor: Caller, services: Served) -> PageModel[InstanceModel]:
    """The runs of a job, newest first."""
    return list_models(services.queries.list_job_instances(actor, job_id, window).map(InstanceModel.of))


@router.get("/workspaces/{workspace}/instances", responses=_OF_WORKSPACE)
def list_instances(
    workspace: str,
    window: Shown,
    actor: Caller,
    services: Served,
    current: Annotated[bool, Query(description="Only the newest of each job.")] = True,
) -> PageModel[InstanceModel]:
    """The runs of all jobs, newest first."""
    page = services.queries.list_instances(actor, workspace, current=current, window=window)
    return list_models(page.map(InstanceModel.of))


@router.get("/instances/{instance_id}", responses=declare({404: ("instance_not_found",)}))
def get_instance(instance_id: str, actor: Caller, services: Served) -> InstanceDetailModel:
    """One run, with the configuration that was frozen for it."""
    return InstanceDetailModel.of_detail(services.queries.get_instance(actor, instance_id))


@router.get("/jobs/{job_id}/snapshots", responses=_OF_JOB)
def list_job_snapshots(job_id: str, window: Shown, actor: Caller, services: Served) -> PageModel[SnapshotModel]:
    """The savepoints and retained checkpoints of a job, newest first."""
    return list_models(services.queries.list_job_snapshots(actor, job_id, window).map(SnapshotModel.of))


@router.get("/snapshots/{snapshot_id}", responses=declare({404: ("snapshot_not_found",)}))
def get_snapshot(snapshot_id: str, actor: Caller, services: Served) -> SnapshotModel:
    """One snapshot."""
    return SnapshotModel.of(services.queries.get_snapshot(actor, snapshot_id))


@router.get("/jobs/{job_id}/trace", responses=_OF_JOB)
def list_job_calls(job_id: str, window: Shown, actor: Caller, services: Served) -> PageModel[CallModel]:
    """The newest 200 calls to Flink that this server made on behalf of a job, newest first."""
    return list_models(services.traces.list_job_calls(actor, job_id, window).map(CallModel.of))


@router.get("/jobs/{job_id}/events", responses=_OF_JOB)
def list_job_events(
    job_id: str,
    window: Shown,
    actor: Caller,
    services: Served,
    language: Spoken,
    instance: Annotated[int | None, Query(ge=1, le=MAX_NUMBER, description="Only of the run with this number.")] = None,
) -> PageModel[EventModel]:
    """What happened to a job, newest first."""
    page = services.queries.list_job_events(actor, job_id, window, instance)
    return list_models(page.map(lambda view: EventModel.of(view, language)))


@router.get("/workspaces/{workspace}/events", responses=_OF_WORKSPACE)
def list_events(
    workspace: str, window: Shown, actor: Caller, services: Served, language: Spoken
) -> PageModel[EventModel]:
    """What happened to all jobs, newest first."""
    page = services.queries.list_events(actor, workspace, window)
    return list_models(page.map(lambda view: EventModel.of(view, language)))
