"""Who acts and where: the actor of a request and the workspaces that it may touch.

Every service takes an actor. Until there are members and roles, one token acts in one workspace.
"""

from dataclasses import dataclass, field

from headgate.domain.errors import NotFound

DEFAULT_WORKSPACE = "default"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who was recognised. `token_id` names the token that they came with, never its text."""

    name: str
    token_id: str
    workspaces: frozenset[str] = field(default=frozenset({DEFAULT_WORKSPACE}))

    def may_enter(self, workspace: str) -> bool:
        return workspace in self.workspaces


def require_workspace(actor: Actor, workspace: str) -> None:
    """NotFound("workspace_not_found") for one that does not exist or that `actor` may not see."""
    if not actor.may_enter(workspace):
        raise NotFound("workspace_not_found", workspace=workspace)
