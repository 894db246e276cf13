"""The HTTP client of the command line: requests, the token, and refusals as errors.

Every refusal of the server becomes one `ServerRefused` with the problem document it sent; a server
that does not answer becomes `Unavailable`. What a command asks for, and how an answer is shown,
belongs elsewhere.
"""

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from headgate.cli.context import Context
from headgate.cli.words import Language
from headgate.domain.errors import HeadgateError, Unavailable

Document = dict[str, Any]
API = "/api/v1"
PAGE_ITEMS = 200
# The server answers a long poll within 60 s; compiling a first SQL script takes up to 20 s.
_TIMEOUT = httpx2.Timeout(90.0, connect=5.0)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ServerRefused(HeadgateError):
    """A refusal by the server. `status` is the HTTP status, `problem` the document that it sent.

    `told` is what the command knows beside it (the job's name, the file), for the words of its own.
    """

    default_code = "server_refused"

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("code") or self.default_code), status=status)
        self.status = status
        self.problem = dict(problem)
        self.told: dict[str, str] = {}


class Client:
    """The API of one server, as one user. Paths are relative to `/api/v1`."""

    def __init__(self, context: Context, language: Language) -> None:
        self.context = context
        headers = {"Accept-Language": language.value, "User-Agent": "headgate-cli"}
        if context.token:
            headers["Authorization"] = f"Bearer {context.token}"
        try:
            self._http = httpx2.Client(
                base_url=context.url,
                headers=headers,
                timeout=_TIMEOUT,
                trust_env=urlsplit(context.url).hostname not in _LOOPBACK,
            )
        except (ValueError, httpx2.InvalidURL):
            raise Unavailable("server_not_reachable", url=context.url, start=context.start_command) from None

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: object) -> Document:
        return self._call("GET", path, params=_drop_unset(query))

    def get_text(self, path: str, media_type: str) -> str:
        """A document in the form that `media_type` names."""
        return self._send("GET", API + path, headers={"Accept": media_type}).text

    def iterate(self, path: str, limit: int, **query: object) -> Iterator[Document]:
        """The items of a list, page after page, at most `limit` of them."""
        cursor: object = None
        while limit > 0:
            page = self.get(path, **{**query, "limit": min(limit, PAGE_ITEMS), "cursor": cursor})
            items = page["items"][:limit]
            yield from items
            limit -= len(items)
            cursor = page.get("next_cursor")
            if not cursor or not items:
                return

    def list_some(self, path: str, limit: int, **query: object) -> tuple[list[Document], bool]:
        """At most `limit` items of a list, and whether there are more."""
        items = list(self.iterate(path, limit + 1, **query)) if limit > 0 else []
        return items[: max(limit, 0)], len(items) > limit

    def post(self, path: str, body: object = None, **query: object) -> Document:
        """Create or act. A lost answer is asked for again under the same key, so nothing is done twice."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        options: Document = {"headers": key, "params": _drop_unset(query)}
        if body is not None:
            options["json"] = body
        return self._call("POST", path, attempts=2, **options)

    def upload(self, path: str, file: Path) -> Document:
        with file.open("rb") as content:
            return self._call("POST", path, files={"file": (file.name, content, "application/java-archive")})

    def put(self, path: str, body: object, revision: object) -> Document:
        return self._call("PUT", path, json=body, headers=_match(revision))

    def patch(self, path: str, body: object, revision: object) -> Document:
        return self._call("PATCH", path, json=body, headers=_match(revision))

    def delete(self, path: str, revision: object = None) -> Document:
        return self._call("DELETE", path, headers=_match(revision) if revision is not None else {})

    def is_alive(self) -> bool:
        """Whether a server process answers at this address."""
        try:
            return self._send("GET", "/healthz").status_code == httpx2.codes.OK
        except HeadgateError:
            return False

    def _call(self, method: str, path: str, *, attempts: int = 1, **options: Any) -> Document:
        while True:
            attempts -= 1
            try:
                answer = self._send(method, API + path, **options)
            except Unavailable as error:
                if error.code != "server_broke_off" or attempts == 0:
                    raise
                continue
            return _read_document(answer) if answer.content else {}

    def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        url = self.context.url
        try:
            answer = self._http.request(method, path, **options)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol, httpx2.InvalidURL):
            raise Unavailable("server_not_reachable", url=url, start=self.context.start_command) from None
        except httpx2.TimeoutException:
            raise Unavailable("server_timed_out", url=url) from None
        except httpx2.TransportError as error:
            raise Unavailable("server_broke_off", url=url, fault=type(error).__name__) from None
        if answer.is_success:
            return answer
        raise ServerRefused(answer.status_code, _read_problem(answer))


def fetch_json(url: str) -> Document:
    """A JSON document of another server (Flink's own). Unavailable("server_not_reachable") where it gives none."""
    try:
        answer = httpx2.get(url, timeout=_TIMEOUT, trust_env=urlsplit(url).hostname not in _LOOPBACK)
        answer.raise_for_status()
    except httpx2.HTTPError:
        raise Unavailable("server_not_reachable", url=url, start=Context(url).start_command) from None
    return _read_document(answer)


def _read_document(answer: httpx2.Response) -> Document:
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Unavailable("server_not_headgate", url=f"{answer.url.scheme}://{answer.url.netloc.decode()}")
    return document


def _read_problem(answer: httpx2.Response) -> Document:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"title": answer.reason_phrase}


def _drop_unset(query: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None and value != ()}


def _match(revision: object) -> dict[str, str]:
    return {"If-Match": f'"{revision}"'}
