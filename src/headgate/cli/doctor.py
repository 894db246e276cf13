"""`headgate doctor`: what is off, and what to do.

The server examines itself, its clusters and its jobs; where it does not answer, this machine tells
what it can (`examination.py`).
"""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from headgate.cli import columns
from headgate.cli.client import Client, Document
from headgate.cli.context import Context, find_context, find_context_file, read_environment
from headgate.cli.options import COMMON, Common
from headgate.cli.render import Output, Screen
from headgate.cli.rephrasing import rephrase
from headgate.cli.session import AnsweredAlready, make_screen
from headgate.domain.errors import Unavailable

_INFO = "INFO"

Data = Annotated[
    Path | None, Parameter(name="--data", help="Data folder to look into where the server does not answer.")
]


def doctor(*, data: Data = None, common: Common = COMMON) -> None:
    """Say what is off with the server, its clusters and its jobs, and what to do.

    Ends with 1 where something is off.
    """
    screen = make_screen(common)
    context: Context | None = None
    try:
        context = find_context(common.context, read_environment())
        with Client(context, screen.language) as client, screen.patience("doctor_looks"):
            found = client.get("/diagnosis")
    except Unavailable as silence:
        _show(screen, _examine_machine(screen, silence, context, data, common))
        return
    _show(screen, found)


def _examine_machine(
    screen: Screen, silence: Unavailable, context: Context | None, data: Path | None, common: Common
) -> Document:
    from headgate.cli import local
    from headgate.cli.examination import examine

    file = find_context_file(common.context, read_environment())
    folder = data or (file.parent if file is not None else local.load().data_dir)
    found = examine(silence, context, folder, local.find_local_cluster)
    return {"ok": False, "findings": [finding.describe(screen.language) for finding in found]}


def _show(screen: Screen, found: Document) -> None:
    findings: list[Document] = found["findings"]
    off = sum(finding["level"] != _INFO for finding in findings)
    if screen.output is not Output.TABLE:
        screen.show_record((), found)
    elif findings:
        screen.show_rows(columns.FINDINGS, [_word(finding) for finding in findings])
    if off:
        raise AnsweredAlready("doctor_found", count=off)
    screen.note("doctor_found_nothing", clusters=found["clusters"], jobs=found["jobs"])


def _word(finding: Document) -> dict[str, Any]:
    """In the words of the command line."""
    return {**finding, **{name: rephrase(str(finding[name])) for name in ("message", "advice")}}
