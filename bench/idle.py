"""What Headgate costs while nothing is asked of it, and during one operation: requests, memory, processor.

Requests are counted outside of Headgate, by a proxy in front of the JobManager.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Report, percentile
from bench.flink import run_flink
from bench.machine import FLINK_VERSION
from bench.proxy import CountingProxy, Passed, count_kinds, find_busiest_second, run_proxy
from bench.server import Server
from bench.work import Work

JOBS = (20, 50)
IDLE_S = 60.0
SETTLE_S = 12.0
OPERATIONS = 5
WINDOW_S = 10.0
"""An operation is counted in a window that begins with it: what it causes afterwards belongs to it."""

CLUSTER = "counted"


@dataclass(frozen=True, slots=True)
class Counted:
    """One operation: how long it took, and what it asked of the JobManager."""

    seconds: float
    within: list[Passed]
    window: list[Passed]


def measure(seconds: float = IDLE_S) -> Report:
    report = Report("idle")
    report.method = [
        "`headgate serve` with one registered session cluster, behind a loopback proxy that counts every request. "
        "Small SQL jobs with keyed state run there (datagen, SUM ... GROUP BY, blackhole; parallelism 1).",
        f"Idle: {seconds:g} s in which nobody asks for anything. One operation: each verb {OPERATIONS} times, one at a "
        "time, counted (with the client JVM's requests) until it has ended, and in the "
        f"{WINDOW_S:g} s from its acceptance.",
        "Memory is resident memory of the server process in MB (10^6 bytes), the client JVM apart.",
    ]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headgate-bench-")))
        flink = stack.enter_context(run_flink(folder / "flink", max(JOBS) + 1))
        proxy = stack.enter_context(run_proxy(flink))
        server = stack.enter_context(Server(folder / "data", "serve"))
        work = Work.at(server.await_ready())
        work.register(CLUSTER, proxy.url, FLINK_VERSION, (folder / "savepoints").as_uri())
        jobs: list[str] = []
        for count in JOBS:
            jobs += _start_jobs(work, len(jobs), count)
            time.sleep(SETTLE_S)
            _measure_idle(report, server, proxy, count, seconds)
        _measure_operations(report, work, proxy, jobs)
    return report


def _start_jobs(work: Work, first: int, count: int) -> list[str]:
    jobs = []
    for number in range(first, count):
        jobs.append(work.create(f"job-{number}", CLUSTER))
        work.do(jobs[-1], "run", **{"from": "NONE"})
    return jobs


def _measure_idle(report: Report, server: Server, proxy: CountingProxy, count: int, seconds: float) -> None:
    start, used = time.monotonic(), server.measure_cpu()
    time.sleep(seconds)
    end, used = time.monotonic(), server.measure_cpu() - used
    passed = proxy.list_between(start, end)
    title = f"{count} jobs, idle"
    report.method.append(f"{title}: {count_kinds(passed)}.")
    report.add(f"{title}: requests a second", len(passed) / (end - start), "/s", 0.5)
    report.add(f"{title}: bytes a second", sum(each.answer_bytes for each in passed) / (end - start), "B/s")
    report.add(f"{title}: processor, share of a core", used / (end - start) * 100, "%", 1.0)
    report.add(f"{title}: processor a minute", used / (end - start) * 60, "s")
    report.add(f"{title}: memory of the server", server.measure_memory(), "MB", 160)
    report.add(f"{title}: memory of the client JVM", server.measure_client_memory(), "MB")


def _measure_operations(report: Report, work: Work, proxy: CountingProxy, jobs: list[str]) -> None:
    spare = work.create("spare", CLUSTER)
    verbs: dict[str, Callable[[], str]] = {
        "savepoint": lambda: work.ask(jobs[0], "savepoint"),
        "pause": lambda: work.ask(jobs[0], "pause"),
        "resume": lambda: work.ask(jobs[0], "resume"),
        "run": lambda: work.ask(spare, "run", **{"from": "NONE"}),
        "stop": lambda: work.ask(spare, "stop", snapshot="NONE"),
    }
    counted: dict[str, list[Counted]] = {verb: [] for verb in verbs}
    for _ in range(OPERATIONS):
        for verb, ask in verbs.items():
            counted[verb].append(_count(work, proxy, ask))
    for verb, results in counted.items():
        _report_operation(report, f"{len(jobs)} jobs, one {verb}", results)


def _count(work: Work, proxy: CountingProxy, ask: Callable[[], str]) -> Counted:
    start = time.monotonic()
    work.wait(ask())
    end = time.monotonic()
    time.sleep(max(start + WINDOW_S - end, 0))
    return Counted(end - start, proxy.list_between(start, end), proxy.list_between(start, start + WINDOW_S))


def _report_operation(report: Report, title: str, results: list[Counted]) -> None:
    report.method.append(f"{title}, the last: {count_kinds(results[-1].within)}.")
    report.add(f"{title}: seconds", percentile([each.seconds for each in results], 50), "s")
    report.add(f"{title}: requests until its end", percentile([len(each.within) for each in results], 50), "")
    report.add(f"{title}: busiest second", percentile([find_busiest_second(each.window) for each in results], 50), "/s")
    rates = [len(each.window) / WINDOW_S for each in results]
    report.add(f"{title}: requests a second, worst of {len(rates)}", max(rates), "/s", 5)
