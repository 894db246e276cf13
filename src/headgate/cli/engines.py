"""`headgate engine`: the Flink versions installed on this machine; no server is needed."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from headgate.cli import columns
from headgate.cli.options import COMMON, Common
from headgate.cli.session import make_screen
from headgate.domain.errors import NotFound

app = App(name="engine", help="Install and remove Flink versions on this machine.")

EngineName = Annotated[str, Parameter(help="Flink version, such as 2.2.1.")]


@app.command
def install(version: EngineName, /, *, common: Common = COMMON) -> None:
    """Download a Flink version with its own Java, check it and unpack it."""
    from headgate.cli import local

    screen = make_screen(common)
    screen.show_record(columns.ENGINES, _describe(local.install_engine(local.load(), version, screen)))


@app.command(name="list")
def list_engines(*, common: Common = COMMON) -> None:
    """List the installed Flink versions."""
    from headgate.cli import local

    make_screen(common).show_rows(columns.ENGINES, [_describe(engine) for engine in local.list_engines(local.load())])


@app.command
def remove(version: EngineName, /, *, common: Common = COMMON) -> None:
    """Remove an installed Flink version."""
    from headgate.cli import local

    settings = local.load()
    installed = [str(engine.version) for engine in local.list_engines(settings)]
    try:
        local.remove_engine(settings, version)
    except NotFound:
        known = ", ".join(installed) or "-"
        raise NotFound("engine_not_here", version=version, installed=known) from None
    make_screen(common).show_done("engine_removed", version=version)


def _describe(engine: Any) -> dict[str, str]:
    return {"version": str(engine.version), "home": str(engine.home), "java": str(engine.java)}
