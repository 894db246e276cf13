"""An operation that breaks by a fault of our own: what it says, and where the job rests then."""

import pytest

from headgate.domain.instances import InstanceEnd
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import Finding, OperationStatus, Options
from headgate.reconciler.fault import record_fault
from tests.unit.domain.facts import JOB
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
    assert state.warning is not None
    assert state.warning.finding == Finding("operation_broken", {}, EXCERPT)
    assert house.get_operation(restart).status is OperationStatus.EXCEPTION
