"""The metrics of this server in Prometheus' text format: few, and each one true when it is read.

Everything but the request counts is read from the rows at that moment, so nothing can drift. The
format is a dozen lines, and a library for it would bring global state with it.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headgate.domain.clusters import Reachability
from headgate.domain.lifecycle import Phase
from headgate.domain.workspaces import DEFAULT_WORKSPACE
from headgate.ports.store import JobFilter
from headgate.services.standing import derive_standing
from headgate.web.context import Services

TEXT_TYPE = "text/plain; version=0.0.4"


class Traffic:
    """Counts answers by method and status; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Counter[tuple[str, int]] = Counter()

    def count(self, method: str, status: int) -> None:
        with self._lock:
            self._answers[method, status] += 1

    def read(self) -> Mapping[tuple[str, int], int]:
        with self._lock:
            return dict(self._answers)


class TrafficCounter:
    """Counts every answer that leaves."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                # A client may invent methods; only the known ones get a series.
                known = scope["method"] if scope["method"] in _METHODS else "OTHER"
                self._traffic.count(known, message["status"])
            await send(message)

        await self._app(scope, receive, watch)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def write_metrics(services: Services, traffic: Traffic) -> str:
    """All metrics, one text."""
    return "\n".join([*_describe_server(services, traffic), *_describe_rows(services)]) + "\n"


def _describe_server(services: Services, traffic: Traffic) -> Iterator[str]:
    yield from _head("headgate_info", "gauge", "The version of this server.")
    yield _line("headgate_info", {"version": services.context.settings.version}, 1)
    yield from _head("headgate_http_requests_total", "counter", "Requests answered since the server started.")
    for (method, status), count in sorted(traffic.read().items()):
        yield _line("headgate_http_requests_total", {"method": method, "status": str(status)}, count)


def _describe_rows(services: Services) -> Iterator[str]:
    with services.context.store.read() as unit:
        rows = unit.jobs.list_rows(JobFilter(DEFAULT_WORKSPACE))
        clusters = [(cluster, unit.clusters.find_state(cluster.id)) for cluster in unit.clusters.list_all()]
    phases = Counter(derive_standing(row).phase for row in rows)
    yield from _head("headgate_jobs", "gauge", "Jobs by phase.")
    for phase in Phase:
        yield _line("headgate_jobs", {"phase": phase.value}, phases[phase])
    yield from _head("headgate_operations_open", "gauge", "Operations that have not ended.")
    yield _line("headgate_operations_open", {}, sum(len(row.open_operations) for row in rows))
    yield from _head("headgate_job_warnings", "gauge", "Jobs that carry a warning.")
    yield _line("headgate_job_warnings", {}, sum(1 for row in rows if row.state.warning is not None))
    yield from _head("headgate_cluster_up", "gauge", "Whether a cluster's JobManager answered the last look.")
    for cluster, state in clusters:
        if state is not None:
            up = int(state.reachability is not Reachability.UNREACHABLE)
            yield _line("headgate_cluster_up", {"cluster": cluster.name}, up)


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _line(name: str, labels: Mapping[str, str], value: int) -> str:
    inside = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {value}" if inside else f"{name} {value}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
