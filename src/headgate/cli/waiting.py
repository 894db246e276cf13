"""Waiting for an operation: the progress line, the time-out, and what a bad end becomes."""

import threading
from typing import Any

from headgate.cli.client import Document
from headgate.cli.columns import OPERATION
from headgate.cli.options import Waiting
from headgate.cli.render import Screen, Stopwatch, format_span
from headgate.cli.session import Session
from headgate.domain.errors import HeadgateError, NotConverged
from headgate.domain.operations import OPEN_STATUSES, OperationStatus

# One long poll: short enough that the line moves. The least pause guards against a server that answers at once.
_POLL_S = 2.0
_LEAST_PAUSE_S = 0.1


class OperationFailed(HeadgateError):
    """An operation ended without success; `operation` is the whole answer of the server."""

    default_code = "operation_failed"

    def __init__(self, operation: Document) -> None:
        super().__init__(None, operation=operation["id"], verb=operation["verb"], status=operation["status"])
        self.operation = operation


def show_operation(session: Session, operation: Document, waiting: Waiting) -> None:
    """Show an operation just accepted; with `--wait`, once it has ended.

    NotConverged("operation_not_ended") after the time-out; OperationFailed for a bad end.
    """
    if waiting.wait:
        operation = await_operation(session, operation, waiting.timeout)
    session.screen.show_record(OPERATION, operation)
    if not waiting.wait and operation["status"] in OPEN_STATUSES:
        session.screen.note("operation_accepted", operation=operation["id"])
    check_operation(operation)


def check_operation(operation: Document) -> None:
    """OperationFailed where it has ended without success."""
    if operation["status"] not in OPEN_STATUSES and operation["status"] != OperationStatus.SUCCESS:
        raise OperationFailed(operation)


def await_operation(session: Session, operation: Document, timeout_s: float) -> Document:
    """The operation once it has ended. NotConverged("operation_not_ended") after `timeout_s` seconds."""
    watch, pause = Stopwatch(), threading.Event()
    with session.screen.progress() as report:
        while operation["status"] in OPEN_STATUSES:
            report(describe_operation(session.screen, operation, watch.read()))
            left = timeout_s - watch.read()
            if left <= 0:
                facts = {"operation": operation["id"], "verb": operation["verb"], "timeout": f"{timeout_s:g}"}
                raise NotConverged("operation_not_ended", **facts)
            asked = Stopwatch()
            operation = session.client.get(f"/operations/{operation['id']}", wait=round(min(left, _POLL_S), 3))
            pause.wait(max(0.0, _LEAST_PAUSE_S - asked.read()))
    return operation


def describe_operation(screen: Screen, operation: Document, seconds: float) -> str:
    """The progress line: the verb, the step under way or its place in the queue, and, after a tab, the time."""
    steps: list[Any] = operation.get("steps") or []
    step = next((step for step in steps if step["status"] == "OPERATING"), None)
    if step is None:
        doing = screen.say(f"operation_{operation['status'].lower()}")
    else:
        number, name = steps.index(step) + 1, screen.say(f"act_{step['name']}")
        doing = screen.say("progress_step", number=number, total=len(steps), name=name)
    waiting = (operation.get("overdue") or {}).get("message", "")
    verb = screen.say(f"verb_{operation['verb']}")
    line = screen.say("progress_overdue" if waiting else "progress", verb=verb, doing=doing, waiting=waiting)
    return f"{line}\t{format_span(seconds)}"
