"""What one server accepts wakes the others at once; a lost connection is made again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from headgate.adapters.db.connect import connect
from headgate.adapters.db.notifications import DatabaseWakeups
from headgate.adapters.db.unit_of_work import DatabaseStore
from tests.adapters.db.samples import NOW, add_job, cluster, operation
from tests.postgresql import PostgreSql

pytestmark = pytest.mark.real

AT_ONCE_S = 5.0
NOT_YET_S = 0.3
PATIENCE_S = 20.0


class Woken:
    """Counts, and lets somebody wait for the next one."""

    def __init__(self) -> None:
        self._count = threading.Semaphore(0)

    def wake(self) -> None:
        self._count.release()

    def comes(self, seconds: float) -> bool:
        return self._count.acquire(timeout=seconds)


@contextmanager
def _listening(url: str) -> Iterator[Woken]:
    engine = connect(url)
    woken, stopping = Woken(), threading.Event()
    thread = threading.Thread(target=DatabaseWakeups(engine).listen, args=(woken.wake, stopping))
    thread.start()
    try:
        assert woken.comes(PATIENCE_S), "once at the beginning: something may have been told before"
        yield woken
    finally:
        stopping.set()
        thread.join(PATIENCE_S)
        engine.dispose()
    assert not thread.is_alive()


@pytest.fixture
def store(postgresql_url: str) -> Iterator[DatabaseStore]:
    store = DatabaseStore(connect(postgresql_url))
    yield store
    store.close()


def test_an_operation_a_withdrawal_and_a_cluster_wake_once_they_are_committed(
    postgresql_url: str, store: DatabaseStore
) -> None:
    with _listening(postgresql_url) as woken:
        with store.write() as unit:
            asked = operation(add_job(unit), unit.operations.next_number())
            unit.operations.add(asked)
            assert not woken.comes(NOT_YET_S), "nothing is committed yet"
        assert woken.comes(AT_ONCE_S)
        with store.write() as unit:
            unit.operations.request_withdrawal(asked.id, "ann", NOW)
        assert woken.comes(AT_ONCE_S)
        with store.write() as unit:
            unit.clusters.add(cluster())
        assert woken.comes(AT_ONCE_S)


@pytest.mark.parametrize("loss", ["the session is ended", "the database is killed"])
def test_a_lost_connection_is_made_again(
    postgresql: PostgreSql, postgresql_url: str, store: DatabaseStore, loss: str
) -> None:
    with store.write() as unit:
        job = add_job(unit)
    with _listening(postgresql_url) as woken:
        if loss == "the database is killed":
            store.close()
            postgresql.kill()
            postgresql.start()
        else:
            postgresql.say("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        assert woken.comes(PATIENCE_S)
        with store.write() as unit:
            unit.operations.add(operation(job, unit.operations.next_number()))
        assert woken.comes(AT_ONCE_S)
