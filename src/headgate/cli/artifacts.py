"""`headgate artifact`: the jars of jobs."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from headgate.cli import columns
from headgate.cli.options import COMMON, Common, Limit
from headgate.cli.session import WORKSPACE, open_session
from headgate.domain.errors import Invalid, NotFound

app = App(name="artifact", help="Add and remove jars.")


@app.command
def add(
    file: Annotated[Path, Parameter(help="Jar file to upload.")],
    /,
    *,
    common: Common = COMMON,
) -> None:
    """Add a jar from a file."""
    try:
        file.open("rb").close()
    except OSError as error:
        raise Invalid("file_unreadable", file=file, reason=error.strerror or "") from None
    with open_session(common) as session:
        session.screen.show_record(columns.ARTIFACT, session.client.upload(f"{WORKSPACE}/artifacts", file))


@app.command(name="list")
def list_artifacts(*, limit: Limit = 200, common: Common = COMMON) -> None:
    """List the jars, newest first."""
    with open_session(common) as session:
        rows, has_more = session.client.list_some(f"{WORKSPACE}/artifacts", limit)
        session.screen.show_page(columns.ARTIFACTS, rows, has_more=has_more)


@app.command
def remove(artifact: Annotated[str, Parameter(help="Name or id of the jar.")], /, *, common: Common = COMMON) -> None:
    """Remove a jar that no version of a job needs."""
    with open_session(common) as session:
        for row in session.client.iterate(f"{WORKSPACE}/artifacts", 10_000):
            if artifact in (row["id"], row["name"]):
                session.client.delete(f"/artifacts/{row['id']}")
                session.screen.show_done("artifact_removed", artifact=artifact)
                return
        raise NotFound("artifact_unknown", artifact=artifact)
