"""Everything that only SQLite needs: its pragmas, `BEGIN IMMEDIATE`, its pool.

Statements do not belong here and know nothing of the kind of database.
"""

import sqlite3
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.pool import StaticPool

from headgate.adapters.db.limits import POOL_OVERFLOW, POOL_SIZE, READ_ONLY

JOURNAL_TRIES = 50
"""How often a new database's journal is changed before its being busy counts."""


def choose_options(url: URL) -> dict[str, Any]:
    """How `create_engine` is called for this kind."""
    if url.database in (None, "", ":memory:"):
        return {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    return {"pool_size": POOL_SIZE, "max_overflow": POOL_OVERFLOW}


def listen(engine: Engine, busy_timeout: timedelta) -> None:
    """Set up each new connection and each transaction."""
    event.listen(engine, "connect", partial(_prepare, busy_timeout))
    event.listen(engine, "begin", _begin)


def _prepare(busy_timeout: timedelta, connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: it would begin them deferred.
    connection.isolation_level = None
    # SQLite's own lower() knows ASCII only; people search for other letters too.
    connection.create_function("lower", 1, _lower, deterministic=True)
    try:
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout // timedelta(milliseconds=1)}")
        _write_ahead(connection)
        # FULL: a commit is on the disk when it returns, so an intent survives even a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Several that open a new database at once want to change its journal; SQLite lets none of them wait for that.

    A transaction of one's own does wait, as long as the busy timeout says: another's change is then over.
    """
    for _ in range(JOURNAL_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def _begin(connection: Connection) -> None:
    reads = bool(connection.get_execution_options().get(READ_ONLY))
    if connection.info.get(READ_ONLY, False) is not reads:
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
        connection.info[READ_ONLY] = reads
    # A writer takes its turn at once: a deferred one could fail half-way, after it has read.
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
