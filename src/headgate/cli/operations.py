"""`headgate operation`: look at one operation, await it, withdraw it."""

from http import HTTPStatus
from typing import Annotated

from cyclopts import App, Parameter

from headgate.cli import columns
from headgate.cli.causes import is_shortened
from headgate.cli.client import Document, ServerRefused
from headgate.cli.jobview import explain_wait
from headgate.cli.options import COMMON, NO_WAITING, Common, Limit, Waiting
from headgate.cli.render import Output
from headgate.cli.session import WORKSPACE, Session, open_session
from headgate.cli.waiting import await_operation, check_operation, show_end
from headgate.domain.operations import OPEN_STATUSES

app = App(name="operation", help="Look at what was asked for, or withdraw it.")

_NAMED = 10_000

OperationName = Annotated[str, Parameter(help="Id of the operation.")]


@app.command(name="list")
def list_operations(*, limit: Limit = 50, common: Common = COMMON) -> None:
    """List the operations of all jobs, newest first."""
    with open_session(common) as session:
        rows, has_more = session.client.list_some(f"{WORKSPACE}/operations", limit)
        session.screen.show_page(columns.OPERATIONS, _name_jobs(session, rows), has_more=has_more)


@app.command
def show(operation: OperationName, /, *, waiting: Waiting = NO_WAITING, common: Common = COMMON) -> None:
    """Show one operation with its steps; with --wait, fail as it fails."""
    with open_session(common) as session:
        found = session.client.get(f"/operations/{operation}")
        if waiting.wait:
            found = await_operation(session, found, waiting.timeout)
            show_end(session, found)
        else:
            session.screen.show_record(columns.OPERATION, _explain(session, found))
            if common.output is Output.TABLE and is_shortened(found.get("cause") or ""):
                session.screen.note("whole_cause", operation=operation)
        if common.output is Output.TABLE and found.get("steps"):
            session.screen.show_rows(columns.STEPS, found["steps"])
        if waiting.wait:
            check_operation(found)


@app.command
def withdraw(operation: OperationName, /, *, common: Common = COMMON) -> None:
    """Withdraw an operation that has not been sent to Flink yet."""
    with open_session(common) as session:
        found = session.client.delete(f"/operations/{operation}")
        if common.output is Output.TABLE and found["status"] in OPEN_STATUSES:
            session.screen.show_record(columns.OPERATION_HEAD, found)
            session.screen.note("operation_gives_way", operation=operation)
        else:
            session.screen.show_record(columns.OPERATION, found)


def _name_jobs(session: Session, operations: list[Document]) -> list[Document]:
    """With the names of the jobs, in the table form; a deleted job keeps its id."""
    if session.screen.output is not Output.TABLE or not operations:
        return operations
    names = {row["id"]: row["name"] for row in session.client.iterate(f"{WORKSPACE}/jobs", _NAMED)}
    return [{**operation, "job": names.get(operation["job_id"], operation["job_id"])} for operation in operations]


def _explain(session: Session, operation: Document) -> Document:
    """With its job's name, in the table form, and what it waits for: that it was accepted says too little then."""
    if session.screen.output is not Output.TABLE:
        return operation
    job = _find_job(session, operation["job_id"])
    if job is None:
        return operation
    operation = {**operation, "job": job["name"]}
    if operation["status"] not in OPEN_STATUSES:
        return operation
    waits_for = explain_wait(operation, job, session.screen)
    return {**operation, "waiting": {"message": waits_for}, "message": ""} if waits_for else operation


def _find_job(session: Session, job_id: str) -> Document | None:
    """None for one that has been deleted since."""
    try:
        return session.client.get(f"/jobs/{job_id}")
    except ServerRefused as refusal:
        if refusal.status != HTTPStatus.NOT_FOUND:
            raise
        return None
