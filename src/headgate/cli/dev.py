"""`headgate dev` and `headgate serve`: start a server in this process.

`dev` brings an embedded Flink and needs nothing but this command; `serve` takes everything from
settings. Both tell later commands where they are.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headgate.cli import columns, local
from headgate.cli.context import CONTEXT_FILE, Context, read_environment, remember_context, write_context
from headgate.cli.datafolder import for_owner_alone, prepare_folder
from headgate.cli.interruption import Interrupted
from headgate.cli.options import COMMON, Common
from headgate.cli.render import Output, Screen, print_answer
from headgate.cli.session import make_screen

if TYPE_CHECKING:
    from headgate.settings import Settings

Data = Annotated[
    Path | None, Parameter(name="--data", help="Data folder; it holds everything that must outlive the server.")
]
Port = Annotated[int | None, Parameter(name="--port", help="Port to listen on; 0 takes any free one.")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class FlinkOptions:
    """What the embedded Flink is."""

    flink_version: Annotated[
        str | None, Parameter(name="--flink-version", help="Flink version of the embedded cluster.")
    ] = None
    slots: Annotated[int | None, Parameter(name="--slots", help="Task slots of the embedded cluster.")] = None


def dev(*, data: Data = None, port: Port = None, flink: FlinkOptions = FlinkOptions(), common: Common = COMMON) -> None:
    """Start Headgate with an embedded Flink and SQLite, in one process tree.

    Ends with Ctrl-C. The embedded Flink and its jobs go on; the next start takes them over.
    """
    settings = local.load(data_dir=data, port=port, flink_version=flink.flink_version, slots=flink.slots)
    _start(settings, make_screen(common), with_local_cluster=True)


def serve(*, data: Data = None, port: Port = None, common: Common = COMMON) -> None:
    """Start the server alone, from settings; clusters are registered by address."""
    _start(local.load(data_dir=data, port=port), make_screen(common), with_local_cluster=False)


def _start(settings: "Settings", screen: Screen, *, with_local_cluster: bool) -> None:
    prepare_folder(settings.data_dir)
    if with_local_cluster:
        local.ensure_engine(settings, screen)
    screen.note("server_starting")
    folder = settings.data_dir
    with for_owner_alone():
        was_ready = local.serve(settings, with_local_cluster, lambda server: _announce(server, folder, screen))
    has_flink = local.find_local_cluster(folder) is not None
    if not was_ready:
        raise Interrupted(
            "server_start_interrupted_flink_runs" if has_flink else "server_start_interrupted", folder=folder
        )
    screen.note("server_ended_flink_runs" if has_flink else "server_ended", folder=folder)


def _announce(server: local.Announcement, folder: Path, screen: Screen) -> None:
    context = Context(server.url, server.token, server.flink_url or "", server.server_pid)
    file = folder / CONTEXT_FILE
    write_context(file, context)
    if not remember_context(file, read_environment()):
        screen.note("context_not_remembered", file=file)
    if screen.output is not Output.TABLE:
        screen.show_record(columns.SERVER, {"url": context.url, "token": context.token, "context": str(file)})
        return
    print_answer(screen.say("server_ready", url=context.url))
    print_answer(screen.say("server_token", token=context.token))
    if context.flink_url:
        print_answer(screen.say("server_flink", url=context.flink_url))
    print_answer(screen.say("server_next", folder=folder))
