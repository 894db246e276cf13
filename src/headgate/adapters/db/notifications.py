"""PostgreSQL's notifications: what one server accepts wakes the one that reconciles.

They are sent within the transaction that they tell of, and so arrive when it has been committed.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from headgate.ports.wakeups import Wakeups

log = logging.getLogger(__name__)

CHANNEL: Final = "headgate"
# How long the end of this server may have to wait for this thread.
_LOOK: Final = timedelta(milliseconds=500)
_RECONNECT: Final = timedelta(seconds=1)


def notify(connection: Connection) -> None:
    """Tell every server, once this transaction is committed. Where servers do not share the database: nothing."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")


class DatabaseWakeups(Wakeups):
    """Listens on a connection of its own, and connects again whenever that is lost."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def listen(self, wake: Callable[[], None], stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._pass_on(connection, wake, stopping)
            except (SQLAlchemyError, psycopg.Error) as error:
                log.info("no notifications from the database, trying again: %s", str(error).partition("\n")[0])
                stopping.wait(_RECONNECT.total_seconds())

    @contextmanager
    def _connect(self) -> Iterator["psycopg.Connection[Any]"]:
        pooled = self._engine.raw_connection()
        connection = pooled.driver_connection
        assert isinstance(connection, psycopg.Connection)
        pooled.detach()  # nobody else is to get one that listens
        with connection:
            connection.autocommit = True
            yield connection

    def _pass_on(
        self, connection: "psycopg.Connection[Any]", wake: Callable[[], None], stopping: threading.Event
    ) -> None:
        wake()  # for what was told before this connection listened
        while not stopping.is_set():
            for _ in connection.notifies(timeout=_LOOK.total_seconds(), stop_after=1):
                wake()
