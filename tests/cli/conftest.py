"""The command line against a server of recorded answers, and one run of it as a value."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from headgate.cli.app import main
from headgate.cli.words import LANGUAGE_VARIABLES

Answer = tuple[int, Any]


@dataclass(frozen=True)
class Request:
    """One request that the server has seen."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Recorded:
    """Answers by method and path (below /api/v1), each used in turn, the last one for ever."""

    url: str
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    drop_next: bool = False  # break the connection off after the next request instead of answering

    def answer(self, method: str, path: str, *answers: Answer) -> None:
        self.answers[method, path] = list(answers)

    def find(self, method: str, path: str) -> list[Request]:
        return [request for request in self.requests if (request.method, request.path) == (method, path)]

    def take(self, request: Request) -> Answer:
        self.requests.append(request)
        waiting = self.answers.get((request.method, request.path))
        if not waiting:
            return 404, {"code": "route_not_found", "detail": f"no recorded answer for {request.path}"}
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@dataclass(frozen=True)
class Result:
    """How one command line ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Result]


class Server(ThreadingHTTPServer):
    """A real HTTP server in front of recorded answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.recorded = Recorded(f"http://127.0.0.1:{self.server_port}")


class Handler(BaseHTTPRequestHandler):
    """Hands each request over, and sends what it is given."""

    protocol_version = "HTTP/1.1"
    server: Server

    def answer(self) -> None:
        status, body = self.server.recorded.take(self.read())
        if self.server.recorded.drop_next:
            self.server.recorded.drop_next = False
            self.close_connection = True
            return
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def read(self) -> Request:
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_json = (self.headers.get("Content-Type") or "").startswith("application/json")
        return Request(
            self.command,
            parts.path.removeprefix("/api/v1"),
            {name: values[0] for name, values in parse_qs(parts.query).items()},
            {name.lower(): value for name, value in self.headers.items()},
            json.loads(content) if content and is_json else content,
        )

    def log_message(self, format: str, *args: object) -> None:
        """Nothing beside the tests' own output."""


@pytest.fixture
def server() -> Iterator[Recorded]:
    with Server() as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield http.recorded
        http.shutdown()
        thread.join()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that says nothing: English, no server known, a configuration folder of its own."""
    for name in (*LANGUAGE_VARIABLES, "HEADGATE_URL", "HEADGATE_TOKEN", "HEADGATE_DATA_DIR", "HEADGATE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEADGATE_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "200")
    return monkeypatch


@pytest.fixture
def cli(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs one command line; no server is known to it."""

    def run(*arguments: str) -> Result:
        code = main(arguments)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def talk(cli: Cli, environment: pytest.MonkeyPatch, server: Recorded) -> Cli:
    """Runs one command line against the recorded server."""
    environment.setenv("HEADGATE_URL", server.url)
    environment.setenv("HEADGATE_TOKEN", "token-of-this-test")
    return cli


def make_job(**fields: Any) -> dict[str, Any]:
    """A job as the server shows it."""
    return {
        "id": "job-0123456789",
        "name": "delays",
        "folder": "demo",
        "phase": "RUNNING",
        "flink_status": "RUNNING",
        "desired_state": "RUNNING",
        "allowed_verbs": ["pause", "stop"],
        "revision": 3,
        "draft_revision": 7,
        **fields,
    }


def make_operation(status: str = "OPERATING", **fields: Any) -> dict[str, Any]:
    """An operation as the server shows it."""
    return {
        "id": "op-1",
        "job_id": "job-0123456789",
        "verb": "pause",
        "options": {},
        "status": status,
        "code": None,
        "message": "",
        "cause": "",
        "advice": "",
        "waiting": None,
        "overdue": None,
        "steps": [{"name": "stop_with_savepoint", "status": "OPERATING", "detail": ""}],
        "requested_by": "admin",
        "requested_at": "2026-01-31T12:00:00.123Z",
        **fields,
    }


def page(*items: dict[str, Any], next_cursor: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next_cursor": next_cursor}
