"""One value as a person reads it: times, spans, sizes, lists, and the sentences of the server."""

from collections.abc import Callable, Mapping
from typing import Any

from headgate.cli.causes import shorten_cause
from headgate.cli.columns import Column, Form
from headgate.cli.rephrasing import rephrase

_CAUSE_LINES = 3
# Options that say what would be done without them.
_DEFAULTS = (None, False, "NO_CLAIM", "CANONICAL")
_UNITS = ("B", "KB", "MB", "GB", "TB")


def format_cell(record: Mapping[str, Any], column: Column) -> str:
    """The value of a column; empty where there is none."""
    value: Any = record
    for name in column.path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else _FORMS[column.form](value)


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


def _format_lines(value: object) -> str:
    items = value if isinstance(value, list | tuple) else [value]
    return rephrase("\n".join(_format_text(_name_item(item)) for item in items))


_FORMS: dict[Form, Callable[[Any], str]] = {
    Form.TEXT: _format_text,
    Form.TIME: lambda value: format_time(str(value)),
    Form.SPAN: lambda value: format_span(float(value)),
    Form.SIZE: lambda value: format_size(int(value)),
    Form.WORDS: lambda value: rephrase(_format_text(value)),
    Form.LINES: _format_lines,
    Form.CAUSE: lambda value: "\n".join(shorten_cause(str(value))[:_CAUSE_LINES]),
    Form.OPTIONS: lambda value: _format_text({name: item for name, item in value.items() if item not in _DEFAULTS}),
}
