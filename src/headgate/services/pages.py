"""Pages of long lists: an opaque cursor is the sort key of the last item that was shown.

A cursor stays good while rows come and go: nothing is shown twice and nothing skipped that was
there all along.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from headgate.domain.errors import Invalid, Problem

MAX_LIMIT = 200
DEFAULT_LIMIT = 50

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list: at most `limit` items after `cursor`."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    next_cursor: str | None

    def map(self, convert: Callable[[T], U]) -> "Page[U]":
        return Page(tuple(convert(item) for item in self.items), self.next_cursor)


def cut_page(items: Sequence[T], window: Window, key: Callable[[T], tuple[str, str]], *, descending: bool) -> Page[T]:
    """The part of `items` that `window` shows, in the order of `key`. Invalid("cursor_invalid")."""
    ordered = sorted(items, key=key, reverse=descending)
    if window.cursor is not None:
        last = _read_texts(window.cursor)
        ordered = [item for item in ordered if (key(item) < last if descending else key(item) > last)]
    shown = tuple(ordered[: window.limit])
    more = len(ordered) > len(shown)
    return Page(shown, _write(list(key(shown[-1]))) if more and shown else None)


def read_pages(
    read: Callable[[int, int | None], Sequence[T]],
    window: Window,
    number: Callable[[T], int],
    wanted: Callable[[T], bool] = lambda item: True,
) -> Page[T]:
    """A page of numbered rows, newest first. `read` is given a limit and the number to stay below."""
    before = _read_number(window.cursor) if window.cursor is not None else None
    found: list[T] = []
    while len(found) <= window.limit:
        rows = read(window.limit + 1, before)
        found.extend(row for row in rows if wanted(row))
        if len(rows) <= window.limit:
            break
        before = number(rows[-1])
    shown = tuple(found[: window.limit])
    more = len(found) > len(shown)
    return Page(shown, _write(number(shown[-1])) if more and shown else None)


def _write(key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _read(cursor: str) -> object:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise _wrong_cursor() from None


def _read_texts(cursor: str) -> tuple[str, str]:
    match _read(cursor):
        case [str(first), str(second)]:
            return first, second
        case _:
            raise _wrong_cursor()


def _read_number(cursor: str) -> int:
    match _read(cursor):
        case bool():
            raise _wrong_cursor()
        case int(number) if 0 <= number < 2**63:
            return number
        case _:
            raise _wrong_cursor()


def _wrong_cursor() -> Invalid:
    return Invalid("query_invalid", problems=[Problem("cursor", "cursor_invalid")])
