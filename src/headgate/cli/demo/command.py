"""`headgate demo`: downloads first, then the story, the verdict, and what to try next.

With DEMO_EXIT=1 it ends after the verdict and leaves no process behind; else it stays up until
Ctrl-C.
"""

import contextlib
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headgate.cli import local
from headgate.cli.context import borrow_last_context, read_environment
from headgate.cli.datafolder import prepare_folder
from headgate.cli.demo.flights import fetch_archive, read_flights
from headgate.cli.demo.ledger import Comparison
from headgate.cli.demo.narrator import Narrator
from headgate.cli.demo.pipeline import JOB_NAME
from headgate.cli.demo.server import DemoServer
from headgate.cli.demo.story import STEPS, Story
from headgate.cli.interruption import Interrupted
from headgate.cli.options import COMMON, Common
from headgate.cli.render import Output, Screen, Stopwatch
from headgate.cli.session import make_screen
from headgate.domain.errors import HeadgateError, Invalid

if TYPE_CHECKING:
    from headgate.settings import Settings

_EXAMPLES = 3


def demo(
    *,
    data: Annotated[
        Path | None, Parameter(name="--data", help="Folder for the demo, missing or empty; a temporary one by default.")
    ] = None,
    common: Common = COMMON,
) -> None:
    """Run a real job: pause, crash, resume, and compare the result."""
    screen = make_screen(common)
    narrator = Narrator(screen, STEPS)
    with (
        _demo_folder(data, screen) as folder,
        borrow_last_context(folder, read_environment()),
        _ended_by_signals(),
    ):
        settings = local.load(data_dir=folder)
        prepare_folder(folder)
        narrator.tell("demo_intro")
        watch = Stopwatch()
        archive = _download(settings, screen)
        download_s = watch.read()
        narrator.tell("demo_downloaded", seconds=f"{download_s:.1f}")
        server = DemoServer(folder, settings.flink_version, screen.language.value)
        try:
            comparison = _live(server, narrator, archive, download_s)
        except KeyboardInterrupt:
            narrator.screen.note("demo_ending")
            raise
        finally:
            server.end()
            server.end_cluster()
        if not comparison.is_equal:
            raise HeadgateError("demo_different", folder=folder)


def _download(settings: "Settings", screen: Screen) -> Path:
    with screen.progress() as report:
        report(screen.say("demo_data"))
        archive = fetch_archive(settings.cache_dir)
    local.ensure_engine(settings, screen)
    return archive


def _live(server: DemoServer, narrator: Narrator, archive: Path, download_s: float) -> Comparison:
    watch = Stopwatch()
    story = Story(server, narrator, read_flights(archive))
    comparison = story.tell()
    times = {"story_s": f"{watch.read():.1f}", "download_s": f"{download_s:.1f}"}
    _show_verdict(narrator, comparison, times)
    narrator.close()
    if not read_environment().get("DEMO_EXIT"):
        narrator.tell("demo_next", url=story.context.url, job=JOB_NAME, folder=server.folder)
        _await_end()
    narrator.tell("demo_ending")
    return comparison


def _await_end() -> None:
    """Return at Ctrl-C: after the verdict it is the ordinary end."""
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


def _show_verdict(narrator: Narrator, comparison: Comparison, times: dict[str, str]) -> None:
    facts = {"expected": comparison.expected, "committed": comparison.committed}
    narrator.tell("demo_verdict_equal" if comparison.is_equal else "demo_verdict_different", **facts)
    faults = {
        "missing": comparison.missing,
        "unexpected": comparison.unexpected,
        "different": comparison.different,
        "repeated": comparison.repeated,
    }
    for name, keys in faults.items():
        if keys:
            examples = "; ".join(" ".join(key) for key in keys[:_EXAMPLES])
            narrator.tell(f"demo_rows_{name}", count=len(keys), examples=examples)
    narrator.tell("demo_times", **times)
    if narrator.screen.output is not Output.TABLE:
        counts = {name: len(keys) for name, keys in faults.items()}
        narrator.screen.show_record((), {"equal": comparison.is_equal, **facts, **counts, **times})


@contextlib.contextmanager
def _demo_folder(data: Path | None, screen: Screen) -> Iterator[Path]:
    """The folder that was named, or a temporary one that vanishes unless its logs may be wanted.

    Interrupted("demo_interrupted", "demo_interrupted_folder") for Ctrl-C in the middle of the story.
    """
    if data is not None and data.is_dir() and any(data.iterdir()):
        raise Invalid("demo_folder_not_empty", folder=data)
    folder = data.absolute() if data is not None else Path(tempfile.mkdtemp(prefix="headgate-demo-"))
    try:
        yield folder
    except KeyboardInterrupt:
        if data is not None:
            raise Interrupted("demo_interrupted_folder", folder=folder) from None
        shutil.rmtree(folder, ignore_errors=True)
        raise Interrupted("demo_interrupted", folder=folder) from None
    except HeadgateError as error:
        if "folder" not in error.facts:
            screen.note("demo_files_left", folder=folder)
        raise
    if data is None:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Being ended or hung up on counts as Ctrl-C, so that no process is left behind."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    names = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(name, interrupt) for name in names]
    try:
        yield
    finally:
        for name, handler in zip(names, before, strict=True):
            signal.signal(name, handler)
