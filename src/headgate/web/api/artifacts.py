"""Artifacts: upload a jar, list them, delete one."""

from hashlib import sha256
from typing import Annotated, BinaryIO

from fastapi import APIRouter, File, Form, Response, UploadFile

from headgate.domain.artifacts import Artifact
from headgate.ports.store import UnitOfWork
from headgate.services.pages import cut_page
from headgate.services.receipts import Keep
from headgate.web.callers import Caller
from headgate.web.context import Served
from headgate.web.declared import KEYS, WORKSPACE, declare
from headgate.web.models.clusters import ArtifactModel
from headgate.web.models.shapes import PageModel, list_models
from headgate.web.once import UploadOnce
from headgate.web.windows import Shown

router = APIRouter(tags=["artifacts"])

_PART_BYTES = 1024 * 1024

_UNKNOWN = {404: ("artifact_not_found",)}
_DISK = {503: ("artifact_disk_full", "artifact_folder_unusable")}


@router.post(
    "/workspaces/{workspace}/artifacts",
    status_code=201,
    response_model=ArtifactModel,
    responses=declare({404: WORKSPACE, 409: KEYS, 422: ("artifact_not_a_jar", "artifact_invalid"), **_DISK}),
)
def upload_artifact(
    workspace: str,
    file: Annotated[UploadFile, File(description="The jar.")],
    actor: Caller,
    services: Served,
    once: UploadOnce,
    name: Annotated[str | None, Form(description="The file's own name, if left out.")] = None,
) -> Response:
    """Keep a jar. The same content under the same name is the same artifact."""
    own_name = (name or (file.filename or "").replace("\\", "/").rpartition("/")[2]).strip()

    def act(keep: Keep[Artifact]) -> Artifact:
        return services.artifacts.add(actor, workspace, own_name, file.file, keep)

    def render(_unit: UnitOfWork, artifact: Artifact) -> ArtifactModel:
        return ArtifactModel.of(artifact)

    if once.mark is not None:
        once = once.marked(f"{own_name} {_digest(file.file)}")
    return once.answer(201, act, render)


def _digest(content: BinaryIO) -> str:
    """The digest of a file, which is then at its beginning again."""
    found = sha256()
    while part := content.read(_PART_BYTES):
        found.update(part)
    content.seek(0)
    return found.hexdigest()


@router.get("/workspaces/{workspace}/artifacts", responses=declare({404: WORKSPACE, 422: ("query_invalid",)}))
def list_artifacts(workspace: str, window: Shown, actor: Caller, services: Served) -> PageModel[ArtifactModel]:
    """The jars of a workspace, newest first."""
    artifacts = services.artifacts.list_all(actor, workspace)
    page = cut_page(artifacts, window, lambda item: (item.created_at.isoformat(), item.id), descending=True)
    return list_models(page.map(ArtifactModel.of))


@router.get("/artifacts/{artifact_id}", responses=declare(_UNKNOWN))
def get_artifact(artifact_id: str, actor: Caller, services: Served) -> ArtifactModel:
    """One jar."""
    return ArtifactModel.of(services.artifacts.get(actor, artifact_id))


@router.delete(
    "/artifacts/{artifact_id}", status_code=204, responses=declare({**_UNKNOWN, 409: ("artifact_in_use",), **_DISK})
)
def delete_artifact(artifact_id: str, actor: Caller, services: Served) -> None:
    """Delete a jar that no draft and no version refers to."""
    services.artifacts.delete(actor, artifact_id)
