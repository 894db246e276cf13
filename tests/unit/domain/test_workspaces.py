"""A workspace that an actor may not enter is as one that does not exist."""

import pytest

from headgate.domain.errors import NotFound
from headgate.domain.workspaces import DEFAULT_WORKSPACE, Actor, require_workspace

ANN = Actor("ann", "tok-1", frozenset({"flights"}))


def test_one_s_own_is_entered() -> None:
    require_workspace(ANN, "flights")
    require_workspace(Actor("bob", "tok-2"), DEFAULT_WORKSPACE)


def test_any_other_is_not_found() -> None:
    with pytest.raises(NotFound) as caught:
        require_workspace(ANN, DEFAULT_WORKSPACE)
    assert (caught.value.code, caught.value.facts) == ("workspace_not_found", {"workspace": DEFAULT_WORKSPACE})
