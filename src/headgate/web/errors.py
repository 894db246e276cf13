"""Every refusal as a problem document (RFC 9457), in the reader's language.

One table says which HTTP status a class of error has; the words come from the catalogue. A bug
becomes a 500 without a traceback: that stands in the log, under the same request id.
"""

import json
import logging
import re
import tempfile
from collections.abc import Mapping, Sequence
from errno import EDQUOT, ENOSPC
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headgate.domain.catalogue import Language
from headgate.domain.errors import (
    Conflict,
    EngineFailed,
    FlinkError,
    HeadgateError,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotAuthorized,
    NotConverged,
    NotFound,
    Problem,
    RevisionRequired,
    StaleRevision,
    Unavailable,
)
from headgate.web.languages import choose_language
from headgate.web.validation import describe_faults
from headgate.web.wording import advise, say

log = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"

STATUSES: dict[type[HeadgateError], int] = {
    NotFound: 404,
    NotAllowed: 409,
    Conflict: 409,
    StaleRevision: 412,
    RevisionRequired: 428,
    Invalid: 422,
    NotAuthenticated: 401,
    NotAuthorized: 403,
    NotConverged: 504,
    Unavailable: 503,
    EngineFailed: 503,
    FlinkError: 502,
}

# What goes wrong before an endpoint is reached has no error class of the domain.
CODES_BY_STATUS: dict[int, str] = {
    400: "body_malformed",
    404: "route_not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "media_type_not_supported",
    421: "host_not_allowed",
}

_TITLES: dict[int, str] = {
    401: "title_not_authenticated",
    403: "title_not_authorized",
    404: "title_not_found",
    405: "title_invalid",
    409: "title_not_allowed",
    412: "title_stale",
    413: "title_invalid",
    415: "title_invalid",
    421: "title_not_authorized",
    422: "title_invalid",
    428: "title_stale",
    502: "title_flink",
    503: "title_unavailable",
    504: "title_unavailable",
}

# Facts that a program wants as members of its own; lists are written with commas among the facts.
_MEMBERS = ("phase", "expected_phase")
_LISTS = ("allowed_verbs",)
# Of other errors `cause` is our own database's text, which says nothing to the reader.
_WITH_CAUSE = (FlinkError, EngineFailed, Invalid, NotAllowed)


def find_status(error: HeadgateError) -> int:
    """The HTTP status of an error: that of the nearest class in the table."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def read_language(request: Request) -> Language:
    default = request.app.state.services.context.settings.language
    return choose_language(request.headers.get("accept-language"), default)


def build_problem(
    error: HeadgateError, language: Language, request_id: str, status: int | None = None
) -> dict[str, Any]:
    """The problem document of `error`."""
    status = status or find_status(error)
    document: dict[str, Any] = {
        "type": f"urn:headgate:problem:{error.code}",
        "title": say(_TITLES.get(status, "title_internal"), {}, language),
        "status": status,
        "detail": say(_choose_words(error), error.facts, language),
        "code": error.code,
        "hint": advise(error.code, error.facts, language),
        "problems": [render_problem(problem, language) for problem in error.problems],
        "request_id": request_id,
    }
    if error.cause and isinstance(error, _WITH_CAUSE):
        document["cause"] = error.cause
    for name in _MEMBERS:
        if name in error.facts:
            document[name] = error.facts[name]
    for name in _LISTS:
        if name in error.facts:
            document[name] = [word for word in error.facts[name].split(",") if word]
    return document


def _choose_words(error: HeadgateError) -> str:
    """The code whose sentence tells of `error`: a job at rest is not judged by where it is going."""
    is_at_rest = error.facts.get("phase") == error.facts.get("expected_phase")
    return "verb_not_allowed_at_rest" if error.code == "verb_not_allowed" and is_at_rest else error.code


def render_problem(problem: Problem, language: Language) -> dict[str, Any]:
    """One fault of an input: our words, then Flink's own text where there is some."""
    words = say(problem.code, dict(problem.facts), language)
    shown: dict[str, Any] = {
        "path": problem.path,
        "code": problem.code,
        "message": f"{words} {problem.message}".strip() if problem.message else words,
        "hint": advise(problem.code, dict(problem.facts), language),
    }
    if problem.line is not None:
        shown["line"] = problem.line
    if problem.column is not None:
        shown["column"] = problem.column
    return shown


