"""What a command puts on the screen: tables, JSON or YAML on the output, notes and questions beside it.

The answer goes to the standard output, everything said about it to the standard error, so that a
script can read the one and a person sees the other. What is shown is decided by the commands.
"""

import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from headgate.cli.cells import format_cell, format_span
from headgate.cli.columns import Column
from headgate.cli.context import read_environment
from headgate.cli.tables import Head, lay_record, lay_rows
from headgate.cli.words import Language, say

if TYPE_CHECKING:
    from rich.console import Console

_CONSENT = frozenset({"y", "yes", "是", "好"})


class Output(StrEnum):
    """The form of the answer."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


class Screen:
    """The output of one command."""

    def __init__(self, output: Output, language: Language) -> None:
        self.output = output
        self.language = language

    def say(self, code: str, **facts: object) -> str:
        return say(self.language, code, facts)

    def note(self, code: str, **facts: object) -> None:
        """One sentence beside the answer."""
        write_note(self.say(code, **facts))

    def show_rows(self, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> None:
        """A list of things."""
        if self.output is not Output.TABLE:
            self._dump(list(rows))
        elif not rows:
            self.note("list_empty")
        else:
            heads = [Head(self.say(column.heading), column.rank, column.is_long) for column in columns]
            cells = [[" ".join(format_cell(row, column).split()) for column in columns] for row in rows]
            laid = lay_rows(heads, cells, _find_width(), is_bold=_is_bold())
            print("\n".join(laid.lines))
            if laid.left_out:
                self.note("columns_left_out", columns=", ".join(laid.left_out))

    def show_page(self, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, has_more: bool) -> None:
        """The beginning of a list; says so where there is more of it."""
        self.show_rows(columns, rows)
        if has_more:
            self.note("list_has_more", shown=len(rows))

    def show_record(self, columns: Sequence[Column], record: Mapping[str, Any]) -> None:
        """One thing: a line per field that has a value."""
        if self.output is not Output.TABLE:
            self._dump(record)
            return
        cells = [(self.say(column.heading), format_cell(record, column)) for column in columns]
        print("\n".join(lay_record([cell for cell in cells if cell[1]], _find_width()).lines))

    def answer(self, code: str, **facts: object) -> None:
        """One sentence that is the answer, in the table form."""
        print(self.say(code, **facts))

    def show_done(self, code: str, **facts: object) -> None:
        """That something without an answer of its own is done."""
        if self.output is Output.TABLE:
            self.note(code, **facts)
        else:
            self._dump({"done": True, **{name: str(value) for name, value in facts.items()}})

    @contextmanager
    def progress(self) -> Iterator[Callable[[str], None]]:
        """A line that says what is going on: rewritten in place on a terminal, one line per change elsewhere."""
        if not sys.stderr.isatty():
            yield _PlainLine()
            return
        from rich.live import Live

        line = _TickingLine()
        with Live(get_renderable=line.render, console=_console(), refresh_per_second=5, transient=True):
            yield line

    @contextmanager
    def patience(self, code: str, after_s: float = 1.0) -> Iterator[None]:
        """Say what takes so long, once it does."""
        if sys.stderr.isatty():
            with self.progress() as report:
                report(self.say(code))
                yield
            return
        timer = threading.Timer(after_s, self.note, (code,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def confirm(self, code: str, **facts: object) -> bool:
        """Ask on a terminal; where nobody can be asked, the command itself is the consent."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return True
        print(f"{self.say(code, **facts)} [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in _CONSENT

    def _dump(self, data: object) -> None:
        print_document(data, self.output)


class _TickingLine:
    """Progress on a terminal: the last text and the time since the beginning, drawn anew by itself."""

    def __init__(self) -> None:
        self._text = ""
        self._watch = Stopwatch()

    def __call__(self, text: str) -> None:
        self._text = text

    def render(self) -> Any:
        from rich.text import Text

        text = self._text.replace("\t", " ")
        return Text(f"{text}  {format_span(self._watch.read())}", overflow="ellipsis", no_wrap=True)


class _PlainLine:
    """Progress where nothing can be rewritten: each new text is a line of its own."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, text: str) -> None:
        # The part after the tab changes all the time (seconds, bytes): it is no reason for a new line.
        steady = text.partition("\t")[0]
        if steady != self._last:
            self._last = steady
            write_note(steady)


class Stopwatch:
    """The time since it was made, in seconds."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def read(self) -> float:
        return time.monotonic() - self._start


def print_answer(text: str) -> None:
    """Text for the standard output, as it is."""
    print(text)


def write_note(text: str) -> None:
    """Text for people, beside the answer."""
    print(text, file=sys.stderr, flush=True)


def print_document(data: object, output: Output) -> None:
    """Data for programs, on the standard output."""
    if output is Output.JSON:
        print(json.dumps(data, ensure_ascii=False, indent=2, default=str))
        return
    import yaml

    # Through JSON: enumerations and numbers of our own become plain ones.
    plain = json.loads(json.dumps(data, default=str))
    print(yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=120), end="")


def _find_width() -> int | None:
    """The width of the screen that the answer goes to; None where it goes to a program."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _is_bold() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in read_environment()


def _console() -> "Console":
    from rich.console import Console

    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
