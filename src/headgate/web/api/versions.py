"""Versions: publish the draft, and read what was published."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from headgate.domain.jobs import Version
from headgate.ports.store import UnitOfWork
from headgate.services.pages import cut_page
from headgate.services.receipts import Keep
from headgate.web.callers import Caller
from headgate.web.context import Served
from headgate.web.declared import JOB, KEYS, declare
from headgate.web.languages import Spoken
from headgate.web.models.jobs import PublishBody, PublishedModel, VersionModel
from headgate.web.models.shapes import MAX_NUMBER, FindingModel, PageModel, list_models
from headgate.web.once import OnceOnly
from headgate.web.windows import Shown

router = APIRouter(tags=["versions"])


@router.post(
    "/jobs/{job_id}/versions",
    status_code=201,
    response_model=PublishedModel,
    responses=declare({404: JOB, 409: (*KEYS, "version_exists"), 422: ("description_required", "spec_invalid")}),
)
def publish_version(
    job_id: str, body: PublishBody, actor: Caller, services: Served, once: OnceOnly, language: Spoken
) -> Response:
    """Freeze the draft as the next version. The system numbers it; nothing is started."""

    def act(keep: Keep[Version]) -> Version:
        return services.versions.publish(actor, job_id, body.description, keep)

    def render(unit: UnitOfWork, version: Version) -> PublishedModel:
        notices = [FindingModel.of(found, language) for found in services.versions.list_notices(unit, version)]
        return PublishedModel(version=VersionModel.of(version), notices=notices)

    return once.answer(201, act, render)


@router.get("/jobs/{job_id}/versions", responses=declare({404: JOB, 422: ("query_invalid",)}))
def list_versions(job_id: str, window: Shown, actor: Caller, services: Served) -> PageModel[VersionModel]:
    """The versions of a job, newest first."""
    versions = services.versions.list_of_job(actor, job_id)
    page = cut_page(versions, window, lambda version: (f"{version.number:010}", ""), descending=True)
    return list_models(page.map(VersionModel.of))


@router.get("/jobs/{job_id}/versions/{number}", responses=declare({404: (*JOB, "version_not_found")}))
def get_version(
    job_id: str, number: Annotated[int, Path(ge=1, le=MAX_NUMBER)], actor: Caller, services: Served
) -> VersionModel:
    """One version; it never changes."""
    return VersionModel.of(services.versions.get(actor, job_id, number))
