"""An open stop with savepoint: what makes a pause succeed, what leaves the job running, what must be waited for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.decisions import AwaitOutcome, Cancel, Decision, JobFacts, SnapshotMade, StopWithSavepoint
from headgate.domain.instances import FlinkStatus, InstanceEnd
from headgate.domain.intents import Answer, Intent, IntentKind, IntentStatus
from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.observation import Evidence, Seen, TriggerSeen, TriggerStatus
from headgate.domain.operations import Finding, Operation, OperationStatus, Options, StopSnapshot
from headgate.domain.snapshots import SnapshotOrigin
from tests.unit.domain.facts import (
    FOUND,
    NOTHING_LEFT,
    NOW,
    RESTARTED,
    SAVEPOINT,
    SECOND,
    ago,
    completed,
    decided,
    failed,
    intent,
    missing,
    operation,
    running,
    seen,
    settled,
    unreachable,
)

RUNNING, FINISHED = FlinkStatus.RUNNING, FlinkStatus.FINISHED
UNKNOWN, IN_PROGRESS = TriggerStatus.UNKNOWN, TriggerStatus.IN_PROGRESS
PAUSE = operation(Verb.PAUSE, sent=1)
FORCED = running(forced=operation(Verb.STOP, Options(snapshot=StopSnapshot.NONE, force=True)))
LIVING = [status for status in FlinkStatus if not status.is_terminal]
FATES = [None, *TriggerStatus]


def stopping(
    look: Seen, act: Intent | None = None, facts: JobFacts | None = None, asked: Operation = PAUSE
) -> Decision:
    return decided(facts or running(), look, asked, act or sent())


def sent(answer: Answer | None = Answer.ACCEPTED, **more: object) -> Intent:
    return intent(IntentKind.STOP_WITH_SAVEPOINT, answer, **more)


class TestTheOrderOfEvidence:
    """Flink's answer under our id, then the savepoint in the act's own directory, then nothing counts as made."""

    @pytest.mark.requirement("T0-23", "A-25", "A-34", "U-03")
    def test_first_flink_s_answer_under_our_trigger_id(self) -> None:
        elsewhere = Evidence("file:///elsewhere")
        outcome = settled(stopping(seen(FINISHED, trigger=completed(), evidence=elsewhere)))
        assert outcome.snapshot is not None
        assert (outcome.snapshot.path, outcome.snapshot.origin) == (SAVEPOINT, SnapshotOrigin.STOP_WITH_SAVEPOINT)
        assert (outcome.operation, outcome.settled) == (OperationStatus.SUCCESS, Settled.SUSPENDED)
        assert outcome.rests_on_snapshot

    @pytest.mark.parametrize("fate", [UNKNOWN, TriggerStatus.FAILED, None])
    @pytest.mark.parametrize("status", [FINISHED, FlinkStatus.FAILED, FlinkStatus.CANCELED])
    def test_then_the_savepoint_in_its_own_directory(self, status: FlinkStatus, fate: TriggerStatus | None) -> None:
        look = seen(status, trigger=TriggerSeen(fate) if fate else None, evidence=FOUND)
        outcome = settled(stopping(look))
        assert outcome.snapshot is not None
        assert outcome.snapshot.path == SAVEPOINT
        assert (outcome.operation, outcome.settled) == (OperationStatus.SUCCESS, Settled.SUSPENDED)

    def test_also_where_the_job_is_gone_with_its_jobmanager(self) -> None:
        outcome = settled(stopping(seen(trigger=UNKNOWN, evidence=FOUND, **RESTARTED)))
        assert (outcome.operation, outcome.settled, outcome.lost) == (
            OperationStatus.SUCCESS,
            Settled.SUSPENDED,
            True,
        )

    @pytest.mark.parametrize("status", [FINISHED, FlinkStatus.FAILED, FlinkStatus.CANCELED])
    def test_nothing_is_concluded_before_the_directory_was_looked_at(self, status: FlinkStatus) -> None:
        assert isinstance(stopping(seen(status, trigger=UNKNOWN)), AwaitOutcome)

    @pytest.mark.requirement("T0-16", "A-36", "U-05")
    @pytest.mark.parametrize("status", [FINISHED, FlinkStatus.FAILED, FlinkStatus.CANCELED])
    def test_no_savepoint_anywhere_is_never_suspended(self, status: FlinkStatus) -> None:
        outcome = settled(stopping(seen(status, trigger=UNKNOWN, evidence=NOTHING_LEFT)))
        assert outcome.operation is OperationStatus.FAIL
        assert outcome.settled is not Settled.SUSPENDED
        assert outcome.snapshot is None

    @pytest.mark.parametrize(
        ("failure", "of_trigger", "cause"),
        [
            pytest.param("boom", "late", "boom", id="the-job-says-why"),
            pytest.param("", "late", "late", id="the-trigger-says-why"),
            pytest.param("", "", "", id="nobody-says-why"),
        ],
    )
    def test_why_the_job_ended_is_told_in_flink_s_own_words(self, failure: str, of_trigger: str, cause: str) -> None:
        look = seen(FlinkStatus.FAILED, failure=failure, trigger=failed(of_trigger), evidence=NOTHING_LEFT)
        outcome = settled(stopping(look))
        assert outcome.result is not None
        assert outcome.result.cause == cause

    @pytest.mark.parametrize(("failure", "cause"), [("boom", "boom"), ("", "")], ids=["the-job-says-why", "or-not"])
    def test_a_savepoint_that_was_found_is_told_with_why_the_job_failed(self, failure: str, cause: str) -> None:
        look = seen(FlinkStatus.FAILED, failure=failure, trigger=UNKNOWN, evidence=FOUND)
        assert settled(stopping(look)).warning == Finding("savepoint_made_job_failed", {"path": SAVEPOINT}, cause)

    @pytest.mark.parametrize("trigger", [UNKNOWN, None], ids=["its-trigger-is-unknown", "nor-is-its-trigger-seen"])
    def test_a_job_that_is_gone_says_nothing_more(self, trigger: TriggerStatus | None) -> None:
        outcome = settled(stopping(seen(trigger=trigger, evidence=NOTHING_LEFT, **RESTARTED)))
        assert outcome.result == Finding("lost_while_stopping", {}, "")

    def test_a_job_that_finished_during_a_stop_did_not_finish_by_itself(self) -> None:
        outcome = settled(stopping(seen(FINISHED, trigger=UNKNOWN, evidence=FOUND)))
        assert outcome.instance_end is InstanceEnd.SUSPENDED


class TestTheTriggerIsComplete:
    @pytest.mark.parametrize("status", LIVING)
    def test_the_job_still_lives_its_end_is_awaited(self, status: FlinkStatus) -> None:
        assert isinstance(stopping(seen(status, trigger=completed())), AwaitOutcome)

    @pytest.mark.parametrize(("failure", "cause"), [("boom", "boom"), ("", "late")], ids=["the job says why", "or not"])
    def test_the_job_failed_meanwhile_that_is_told_and_the_savepoint_counts(self, failure: str, cause: str) -> None:
        outcome = settled(stopping(seen(FlinkStatus.FAILED, failure=failure, trigger=completed(failure="late"))))
        assert outcome.warning == Finding("savepoint_made_job_failed", {"path": SAVEPOINT}, cause)
        assert outcome.settled is Settled.SUSPENDED

    def test_the_job_is_gone_with_its_jobmanager_the_savepoint_counts(self) -> None:
        outcome = settled(stopping(seen(trigger=completed(), **RESTARTED)))
        assert (outcome.settled, outcome.lost) == (Settled.SUSPENDED, True)


class TestTheSavepointIsBeingWritten:
    def test_it_is_awaited(self) -> None:
        decision = stopping(seen(RUNNING, trigger=IN_PROGRESS))
        assert isinstance(decision, AwaitOutcome)
        assert decision.waits_for is None

    def test_a_passed_deadline_is_said_and_invents_no_outcome(self) -> None:
        decision = stopping(seen(RUNNING, trigger=IN_PROGRESS), sent(sent_at=ago(minutes=10, seconds=1)))
        assert isinstance(decision, AwaitOutcome)
        assert decision.waits_for == Finding("still_waiting", {"act": "STOP_WITH_SAVEPOINT"})

    def test_only_reachable_time_counts(self) -> None:
        look = seen(RUNNING, trigger=IN_PROGRESS, unreachable_total=timedelta(minutes=50))
        decision = stopping(look, sent(sent_at=ago(hours=1)))
        assert isinstance(decision, AwaitOutcome)
        assert decision.waits_for is None


class TestTheJobLivesAndNoSavepointIsUnderWay:
    def test_the_trigger_was_not_looked_at(self) -> None:
        assert isinstance(stopping(seen(RUNNING)), AwaitOutcome)

    @pytest.mark.parametrize("status", [FlinkStatus.FAILING, FlinkStatus.CANCELLING])
    @pytest.mark.parametrize("fate", [TriggerStatus.FAILED, UNKNOWN])
    def test_it_is_about_to_end_its_end_decides(self, status: FlinkStatus, fate: TriggerStatus) -> None:
        assert isinstance(stopping(seen(status, trigger=fate), sent(Answer.REJECTED)), AwaitOutcome)

    @pytest.mark.requirement("T0-15", "T0-16", "A-36")
    def test_the_savepoint_failed_the_job_goes_on_and_says_why(self) -> None:
        outcome = settled(stopping(seen(RUNNING, trigger=failed("out of ideas"))))
        assert (outcome.operation, outcome.intent) == (OperationStatus.FAIL, IntentStatus.NOT_DONE)
        assert (outcome.settled, outcome.instance_end) == (Settled.RUNNING, None)
        assert outcome.result == outcome.warning == Finding("savepoint_failed", {}, "out of ideas")

    @pytest.mark.parametrize("answer", [Answer.REJECTED, Answer.MISSING, Answer.ACCEPTED])
    def test_an_answer_and_an_unknown_trigger_the_stop_did_not_happen(self, answer: Answer) -> None:
        outcome = settled(stopping(seen(RUNNING, trigger=UNKNOWN), sent(answer, cause="refused")))
        assert outcome.result == Finding("stop_not_done", {}, "refused")
        assert outcome.settled is Settled.RUNNING

    @pytest.mark.parametrize("answer", [None, Answer.OUTCOME_UNKNOWN, Answer.UNAVAILABLE])
    def test_no_answer_and_an_unknown_trigger_the_same_id_is_sent_again(self, answer: Answer | None) -> None:
        decision = stopping(seen(RUNNING, trigger=UNKNOWN), sent(answer))
        assert isinstance(decision, StopWithSavepoint)
        assert decision.repeat

    def test_it_backs_off_before_that(self) -> None:
        act = sent(Answer.UNAVAILABLE, retry_at=NOW + timedelta(seconds=2))
        assert isinstance(stopping(seen(RUNNING, trigger=UNKNOWN), act), AwaitOutcome)
        assert isinstance(stopping(seen(RUNNING, trigger=UNKNOWN), replace(act, retry_at=NOW)), StopWithSavepoint)

    def test_the_id_is_not_sent_to_another_jobmanager(self) -> None:
        look = seen(RUNNING, trigger=UNKNOWN, incarnation=SECOND, high_availability=True)
        outcome = settled(stopping(look, sent(Answer.OUTCOME_UNKNOWN)))
        assert (outcome.settled, outcome.operation) == (Settled.RUNNING, OperationStatus.FAIL)

    @pytest.mark.requirement("A-35", "U-05")
    @pytest.mark.parametrize("fate", [TriggerStatus.FAILED, UNKNOWN])
    def test_the_person_accepted_the_loss_of_state_it_is_cancelled(self, fate: TriggerStatus) -> None:
        asked = operation(Verb.PAUSE, Options(allow_state_loss=True), sent=1)
        decision = stopping(seen(RUNNING, trigger=fate), asked=asked)
        assert isinstance(decision, Cancel)
        assert (decision.closes, decision.failing) == (IntentStatus.NOT_DONE, None)


class TestTheJobIsMissing:
    @pytest.mark.parametrize(
        "look",
        [
            pytest.param(seen(trigger=UNKNOWN, evidence=NOTHING_LEFT), id="a first look"),
            pytest.param(seen(trigger=UNKNOWN, evidence=NOTHING_LEFT, absence=missing(minutes=9)), id="nine minutes"),
            pytest.param(
                seen(trigger=UNKNOWN, evidence=FOUND, incarnation=SECOND, absence=missing(1, SECOND, minutes=1)),
                id="one sweep of another JobManager",
            ),
        ],
    )
    def test_its_end_is_not_proven(self, look: Seen) -> None:
        assert isinstance(stopping(look), AwaitOutcome)

    @pytest.mark.requirement("T0-16", "U-09")
    @pytest.mark.parametrize(
        "look",
        [
            pytest.param(seen(trigger=UNKNOWN, evidence=NOTHING_LEFT, **RESTARTED), id="another JobManager"),
            pytest.param(seen(trigger=UNKNOWN, evidence=NOTHING_LEFT, absence=missing(minutes=10)), id="ten minutes"),
        ],
    )
    def test_its_end_is_proven(self, look: Seen) -> None:
        outcome = settled(stopping(look))
        assert (outcome.settled, outcome.instance_end) == (Settled.CANCELLED, InstanceEnd.LOST)
        assert outcome.result is not None
        assert outcome.result.code == "lost_while_stopping"

    def test_a_savepoint_said_to_be_in_progress_does_not_keep_a_lost_job_alive(self) -> None:
        outcome = settled(stopping(seen(trigger=IN_PROGRESS, evidence=NOTHING_LEFT, **RESTARTED)))
        assert outcome.instance_end is InstanceEnd.LOST


class TestAForcedStop:
    @pytest.mark.parametrize("fate", [fate for fate in FATES if fate is not TriggerStatus.COMPLETED])
    def test_it_does_not_wait_while_the_job_lives(self, fate: TriggerStatus | None) -> None:
        look = seen(RUNNING, trigger=TriggerSeen(fate) if fate else None)
        decision = stopping(look, facts=FORCED)
        assert isinstance(decision, Cancel)
        assert (decision.closes, decision.failing) == (IntentStatus.GIVEN_UP, Finding("overridden_by_force"))

    @pytest.mark.parametrize("status", LIVING)
    def test_it_gives_no_complete_savepoint_up(self, status: FlinkStatus) -> None:
        outcome = settled(stopping(seen(status, trigger=completed()), facts=FORCED))
        assert outcome.snapshot == SnapshotMade(SAVEPOINT, SnapshotOrigin.STOP_WITH_SAVEPOINT)
        assert (outcome.intent, outcome.operation, outcome.settled) == (IntentStatus.DONE, None, None)

    def test_it_has_nothing_to_cut_short_once_the_job_has_ended(self) -> None:
        outcome = settled(stopping(seen(FINISHED, trigger=completed()), facts=FORCED))
        assert outcome.settled is Settled.SUSPENDED


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("status", [*LIVING, FINISHED, FlinkStatus.FAILED, FlinkStatus.CANCELED, None])
@pytest.mark.parametrize("answer", [None, *Answer])
def test_never_a_second_trigger_where_one_may_have_arrived(
    answer: Answer | None, status: FlinkStatus | None, fate: TriggerStatus | None
) -> None:
    decision = stopping(seen(status, trigger=TriggerSeen(fate) if fate else None), sent(answer))
    if isinstance(decision, StopWithSavepoint):
        assert decision.repeat
        assert fate is UNKNOWN
        assert answer in {None, Answer.OUTCOME_UNKNOWN, Answer.UNAVAILABLE, Answer.DUPLICATE}


def test_a_cluster_that_does_not_answer_settles_nothing() -> None:
    assert isinstance(stopping(unreachable(trigger=completed(), evidence=FOUND), facts=FORCED), AwaitOutcome)
