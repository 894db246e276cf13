"""Artifacts: the jars of a workspace. The rows are kept here, the files behind the port.

The same content under the same name is one artifact. A newer content under an old name is a new
artifact: drafts mean the newest, versions keep the one that they were published with.
"""

import re
from dataclasses import dataclass
from typing import BinaryIO

from headgate.domain.artifacts import Artifact
from headgate.domain.errors import Invalid, NotAllowed, NotFound, Problem
from headgate.domain.workspaces import Actor, require_workspace
from headgate.ports.artifacts import ArtifactFiles
from headgate.ports.clock import Clock
from headgate.ports.ids import Ids
from headgate.ports.store import Store, UnitOfWork
from headgate.services.access import get_artifact
from headgate.services.receipts import Keep, keep_nothing

NAME_LENGTH = 200
_NAMED_USERS = 10  # of a jar in use; a thousand names help nobody
_ID_FORM = re.compile(r"art-[0-9a-z]{10}")


@dataclass(frozen=True, slots=True)
class Artifacts:
    store: Store
    clock: Clock
    ids: Ids
    files: ArtifactFiles

    def add(
        self, actor: Actor, workspace: str, name: str, content: BinaryIO, keep: Keep[Artifact] = keep_nothing
    ) -> Artifact:
        """Keep a jar. Invalid("artifact_not_a_jar") for anything else."""
        require_workspace(actor, workspace)
        _check_name(name)
        stored = self.files.store(content)
        with self.store.write() as unit:
            if not self._has_file(stored.digest):
                # Deleted since, together with the last artifact of this content.
                content.seek(0)
                stored = self.files.store(content)
            artifact = unit.artifacts.find_by_name(workspace, name)
            if artifact is None or artifact.digest != stored.digest:
                artifact = Artifact(
                    id=self.ids.new("art"),
                    workspace=workspace,
                    name=name,
                    digest=stored.digest,
                    size=stored.size,
                    entry_class=stored.entry_class,
                    created_at=self.clock.now(),
                    created_by=actor.name,
                )
                unit.artifacts.add(artifact)
            keep(unit, artifact)
        return artifact

    def list_all(self, actor: Actor, workspace: str) -> list[Artifact]:
        """Newest first."""
        require_workspace(actor, workspace)
        with self.store.read() as unit:
            return sorted(unit.artifacts.list_all(workspace), key=lambda item: (item.created_at, item.id), reverse=True)

    def get(self, actor: Actor, artifact_id: str) -> Artifact:
        with self.store.read() as unit:
            return get_artifact(unit, actor, artifact_id)

    def delete(self, actor: Actor, artifact_id: str) -> None:
        """Remove it, and its file with the last artifact of that content. NotAllowed while a job refers to it."""
        with self.store.write() as unit:
            artifact = get_artifact(unit, actor, artifact_id)
            users = _list_users(unit, artifact)
            if users:
                named = ", ".join([*users[:_NAMED_USERS], *(["..."] if len(users) > _NAMED_USERS else [])])
                raise NotAllowed("artifact_in_use", artifact=artifact.name, jobs=named, count=len(users))
            unit.artifacts.delete(artifact.id)
            if not unit.artifacts.has_content(artifact.digest):
                # Inside the transaction, so that no upload of the same content comes in between.
                self.files.delete(artifact.digest)

    def _has_file(self, digest: str) -> bool:
        try:
            self.files.get_path(digest)
        except NotFound:
            return False
        return True


def _list_users(unit: UnitOfWork, artifact: Artifact) -> list[str]:
    """The names of jobs whose draft or any version means this very artifact."""
    newest = unit.artifacts.find_by_name(artifact.workspace, artifact.name)
    by_name = [artifact.name] if newest is not None and newest.id == artifact.id else []
    return unit.jobs.list_names_using(artifact.workspace, artifact.id, [artifact.id, *by_name])


def _check_name(name: str) -> None:
    bad_form = not name or len(name) > NAME_LENGTH or not name.isprintable() or "/" in name or "\\" in name
    if bad_form or _ID_FORM.fullmatch(name):
        raise Invalid("artifact_invalid", problems=[Problem("name", "artifact_name_form", (("name", name),))])
