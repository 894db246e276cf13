"""`headgate snapshot`: one savepoint or checkpoint. A job's list is `headgate job snapshots`."""

from typing import Annotated

from cyclopts import App, Parameter

from headgate.cli import columns
from headgate.cli.options import COMMON, Common
from headgate.cli.session import open_session

app = App(name="snapshot", help="Look at savepoints and checkpoints.")


@app.command
def show(snapshot: Annotated[str, Parameter(help="Id of the snapshot.")], /, *, common: Common = COMMON) -> None:
    """Show one snapshot: its kind, size and place, and whether it is still there."""
    with open_session(common) as session:
        session.screen.show_record(columns.SNAPSHOTS, session.client.get(f"/snapshots/{snapshot}"))
