"""Tables that hold at any width: nothing in a cell is ever cut.

Where the screen is too narrow, the columns that matter least are left out, and long texts stand
below their row. On a pipe there is no width, and every column is there.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

_GAP = "  "
_INDENT = "    "
_BOLD = "\x1b[1m{}\x1b[0m"
# A value beside its name is folded; narrower than this it would be a column of single words.
_LEAST_VALUE_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Head:
    """One column: its title; `rank` 0 is always shown, the highest is left out first; `is_long` may go below."""

    title: str
    rank: int = 0
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Laid:
    """A table as lines, and the titles of the columns that found no room."""

    lines: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def lay_rows(heads: Sequence[Head], rows: Sequence[Sequence[str]], width: int | None, *, is_bold: bool = False) -> Laid:
    """A list as a table of at most `width` cells; None is a pipe."""
    widths = [max(measure(text) for text in (head.title, *(row[n] for row in rows))) for n, head in enumerate(heads)]
    # A column in which nothing stands takes room from the others.
    beside = [n for n in range(len(heads)) if width is None or any(row[n] for row in rows)]
    below: list[int] = []
    left_out: list[int] = []
    while width is not None and _measure_line(widths, beside) > width:
        long = [n for n in beside if heads[n].is_long]
        least = max(beside, key=lambda n: (heads[n].rank, n))
        if long:
            below += long
            beside = [n for n in beside if n not in long]
        elif heads[least].rank:
            left_out.append(least)
            beside.remove(least)
        else:
            break
    title = _join([heads[n].title for n in beside], [widths[n] for n in beside])
    lines = [_BOLD.format(title) if is_bold else title]
    for row in rows:
        lines.append(_join([row[n] for n in beside], [widths[n] for n in beside]))
        lines += [line for n in sorted(below) if row[n] for line in _fold(row[n], width or 0)]
    return Laid(tuple(lines), tuple(heads[n].title for n in sorted(left_out)))


def lay_record(cells: Sequence[tuple[str, str]], width: int | None) -> Laid:
    """Names and values, one below the other; a value of several lines stands under its beginning."""
    margin = max((measure(name) for name, _ in cells), default=0)
    lines: list[str] = []
    for name, value in cells:
        room = None if width is None else width - margin - len(_GAP)
        parts = [line for text in value.splitlines() or [""] for line in _wrap(text, room)]
        lines.append(_join([name, parts[0]], [margin, 0]))
        lines += [" " * (margin + len(_GAP)) + part for part in parts[1:]]
    return Laid(tuple(lines))


def measure(text: str) -> int:
    """The cells that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _measure_line(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[n] for n in shown) + len(_GAP) * (len(shown) - 1)


def _join(texts: Sequence[str], widths: Sequence[int]) -> str:
    cells = [text + " " * (width - measure(text)) for text, width in zip(texts, widths, strict=True)]
    # The last column is padded too, which only hinders whoever copies or compares the text.
    return _GAP.join(cells).rstrip()


def _fold(text: str, width: int) -> list[str]:
    return [_INDENT + line for line in _wrap(text, width - len(_INDENT))]


def _wrap(text: str, room: int | None) -> list[str]:
    """Lines that break between words only: ids and paths stay whole, even where they are longer than a line."""
    if room is None or measure(text) <= room:
        return [text]
    if not text.isascii():
        return _wrap_wide(text, max(room, _LEAST_VALUE_WIDTH))
    room = max(room, _LEAST_VALUE_WIDTH)
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]


def _wrap_wide(text: str, room: int) -> list[str]:
    """The same for texts with wide characters, between which a line may break."""
    lines, line = [], ""
    for word in _split_wide(text):
        if line and measure(line + word.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += word
    return [*lines, line.rstrip()]


def _split_wide(text: str) -> list[str]:
    """Words with the blanks after them; each wide character is a word of its own."""
    words, word = [], ""
    for character in text:
        if not character.isascii():
            words += [word, character]
            word = ""
        else:
            word += character
            if character == " ":
                words.append(word)
                word = ""
    return [part for part in (*words, word) if part]
