"""Where a job comes to rest that nothing was observed of: an operation was broken off by a fault of our own."""

import pytest

from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Settled, Wanted
from headgate.domain.settle import rest_after_fault
from headgate.domain.snapshots import SnapshotId
from tests.unit.domain.facts import JOB


@pytest.mark.parametrize(
    ("before", "is_live", "after"),
    [
        pytest.param(("RUNNING", "CANCELLED", None), False, ("FAILED", "RUNNING"), id="its run has ended"),
        pytest.param(("RUNNING", "RUNNING", "snap-1"), False, ("SUSPENDED", "SUSPENDED"), id="it ended on a savepoint"),
        pytest.param(("RUNNING", "CANCELLED", None), True, ("RUNNING", "CANCELLED"), id="its run lives"),
        pytest.param(("CANCELLED", "CANCELLED", None), False, ("CANCELLED", "CANCELLED"), id="it did not run"),
    ],
)
def test_where_a_fault_of_our_own_leaves_the_job(
    before: tuple[str, str, str | None], is_live: bool, after: tuple[str, str]
) -> None:
    rests, wanted, pause = before
    state = JobState(JOB, Settled(rests), Wanted(wanted), suspended_on=SnapshotId(pause) if pause else None)
    left = rest_after_fault(state, is_live=is_live)
    assert (left.settled, left.wanted) == after
