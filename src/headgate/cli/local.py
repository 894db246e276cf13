"""What the command line does on this machine without the API: the one module that starts Headgate.

Everything past the API lies behind `headgate.bootstrap`, imported when it is needed, so that no
other command pays for the server's libraries.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from headgate.cli.cells import format_size
from headgate.cli.render import Screen

if TYPE_CHECKING:
    from headgate.settings import Settings


class Announcement(Protocol):
    """What a server says of itself once it answers. `flink_url` is None without an embedded Flink."""

    @property
    def url(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def flink_url(self) -> str | None: ...
    @property
    def server_pid(self) -> int: ...


class Engine(Protocol):
    """An installed engine."""

    @property
    def version(self) -> str: ...
    @property
    def home(self) -> Path: ...
    @property
    def java(self) -> Path: ...


def load(**overrides: object) -> "Settings":
    """The settings of this process, with the options that were given."""
    from headgate.settings import load_settings

    return load_settings(**overrides)


def serve(settings: "Settings", with_local_cluster: bool, announce: Callable[[Announcement], None]) -> bool:
    """Run the server until it is asked to end (SIGTERM, SIGINT); `announce` is called once it answers.

    False where it was asked to end before it answered.
    """
    from headgate import bootstrap

    return bootstrap.serve(settings, with_local_cluster=with_local_cluster, announce=announce)


def install_engine(settings: "Settings", version: str, screen: Screen) -> Engine:
    """Install an engine, with a progress line; one that is installed already is left alone."""
    from headgate import bootstrap

    with screen.progress() as report:
        return bootstrap.install_engine(
            settings, version, lambda progress: report(_describe_progress(progress, screen))
        )


def ensure_engine(settings: "Settings", screen: Screen) -> None:
    """Install the engine of the local cluster where it is missing; silent where it is there."""
    if not any(engine.version == settings.flink_version for engine in list_engines(settings)):
        install_engine(settings, settings.flink_version, screen)


def list_engines(settings: "Settings") -> list[Engine]:
    from headgate import bootstrap

    return list(bootstrap.list_engines(settings))


def remove_engine(settings: "Settings", version: str) -> None:
    from headgate import bootstrap

    bootstrap.remove_engine(settings, version)


def find_local_cluster(data_dir: Path) -> str | None:
    """The address of the embedded Flink of a data folder, while it lives."""
    from headgate import bootstrap

    return bootstrap.find_local_cluster(data_dir)


def stop_local_cluster(data_dir: Path) -> bool:
    """End the embedded Flink of a data folder; False where none ran."""
    from headgate import bootstrap

    return bool(bootstrap.stop_local_cluster(data_dir))


def _describe_progress(progress: Any, screen: Screen) -> str:
    """The step in words and, after a tab, how far it is."""
    text = screen.say(f"engine_step_{progress.step}")
    if progress.total:
        return f"{text}\t{format_size(progress.done)} / {format_size(progress.total)}"
    return f"{text}\t{format_size(progress.done)}" if progress.done else text
