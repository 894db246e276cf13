"""PostgreSQL dies at once, with SIGKILL, at points of a verb, and is started again: nothing changes.

A selection of points: after a call whose answer cannot be written, before one, and between two halves.
"""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, insert, select

from headgate.adapters.db.connect import connect
from headgate.adapters.db.memory import MemoryStore
from headgate.adapters.db.tables import metadata
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.reconciler.points import Point
from tests.postgresql import PostgreSql
from tests.properties.stage import Stage, play
from tests.properties.test_database_faults import check_told

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("no_fault_of_ours")]

DOWN_S = 6.0
CASES = [
    ("run", Point.SUBMIT_CALLED),
    ("run on a dying JobManager", Point.GIVEN_UP),
    ("pause", Point.STOP_CALLED),
    ("savepoint", Point.SAVEPOINT_INTENT_WRITTEN),
    ("stop", Point.CANCEL_CALLED),
    ("restart", Point.SETTLED),
]


@pytest.fixture
def engine(postgresql: PostgreSql, postgresql_url: str) -> Iterator[Engine]:
    engine = connect(postgresql_url)
    yield engine
    engine.dispose()
    if postgresql.process is None:
        postgresql.start()


def copy_rows(engine: Engine) -> MemoryStore:
    """What the oracle reads while nobody can read the database, and nobody can write it either."""
    copy = MemoryStore()
    with engine.connect() as source, copy.engine.begin() as target:
        for table in metadata.sorted_tables:
            rows = [row._asdict() for row in source.execute(select(table))]
            if rows:
                target.execute(insert(table), rows)
    return copy


@pytest.mark.requirement("T0-15", "A-29")
@pytest.mark.parametrize(("name", "at"), CASES, ids=str)
def test_a_postgresql_that_dies_and_comes_back_changes_nothing(
    postgresql: PostgreSql, engine: Engine, name: str, at: Point, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(DatabaseStore(engine, own_clock=True))

    def kill() -> Callable[[], None]:
        seeing, stage.flink.store = stage.flink.store, copy_rows(engine)
        postgresql.kill()

        def start() -> None:
            postgresql.start()
            stage.flink.store = seeing

        return start

    def fail(point: Point, number: int) -> None:
        if (point, number) == (at, 1):
            stage.break_for(DOWN_S, kill)

    ending = play(stage, name, fail)
    assert stage.outages == 1, "the point was never reached"
    check_told(stage, caplog)
    assert ending == play(Stage(MemoryStore()), name)
