"""A thin client of Flink's REST interface: one request, one answer, one class of failure.

It knows HTTP and Flink's shape of an error, no endpoint and no payload. No order is sent twice:
whether a repetition is safe is for `decide` to say. Every request is told to the record of calls.
"""

import json
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from headgate.adapters.flink.causes import shorten_cause
from headgate.domain.errors import FlinkError, FlinkMissing, FlinkOutcomeUnknown, FlinkRejected, FlinkUnavailable
from headgate.ports.calls import CallAnswer, CallLog, NoCallLog
from headgate.ports.clock import Clock

# Every request of the client would be two more lines in our log.
logging.getLogger("httpx2").setLevel(logging.WARNING)
logging.getLogger("httpcore2").setLevel(logging.WARNING)

Json = Any
"""What an answer's body holds, not yet looked at."""

# What can only happen before the first byte is sent.
_NOT_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)
# The connection ended before an answer: an idle one that was just being closed, or a proxy that lost it.
_CUT_OFF: Final = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)
_REQUEST_TIMED_OUT = 408  # a proxy's word for "I do not know how far this got"

# Answers about a whole cluster name the jobs of others, and its configuration: their size is all that is kept.
_OF_ONE_JOB: Final = re.compile(r"/jobs/[0-9a-f]{32}|/jars/")

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RestLimits:
    """Seconds and bytes. `read_s` bounds each silence, `total_factor` times it the whole answer."""

    connect_s: float = 3.0
    read_s: float = 10.0
    run_s: float = 120.0
    total_factor: float = 3.0
    body_bytes: int = 32 * 1024 * 1024
    connections: int = 8


@dataclass(frozen=True, slots=True)
class _Content:
    """What a request carries: as it is told to the record, as it is sent, and how long its answer may be silent."""

    told: object
    sent: Mapping[str, Any]
    read_s: float


class FlinkRest:
    """Sends requests to JobManagers. Each has its own connections, so that one that hangs delays no other."""

    def __init__(self, clock: Clock, limits: RestLimits | None = None, calls: CallLog | None = None) -> None:
        self._clock = clock
        self._calls = calls or NoCallLog()
        self._limits = limits or RestLimits()
        self._clients: dict[str, httpx2.Client] = {}
        self._lock = threading.Lock()

    def get(self, url: str, path: str) -> Json:
        """The answer to a look. FlinkMissing, FlinkUnavailable or FlinkOutcomeUnknown: a look is never refused.

        One that is cut off without an answer is repeated once: a look of several requests would hardly ever
        succeed through a proxy that loses some, and nothing else than a look may be repeated.
        """
        try:
            try:
                return self._send(url, "GET", path)
            except FlinkOutcomeUnknown as error:
                if not isinstance(error.__cause__, _CUT_OFF):
                    raise
            return self._send(url, "GET", path)
        except FlinkRejected as error:
            raise FlinkOutcomeUnknown(error.cause, status=error.status) from error

    def post(self, url: str, path: str, body: Mapping[str, object], *, is_run: bool = False) -> Json:
        """The answer to an order, any FlinkError. `is_run`: it may take as long as a main() method."""
        read_s = self._limits.run_s if is_run else self._limits.read_s
        sent = {"content": json.dumps(body).encode(), "headers": {"content-type": "application/json"}}
        return self._send(url, "POST", path, _Content(body, sent, read_s))

    def patch(self, url: str, path: str) -> Json:
        return self._send(url, "PATCH", path)

    def delete(self, url: str, path: str) -> Json:
        return self._send(url, "DELETE", path)

    def upload(self, url: str, path: str, file: Path, name: str) -> Json:
        """Send a jar as a form's file under `name`. OSError where the file cannot be read."""
        with file.open("rb") as content:
            form = {"jarfile": (name, content, "application/java-archive")}
            told = {"file": name, "bytes": file.stat().st_size}
            return self._send(url, "POST", path, _Content(told, {"files": form}, self._limits.run_s))

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _send(self, url: str, method: str, path: str, content: "_Content | None" = None) -> Json:
        """One exchange, recorded whatever comes of it."""
        content = content or _Content(None, {}, self._limits.read_s)
        call = self._calls.begin(method, path, content.told)
        try:
            response, body = self._exchange(url + path, method, self._client(url), content)
        except FlinkError as error:
            self._calls.end(call, CallAnswer(error=error.cause))
            raise
        self._calls.end(call, _tell_answer(path, response, body))
        if not response.is_success:
            raise _classify(response, body)
        return _parse(response, body)

    def _exchange(
        self, address: str, method: str, client: httpx2.Client, content: "_Content"
    ) -> tuple[httpx2.Response, bytes]:
        timeout = httpx2.Timeout(content.read_s, connect=self._limits.connect_s, pool=self._limits.connect_s)
        try:
            request = client.build_request(method, address, timeout=timeout, **content.sent)
            response = client.send(request, stream=True)
            try:
                body = self._read(response, self._clock.monotonic() + content.read_s * self._limits.total_factor)
            finally:
                response.close()
        except _NOT_SENT as error:
            raise FlinkUnavailable(_describe(error)) from error
        except httpx2.InvalidURL as error:
            raise FlinkUnavailable(_describe(error)) from error
        except httpx2.HTTPError as error:
            raise FlinkOutcomeUnknown(_describe(error)) from error
        return response, body

    def _read(self, response: httpx2.Response, deadline: float) -> bytes:
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > self._limits.body_bytes:
                raise FlinkOutcomeUnknown(f"the answer is larger than {self._limits.body_bytes} bytes")
            if self._clock.monotonic() > deadline:
                raise FlinkOutcomeUnknown("the answer does not end")
        return bytes(body)

    def _client(self, url: str) -> httpx2.Client:
        with self._lock:
            if url not in self._clients:
                limits = httpx2.Limits(
                    max_connections=self._limits.connections, max_keepalive_connections=self._limits.connections
                )
                # Proxies and passwords of the environment are not meant for a JobManager.
                self._clients[url] = httpx2.Client(limits=limits, trust_env=False, follow_redirects=False)
            return self._clients[url]


