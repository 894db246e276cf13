"""A job that nobody can see any more is declared lost: when that is possible, and that it waits for nothing."""

from datetime import timedelta

import pytest

from headgate.domain.clusters import ClusterId, ClusterState, Reachability
from headgate.domain.decisions import DeclareLost, Settle
from headgate.domain.evidence import is_out_of_sight
from headgate.domain.instances import Absence, FlinkStatus, InstanceEnd
from headgate.domain.intents import IntentKind
from headgate.domain.lifecycle import Lane, Settled, Verb
from headgate.domain.observation import Seen
from headgate.domain.operations import OperationStatus, Options, StopSnapshot, choose_operation
from tests.unit.domain.facts import (
    FIRST,
    NOW,
    ago,
    decided,
    instance,
    intent,
    job,
    operation,
    running,
    seen,
    unreachable,
)

DECLARED = operation(Verb.DECLARE_LOST, Options(reason="the machine burnt"), number=9)
UNREACHABLE = unreachable()


@pytest.mark.requirement("U-15")
@pytest.mark.parametrize(
    ("reachability", "since_s", "absent_s", "expected"),
    [
        pytest.param(Reachability.UNREACHABLE, 60, None, True, id="silent for a minute"),
        pytest.param(Reachability.UNREACHABLE, 59, None, False, id="silent for less"),
        pytest.param(Reachability.UNREACHABLE, 59, 90, False, id="missed before it fell silent"),
        pytest.param(Reachability.REACHABLE, 900, 60, True, id="answers without the job for a minute"),
        pytest.param(Reachability.REACHABLE, 900, 59, False, id="answers without the job for less"),
        pytest.param(Reachability.REACHABLE, 900, None, False, id="shows the job"),
    ],
)
def test_a_job_is_out_of_sight_once_nobody_has_seen_it_for_a_minute(
    reachability: Reachability, since_s: float, absent_s: float | None, expected: bool
) -> None:
    state = ClusterState(ClusterId("clu-1"), reachability, ago(seconds=since_s), None, FIRST, timedelta(0))
    absence = Absence(FIRST, ago(seconds=absent_s), timedelta(0)) if absent_s is not None else None
    assert is_out_of_sight(state, absence, NOW) is expected


@pytest.mark.parametrize(("silent_s", "expected"), [(30, True), (31, False)])
def test_time_in_which_the_cluster_was_silent_is_no_time_without_the_job(silent_s: float, expected: bool) -> None:
    hour = timedelta(hours=1)
    total = hour + timedelta(seconds=silent_s)
    state = ClusterState(ClusterId("clu-1"), Reachability.REACHABLE, ago(hours=9), None, FIRST, total)
    assert is_out_of_sight(state, Absence(FIRST, ago(seconds=90), hour), NOW) is expected


@pytest.mark.parametrize(("skipped_s", "expected"), [(60, True), (59, False)])
def test_what_was_before_the_clock_skipped_is_not_counted(skipped_s: float, expected: bool) -> None:
    state = ClusterState(ClusterId("clu-1"), Reachability.UNREACHABLE, ago(hours=1), None, FIRST, timedelta(0))
    assert is_out_of_sight(state, None, NOW, ago(seconds=skipped_s)) is expected


def test_a_cluster_that_nobody_has_looked_at_yet_hides_nothing() -> None:
    assert not is_out_of_sight(None, None, NOW)


@pytest.mark.parametrize("kind", [None, IntentKind.SUBMIT, IntentKind.STOP_WITH_SAVEPOINT, IntentKind.CANCEL])
@pytest.mark.parametrize("look", [UNREACHABLE, seen(None)], ids=["silent", "missing"])
def test_it_waits_for_no_outcome(kind: IntentKind | None, look: Seen) -> None:
    act = intent(kind) if kind else None
    assert isinstance(decided(running(), look, DECLARED, act), DeclareLost)


@pytest.mark.parametrize("status", [FlinkStatus.RUNNING, FlinkStatus.RESTARTING, FlinkStatus.FAILED])
def test_a_cluster_that_shows_the_job_again_speaks_for_itself(status: FlinkStatus) -> None:
    decision = decided(running(), seen(status), DECLARED)
    assert isinstance(decision, Settle)
    assert decision.outcome.operation is OperationStatus.TASK_STATUS_NO_DONE
    assert decision.outcome.result is not None
    assert decision.outcome.result.code == "job_in_sight"
    assert decision.outcome.settled is None


def test_where_every_end_is_known_there_is_nothing_to_declare() -> None:
    ended = job(Settled.CANCELLED, instance(end=InstanceEnd.CANCELLED))
    decision = decided(ended, UNREACHABLE, DECLARED)
    assert isinstance(decision, Settle)
    assert decision.outcome.operation is OperationStatus.TASK_STATUS_NO_DONE


def test_a_savepoint_whose_outcome_is_not_known_is_enough() -> None:
    ended = job(Settled.CANCELLED, instance(end=InstanceEnd.CANCELLED), in_flight=intent(IntentKind.SAVEPOINT))
    assert isinstance(decided(ended, UNREACHABLE, DECLARED), DeclareLost)


def test_an_act_whose_outcome_is_not_known_is_enough_too() -> None:
    ended = job(Settled.CANCELLED, instance(end=InstanceEnd.CANCELLED))
    assert isinstance(decided(ended, UNREACHABLE, DECLARED, intent(IntentKind.CANCEL)), DeclareLost)


def test_it_goes_before_what_has_been_sent_and_leaves_what_is_newer() -> None:
    sent = operation(Verb.PAUSE, sent=1, number=1)
    newer = operation(Verb.RUN, number=10)
    choice = choose_operation([sent, DECLARED, newer], Lane.MAIN)
    assert choice.executing is DECLARED
    assert choice.is_declaration
    assert (choice.superseded, choice.queued) == ((), (newer,))


def test_a_forced_stop_does_not_go_before_it() -> None:
    force = operation(Verb.STOP, Options(snapshot=StopSnapshot.NONE, force=True), number=10)
    assert choose_operation([operation(Verb.PAUSE, sent=1), DECLARED, force], Lane.MAIN).executing is DECLARED
