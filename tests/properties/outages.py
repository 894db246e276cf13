"""Faults of a real SQLite that begin while a server runs, and end: locked, read-only, full, gone.

What SQLite says then is its own word; nothing here raises an error itself.
"""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.engine import ExceptionContext

from headgate.adapters.db.connect import connect
from headgate.adapters.db.limits import READ_ONLY
from headgate.adapters.db.migrate import upgrade
from headgate.adapters.db.unit_of_work import DatabaseStore
from tests.properties.stage import Stage

BUSY = timedelta(milliseconds=2)
"""A lock that lasts longer is a fault here."""
GROWING = ("operations", "intents", "instances", "snapshots", "events", "job_states", "cluster_states")
"""The tables whose rows find no room on a full disk; the lease is overwritten in place and finds it."""

End = Callable[[], None]


class Database:
    """One SQLite file for many plays, each of which begins with empty tables. `said`: what it answered but rows."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "data"
        self.file = self.folder / "headgate.sqlite"
        self._empty = home / "empty.sqlite"
        engine = connect(self._empty)
        upgrade(engine)
        engine.dispose()
        self.engine = connect(self.file, busy_timeout=BUSY)
        self._watching = connect(self.file)
        for each in (self.engine, self._watching):
            event.listen(each, "connect", _hurry)
        event.listen(self.engine, "handle_error", self._note)
        self._stage: Stage | None = None
        self.said: Counter[str] = Counter()

    def set_stage(self) -> Stage:
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        shutil.copy(self._empty, self.file)
        self.said.clear()
        self._stage = Stage(DatabaseStore(self.engine), watching=DatabaseStore(self._watching))
        return self._stage

    def close(self) -> None:
        self.engine.dispose()
        self._watching.dispose()

    def lock(self) -> End:
        """Another program holds the write lock, for far longer than anybody waits for it."""
        other = sqlite3.connect(self.file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        def end() -> None:
            other.execute("ROLLBACK")
            other.close()

        return end

    def forbid_writes(self) -> End:
        """Every transaction finds that it may only read."""

        def forbid(connection: Connection) -> None:
            connection.exec_driver_sql("PRAGMA query_only = ON")

        return self._in_each_write(forbid)

    def fill(self) -> End:
        """Not a page more: what every new row needs cannot be had, in the midst of a transaction."""
        other = sqlite3.connect(self.file)
        other.execute("CREATE TABLE ballast (content BLOB)")
        other.close()

        def fill_up(connection: Connection) -> None:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite keeps to the pages that there are
            for table in GROWING:
                for act in ("INSERT", "UPDATE"):
                    connection.exec_driver_sql(
                        f"CREATE TEMP TRIGGER IF NOT EXISTS {table}_{act} AFTER {act} ON main.{table}"
                        " BEGIN INSERT INTO ballast VALUES (zeroblob(8192)); END"
                    )

        return self._in_each_write(fill_up)

    def take_away(self) -> End:
        """The folder is not there any more, as when its disk was unplugged; what was open is closed."""
        assert self._stage is not None
        flink, elsewhere = self._stage.flink, self.folder.with_name("elsewhere")
        seeing, meanwhile = flink.store, connect(elsewhere / self.file.name)
        self.close()
        self.folder.rename(elsewhere)
        flink.store = DatabaseStore(meanwhile)

        def end() -> None:
            meanwhile.dispose()
            self.close()
            elsewhere.rename(self.folder)
            flink.store = seeing

        return end

    def _in_each_write(self, do: Callable[[Connection], None]) -> End:
        def begin(connection: Connection) -> None:
            if not connection.get_execution_options().get(READ_ONLY):
                do(connection)

        event.listen(self.engine, "begin", begin)

        def end() -> None:
            event.remove(self.engine, "begin", begin)
            self.engine.dispose()  # a new connection knows nothing of it

        return end

    def _note(self, context: ExceptionContext) -> None:
        self.said[str(context.original_exception).partition("\n")[0]] += 1


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    """No power is cut here."""
    connection.execute("PRAGMA synchronous = OFF")


OUTAGES: dict[str, tuple[Callable[[Database], End], str]] = {
    "locked": (Database.lock, "database is locked"),
    "read-only": (Database.forbid_writes, "attempt to write a readonly database"),
    "full": (Database.fill, "database or disk is full"),
    "gone": (Database.take_away, "unable to open database file"),
}
"""How each begins, and what SQLite then says."""
