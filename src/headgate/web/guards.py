"""What every request passes before an endpoint sees it, outermost first.

A request id; the name that the client used for this host (against DNS rebinding); the token; the
address and the size of the body. The order matters: nobody unknown makes the server read or parse anything.
"""

import re
import uuid
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import unquote_plus

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headgate.domain.errors import HeadgateError, Invalid, NotAuthenticated, Problem
from headgate.domain.workspaces import Actor
from headgate.web.errors import respond

API = "/api/v1"
OPEN_PATHS = frozenset({f"{API}/openapi.json", f"{API}/docs"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class RequestIds:
    """Names every request, by the client's own X-Request-Id where it sends a sensible one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def stamp(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, stamp)


class HeadAnswers:
    """Answers HEAD as GET without the body: wherever something can be read, it can be asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, send_head)


class TextGuard:
    """Refuses addresses with a null character: no text of ours has one, and not every database takes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "\x00" not in scope["path"] + unquote_plus(
            scope["query_string"].decode("latin-1")
        ):
            await self._app(scope, receive, send)
            return
        error = Invalid("body_malformed", problems=[Problem("", "text_characters")])
        await respond(Request(scope), error)(scope, receive, send)


class HostGuard:
    """Refuses requests under a foreign host name: a web page must not reach this server by rebinding DNS."""

    def __init__(self, app: ASGIApp, allowed: tuple[str, ...]) -> None:
        self._app = app
        self._allowed = frozenset(name.lower() for name in allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = read_host(Headers(scope=scope).get("host", "")) if scope["type"] == "http" else "localhost"
        if self._is_known(host):
            await self._app(scope, receive, send)
            return
        error = HeadgateError("host_not_allowed", host=host)
        await respond(Request(scope), error, 421)(scope, receive, send)

    def _is_known(self, host: str) -> bool:
        """A name must be known; an address cannot be rebound, so any address of ours will do."""
        if host == "localhost" or host in self._allowed:
            return True
        try:
            ip_address(host)
        except ValueError:
            return False
        return True


class TokenGuard:
    """Recognises whoever asks the API; nobody else gets further."""

    def __init__(self, app: ASGIApp, authenticate: Callable[[str], Actor | None]) -> None:
        self._app = app
        self._authenticate = authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(f"{API}/") or path in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        actor = None
        if scheme.lower() == "bearer" and token.strip():
            actor = await to_thread.run_sync(self._authenticate, token.strip())
        if actor is None:
            code = "token_not_known" if token else "token_missing"
            await respond(Request(scope), NotAuthenticated(code))(scope, receive, send)
            return
        scope.setdefault("state", {})["actor"] = actor
        await self._app(scope, receive, send)


class SizeGuard:
    """Reads no more of a body than its kind may have, whatever its length is said to be."""

    def __init__(self, app: ASGIApp, body_bytes: int, upload_bytes: int) -> None:
        self._app = app
        self._body_bytes = body_bytes
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_upload = headers.get("content-type", "").startswith("multipart/form-data")
        most = self._upload_bytes if is_upload and scope["path"].endswith("/artifacts") else self._body_bytes
        said = headers.get("content-length", "")
        if said.isdecimal() and int(said) > most:
            error = HeadgateError("body_too_large", reason=describe_size(most))
            await respond(Request(scope), error, 413)(scope, receive, send)
            return
        seen = 0

        async def count() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, describe_size(most))
            return message

        await self._app(scope, count, send)


def describe_size(size: int) -> str:
    return f"{size // (1024 * 1024)} MB" if size >= 1024 * 1024 else f"{size} B"


def read_host(header: str) -> str:
    """The host of a Host header, in lower case, without port and brackets."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host
