"""What an ended job left is known before its end is written down, and decides where the job rests."""

from typing import Any

import pytest

from headgate.domain.decisions import AwaitOutcome, GiveUp, Nothing, Outcome, SnapshotMade
from headgate.domain.instances import FlinkStatus, InstanceEnd
from headgate.domain.intents import Answer, IntentKind
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.observation import Remains
from headgate.domain.operations import Finding, OperationStatus, Options, StopSnapshot
from headgate.domain.snapshots import Kept, SnapshotKind, SnapshotOrigin
from tests.unit.domain.facts import (
    RESTARTED,
    ago,
    completed,
    decided,
    instance,
    intent,
    job,
    missing,
    operation,
    running,
    seen,
    settled,
)

OLD = Kept("file:/checkpoints/x/chk-6", ago(seconds=20))
NEW = Kept("file:/checkpoints/x/chk-7", ago(seconds=10), size=7)
FOREIGN = Kept("s3://elsewhere/savepoint-1", ago(seconds=15), is_savepoint=True)
STOPPED = Kept("s3://elsewhere/savepoint-2", ago(seconds=5), is_savepoint=True, is_stop=True, size=9)
CHECKPOINT = SnapshotMade(NEW.path, SnapshotOrigin.RETAINED_CHECKPOINT, 7, SnapshotKind.CHECKPOINT, NEW.at)
ENDS = pytest.mark.parametrize(
    "look",
    [
        pytest.param({"status": FlinkStatus.FAILED}, id="failed"),
        pytest.param({"status": FlinkStatus.CANCELED}, id="cancelled outside"),
        pytest.param(RESTARTED, id="lost with its JobManager"),
    ],
)


def ended(look: dict[str, Any], *kept: Kept, sampled: bool = False) -> Outcome:
    return settled(decided(running(), seen(**look, remains=Remains(kept, sampled))))


@ENDS
def test_no_end_is_settled_before_it_was_looked_for(look: dict[str, Any]) -> None:
    decision = decided(running(), seen(**look, remains=None))
    assert isinstance(decision, Nothing)
    assert decision.waits_for is not None


@ENDS
def test_the_newest_checkpoint_is_kept(look: dict[str, Any]) -> None:
    assert ended(look, OLD, NEW).found == (CHECKPOINT,)


@ENDS
def test_a_savepoint_that_others_made_is_imported(look: dict[str, Any]) -> None:
    imported = SnapshotMade(FOREIGN.path, SnapshotOrigin.IMPORTED, at=FOREIGN.at)
    assert ended(look, FOREIGN, NEW).found == (imported, CHECKPOINT)


def test_one_that_was_only_sampled_is_labelled_so() -> None:
    [found] = ended(RESTARTED, NEW, sampled=True).found
    assert found.origin is SnapshotOrigin.SAMPLED_CHECKPOINT


def test_a_cancellation_waits_for_it_too() -> None:
    asked = operation(Verb.STOP, Options(snapshot=StopSnapshot.NONE), sent=1)
    act = intent(IntentKind.CANCEL)
    assert isinstance(decided(running(), seen(FlinkStatus.CANCELED, remains=None), asked, act), Nothing)
    kept = seen(FlinkStatus.CANCELED, remains=Remains((NEW,)))
    assert settled(decided(running(), kept, asked, act)).found == (CHECKPOINT,)


def test_a_stop_that_made_its_savepoint_needs_no_search() -> None:
    look = seen(FlinkStatus.FINISHED, trigger=completed(), remains=None)
    outcome = settled(decided(running(), look, operation(Verb.PAUSE, sent=1), intent(IntentKind.STOP_WITH_SAVEPOINT)))
    assert (outcome.settled, outcome.found) == (Settled.SUSPENDED, ())


def test_nor_does_a_start_whose_job_has_finished_already() -> None:
    look = seen(FlinkStatus.FINISHED, remains=None)
    facts, asked = job(Settled.CANCELLED, instance()), operation(Verb.RUN, sent=1)
    assert settled(decided(facts, look, asked, intent(IntentKind.SUBMIT))).settled is Settled.FINISHED