def _tell_answer(path: str, response: httpx2.Response, body: bytes) -> CallAnswer:
    if response.is_success and not _OF_ONE_JOB.search(path):
        return CallAnswer(response.status_code, f"({len(body)} bytes)")
    # A stranger's answer is not shown: who registers an address must not read with our eyes.
    is_flinks = body.lstrip()[:1] == b"{" and (response.is_success or _find_errors(body) is not None)
    text = body.decode(errors="replace") if is_flinks else _describe_stranger(response)
    return CallAnswer(response.status_code, text)


def _classify(response: httpx2.Response, body: bytes) -> FlinkError:
    """What an answer other than 2xx means. A 404 counts only in Flink's own words: a proxy says it too."""
    status, told = response.status_code, _find_errors(body)
    cause = shorten_cause(told or "") or _describe_stranger(response)
    if status == 404 and told is not None:
        return FlinkMissing(cause, status=status)
    if 400 <= status < 500 and status not in (404, _REQUEST_TIMED_OUT):
        return FlinkRejected(cause, status=status)
    return FlinkOutcomeUnknown(cause, status=status)


def _find_errors(body: bytes) -> str | None:
    """Flink's `errors`, joined; None where the body is no error of Flink's."""
    try:
        data = json.loads(body)
    except ValueError:
        return None
    errors = data.get("errors") if isinstance(data, dict) else None
    if not isinstance(errors, list):
        return None
    return "\n".join(error for error in errors if isinstance(error, str))


def _parse(response: httpx2.Response, body: bytes) -> Json:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        cause = f"the answer is not JSON: {_describe_stranger(response)}"
        # The fault itself holds the whole body.
        raise FlinkOutcomeUnknown(cause, status=response.status_code) from None


def _describe_stranger(response: httpx2.Response) -> str:
    """An answer not in Flink's words, without its body: who registers an address must not read with our eyes."""
    kind = _MEDIA_TYPE.match(response.headers.get("content-type", ""))
    return f"HTTP status {response.status_code}" + (f", {kind[0]}" if kind else "")


def _describe(error: Exception) -> str:
    # Of what is no HTTP at all the library quotes the first line.
    text = str(error).partition(": bytearray(")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
