"""Waiting for an operation: the progress line, the time-out, its end, and what the job is then."""

import threading
from typing import Any

from headgate.cli.client import Document
from headgate.cli.columns import OPERATION_HEAD
from headgate.cli.interruption import Interrupted
from headgate.cli.jobview import explain_wait
from headgate.cli.options import Waiting
from headgate.cli.outcome import tell_job
from headgate.cli.render import Output, Screen, Stopwatch
from headgate.cli.rephrasing import rephrase
from headgate.cli.session import AnsweredAlready, Session
from headgate.domain.errors import NotConverged
from headgate.domain.operations import OPEN_STATUSES, OperationStatus

# One long poll, which ends when the operation does: a short one at first, so that its steps are seen as well.
_POLL_S = 2.0
_FIRST_POLL_S = 0.5
_FIRST_S = 4.0
# The least pause guards against a server that answers at once.
_LEAST_PAUSE_S = 0.1
# Before that, an operation that has not begun is nothing to wonder about.
_WONDER_S = 1.5


class OperationFailed(AnsweredAlready):
    """An operation ended without success; `operation` is the whole answer of the server."""

    default_code = "operation_failed"

    def __init__(self, operation: Document) -> None:
        super().__init__(None, operation=operation["id"], verb=operation["verb"], status=operation["status"])
        self.operation = operation


def show_operation(session: Session, operation: Document, waiting: Waiting) -> None:
    """Show an operation just accepted; with `--wait`, once it has ended, and what its job is then.

    NotConverged("operation_not_ended") after the time-out; OperationFailed for a bad end.
    """
    if waiting.wait:
        operation = await_operation(session, operation, waiting.timeout)
    show_end(session, operation)
    if operation["status"] in OPEN_STATUSES:
        session.screen.note("operation_accepted", operation=operation["id"])
    else:
        check_operation(operation)


def show_end(session: Session, operation: Document) -> None:
    """The operation; where it has succeeded, with one sentence on its job instead of its own."""
    screen = session.screen
    # How it failed is told beside the answer, once; so is that it was accepted.
    screen.show_record(OPERATION_HEAD, operation)
    if operation["status"] == OperationStatus.SUCCESS and screen.output is Output.TABLE:
        tell_job(session, operation)


def check_operation(operation: Document) -> None:
    """OperationFailed where it has ended without success."""
    if operation["status"] not in OPEN_STATUSES and operation["status"] != OperationStatus.SUCCESS:
        raise OperationFailed(operation)


def await_operation(session: Session, operation: Document, timeout_s: float) -> Document:
    """The operation once it has ended. NotConverged("operation_not_ended") after `timeout_s` seconds."""
    try:
        return _await(session, operation, timeout_s)
    except KeyboardInterrupt:
        raise Interrupted("interrupted_wait", operation=operation["id"]) from None


def _await(session: Session, operation: Document, timeout_s: float) -> Document:
    watch, pause = Stopwatch(), threading.Event()
    with session.screen.progress() as report:
        while operation["status"] in OPEN_STATUSES:
            report(_describe(session, operation, watch.read()))
            left = timeout_s - watch.read()
            if left <= 0:
                facts = {"operation": operation["id"], "verb": operation["verb"], "timeout": f"{timeout_s:g}"}
                raise NotConverged("operation_not_ended", **facts)
            asked = Stopwatch()
            wait = min(left, _FIRST_POLL_S if watch.read() < _FIRST_S else _POLL_S)
            operation = session.client.get(f"/operations/{operation['id']}", wait=round(wait, 3))
            pause.wait(max(0.0, _LEAST_PAUSE_S - asked.read()))
    return operation


def _describe(session: Session, operation: Document, seconds: float) -> str:
    waits_for = ""
    if operation["status"] == OperationStatus.INIT and seconds > _WONDER_S:
        waits_for = explain_wait(operation, session.client.get(f"/jobs/{operation['job_id']}"), session.screen)
    return describe_operation(session.screen, operation, waits_for)


def describe_operation(screen: Screen, operation: Document, waits_for: str = "") -> str:
    """The progress line: the verb, and what it waits for, else the step under way or its place in the queue."""
    steps: list[Any] = operation.get("steps") or []
    step = next((step for step in steps if step["status"] == "OPERATING"), None)
    doing = waits_for or rephrase((operation.get("waiting") or {}).get("message", ""))
    if not doing and step is None:
        doing = screen.say(f"operation_{operation['status'].lower()}")
    elif not doing and step is not None:
        number, name = steps.index(step) + 1, screen.say(f"act_{step['name']}")
        doing = screen.say("progress_step", number=number, total=len(steps), name=name)
    return screen.say("progress", verb=screen.say(f"verb_{operation['verb']}"), doing=doing)