def test_flink_deletes_the_checkpoints_of_a_job_that_finished() -> None:
    outcome = ended({"status": FlinkStatus.FINISHED}, NEW)
    assert (outcome.settled, outcome.found, outcome.snapshot) == (Settled.FINISHED, (), None)


@pytest.mark.requirement("U-09")
def test_a_job_stopped_with_a_savepoint_through_flink_itself_is_paused_on_it() -> None:
    outcome = ended({"status": FlinkStatus.FINISHED}, OLD, FOREIGN, STOPPED)
    assert (outcome.settled, outcome.wanted) == (Settled.SUSPENDED, Wanted.SUSPENDED)
    assert outcome.instance_end is InstanceEnd.SUSPENDED
    assert outcome.snapshot == SnapshotMade(STOPPED.path, SnapshotOrigin.IMPORTED, 9, at=STOPPED.at)
    assert (outcome.rests_on_snapshot, outcome.forget_pause) == (True, False)
    assert outcome.warning == Finding("stopped_outside", {"path": STOPPED.path})
    assert outcome.found == (SnapshotMade(FOREIGN.path, SnapshotOrigin.IMPORTED, at=FOREIGN.at),), (
        "what it rests on once"
    )


def test_one_that_went_on_after_such_a_stop_had_failed_has_finished() -> None:
    later = Kept("file:/checkpoints/x/chk-9", ago(seconds=1))
    assert ended({"status": FlinkStatus.FINISHED}, STOPPED, later).settled is Settled.FINISHED


def test_a_failed_resume_that_had_gone_on_does_not_go_back_to_the_pause() -> None:
    resuming = job(Settled.SUSPENDED, instance(), state_wanted=Wanted.SUSPENDED)
    asked, act = operation(Verb.RESUME, sent=1), intent(IntentKind.SUBMIT, Answer.ACCEPTED)
    nothing_done = settled(decided(resuming, seen(FlinkStatus.FAILED), asked, act))
    assert (nothing_done.settled, nothing_done.forget_pause) == (Settled.SUSPENDED, False)
    gone_on = settled(decided(resuming, seen(FlinkStatus.FAILED, remains=Remains((NEW,))), asked, act))
    assert (gone_on.settled, gone_on.wanted, gone_on.forget_pause) == (Settled.FAILED, Wanted.RUNNING, True)
    assert gone_on.found == (CHECKPOINT,)


@pytest.mark.requirement("U-05", "A-36")
@pytest.mark.parametrize("answer", [None, Answer.OUTCOME_UNKNOWN, Answer.UNAVAILABLE])
def test_an_unanswered_submission_is_given_up_only_where_it_left_nothing(answer: Answer | None) -> None:
    """What it has left shows that it ran: to go on from anything older would forget what it did."""
    facts, asked = job(Settled.CANCELLED, instance()), operation(Verb.RUN, sent=1)
    act = intent(IntentKind.SUBMIT, answer)
    looking = decided(facts, seen(**RESTARTED, remains=None), asked, act)
    assert isinstance(looking, Nothing)
    assert looking.waits_for == Finding("waits_for_remains")

    assert isinstance(decided(facts, seen(**RESTARTED), asked, act), GiveUp)

    ran = settled(decided(facts, seen(**RESTARTED, remains=Remains((OLD, NEW))), asked, act))
    assert (ran.operation, ran.result) == (OperationStatus.FAIL, Finding("jobmanager_restarted"))
    assert (ran.instance_end, ran.lost, ran.found) == (InstanceEnd.LOST, True, (CHECKPOINT,))


def test_one_that_never_came_is_given_up_with_what_it_left() -> None:
    look = seen(absence=missing(minutes=10), remains=Remains((NEW,)))
    act = intent(IntentKind.SUBMIT, None)
    outcome = settled(decided(job(Settled.CANCELLED, instance()), look, operation(Verb.RUN, sent=1), act))
    assert (outcome.instance_end, outcome.found) == (InstanceEnd.GIVEN_UP, (CHECKPOINT,))


def test_an_open_act_is_still_waited_for_while_its_cluster_is_silent() -> None:
    look = seen(FlinkStatus.RUNNING, remains=None)
    assert isinstance(decided(running(), look, None, intent(IntentKind.CANCEL)), AwaitOutcome)
