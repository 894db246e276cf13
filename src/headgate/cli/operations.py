"""`headgate operation`: look at one operation, await it, withdraw it."""

from typing import Annotated

from cyclopts import App, Parameter

from headgate.cli import columns
from headgate.cli.causes import is_shortened
from headgate.cli.client import Document
from headgate.cli.jobview import explain_wait
from headgate.cli.options import COMMON, NO_WAITING, Common, Limit, Waiting
from headgate.cli.render import Output
from headgate.cli.session import WORKSPACE, Session, open_session
from headgate.cli.waiting import await_operation, check_operation, show_end
from headgate.domain.operations import OPEN_STATUSES

app = App(name="operation", help="Look at what was asked for, or withdraw it.")

OperationName = Annotated[str, Parameter(help="Id of the operation.")]


@app.command(name="list")
def list_operations(*, limit: Limit = 50, common: Common = COMMON) -> None:
    """List the operations of all jobs, newest first."""
    with open_session(common) as session:
        rows, has_more = session.client.list_some(f"{WORKSPACE}/operations", limit)
        session.screen.show_page(columns.OPERATIONS, rows, has_more=has_more)


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


def _explain(session: Session, operation: Document) -> Document:
    """With what it waits for, in the table form: that it was accepted says too little then."""
    if session.screen.output is not Output.TABLE or operation["status"] not in OPEN_STATUSES:
        return operation
    job = session.client.get(f"/jobs/{operation['job_id']}")
    waits_for = explain_wait(operation, job, session.screen)
    return {**operation, "waiting": {"message": waits_for}, "message": ""} if waits_for else operation
