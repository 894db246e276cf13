"""A proxy before a JobManager that may lie: every request arrives, and what is answered is for a rule to say.

Unlike the wire it knows HTTP. A rule is told the truth and says what the caller hears; None is silence.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.parse import urlsplit

_NAMED = re.compile(r"/(jars|jobs|savepoints)/(?!overview\b|upload\b)[^/?]+")
# Between two machines only; the proxy's own answer carries them anew.
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What was asked, and the JobManager's answer."""

    method: str
    path: str
    status: int
    body: bytes

    @property
    def kind(self) -> str:
        """What was asked, without ids."""
        named = _NAMED.sub(r"/\1/ID", self.path.partition("?")[0])
        return f"{self.method} {named}"


Rule = Callable[[Reply], Reply | None]


def tell_the_truth(reply: Reply) -> Reply | None:
    return reply


class EverySecond:
    """Swallows one of each two answers of the same kind: of orders the first, of looks one that is drawn.

    Drawn, because a fixed order would fall in step with who asks, and hide one kind of look for ever.
    """

    def __init__(self, seed: int) -> None:
        self.swallowed: Counter[str] = Counter()
        self._random = Random(seed)
        self._next: dict[str, bool] = {}
        self._lock = threading.Lock()

    def __call__(self, reply: Reply) -> Reply | None:
        with self._lock:
            passes = self._next.pop(reply.kind, None)
            if passes is None:
                passes = reply.method == "GET" and self._random.random() < 0.5
                self._next[reply.kind] = not passes
            self.swallowed[reply.kind] += not passes
        return reply if passes else None


class Proxy:
    """`rule` may be changed at any time; it is a truthful one at first."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.rule: Rule = tell_the_truth


@contextmanager
def proxy_to(target: str) -> Iterator[Proxy]:
    """A proxy in front of `target`, until the block ends."""
    server = _Server(("127.0.0.1", 0), _Conversation)
    server.target = (urlsplit(target).hostname or "", urlsplit(target).port or 80)
    server.proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    target: tuple[str, int]
    proxy: Proxy


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._upstream = HTTPConnection(*self.server.target, timeout=180)

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def pass_on(self) -> None:
        reply = self._ask()
        told = self.server.proxy.rule(reply) if reply is not None else None
        if told is None:
            self.close_connection = True
            return
        self.send_response_only(told.status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(told.body)))
        self.end_headers()
        self.wfile.write(told.body)

    do_GET = do_POST = do_PATCH = do_DELETE = pass_on

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests quiet."""

    def _ask(self) -> Reply | None:
        """The JobManager's own answer; None where it gives none."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            self._upstream.request(self.command, self.path, self._read_body() or None, headers)
            answer = self._upstream.getresponse()
            return Reply(self.command, self.path, answer.status, answer.read())
        except (OSError, HTTPException):
            self._upstream.close()
            return None

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._read_chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _read_chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            continue
