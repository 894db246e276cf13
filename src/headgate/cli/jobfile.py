"""Job files: read, and asked where in the file a complaint of the server belongs.

The server checks what is in a job file; here it is only read. A place keeps the line and column of
the *file*, counted from 1, also for a line of the SQL text inside it.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from headgate.domain.errors import Invalid, Problem

STANDARD_INPUT = "-"
_KIND = "job"
_PART = re.compile(r"[^.\[\]]+")


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a text that a person wrote: where it is and the whole line."""

    name: str
    line: int
    column: int | None
    text: str


class Origin(Protocol):
    """The text that a refused document was made from."""

    def locate(self, path: str, line: int | None, column: int | None, *, of_name: bool = False) -> Place | None:
        """Where the field `path` (`spec.sql`) or its name stands, or the given line and column within its text."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """A job file: its plain data, and its YAML nodes with their places."""

    name: str
    text: str
    data: Mapping[str, Any]
    root: Any

    def locate(self, path: str, line: int | None, column: int | None, *, of_name: bool = False) -> Place | None:
        key, node, depth = self._find_node(path)
        if node is None:
            return None
        if line is not None and depth == len(_PART.findall(path)):
            number, offset = self._find_line(node, line, column)
            return self._make_place(number, offset if column is not None else None)
        # A collection starts at its first member; what a person looks for is its name.
        mark = (key if of_name or isinstance(node.value, list) else node).start_mark
        return self._make_place(mark.line, mark.column)

    def _find_line(self, node: Any, line: int, column: int | None) -> tuple[int, int]:
        """File line and column (from 0) of a place in the text of a scalar node."""
        if node.style not in ("|", ">"):
            first = node.start_mark.column + (1 if node.style in ("'", '"') else 0)
            return node.start_mark.line + line - 1, (first if line == 1 else 0) + (column or 1) - 1
        number = node.start_mark.line + line
        indent = min(
            (len(row) - len(row.lstrip()) for row in self._list_lines(node) if row.strip()), default=0
        )  # of the block: YAML takes the first line's, which is the least one
        return number, indent + (column or 1) - 1

    def _list_lines(self, node: Any) -> list[str]:
        return self.text.splitlines()[node.start_mark.line + 1 : node.end_mark.line]

    def _make_place(self, number: int, offset: int | None) -> Place | None:
        rows = self.text.splitlines()
        if not 0 <= number < len(rows):
            return None
        return Place(self.name, number + 1, None if offset is None else offset + 1, rows[number])

    def _find_node(self, path: str) -> tuple[Any, Any, int]:
        """Key and value of the longest known beginning of `path`, and how many parts of it were found."""
        key, node, depth = None, self.root, 0
        for part in _PART.findall(path):
            child = _find_child(node, part)
            if child is None:
                break
            key, node, depth = *child, depth + 1
        return key, (node if depth else None), depth


@dataclass(frozen=True, slots=True)
class DraftText:
    """The draft on the server: only its SQL has lines that a person knows."""

    spec: Mapping[str, Any]

    def locate(self, path: str, line: int | None, column: int | None, *, of_name: bool = False) -> Place | None:
        text = self.spec.get("sql") if path in ("spec.sql", "sql") else None
        rows = text.splitlines() if isinstance(text, str) else []
        if line is None or not 0 < line <= len(rows):
            return None
        return Place(path, line, column, rows[line - 1])


def read_job_file(path: Path) -> JobFile:
    """The job file at `path` (`-`: the standard input).

    Invalid: "file_unreadable", "file_not_yaml" with line and column, "file_not_a_job".
    """
    import yaml

    from headgate.bounded_yaml import BoundedLoader

    name = str(path)
    text = _read_text(path)
    try:
        root = yaml.compose(text, Loader=BoundedLoader)
        # A loader of ours, restricted further than the safe one that it is made of.
        data = yaml.load(text, Loader=BoundedLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = (mark.line + 1, mark.column + 1) if mark is not None else (None, None)
        problem = Problem("", "yaml_fault", (("fault", error.problem or ""),), line=at[0], column=at[1])
        raise Invalid("file_not_yaml", problems=[problem], file=name) from None
    except yaml.YAMLError:
        raise Invalid("file_not_yaml", file=name) from None
    except (RecursionError, ValueError) as error:
        raise _refuse(name, str(error)) from None
    if not isinstance(data, dict) or data.get("kind", _KIND) != _KIND:
        raise Invalid("file_not_a_job", file=name)
    _require_sendable(name, data)
    return JobFile(name, text, data, root)


def _require_sendable(name: str, data: Mapping[Any, Any]) -> None:
    """YAML knows values that JSON does not: days, infinity, half a character."""
    try:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    except (RecursionError, TypeError, ValueError) as error:
        raise _refuse(name, str(error)) from None


def _refuse(name: str, fault: str) -> Invalid:
    return Invalid("file_not_yaml", problems=[Problem("", "yaml_value_fault", (("fault", fault),))], file=name)


def _read_text(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == STANDARD_INPUT else path.read_text(encoding="utf-8")
    except OSError as error:
        raise Invalid("file_unreadable", file=path, reason=error.strerror or "") from None
    except UnicodeDecodeError:
        raise Invalid("file_unreadable", file=path, reason="UTF-8") from None


def _find_child(node: Any, part: str) -> tuple[Any, Any] | None:
    """Key and value of a member; a member of a list is its own key."""
    value = getattr(node, "value", None)
    if not isinstance(value, list):
        return None
    if node.id == "mapping":
        return next(((key, child) for key, child in value if key.value == part), None)
    return (value[int(part)],) * 2 if part.isdigit() and int(part) < len(value) else None
