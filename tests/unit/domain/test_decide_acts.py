"""An open cancellation, an open savepoint, and a job that nobody asks anything of."""

from datetime import timedelta

import pytest

from headgate.domain.decisions import AwaitOutcome, Cancel, Decision, JobFacts, Nothing, TriggerSavepoint
from headgate.domain.instances import FlinkJobId, FlinkStatus, InstanceEnd
from headgate.domain.intents import Answer, Intent, IntentKind, IntentStatus
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.observation import Seen, TriggerSeen, TriggerStatus
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
    instance,
    intent,
    job,
    missing,
    operation,
    running,
    seen,
    settled,
    unreachable,
)

RUNNING = FlinkStatus.RUNNING
NONE = Options(snapshot=StopSnapshot.NONE)
STOP = operation(Verb.STOP, NONE, sent=1)
ENDS = [FlinkStatus.CANCELED, FlinkStatus.FAILED, FlinkStatus.FINISHED]


class TestACancellation:
    @pytest.mark.requirement("T0-33", "T1-06", "A-24", "A-37", "D-17")
    @pytest.mark.parametrize(
        ("status", "rests"), [*zip(ENDS, [Settled.CANCELLED, Settled.FAILED, Settled.FINISHED], strict=True)]
    )
    def test_the_job_has_ended_the_stop_has_succeeded(self, status: FlinkStatus, rests: Settled) -> None:
        outcome = settled(self.cancelling(seen(status)))
        assert (outcome.operation, outcome.intent, outcome.step_done) == (
            OperationStatus.SUCCESS,
            IntentStatus.DONE,
            True,
        )
        assert (outcome.settled, outcome.wanted) == (rests, Wanted.CANCELLED)

    @pytest.mark.parametrize("answer", [None, Answer.UNAVAILABLE, Answer.OUTCOME_UNKNOWN, Answer.MISSING])
    def test_it_may_not_have_arrived_it_is_sent_again(self, answer: Answer | None) -> None:
        decision = self.cancelling(seen(RUNNING), sent(answer))
        assert isinstance(decision, Cancel)
        assert decision.repeat

    def test_it_backs_off_before_that(self) -> None:
        act = sent(Answer.UNAVAILABLE, retry_at=NOW + timedelta(seconds=1))
        assert isinstance(self.cancelling(seen(RUNNING), act), AwaitOutcome)

    def test_it_was_accepted_so_it_is_awaited(self) -> None:
        assert isinstance(self.cancelling(seen(RUNNING)), AwaitOutcome)

    def test_a_new_leader_has_forgotten_an_accepted_one(self) -> None:
        decision = self.cancelling(seen(RUNNING), sent(sent_at=ago(seconds=30)))
        assert isinstance(decision, Cancel)
        assert decision.repeat

    def test_what_is_being_cancelled_is_not_cancelled_again(self) -> None:
        assert isinstance(self.cancelling(seen(FlinkStatus.CANCELLING), sent(sent_at=ago(minutes=1))), AwaitOutcome)

    def test_a_missing_job_proves_no_end(self) -> None:
        for look in (seen(), seen(absence=missing(minutes=9)), seen(incarnation=SECOND)):
            assert isinstance(self.cancelling(look, sent(Answer.MISSING)), AwaitOutcome)

    def test_it_went_with_its_jobmanager(self) -> None:
        outcome = settled(self.cancelling(seen(**RESTARTED)))
        assert (outcome.instance_end, outcome.lost, outcome.operation) == (
            InstanceEnd.LOST,
            True,
            OperationStatus.SUCCESS,
        )

    @pytest.mark.parametrize("status", [None, FlinkStatus.CANCELLING])
    def test_a_passed_deadline_is_said(self, status: FlinkStatus | None) -> None:
        decision = self.cancelling(seen(status), sent(sent_at=ago(minutes=5, seconds=1)))
        assert isinstance(decision, AwaitOutcome)
        assert decision.waits_for == Finding("still_waiting", {"act": "CANCEL"})

    @pytest.mark.requirement("A-35", "U-05")
    def test_a_pause_that_accepted_the_loss_of_state_ends_cancelled_and_says_so(self) -> None:
        asked = operation(Verb.PAUSE, Options(allow_state_loss=True), sent=1)
        outcome = settled(self.cancelling(seen(FlinkStatus.CANCELED), asked=asked))
        assert (outcome.operation, outcome.settled) == (OperationStatus.SUCCESS, Settled.CANCELLED)
        assert outcome.result == Finding("paused_without_state")

    @pytest.mark.requirement("D-16")
    @pytest.mark.parametrize("status", ENDS)
    def test_inside_a_restart_the_next_step_follows(self, status: FlinkStatus) -> None:
        asked = operation(Verb.RESTART, Options(keep_state=False), sent=1)
        outcome = settled(self.cancelling(seen(status), asked=asked))
        assert (outcome.operation, outcome.step_done, outcome.settled) == (None, True, None)

    @pytest.mark.parametrize("status", ENDS)
    def test_it_cut_an_operation_short_by_force(self, status: FlinkStatus) -> None:
        asked = operation(Verb.PAUSE, sent=1, failing=Finding("overridden_by_force"))
        outcome = settled(self.cancelling(seen(status), asked=asked))
        assert (outcome.operation, outcome.result) == (OperationStatus.CANCELLED, Finding("overridden_by_force"))
        finished = status is FlinkStatus.FINISHED
        assert outcome.settled is (Settled.FINISHED if finished else Settled.CANCELLED)
        assert (outcome.wanted, outcome.forget_pause, outcome.lost) == (Wanted.CANCELLED, True, False)

    def test_it_ended_a_failing_attempt_whose_reason_is_the_result(self) -> None:
        reason = Finding("start_rejected", {}, "main threw")
        outcome = settled(
            self.cancelling(seen(FlinkStatus.CANCELED), asked=operation(Verb.RUN, sent=1, failing=reason))
        )
        assert (outcome.operation, outcome.result, outcome.settled) == (OperationStatus.FAIL, reason, Settled.FAILED)

    def test_a_slow_start_that_has_done_all_its_work_meanwhile_is_a_success(self) -> None:
        asked = operation(Verb.RUN, sent=1, failing=Finding("start_timed_out"))
        outcome = settled(self.cancelling(seen(FlinkStatus.FINISHED), asked=asked))
        assert (outcome.operation, outcome.settled) == (OperationStatus.SUCCESS, Settled.FINISHED)

    def test_its_operation_is_gone_the_end_is_still_written(self) -> None:
        outcome = settled(decided(running(), seen(FlinkStatus.CANCELED), None, sent()))
        assert (outcome.operation, outcome.settled) == (None, Settled.CANCELLED)

    @staticmethod
    def cancelling(look: Seen, act: Intent | None = None, asked: Operation = STOP) -> Decision:
        return decided(running(), look, asked, act or sent())


