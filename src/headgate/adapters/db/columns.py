"""The kinds of columns: moments, spans of time, words of an enum, and records as JSON.

Each converts in both directions, so that a row is a record without further work. All of them are
generic SQL types underneath.
"""

import json
from datetime import UTC, datetime, timedelta
from enum import Enum as EnumClass
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Integer
from sqlalchemy.types import TypeDecorator

from headgate.adapters.db.codec import Codec

_WORD_LENGTH = 32  # room for longer words later, without a change of the column
_MICROSECOND = timedelta(microseconds=1)

# SQLite numbers rows by itself only where the column's type is exactly INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        def process(value: Any) -> datetime | None:
            if value is None:
                return None
            # SQLite keeps text; reading it in one step matters for lists of a thousand jobs.
            return datetime.fromisoformat(f"{value}+00:00") if isinstance(value, str) else value.astimezone(UTC)

        return process


class Span(TypeDecorator[timedelta]):
    """A timedelta, kept as whole microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        return None if value is None else value * _MICROSECOND


class Document(TypeDecorator[Any]):
    """A value as JSON, through its codec.

    With `shared`, equal texts are read once and give the same object: for large values that many
    rows repeat and nobody changes.
    """

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, codec: Codec[Any], shared: bool = False) -> None:
        super().__init__()
        self.codec = codec
        self.shared = shared
        self._read = lru_cache(maxsize=4096)(self._read_text) if shared else self._read_text

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.codec.encode(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        read, decode = self._read, self.codec.decode

        def process(value: Any) -> Any:
            if value is None:
                return None
            # Some drivers have parsed the JSON already; no document of ours is a bare text.
            return read(value) if isinstance(value, str) else decode(value)

        return process

    def _read_text(self, text: str) -> Any:
        return self.codec.decode(json.loads(text))


def words(kind: type[EnumClass], *, check: bool = True) -> Enum:
    """A column of an enum's values. `check` guards them in the schema: for sets that do not grow."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=check,
        length=_WORD_LENGTH,
        name=kind.__name__.lower() if check else None,
        values_callable=lambda members: [member.value for member in members],
    )
