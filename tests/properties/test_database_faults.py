"""A database that fails at any point of any verb, and works again some passes later, changes nothing.

The database is a real SQLite, the loop the real one. Every play is done once undisturbed; then once for
each point that it passes and each way in which the database can fail from there on.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import product

import pytest

from headgate.domain.events import EventType
from headgate.reconciler.points import Point
from tests.properties.outages import OUTAGES, Database
from tests.properties.stage import PLAYS, Ending, Passing, Stage, list_cases, play
from tests.properties.world import JOB

pytestmark = pytest.mark.usefixtures("no_fault_of_ours")

LENGTHS_S = {"short": 6.0, "outlasting the lease": 14.0}
"""In the first, the passes that failed come again; in the second, this server has also lost its lease."""

CASES = [
    (passing, outage, list(LENGTHS_S)[number // 2 % 2])
    for number, (passing, outage) in enumerate(list_cases([*OUTAGES]))
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = Database(tmp_path_factory.mktemp("outages"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def undisturbed(database: Database) -> dict[str, Ending]:
    """How each play ends by itself. It passes the points that the table of plays says, and no other."""
    endings = {}
    for name, played in PLAYS.items():
        stage = database.set_stage()
        endings[name] = play(stage, name)
        assert stage.passed == played.list_passed(), name
    return endings


def test_every_point_meets_every_fault_and_every_fault_is_short_and_long() -> None:
    met = Counter((passing.point, outage) for passing, outage, _ in CASES)
    assert [pair for pair in product(Point, OUTAGES) if not met[pair]] == []
    assert {(outage, length) for _, outage, length in CASES} == set(product(OUTAGES, LENGTHS_S))


@pytest.mark.requirement("T0-15", "A-29")
@pytest.mark.parametrize(("passing", "outage", "length"), CASES, ids=str)
def test_a_database_that_fails_for_a_while_changes_nothing(
    database: Database,
    undisturbed: dict[str, Ending],
    passing: Passing,
    outage: str,
    length: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = database.set_stage()
    begin, says = OUTAGES[outage]

    def fail(point: Point, number: int) -> None:
        if (point, number) == (passing.point, passing.number):
            stage.break_for(LENGTHS_S[length], partial(begin, database))

    try:
        ending = play(stage, passing.play, fail)
    finally:
        stage.mend()
    assert stage.outages == 1, "the point was never reached"
    assert set(database.said) == {says}, "nobody met the fault, or another one"
    assert ending == undisturbed[passing.play]
    check_told(stage, caplog)


def check_told(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """It is told as what it was: a fault of the database, and none of Headgate's own."""
    told = [record for record in caplog.records if "database_unavailable" in record.getMessage()]
    assert told, "the log does not say it"
    assert {record.levelno for record in told} <= {logging.WARNING, logging.ERROR}
    with stage.store.read() as work:
        events = {event.type for event in work.events.list_of_job(JOB, 1000, None)}
    assert events.isdisjoint({EventType.OPERATION_FAILED, EventType.OPERATION_OVERDUE, EventType.DECLARED_LOST})
