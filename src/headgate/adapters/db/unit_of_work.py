"""Units of work on a real database: one transaction each, fenced where the reconciler writes.

Whatever the database itself cannot do is Unavailable("database_unavailable"), with where and why,
and never with the URL's secrets.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from headgate.adapters.db.answers import DatabaseAnswers
from headgate.adapters.db.artifacts import DatabaseArtifacts
from headgate.adapters.db.clusters import DatabaseClusters
from headgate.adapters.db.connect import describe, is_in_memory
from headgate.adapters.db.events import DatabaseEvents
from headgate.adapters.db.instances import DatabaseInstances
from headgate.adapters.db.intents import DatabaseIntents
from headgate.adapters.db.jobs import DatabaseJobs
from headgate.adapters.db.lease import DatabaseLease, require_fence
from headgate.adapters.db.limits import BUSY_TIMEOUT, READ_ONLY
from headgate.adapters.db.operations import DatabaseOperations
from headgate.adapters.db.postgresql import is_surroundings
from headgate.adapters.db.refusals import explain
from headgate.adapters.db.snapshots import DatabaseSnapshots
from headgate.domain.errors import Unavailable
from headgate.ports.store import Store, UnitOfWork


class DatabaseUnit(UnitOfWork):
    """All repositories on one connection, within one transaction."""

    def __init__(self, connection: Connection, *, own_clock: bool) -> None:
        self.jobs = DatabaseJobs(connection)
        self.operations = DatabaseOperations(connection)
        self.instances = DatabaseInstances(connection)
        self.intents = DatabaseIntents(connection)
        self.snapshots = DatabaseSnapshots(connection)
        self.events = DatabaseEvents(connection)
        self.clusters = DatabaseClusters(connection)
        self.artifacts = DatabaseArtifacts(connection)
        self.answers = DatabaseAnswers(connection)
        self.lease = DatabaseLease(connection, own_clock=own_clock)


class DatabaseStore(Store):
    """The store of an engine. The threads of this process write in turn; processes wait in the database.

    A unit of work inside another one of the same thread is a fault of the program wherever it
    would wait for itself: RuntimeError. `patience` is how long a turn is waited for. `own_clock`: the
    time of the lease is the database's.
    """

    def __init__(self, engine: Engine, *, patience: timedelta = BUSY_TIMEOUT, own_clock: bool = False) -> None:
        self._engine = engine
        self._own_clock = own_clock
        self._turn = _Turn(patience)
        self._reads_in_turn = is_in_memory(engine)

    @property
    def engine(self) -> Engine:
        """The database itself, for what is no unit of work."""
        return self._engine

    @contextmanager
    def write(self, fence: int | None = None) -> Iterator[UnitOfWork]:
        with translated(self._engine), self._turn.take(), self._engine.begin() as connection:
            if fence is not None:
                require_fence(connection, fence)
            yield DatabaseUnit(connection, own_clock=self._own_clock)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        with translated(self._engine):
            if self._reads_in_turn:
                with self._turn.take():
                    yield from self._read()
            else:
                yield from self._read()

    def close(self) -> None:
        self._engine.dispose()

    def _read(self) -> Iterator[UnitOfWork]:
        with self._engine.connect().execution_options(**{READ_ONLY: True}) as connection:
            yield DatabaseUnit(connection, own_clock=self._own_clock)


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Errors of the database as errors of the domain; faults of our own SQL stay what they are."""
    try:
        yield
    except IntegrityError as error:
        raise explain(error) from error
    except DBAPIError as error:
        if isinstance(error, ProgrammingError) and not is_surroundings(error.orig):
            raise
        raise Unavailable("database_unavailable", where=describe(engine), cause=_shorten(error.orig)) from error
    except NoConnectionFree as error:
        raise Unavailable("database_unavailable", where=describe(engine), cause="no connection is free") from error


def _shorten(error: object) -> str:
    """The driver's own first line, without SQL and values."""
    return str(error).partition("\n")[0][:200]


class _Turn:
    """A lock with patience that tells a thread which would wait for itself."""

    def __init__(self, patience: timedelta) -> None:
        self._lock = threading.Lock()
        self._patience = patience.total_seconds()
        self._owner: int | None = None

    @contextmanager
    def take(self) -> Iterator[None]:
        me = threading.get_ident()
        if self._owner == me:
            raise RuntimeError("a unit of work within a unit of work")
        if not self._lock.acquire(timeout=self._patience):
            raise Unavailable("database_unavailable", where="this process", cause="another write takes too long")
        self._owner = me
        try:
            yield
        finally:
            self._owner = None
            self._lock.release()
