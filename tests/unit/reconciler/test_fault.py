"""An operation that breaks by a fault of our own: what it says, and where the job rests then."""

import pytest

from headgate.domain.events import EventLevel, EventType
from headgate.domain.instances import InstanceEnd
from headgate.domain.intents import IntentKind
from headgate.domain.jobs import Warning
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import Finding, OperationStatus, Options
from headgate.reconciler.fault import record_fault
from tests.unit.domain.facts import JOB, intent
from tests.unit.reconciler.house import House

EXCERPT = "ZeroDivisionError: a bug of ours"


@pytest.mark.requirement("T0-15")
@pytest.mark.parametrize(
    ("end", "has_savepoint", "settled", "wanted"),
    [
        pytest.param(None, False, Settled.RUNNING, Wanted.RUNNING, id="the run lives"),
        pytest.param(InstanceEnd.SUSPENDED, True, Settled.SUSPENDED, Wanted.SUSPENDED, id="it ended on a savepoint"),
        pytest.param(InstanceEnd.CANCELLED, False, Settled.FAILED, Wanted.RUNNING, id="it ended without one"),
    ],
)
def test_a_restart_that_breaks_off_leaves_the_job_where_it_is(
    house: House, end: InstanceEnd | None, has_savepoint: bool, settled: Settled, wanted: Wanted
) -> None:
    house.add_instance(end=end)
    savepoint = house.add_snapshot() if has_savepoint else None
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING, suspended_on=savepoint.id if savepoint else None)
    restart = house.ask(Verb.RESTART, Options(keep_state=has_savepoint), sent=2)

    record_fault(house.tools, JOB, Lane.MAIN, EXCERPT, None)
    with house.store.read() as work:
        state = work.jobs.get_state(JOB)
    assert (state.settled, state.wanted) == (settled, wanted)
    now, broken = house.clock.now(), Finding("operation_broken", {}, EXCERPT)
    assert (state.warning, state.changed_at) == (Warning(broken, now, restart.id), now)
    closed = house.get_operation(restart)
    assert (closed.status, closed.result, closed.ended_at) == (OperationStatus.EXCEPTION, broken, now)
    told = house.list_events()[-1]
    assert (told.type, told.level, told.operation_id) == (EventType.OPERATION_FAILED, EventLevel.ERROR, restart.id)
    assert told.facts == {"verb": "restart", "status": "EXCEPTION", "code": "operation_broken", "cause": EXCERPT}


def test_what_a_broken_operation_waited_for_is_forgotten(house: House) -> None:
    run = house.ask(Verb.RUN, waits_for=Finding("waits_for_cluster"))
    record_fault(house.tools, JOB, Lane.MAIN, EXCERPT, None)
    assert house.get_operation(run).waits_for is None


def test_one_whose_act_is_open_stays_open_and_says_so_once(house: House) -> None:
    house.add_instance()
    pause = house.ask(Verb.PAUSE, sent=1)
    house.add_intent(intent(IntentKind.STOP_WITH_SAVEPOINT, operation_id=pause.id))
    for _ in range(2):
        record_fault(house.tools, JOB, Lane.MAIN, EXCERPT, None)
    still_open = house.get_operation(pause)
    assert (still_open.is_open, still_open.is_overdue) == (True, True)
    [told] = house.list_events()
    assert (told.type, told.facts["cause"], told.facts["reason_act"]) == (
        EventType.OPERATION_OVERDUE,
        EXCERPT,
        "STOP_WITH_SAVEPOINT",
    )
