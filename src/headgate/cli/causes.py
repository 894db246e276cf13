"""Flink's own text, cut down to what a person reads first.

A cause can be a stack trace of ninety lines, and what matters is its root: one line. The whole text
is in the JSON and YAML forms of the same answer.
"""

import re

_CAUSED_BY = "Caused by:"
_FRAME = re.compile(r"^\s*(at .+\(.*\)|\.\.\. \d+ (more|common frames omitted))\s*$")
# Texts that are no traces, such as the last lines of a log, stay as they are up to this length.
_PLAIN_LINES = 12
_TRACE_LINES = 3


def find_root(cause: str) -> str:
    """The root of a Java stack trace (its last "Caused by:"), else the first line; empty for no cause."""
    lines = [line.strip() for line in cause.splitlines() if line.strip()]
    roots = [line.removeprefix(_CAUSED_BY).strip() for line in lines if line.startswith(_CAUSED_BY)]
    return roots[-1] if roots else next(iter(lines), "")


def shorten_cause(cause: str) -> list[str]:
    """What is shown of a cause: of a trace its root and the next lines of that message, at most three in all."""
    lines = cause.splitlines()
    if not _is_trace(lines):
        return tidy_text(cause)[:_PLAIN_LINES]
    starts = [number for number, line in enumerate(lines) if line.strip().startswith(_CAUSED_BY)]
    shown = []
    for line in lines[starts[-1] if starts else 0 :]:
        if _FRAME.match(line):
            break
        if line.strip():
            shown.append(line.strip().removeprefix(_CAUSED_BY).strip())
    return shown[:_TRACE_LINES]


def is_shortened(cause: str) -> bool:
    """Whether `shorten_cause` leaves anything out."""
    return len(shorten_cause(cause)) < len(tidy_text(cause))


def tidy_text(text: str) -> list[str]:
    """The lines of a text without the empty ones; a list of single words stands behind the line that opens it."""
    lines: list[str] = []
    is_open = False  # whether single words may follow
    for line in (line.strip() for line in text.splitlines()):
        if not line:
            continue
        if is_open and " " not in line:
            lines[-1] += " " + line if lines[-1].endswith(":") else ", " + line
            continue
        lines.append(line)
        is_open = line.endswith(":")
    return lines


def _is_trace(lines: list[str]) -> bool:
    return any(_FRAME.match(line) or line.strip().startswith(_CAUSED_BY) for line in lines)