class TestTheCancellationOfAStray:
    """A job that was given up and lived after all: its end changes nothing but the act."""

    facts = job(Settled.CANCELLED, instance(2), state_wanted=Wanted.CANCELLED)

    @pytest.mark.parametrize("facts", [facts, job(Settled.CANCELLED), job(Settled.NONE, None)])
    @pytest.mark.parametrize(
        "look",
        [
            *[seen(status) for status in ENDS],
            seen(**RESTARTED),
            seen(absence=missing(minutes=10)),
            seen(high_availability=True, incarnation=SECOND, absence=missing(life=SECOND, minutes=10)),
        ],
    )
    def test_it_has_ended(self, facts: JobFacts, look: Seen) -> None:
        outcome = settled(decided(facts, look, None, sent()))
        assert outcome.intent is IntentStatus.DONE
        assert (outcome.settled, outcome.wanted, outcome.instance_end, outcome.operation) == (None,) * 4

    def test_it_still_runs(self) -> None:
        decision = decided(self.facts, seen(RUNNING), None, sent(Answer.UNAVAILABLE))
        assert isinstance(decision, Cancel)
        assert decision.repeat

    def test_it_is_being_cancelled(self) -> None:
        assert isinstance(decided(self.facts, seen(FlinkStatus.CANCELLING), None, sent()), AwaitOutcome)

    def test_ten_seconds_of_misses_prove_an_end_only_in_another_jobmanager(self) -> None:
        assert isinstance(decided(self.facts, seen(absence=missing(seconds=10)), None, sent()), AwaitOutcome)

    def test_one_miss_in_the_same_jobmanager_proves_no_end(self) -> None:
        for answer in (Answer.ACCEPTED, Answer.UNAVAILABLE):
            assert isinstance(decided(self.facts, seen(), None, sent(answer)), AwaitOutcome)

    def test_seen_alive_it_has_not_ended_whichever_jobmanager_shows_it(self) -> None:
        look = seen(FlinkStatus.CANCELLING, incarnation=SECOND)
        assert isinstance(decided(self.facts, look, None, sent()), AwaitOutcome)

    def test_a_new_leader_without_it_proves_no_end(self) -> None:
        look = seen(incarnation=SECOND, high_availability=True)
        assert isinstance(decided(self.facts, look, None, sent()), AwaitOutcome)

    def test_one_look_at_a_new_jobmanager_proves_no_end(self) -> None:
        look = seen(incarnation=SECOND, absence=missing(1, SECOND))
        assert isinstance(decided(self.facts, look, None, sent()), AwaitOutcome)

    @pytest.mark.parametrize("look", [seen(), seen(FlinkStatus.CANCELLING)], ids=["missing", "being cancelled"])
    def test_what_waits_for_it_is_overdue_after_the_deadline(self, look: Seen) -> None:
        decision = decided(self.facts, look, None, sent(sent_at=ago(minutes=6)))
        assert decision == AwaitOutcome(
            "the given-up job is being cancelled", Finding("still_waiting", {"act": "CANCEL"})
        )


