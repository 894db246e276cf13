"""Records and rows: a table read and written as dataclasses of one type.

A record's fields are the table's columns of the same names, so a row becomes a record by position.
The statements are built once. Queries of one concept stay in that concept's module; joins, lazy
loading and identity do not belong here.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Executable, Select, Table, bindparam, insert, select, update

from headgate.domain.errors import NotFound, StaleRevision

R = TypeVar("R")

NEWEST = 2**63 - 1  # above every number: "before" of a list that starts at its end


class Records(Generic[R]):
    """One table as records. `key` is the column that a record is found by.

    `missing` is the code of NotFound where there is none; its fact is named as the concept.
    """

    def __init__(self, table: Table, record: Callable[..., R], key: str, missing: str) -> None:
        self.table = table
        self.names = tuple(field.name for field in fields(record))  # type: ignore[arg-type]  # a dataclass
        self.columns = tuple(table.c[name] for name in self.names)
        self.select: Select[Any] = select(*self.columns)
        self._record = record
        self._key = key
        self._missing = missing
        own = table.c[key]
        self._insert = insert(table)
        self._find = self.select.where(own == bindparam("_key"))
        self._update = update(table).where(own == bindparam("_key"))
        self._update_revision = (
            self._update.where(table.c.revision == bindparam("_revision")) if "revision" in table.c else self._update
        )

    def missing(self, key: str) -> NotFound:
        """The error for a record that is not there."""
        facts: dict[str, Any] = {self._missing.removesuffix("_not_found"): key}
        return NotFound(self._missing, **facts)

    def to_record(self, row: Any) -> R:
        """The record of a row that begins with `columns`."""
        return self._record(*row)

    def to_values(self, record: R) -> dict[str, Any]:
        return {name: getattr(record, name) for name in self.names}

    def add(self, connection: Connection, record: R, **more: Any) -> None:
        connection.execute(self._insert, self.to_values(record) | more)

    def find(self, connection: Connection, key: str) -> R | None:
        row = connection.execute(self._find, {"_key": key}).first()
        return None if row is None else self._record(*row)

    def get(self, connection: Connection, key: str) -> R:
        found = self.find(connection, key)
        if found is None:
            raise self.missing(key)
        return found

    def list_by(self, connection: Connection, statement: Executable, **parameters: Any) -> list[R]:
        """The records of a statement made from `select`."""
        return [self._record(*row) for row in connection.execute(statement, parameters)]

    def find_by(self, connection: Connection, statement: Executable, **parameters: Any) -> R | None:
        """The first record of a statement made from `select`."""
        row = connection.execute(statement, parameters).first()
        return None if row is None else self._record(*row)

    def save(self, connection: Connection, record: R) -> None:
        """Replace the row; NotFound where there is none."""
        if not self._replace(connection, record):
            raise self.missing(getattr(record, self._key))

    def put(self, connection: Connection, record: R) -> None:
        """Replace the row, or add it."""
        if not self._replace(connection, record):
            self.add(connection, record)

    def save_revision(self, connection: Connection, record: R, revision: int, **more: Any) -> None:
        """Replace the row whose revision is one less than `revision`; StaleRevision where it is not."""
        key = getattr(record, self._key)
        values = self.to_values(record) | more | {"_key": key, "_revision": revision - 1}
        if connection.execute(self._update_revision, values).rowcount:
            return
        found: Any = self.get(connection, key)
        raise StaleRevision(expected=revision - 1, actual=found.revision)

    def _replace(self, connection: Connection, record: R) -> bool:
        values = self.to_values(record) | {"_key": getattr(record, self._key)}
        return bool(connection.execute(self._update, values).rowcount)


def newest(statement: Select[Any], column: ColumnElement[Any]) -> Select[Any]:
    """One page of a list that is read from its newest entry: bind `before` and `limit`."""
    return statement.where(column < bindparam("before")).order_by(column.desc()).limit(bindparam("limit"))
