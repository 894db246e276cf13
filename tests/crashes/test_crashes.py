"""A server dies by SIGKILL at each of sixteen points of each verb, also with the JobManager: all ends as it should."""

import pytest

from headgate.reconciler.points import Point
from tests.crashes.conductor import Conductor
from tests.crashes.performance import Performance
from tests.crashes.plays import Case, Force, list_cases

# The first test plays all cases: minutes, and a quarter of an hour with all of them.
pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]

CASES = [pytest.param(case, id=case.id, marks=[] if case.is_short else [pytest.mark.long]) for case in list_cases()]


@pytest.mark.requirement("T0-15", "T0-16", "A-30", "A-32", "A-33", "U-04", "U-06", "U-11", "U-14")
@pytest.mark.parametrize("case", CASES)
def test_a_death_changes_nothing_that_may_not_change(performed: Conductor, case: Case) -> None:
    assert performed.errors[case.id] == ""


def test_servers_died_at_every_point(request: pytest.FixtureRequest, performed: Conductor) -> None:
    """Zero deaths at a point whose cases were played means that nothing was proved there."""
    specs = [getattr(item, "callspec", None) for item in request.session.items]
    played = {spec.params["case"].point for spec in specs if spec and isinstance(spec.params.get("case"), Case)}
    assert {point for point in played if not performed.deaths[point]} == set()


def test_a_server_that_forgets_what_was_sent_is_found_out(performed: Conductor) -> None:
    """The same judges see two Flink jobs where the next server does not know of the first."""
    case = next(case for case in list_cases() if case.id == f"run-{Point.SUBMIT_CALLED}-{Force.PLAIN}")
    with pytest.raises(AssertionError) as caught:
        Performance(case, performed.around, successor="tests.crashes.forgetful").play()
    assert "list_live" in str(caught.traceback[-1].statement)
