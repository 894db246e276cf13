"""Everything that only PostgreSQL needs: its session, its transactions, its errors.

Writers take turns as in SQLite, here by one lock for the whole database: what was decided on rows
that were read in a transaction still holds when it commits, whichever server asked. A session that
sleeps within its turn (a stopped process, a machine that is gone) is ended by the database itself.
"""

from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
from psycopg.types.string import StrDumper, TextLoader
from sqlalchemy import URL, Connection, Engine, event

from headgate.adapters.db.limits import POOL_OVERFLOW, POOL_SIZE, READ_ONLY

DRIVER = "postgresql+psycopg"

SLEEP_LIMIT = timedelta(seconds=3)
"""How long a session may do nothing within a transaction: shorter than others wait for their turn."""

# "headgate" as a number. Any program of this database that uses advisory locks must keep off it.
_TURN = 0x68656164
_CONNECT_S = 5
# A server that is gone without a word (its machine, its network) is noticed within so many milliseconds.
_SILENCE_MS = 10_000
# What is wrong with the surroundings although the driver takes it for a faulty statement: no rights, no schema or
# table, a table in the way.
_SURROUNDINGS = frozenset({"42501", "3F000", "42P01", "42P07"})


def choose_options(url: URL) -> dict[str, Any]:
    """How `create_engine` is called for this kind. What the URL says itself is kept."""
    arguments: dict[str, Any] = {
        "connect_timeout": _CONNECT_S,
        "client_encoding": "utf8",
        "application_name": "headgate",
        "keepalives_idle": _SILENCE_MS // 2000,
        "keepalives_interval": 1,
        "keepalives_count": _SILENCE_MS // 2000,
        "tcp_user_timeout": _SILENCE_MS,
    }
    return {
        "connect_args": {name: value for name, value in arguments.items() if name not in url.query},
        "pool_size": POOL_SIZE,
        "max_overflow": POOL_OVERFLOW,
        # A database that was restarted is met with a new connection instead of an error.
        "pool_pre_ping": True,
    }


def listen(engine: Engine, busy_timeout: timedelta) -> None:
    """Set up each new connection and each transaction."""
    event.listen(engine, "connect", partial(_prepare, busy_timeout))
    event.listen(engine, "begin", _begin)


def is_surroundings(error: BaseException | None) -> bool:
    """Whether a faulty statement is due to the database as it was found, and not to a fault of ours."""
    return isinstance(error, psycopg.Error) and error.sqlstate in _SURROUNDINGS


def find_encoding(connection: Connection) -> str:
    """The encoding that the database was made with, such as UTF8."""
    return str(connection.exec_driver_sql("SHOW server_encoding").scalar())


def _prepare(busy_timeout: timedelta, connection: "psycopg.Connection[Any]", _record: object) -> None:
    # As SQLite gives it: text. Equal documents are then read once.
    connection.adapters.register_loader("json", TextLoader)
    connection.adapters.register_dumper(str, _WithoutNul)
    settings = {
        "lock_timeout": f"{busy_timeout // timedelta(milliseconds=1)}ms",
        "idle_in_transaction_session_timeout": f"{SLEEP_LIMIT // timedelta(milliseconds=1)}ms",
        "timezone": "UTC",
        "standard_conforming_strings": "on",
    }
    try:
        connection.autocommit = True
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        # A commit is on the disk when it returns, whatever this database does for others.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        connection.autocommit = False
    except psycopg.Error:
        connection.close()
        raise


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY):
        # One moment for the whole transaction.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        # Each statement after this one sees what the writers before us have committed.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")


class _WithoutNul(StrDumper):
    """PostgreSQL keeps every character but one; a text with it (Flink's own words may have any) must not be refused."""

    def dump(self, obj: str) -> bytes | bytearray | memoryview | None:
        return super().dump(obj.replace("\x00", "\ufffd"))