class TestASavepoint:
    @pytest.mark.requirement("A-39", "D-20")
    def test_it_is_asked_for(self) -> None:
        assert isinstance(decided(running(), seen(RUNNING), operation(Verb.SAVEPOINT)), TriggerSavepoint)

    def test_it_waits_for_the_main_lane(self) -> None:
        decision = decided(running(main_is_busy=True), seen(RUNNING), operation(Verb.SAVEPOINT))
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_operation")

    def test_it_waits_for_the_cluster(self) -> None:
        decision = decided(running(), unreachable(), operation(Verb.SAVEPOINT))
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_cluster")

    @pytest.mark.parametrize("status", [None, *ENDS])
    def test_it_waits_until_the_job_is_seen_alive(self, status: FlinkStatus | None) -> None:
        decision = decided(running(), seen(status), operation(Verb.SAVEPOINT))
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_job")

    @pytest.mark.parametrize("rests", [Settled.FAILED, Settled.FINISHED, Settled.CANCELLED, Settled.SUSPENDED])
    def test_the_job_ended_meanwhile(self, rests: Settled) -> None:
        outcome = settled(decided(job(rests), seen(), operation(Verb.SAVEPOINT)))
        assert outcome.operation is OperationStatus.TASK_STATUS_NO_DONE

    @pytest.mark.requirement("A-39", "U-05")
    def test_no_savepoint_directory_it_is_refused(self) -> None:
        outcome = settled(decided(running(savepoint_dir=None), seen(RUNNING), operation(Verb.SAVEPOINT)))
        assert (outcome.operation, outcome.result) == (OperationStatus.FAIL, Finding("savepoint_dir_missing"))

    @pytest.mark.requirement("A-39", "D-20")
    def test_it_is_complete_and_the_job_goes_on(self) -> None:
        outcome = settled(self.saving(completed()))
        assert outcome.snapshot is not None
        assert (outcome.snapshot.path, outcome.snapshot.origin) == (SAVEPOINT, SnapshotOrigin.USER_REQUEST)
        assert (outcome.operation, outcome.settled, outcome.wanted, outcome.instance_end) == (
            OperationStatus.SUCCESS,
            None,
            None,
            None,
        )
        assert (outcome.step_done, outcome.rests_on_snapshot) == (True, False)

    @pytest.mark.requirement("A-39")
    def test_it_failed_and_says_why(self) -> None:
        outcome = settled(self.saving(failed("checkpoint declined")))
        assert (outcome.operation, outcome.intent) == (OperationStatus.FAIL, IntentStatus.NOT_DONE)
        assert outcome.result == outcome.warning
        assert outcome.result is not None
        assert outcome.result.cause == "checkpoint declined"

    def test_it_is_being_written(self) -> None:
        decision = self.saving(TriggerSeen(TriggerStatus.IN_PROGRESS))
        assert isinstance(decision, AwaitOutcome)
        assert decision.waits_for is None

    def test_it_is_being_written_for_too_long(self) -> None:
        decision = self.saving(TriggerSeen(TriggerStatus.IN_PROGRESS), self.act(sent_at=ago(minutes=11)))
        assert isinstance(decision, AwaitOutcome)
        assert decision.waits_for == Finding("still_waiting", {"act": "SAVEPOINT"})

    def test_it_was_not_looked_at(self) -> None:
        assert isinstance(self.saving(None), AwaitOutcome)

    def test_flink_does_not_know_it_its_own_directory_is_looked_at_next(self) -> None:
        assert isinstance(self.saving(self.unknown), AwaitOutcome)

    def test_flink_does_not_know_it_but_its_own_directory_has_it(self) -> None:
        outcome = settled(self.saving(self.unknown, evidence=FOUND))
        assert outcome.snapshot is not None
        assert outcome.snapshot.path == SAVEPOINT

    @pytest.mark.parametrize("answer", [Answer.ACCEPTED, Answer.REJECTED, Answer.MISSING])
    def test_it_was_answered_and_left_nothing_behind(self, answer: Answer) -> None:
        outcome = settled(self.saving(self.unknown, self.act(answer, cause="not now"), evidence=NOTHING_LEFT))
        assert outcome.operation is OperationStatus.FAIL
        assert outcome.result == outcome.warning == Finding("savepoint_failed", {}, "not now")

    @pytest.mark.parametrize("answer", [None, Answer.UNAVAILABLE, Answer.OUTCOME_UNKNOWN])
    def test_it_was_not_answered_the_same_id_is_sent_again(self, answer: Answer | None) -> None:
        decision = self.saving(self.unknown, self.act(answer), evidence=NOTHING_LEFT)
        assert isinstance(decision, TriggerSavepoint)
        assert decision.repeat

    def test_it_backs_off_before_that(self) -> None:
        act = self.act(Answer.UNAVAILABLE, retry_at=NOW + timedelta(seconds=1))
        assert isinstance(self.saving(self.unknown, act, evidence=NOTHING_LEFT), AwaitOutcome)

    @pytest.mark.parametrize(
        "look",
        [
            pytest.param({"job": None}, id="the job is missing"),
            pytest.param({"incarnation": SECOND}, id="another JobManager"),
        ],
    )
    def test_there_is_nobody_left_to_send_it_to_again(self, look: dict[str, object]) -> None:
        act = self.act(Answer.OUTCOME_UNKNOWN)
        outcome = settled(self.saving(self.unknown, act, evidence=NOTHING_LEFT, **look))
        assert outcome.operation is OperationStatus.FAIL

    unknown = TriggerSeen(TriggerStatus.UNKNOWN)

    @staticmethod
    def act(answer: Answer | None = Answer.ACCEPTED, **more: object) -> Intent:
        return intent(IntentKind.SAVEPOINT, answer, **more)

    def saving(self, trigger: TriggerSeen | None, act: Intent | None = None, **look: object) -> Decision:
        asked = operation(Verb.SAVEPOINT, sent=1)
        return decided(running(), seen(RUNNING, trigger=trigger, **look), asked, act or self.act())


