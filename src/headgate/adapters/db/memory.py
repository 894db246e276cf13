"""A store in memory: the real tables and statements without a file, for tests and trials.

It is for the many short histories of property tests: `restart` empties it in well under a
millisecond and keeps all compiled statements.
"""

import sqlite3
from typing import cast

from headgate.adapters.db.connect import connect
from headgate.adapters.db.tables import metadata
from headgate.adapters.db.unit_of_work import DatabaseStore


class MemoryStore(DatabaseStore):
    """A store with its tables made; one connection, used in turns."""

    def __init__(self) -> None:
        engine = connect("sqlite://")
        super().__init__(engine)
        with engine.begin() as connection:
            metadata.create_all(connection, checkfirst=False)
        self._driver = cast(sqlite3.Connection, engine.raw_connection().driver_connection)
        self._empty = self._driver.serialize()

    def restart(self) -> None:
        """Forget everything: as new. No unit of work may be open."""
        self._driver.deserialize(self._empty)
