"""The database's engine: made from a URL, set up so that what is committed survives.

Everything that only SQLite needs is here: its pragmas, `BEGIN IMMEDIATE`, its pool. Tables and
statements do not belong here and know nothing of the kind of database.
"""

import json
import sqlite3
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from headgate.domain.errors import Invalid

BUSY_TIMEOUT = timedelta(seconds=5)  # longer than any of our transactions, shorter than a person's patience
READ_ONLY = "headgate_read_only"  # execution option: this transaction only reads
_POOL_SIZE = 8  # connections kept open
_POOL_OVERFLOW = 24  # further ones at a peak: as many as a server has threads for requests


def connect(where: str | Path, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> Engine:
    """The engine for a URL, such as `sqlite:////data/headgate.db`, or for the path of a SQLite file.

    `sqlite://` is a database in memory. A path is no text of a URL: its `?` and `%` mean themselves.
    Nothing is opened yet. `busy_timeout` is how long a transaction waits for its turn.
    Invalid("database_url_invalid") where no engine can be made from it; the URL is not repeated, as
    it may hold a password.
    """
    try:
        url = URL.create("sqlite", database=str(where)) if isinstance(where, Path) else make_url(where)
        engine = create_engine(url, **_options(url))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise Invalid("database_url_invalid", kind=_name_kind(str(where))) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_prepare_sqlite, busy_timeout))
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def is_in_memory(engine: Engine) -> bool:
    """Whether the database is one connection in memory, which has to be shared in turns."""
    return isinstance(engine.pool, StaticPool)


def describe(engine: Engine) -> str:
    """Where the database is, for people: a path or an address, never a user, password or option."""
    url = engine.url
    if engine.dialect.name == "sqlite":
        return url.database or ":memory:"
    return f"{url.host or 'localhost'}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def _name_kind(url: str) -> str:
    """What stands before `://`: all of a faulty URL that may be repeated."""
    kind, sign, _ = url.partition("://")
    return kind if sign else "?"


def _options(url: URL) -> dict[str, Any]:
    options: dict[str, Any] = {
        "json_serializer": partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
        "hide_parameters": True,
    }
    if url.get_backend_name() != "sqlite":
        return options | {"pool_size": _POOL_SIZE, "max_overflow": _POOL_OVERFLOW, "pool_pre_ping": True}
    if url.database in (None, "", ":memory:"):
        return options | {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    return options | {"pool_size": _POOL_SIZE, "max_overflow": _POOL_OVERFLOW}


def _prepare_sqlite(busy_timeout: timedelta, connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: it would begin them deferred.
    connection.isolation_level = None
    # SQLite's own lower() knows ASCII only; people search for other letters too.
    connection.create_function("lower", 1, _lower, deterministic=True)
    try:
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout // timedelta(milliseconds=1)}")
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit is on the disk when it returns, so an intent survives even a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise


def _begin_sqlite(connection: Connection) -> None:
    reads = bool(connection.get_execution_options().get(READ_ONLY))
    if connection.info.get(READ_ONLY, False) is not reads:
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
        connection.info[READ_ONLY] = reads
    # A writer takes its turn at once: a deferred one could fail half-way, after it has read.
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
