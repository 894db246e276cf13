"""Who asks, as endpoints see it: the actor that the token guard recognised, and the revision they edit."""

import re
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPBearer

from headgate.domain.errors import Invalid, Problem, RevisionRequired
from headgate.domain.workspaces import Actor

# Only so that the OpenAPI document says it; the guard has done the work.
bearer = HTTPBearer(auto_error=False, description="The token that the server printed, or that somebody gave you.")

_ETAG = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')


def get_actor(request: Request) -> Actor:
    actor = request.state.actor
    assert isinstance(actor, Actor)
    return actor


Caller = Annotated[Actor, Depends(get_actor)]


def read_revision(
    if_match: Annotated[
        str | None, Header(alias="If-Match", description='The revision that is edited, such as `"3"`; `*` for any.')
    ] = None,
) -> int | None:
    """The revision of If-Match, None for any (`*`). RevisionRequired without it."""
    if if_match is None:
        raise RevisionRequired
    return _parse_revision(if_match)


def find_revision(
    if_match: Annotated[str | None, Header(alias="If-Match", description="Only if this is still the revision.")] = None,
) -> int | None:
    """As `read_revision`, where it may be left out."""
    return _parse_revision(if_match) if if_match is not None else None


def _parse_revision(text: str) -> int | None:
    if text.strip() == "*":
        return None
    match = _ETAG.fullmatch(text.strip())
    if match is None:
        facts = (("field", "If-Match"), ("value", text[:80]), ("allowed", '"1", "2", ...; *'))
        raise Invalid("body_malformed", problems=[Problem("If-Match", "field_choice", facts)])
    return int(match.group(1))


Edited = Annotated[int | None, Depends(read_revision)]
MaybeEdited = Annotated[int | None, Depends(find_revision)]


def write_etag(revision: int) -> str:
    return f'"{revision}"'