def respond(request: Request, error: HeadgateError, status: int | None = None) -> Response:
    """The response for `error`."""
    document = build_problem(error, read_language(request), _read_request_id(request), status)
    headers = {"WWW-Authenticate": 'Bearer realm="headgate"'} if document["status"] == 401 else {}
    content = json.dumps(document, ensure_ascii=False)
    return Response(content, document["status"], headers, media_type=PROBLEM_TYPE)


async def answer_expected(request: Request, error: Exception) -> Response:
    """Handler of every error that Headgate raises on purpose."""
    assert isinstance(error, HeadgateError)
    if find_status(error) >= 500:
        log.warning("%s %s: %s", request.method, request.url.path, error)
    return respond(request, error)


async def answer_malformed(request: Request, error: Exception) -> Response:
    """Handler of bodies, queries and headers that do not fit their models."""
    assert isinstance(error, RequestValidationError)
    if not is_json(kind := read_media_type(request)) and kind != "multipart/form-data" and _is_body_unread(error):
        return respond(request, HeadgateError("media_type_not_supported"), 415)
    problems: Sequence[Problem] = describe_faults(error.errors())
    return respond(request, Invalid("body_malformed", problems=problems))


def read_media_type(request: Request) -> str:
    """What kind of text the body is said to be; JSON where nothing is said."""
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _is_body_unread(error: RequestValidationError) -> bool:
    return any(fault["loc"] == ("body",) and fault["type"] == "model_attributes_type" for fault in error.errors())


async def answer_http(request: Request, error: Exception) -> Response:
    """Handler of what the framework refuses: unknown routes, wrong methods, bodies that break off."""
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, OSError):
        return await answer_expected(request, _describe_disk(error.__cause__))
    code = CODES_BY_STATUS.get(error.status_code, "internal_error")
    status = 422 if error.status_code == 400 else error.status_code
    facts = {"method": request.method, "path": request.url.path, "reason": str(error.detail)}
    problems = [_describe_unread(error)] if error.status_code == 400 else []
    response = respond(request, HeadgateError(code, problems=problems, cause="", **facts), status)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    if error.status_code == 405:
        response.headers["Allow"] = ", ".join(list_methods(request.app.openapi(), request.url.path))
    return response


def _describe_disk(error: OSError) -> Unavailable:
    """An upload waits on the temporary disk until it is whole."""
    code = "artifact_disk_full" if error.errno in {ENOSPC, EDQUOT} else "artifact_folder_unusable"
    return Unavailable(code, folder=tempfile.gettempdir(), reason=error.strerror or error)


def _describe_unread(error: HTTPException) -> Problem:
    """What kept a body from being read at all."""
    match error.__cause__:
        case UnicodeDecodeError() as fault:
            return Problem("", "text_not_utf8", (("reason", fault.reason),))
        case Exception() as fault:
            return Problem("", "json_invalid", (("reason", str(fault)),))
        case _:
            return Problem("", "field_invalid", (("field", "body"), ("reason", str(error.detail))))


def list_methods(document: Mapping[str, Any], path: str) -> list[str]:
    """The methods that an address takes. What is not in the document is only there to be read."""
    for pattern, methods in document["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
            taken = [method.upper() for method in methods]
            return [*taken, "HEAD"] if "GET" in taken else taken
    return ["GET", "HEAD"]


class BugBoundary:
    """The last line: a bug is logged whole and answered with nothing but its request id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            request = Request(scope)
            log.exception("request %s: %s %s", _read_request_id(request), request.method, request.url.path)
            if started:
                raise
            await respond(request, HeadgateError("internal_error"), 500)(scope, receive, send)


def _read_request_id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))
