"""Acting endpoints: the answer is rendered inside the act's own transaction, and kept for its key.

So a request that comes twice with one Idempotency-Key, even at the same moment, acts once; and an
answer always shows what was just committed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from headgate.domain.errors import Invalid, Problem
from headgate.ports.store import UnitOfWork
from headgate.services.answers import KEY_LENGTH, RequestMark
from headgate.services.receipts import Keep
from headgate.web.callers import Caller
from headgate.web.context import Served, Services

T = TypeVar("T")

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of at most 200 characters. The same request with the same key is carried out once.",
    ),
]


@dataclass(frozen=True, slots=True)
class Once:
    """One acting request; `mark` is None without a key."""

    services: Services
    mark: RequestMark | None

    def answer(
        self, status: int, act: Callable[[Keep[T]], T], render: Callable[[UnitOfWork, T], BaseModel]
    ) -> Response:
        """Carry `act` out once and answer with what `render` makes of its result."""
        answers = self.services.answers
        rendered: list[str] = []

        def keep(unit: UnitOfWork, result: T) -> None:
            body = render(unit, result).model_dump_json(by_alias=True)
            rendered.append(body)
            if self.mark is not None:
                answers.keep(unit, self.mark, status, body)

        def carry_out() -> tuple[int, str]:
            act(keep)
            return status, rendered[-1]

        code, body = answers.answer_once(self.mark, carry_out) if self.mark is not None else carry_out()
        return Response(body, code, media_type="application/json")

    def marked(self, content: str) -> "Once":
        """The same, told apart by `content` instead of the raw body: for uploads, which are streamed."""
        return replace(self, mark=replace(self.mark, digest=_digest(self.mark.digest, content))) if self.mark else self


async def read_once(request: Request, actor: Caller, services: Served, key: Key = None) -> Once:
    """For endpoints with a JSON body."""
    if key is None:
        return Once(services, None)
    body = await request.body()
    return Once(services, _mark(request, actor.token_id, key, sha256(body).hexdigest()))


def read_upload_once(request: Request, actor: Caller, services: Served, key: Key = None) -> Once:
    """For uploads: the endpoint adds the content's digest with `marked`."""
    return Once(services, _mark(request, actor.token_id, key, "") if key is not None else None)


def _mark(request: Request, owner: str, key: str, body: str) -> RequestMark:
    if not key.strip() or len(key) > KEY_LENGTH or not key.isprintable():
        facts = (("field", "Idempotency-Key"), ("bounds", f"1 … {KEY_LENGTH}"))
        raise Invalid("body_malformed", problems=[Problem("Idempotency-Key", "field_bounds", facts)])
    return RequestMark(owner, key, _digest(request.method, request.url.path, request.url.query, body))


def _digest(*parts: str) -> str:
    return sha256("\x00".join(parts).encode()).hexdigest()


OnceOnly = Annotated[Once, Depends(read_once)]
UploadOnce = Annotated[Once, Depends(read_upload_once)]
