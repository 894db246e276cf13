"""Records inside one column: plain JSON data from a dataclass, and the dataclass back.

The converters are built once from the type hints. A field that the stored data lack takes its
default, one that the code no longer has is ignored: so a new release reads the rows of an old one.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Convert = Callable[[Any], Any]

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class Codec(Generic[T]):
    """How values of one type become JSON data and how these are read again."""

    encode: Callable[[T], Any]
    decode: Callable[[Any], T]


@cache
def codec_of(kind: Any) -> Codec[Any]:
    """The codec of a type hint. TypeError for one that has no form in JSON here."""
    kind = getattr(kind, "__supertype__", kind)
    if kind in (str, int, bool, float):
        return Codec(_same, _same)
    if kind is datetime:
        return Codec(datetime.isoformat, datetime.fromisoformat)
    if kind is timedelta:
        return Codec(lambda span: span // _MICROSECOND, lambda count: count * _MICROSECOND)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Codec(lambda member: member.value, kind)
    if is_dataclass(kind) and isinstance(kind, type):
        return _codec_of_record(kind)
    return _codec_of_generic(kind)


def _codec_of_generic(kind: Any) -> Codec[Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType) and len(arguments) == 2 and type(None) in arguments:
        return _optional(codec_of(next(a for a in arguments if a is not type(None))))
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        item = codec_of(arguments[0])
        return Codec(
            lambda items: [item.encode(one) for one in items], lambda data: tuple(item.decode(one) for one in data)
        )
    if origin is dict and arguments[0] is str:
        value = codec_of(arguments[1])
        return Codec(
            lambda found: {name: value.encode(one) for name, one in found.items()},
            lambda data: {name: value.decode(one) for name, one in data.items()},
        )
    raise TypeError(f"no form in JSON for {kind!r}")


def _codec_of_record(kind: type) -> Codec[Any]:
    hints = get_type_hints(kind)
    parts = {field.name: codec_of(hints[field.name]) for field in fields(kind) if field.init}

    def encode(record: Any) -> dict[str, Any]:
        return {name: part.encode(getattr(record, name)) for name, part in parts.items()}

    def decode(data: Mapping[str, Any]) -> Any:
        return kind(**{name: part.decode(data[name]) for name, part in parts.items() if name in data})

    return Codec(encode, decode)


def _optional(inner: Codec[Any]) -> Codec[Any]:
    return Codec(
        lambda value: None if value is None else inner.encode(value),
        lambda data: None if data is None else inner.decode(data),
    )


def _same(value: Any) -> Any:
    return value
