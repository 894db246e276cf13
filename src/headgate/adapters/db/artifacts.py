"""Artifacts in the database; their files lie elsewhere."""

from sqlalchemy import Connection, bindparam, delete, select

from headgate.adapters.db import tables
from headgate.adapters.db.rows import Records
from headgate.domain.artifacts import Artifact
from headgate.ports.store import ArtifactStore

ARTIFACTS = Records(tables.artifacts, Artifact, "id", "artifact_not_found")

_artifacts = tables.artifacts
_of_workspace = ARTIFACTS.select.where(_artifacts.c.workspace == bindparam("workspace"))
_all = _of_workspace.order_by(_artifacts.c.created_at, _artifacts.c.ordinal)
_newest_named = (
    _of_workspace.where(_artifacts.c.name == bindparam("name"))
    .order_by(_artifacts.c.created_at.desc(), _artifacts.c.ordinal.desc())
    .limit(1)
)
_of_content = select(_artifacts.c.id).where(_artifacts.c.digest == bindparam("digest")).limit(1)


class DatabaseArtifacts(ArtifactStore):
    """Written by services."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, artifact: Artifact) -> None:
        ARTIFACTS.add(self._connection, artifact)

    def get(self, artifact_id: str) -> Artifact:
        return ARTIFACTS.get(self._connection, artifact_id)

    def find_by_name(self, workspace: str, name: str) -> Artifact | None:
        return ARTIFACTS.find_by(self._connection, _newest_named, workspace=workspace, name=name)

    def list_all(self, workspace: str) -> list[Artifact]:
        return ARTIFACTS.list_by(self._connection, _all, workspace=workspace)

    def has_content(self, digest: str) -> bool:
        return self._connection.execute(_of_content, {"digest": digest}).first() is not None

    def delete(self, artifact_id: str) -> None:
        if not self._connection.execute(delete(_artifacts).where(_artifacts.c.id == artifact_id)).rowcount:
            raise ARTIFACTS.missing(artifact_id)
