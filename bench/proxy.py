"""A loopback proxy in front of a JobManager that counts what passes, whoever asks.

It changes nothing but addresses, keeps connections open as the JobManager itself does, and notes
when each request came and for what.
"""

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_IDS = re.compile(r"[0-9a-f]{32}")
# Between two machines only; our own answer carries them anew.
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


@dataclass(frozen=True, slots=True)
class Passed:
    """One request: when it came (monotonic seconds), and for what, without ids."""

    at: float
    what: str
    answer_bytes: int


class CountingProxy:
    """The notes of a running proxy."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._passed: list[Passed] = []
        self._lock = threading.Lock()

    def note(self, passed: Passed) -> None:
        with self._lock:
            self._passed.append(passed)

    def list_between(self, start: float, end: float) -> list[Passed]:
        with self._lock:
            return [passed for passed in self._passed if start <= passed.at < end]


def count_kinds(passed: list[Passed]) -> str:
    """What was asked how often, the most frequent first."""
    return ", ".join(f"{count} {what}" for what, count in Counter(each.what for each in passed).most_common())


def find_busiest_second(passed: list[Passed]) -> int:
    """The most requests that any window of one second holds."""
    times = sorted(each.at for each in passed)
    return max((sum(1 for other in times if at <= other < at + 1) for at in times), default=0)


@contextmanager
def run_proxy(target: str) -> Iterator[CountingProxy]:
    """A proxy in front of `target`, until the block ends."""
    server = _ProxyServer(("127.0.0.1", 0), _Handler)
    server.target = (urlsplit(target).hostname or "", urlsplit(target).port or 80)
    server.counts = CountingProxy(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.counts
    finally:
        server.shutdown()
        server.server_close()


class _ProxyServer(ThreadingHTTPServer):
    daemon_threads = True
    target: tuple[str, int]
    counts: CountingProxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _ProxyServer

    def setup(self) -> None:
        super().setup()
        self._upstream = HTTPConnection(*self.server.target, timeout=180)

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def pass_on(self) -> None:
        """One request to the JobManager, one answer back."""
        at = time.monotonic()
        body = self._read_body()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            self._upstream.request(self.command, self.path, body or None, headers)
            answer = self._upstream.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            # As if the proxy were not there: the caller sees its connection break.
            self._upstream.close()
            self.close_connection = True
            return
        self.server.counts.note(Passed(at, f"{self.command} {_name(self.path)}", len(content)))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = pass_on

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is told: the notes are enough."""

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


def _name(path: str) -> str:
    return _IDS.sub("ID", path.partition("?")[0])
