"""What a command puts on the screen: tables, JSON or YAML on the output, notes beside it.

The answer goes to the standard output, everything said about it to the standard error, so that a
script can read the one and a person sees the other. What is shown is decided by the commands.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from headgate.cli.columns import Column, Form
from headgate.cli.words import Language, say

if TYPE_CHECKING:
    from rich.console import Console

# A table that is read by a program or a pager must not be folded to some default width.
_PIPE_WIDTH = 10_000
_UNITS = ("B", "KB", "MB", "GB", "TB")


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
            headings = [self.say(column.heading) for column in columns]
            print_table(headings, [[format_cell(row, column) for column in columns] for row in rows])

    def show_record(self, columns: Sequence[Column], record: Mapping[str, Any]) -> None:
        """One thing: a line per field that has a value."""
        if self.output is not Output.TABLE:
            self._dump(record)
            return
        cells = [(self.say(column.heading), format_cell(record, column)) for column in columns]
        print_table([], [[heading, cell] for heading, cell in cells if cell])

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
        with _console(sys.stderr).status("") as status:
            yield lambda text: status.update(_literal(text))

    def _dump(self, data: object) -> None:
        if self.output is Output.JSON:
            print(json.dumps(data, ensure_ascii=False, indent=2))
            return
        import yaml

        print(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120), end="")


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


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    table = Table(*headings, box=None, show_header=bool(headings), header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(_literal(cell) for cell in row))
    console = _console(sys.stdout)
    with console.capture() as capture:
        console.print(table)
    # The last column is padded too, which only hinders whoever copies or compares the text.
    print("\n".join(line.rstrip() for line in capture.get().splitlines()))


def format_cell(record: Mapping[str, Any], column: Column) -> str:
    """The value of a column as a person reads it; empty where there is none."""
    value: Any = record
    for name in column.path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return ""
    match column.form:
        case Form.TIME:
            return format_time(str(value))
        case Form.SPAN:
            return format_span(float(value))
        case Form.SIZE:
            return format_size(int(value))
        case Form.TEXT:
            return _format_text(value)


def format_time(text: str) -> str:
    """A time of the API (RFC 3339, UTC), without what people do not read."""
    day, _, moment = text.partition("T")
    return f"{day} {moment[:8]}Z" if moment else text


def format_span(seconds: float) -> str:
    """A measured span in its two largest units."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def format_size(size: float) -> str:
    unit = _UNITS[0]
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def _format_text(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_format_text(item)}" for name, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        return ", ".join(_format_text(_name_item(item)) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name_item(item: object) -> object:
    """What stands for a member of a list: its name (a step) or its message (a risk)."""
    return item.get("name") or item.get("message") or item if isinstance(item, Mapping) else item


def _console(stream: Any) -> "Console":
    from rich.console import Console

    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=not stream.isatty())


def _literal(text: str) -> Any:
    from rich.text import Text

    return Text(text.replace("\t", " "))
