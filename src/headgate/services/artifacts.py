"""Artifacts: the jars of a workspace. The rows are kept here, the files behind the port.

The same content under the same name is one artifact. A newer content under an old name is a new
artifact: drafts mean the newest, versions keep the one that they were published with.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from headgate.domain.artifacts import Artifact
from headgate.domain.errors import Invalid, NotAllowed, NotFound, Problem
from headgate.domain.spec import JobType
from headgate.domain.workspaces import Actor, require_workspace
from headgate.ports.artifacts import ArtifactFiles
from headgate.ports.clock import Clock
from headgate.ports.ids import Ids
from headgate.ports.store import JobFilter, Store, UnitOfWork
from headgate.services.access import find_artifact, get_artifact
from headgate.services.receipts import Keep, keep_nothing

NAME_LENGTH = 200
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
            users = list(_list_users(unit, artifact))
            if users:
                raise NotAllowed("artifact_in_use", artifact=artifact.name, jobs=", ".join(users))
            unit.artifacts.delete(artifact.id)
            left = [item for name in actor.workspaces for item in unit.artifacts.list_all(name)]
            if all(item.digest != artifact.digest for item in left):
                # Inside the transaction, so that no upload of the same content comes in between.
                self.files.delete(artifact.digest)

    def _has_file(self, digest: str) -> bool:
        try:
            self.files.get_path(digest)
        except NotFound:
            return False
        return True


def _list_users(unit: UnitOfWork, artifact: Artifact) -> Iterator[str]:
    """The names of jobs whose draft or any version means this very artifact."""
    for row in unit.jobs.list_rows(JobFilter(artifact.workspace, type=JobType.JAR.value)):
        meant = find_artifact(unit, artifact.workspace, row.draft.spec.artifact)
        pinned = (version.spec.artifact for version in unit.jobs.list_versions(row.job.id))
        if (meant is not None and meant.id == artifact.id) or artifact.id in pinned:
            yield row.job.name


def _check_name(name: str) -> None:
    bad_form = not name or len(name) > NAME_LENGTH or not name.isprintable() or "/" in name or "\\" in name
    if bad_form or _ID_FORM.fullmatch(name):
        raise Invalid("artifact_invalid", problems=[Problem("name", "artifact_name_form", (("name", name),))])