class TestNothingIsAskedFor:
    @pytest.mark.requirement("A-32")
    @pytest.mark.parametrize("status", [status for status in FlinkStatus if not status.is_terminal])
    def test_the_job_is_where_it_should_be(self, status: FlinkStatus) -> None:
        assert decided(running(), seen(status)) == Nothing("the job is where it should be")

    @pytest.mark.requirement("U-08")
    def test_flink_s_suspended_is_not_ours(self) -> None:
        decision = decided(running(), seen(FlinkStatus.SUSPENDED))
        assert isinstance(decision, Nothing)

    @pytest.mark.parametrize("rests", [settled for settled in Settled if settled is not Settled.RUNNING])
    def test_the_job_has_no_instance(self, rests: Settled) -> None:
        assert isinstance(decided(job(rests), seen()), Nothing)
        assert isinstance(decided(job(rests, None), seen()), Nothing)

    @pytest.mark.requirement("A-30", "U-09", "D-08")
    @pytest.mark.parametrize("look", [unreachable(), unreachable(absence=missing(hours=9), incarnation=SECOND)])
    def test_the_cluster_does_not_answer_the_last_known_state_stands(self, look: Seen) -> None:
        assert isinstance(decided(running(), look), Nothing)

    @pytest.mark.requirement("U-09")
    @pytest.mark.parametrize(
        "look",
        [
            pytest.param(seen(), id="a first look"),
            pytest.param(seen(absence=missing(minutes=9)), id="nine minutes in the same JobManager"),
            pytest.param(seen(incarnation=SECOND, absence=missing(1, SECOND, minutes=9)), id="one sweep of another"),
            pytest.param(
                seen(incarnation=SECOND, high_availability=True, absence=missing(2, SECOND, minutes=9)),
                id="another leader with high availability",
            ),
        ],
    )
    def test_the_job_is_missing_that_is_not_lost(self, look: Seen) -> None:
        assert decided(running(), look) == Nothing("the job is missing; not proven lost yet")

    @pytest.mark.parametrize("status", ENDS)
    def test_an_instance_whose_end_was_written_does_not_end_again(self, status: FlinkStatus) -> None:
        assert isinstance(decided(job(Settled.CANCELLED), seen(status)), Nothing)

    def test_nor_does_it_live_again_in_the_rows(self) -> None:
        assert isinstance(decided(job(Settled.CANCELLED), seen(RUNNING)), Nothing)

    def test_an_instance_that_is_missing_is_not_said_to_live(self) -> None:
        assert isinstance(decided(job(Settled.FAILED, instance()), seen()), Nothing)

    def test_a_job_that_is_shown_is_not_lost_however_long_it_was_missing(self) -> None:
        assert isinstance(decided(running(), seen(RUNNING, absence=missing(hours=1))), Nothing)

    def test_a_given_up_instance_lives_it_is_cancelled(self) -> None:
        decision = decided(job(Settled.CANCELLED), seen(stray=FlinkJobId("stray")))
        assert isinstance(decision, Cancel)
        assert decision.stray == "stray"

    def test_a_given_up_instance_on_a_cluster_that_does_not_answer_is_left_alone(self) -> None:
        assert isinstance(decided(job(Settled.CANCELLED), unreachable(stray=FlinkJobId("stray"))), Nothing)

    def test_an_unknown_job_of_ours_is_only_shown(self) -> None:
        assert isinstance(decided(job(Settled.CANCELLED), seen(unknown_job=FlinkJobId("cafe"))), Nothing)

    @pytest.mark.requirement("T0-15")
    def test_an_instance_that_lives_after_all_makes_the_job_running(self) -> None:
        outcome = settled(decided(job(Settled.FAILED, instance()), seen(RUNNING)))
        assert (outcome.settled, outcome.wanted, outcome.instance_running) == (Settled.RUNNING, Wanted.RUNNING, True)

    @pytest.mark.requirement("A-29")
    def test_a_failure_needs_a_person_recovery_is_not_asked_for(self) -> None:
        for rests in (Settled.FAILED, Settled.FINISHED):
            assert isinstance(decided(job(rests, state_wanted=Wanted.RUNNING), seen()), Nothing)


def sent(answer: Answer | None = Answer.ACCEPTED, **more: object) -> Intent:
    return intent(IntentKind.CANCEL, answer, **more)
