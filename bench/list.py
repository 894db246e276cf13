"""How fast the list of jobs comes when there are many: one page of ten out of 1,057 jobs."""

import json
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

from bench.figures import Report
from bench.server import Server
from bench.work import Work
from headgate.cli.client import Document
from headgate.cli.context import Context

JOBS = 1057
PAGE = 10
REQUESTS = 300
WARM_UPS = 20


def measure(requests: int = REQUESTS) -> Report:
    report = Report("list")
    report.method = [
        f"`headgate serve` on SQLite with {JOBS} published jobs in 20 folders, made over the API. {requests} requests "
        f"of each kind over one kept connection, after {WARM_UPS} that are not counted; every answer is read wholly. "
        "Each answer also has the total and the counts of all jobs by phase, Flink status and lifecycle."
    ]
    with (
        tempfile.TemporaryDirectory(prefix="headgate-bench-") as name,
        Server(Path(name) / "data", "serve") as server,
    ):
        context = server.await_ready()
        work = Work.at(context)
        for number in range(JOBS):
            work.create(f"job-{number:04}", "local", folder=f"team-{number % 20}")
        lists = _Lists(context, server.port)
        first = lists.get(f"limit={PAGE}")
        assert len(first["items"]) == PAGE
        assert first["total"] == JOBS
        kinds = {
            "first page": f"limit={PAGE}",
            "second page": f"limit={PAGE}&cursor={quote(first['next_cursor'])}",
            "search by name": f"limit={PAGE}&q=job-05",
            "one folder, by name": f"limit={PAGE}&folder=team-7&sort=name",
        }
        for kind, query in kinds.items():
            report.add_spread(f"{kind} of {PAGE}", [each * 1000 for each in lists.time(query, requests)], "ms")
        report.add("memory of the server", server.measure_memory(), "MB")
    return report


class _Lists:
    """One kept connection that asks for lists."""

    def __init__(self, context: Context, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {context.token}"}

    def get(self, query: str) -> Document:
        self._connection.request("GET", f"/api/v1/workspaces/default/jobs?{query}", headers=self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        document: Document = json.loads(content)
        return document

    def time(self, query: str, requests: int) -> list[float]:
        """Seconds of each request, without those that warm the server."""
        seconds = []
        for _ in range(WARM_UPS + requests):
            start = time.perf_counter()
            self.get(query)
            seconds.append(time.perf_counter() - start)
        return seconds[WARM_UPS:]
