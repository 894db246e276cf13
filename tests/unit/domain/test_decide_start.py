"""An open submission: what each look at Flink makes of it. Sending the same key again is the delicate part."""

from datetime import datetime, timedelta

import pytest

from headgate.domain.decisions import AwaitOutcome, Cancel, Decision, GiveUp, JobFacts, Submit
from headgate.domain.instances import FlinkStatus, InstanceEnd
from headgate.domain.intents import Answer, Intent, IntentKind, IntentStatus
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.observation import Seen
from headgate.domain.operations import Finding, OperationStatus, Options, StopSnapshot
from tests.unit.domain.facts import (
    FIRST,
    NOW,
    RESTARTED,
    SECOND,
    ago,
    decided,
    instance,
    intent,
    job,
    missing,
    operation,
    seen,
    settled,
    unreachable,
)

STARTING = job(Settled.CANCELLED, instance())
FORCED = job(
    Settled.CANCELLED, instance(), forced=operation(Verb.STOP, Options(snapshot=StopSnapshot.NONE, force=True))
)
REFUSALS = pytest.mark.parametrize("refusal", [Answer.REJECTED, Answer.MISSING])
UNANSWERED = pytest.mark.parametrize("answer", [None, Answer.OUTCOME_UNKNOWN, Answer.UNAVAILABLE])


def starting(look: Seen, act: Intent | None = None, facts: JobFacts = STARTING) -> Decision:
    return decided(facts, look, operation(Verb.RUN, sent=1), act or sent())


def sent(answer: Answer | None = Answer.ACCEPTED, **more: object) -> Intent:
    return intent(IntentKind.SUBMIT, answer, **more)


class TestTheJobIsThere:
    @pytest.mark.requirement("T0-14", "A-23", "A-32")
    def test_all_tasks_run_it_has_started(self) -> None:
        outcome = settled(starting(seen(FlinkStatus.RUNNING, tasks_running=True)))
        assert (outcome.operation, outcome.step_done) == (OperationStatus.SUCCESS, True)
        assert (outcome.settled, outcome.wanted) == (Settled.RUNNING, Wanted.RUNNING)

    @pytest.mark.parametrize("tasks", [False, None], ids=["some do not run", "nobody looked"])
    def test_flink_says_running_that_is_not_enough(self, tasks: bool | None) -> None:
        assert isinstance(starting(seen(FlinkStatus.RUNNING, tasks_running=tasks)), AwaitOutcome)

    @pytest.mark.requirement("U-08", "D-04")
    @pytest.mark.parametrize(
        "status", [status for status in FlinkStatus if not status.is_terminal and status is not FlinkStatus.RUNNING]
    )
    def test_any_other_living_state_is_waited_for(self, status: FlinkStatus) -> None:
        assert isinstance(starting(seen(status, tasks_running=True)), AwaitOutcome)

    @pytest.mark.parametrize(
        ("free", "waits_for"),
        [(0, Finding("waits_for_slots")), (1, None), (None, None)],
        ids=["none", "one", "unknown"],
    )
    def test_where_no_slot_is_free_that_is_what_it_waits_for(self, free: int | None, waits_for: Finding | None) -> None:
        decision = starting(seen(FlinkStatus.CREATED, free_slots=free))
        assert isinstance(decision, AwaitOutcome)
        assert decision.waits_for == waits_for

    @pytest.mark.parametrize("answer", [None, Answer.OUTCOME_UNKNOWN, Answer.UNAVAILABLE, Answer.DUPLICATE])
    def test_it_runs_so_the_answer_of_the_call_does_not_matter(self, answer: Answer | None) -> None:
        outcome = settled(starting(seen(FlinkStatus.RUNNING, tasks_running=True), sent(answer)))
        assert outcome.operation is OperationStatus.SUCCESS

    @pytest.mark.requirement("A-27")
    def test_a_bounded_job_that_has_finished_already_is_a_success(self) -> None:
        outcome = settled(starting(seen(FlinkStatus.FINISHED)))
        assert (outcome.operation, outcome.settled) == (OperationStatus.SUCCESS, Settled.FINISHED)
        assert (outcome.wanted, outcome.instance_end) == (Wanted.CANCELLED, InstanceEnd.FINISHED)

    def test_a_program_that_threw_after_execute_leaves_no_job_running(self) -> None:
        decision = starting(seen(FlinkStatus.RUNNING, tasks_running=True), sent(Answer.REJECTED, cause="main threw"))
        assert isinstance(decision, Cancel)
        assert decision.closes is IntentStatus.DONE
        assert decision.failing is not None
        assert decision.failing.cause == "main threw"

    def test_a_program_that_threw_after_execute_is_no_success_though_its_job_finished(self) -> None:
        outcome = settled(starting(seen(FlinkStatus.FINISHED), sent(Answer.REJECTED, cause="main threw")))
        assert (outcome.operation, outcome.instance_end) == (OperationStatus.FAIL, InstanceEnd.FINISHED)
        assert outcome.result is not None
        assert outcome.result.cause == "main threw"

    def test_it_failed_with_flink_s_own_text(self) -> None:
        outcome = settled(starting(seen(FlinkStatus.FAILED, failure="boom")))
        assert (outcome.operation, outcome.result) == (
            OperationStatus.FAIL,
            Finding("start_failed", {}, "boom"),
        )
        assert outcome.instance_end is InstanceEnd.FAILED

    @pytest.mark.parametrize(
        ("answer", "failure", "cause"),
        [(Answer.REJECTED, "boom", "boom"), (Answer.REJECTED, "", "the call's"), (Answer.OUTCOME_UNKNOWN, "", "")],
    )
    def test_the_job_s_own_text_goes_before_a_refusal_s(self, answer: Answer, failure: str, cause: str) -> None:
        outcome = settled(starting(seen(FlinkStatus.FAILED, failure=failure), sent(answer, cause="the call's")))
        assert outcome.result == Finding("start_failed", {}, cause)

    def test_somebody_cancelled_the_attempt_outside(self) -> None:
        outcome = settled(starting(seen(FlinkStatus.CANCELED)))
        assert outcome.result == Finding("cancelled_outside")
        assert outcome.instance_end is InstanceEnd.CANCELLED

    def test_a_forced_stop_does_not_wait_for_the_start(self) -> None:
        decision = starting(seen(FlinkStatus.CREATED), facts=FORCED)
        assert isinstance(decision, Cancel)
        assert (decision.closes, decision.failing) == (IntentStatus.DONE, Finding("overridden_by_force"))


class TestTheDeadline:
    AGE = timedelta(minutes=5)

    @pytest.mark.requirement("D-06")
    def test_it_passed_the_attempt_is_cancelled_and_the_reason_kept(self) -> None:
        late = sent(sent_at=NOW - self.AGE - timedelta(seconds=1))
        decision = starting(seen(FlinkStatus.INITIALIZING, failure="still looking for slots"), late)
        assert isinstance(decision, Cancel)
        assert decision.closes is IntentStatus.DONE
        assert decision.failing == Finding("start_timed_out", {"status": "INITIALIZING"}, "still looking for slots")

    def test_it_is_reached_that_is_not_passed(self) -> None:
        on_time = sent(sent_at=NOW - self.AGE)
        assert isinstance(starting(seen(FlinkStatus.INITIALIZING), on_time), AwaitOutcome)

    def test_only_reachable_time_counts(self) -> None:
        act = sent(sent_at=NOW - timedelta(hours=1), unreachable_before=timedelta(minutes=2))
        look = seen(FlinkStatus.CREATED, unreachable_total=timedelta(minutes=57, seconds=1))
        assert isinstance(starting(look, act), AwaitOutcome)

    def test_it_is_judged_by_the_age_of_the_look_not_by_the_clock(self) -> None:
        look = seen(FlinkStatus.CREATED, at=NOW - timedelta(hours=1))
        act = sent(sent_at=NOW - timedelta(hours=1, minutes=1))
        assert isinstance(starting(look, act), AwaitOutcome)

    def test_it_counts_from_the_last_send(self) -> None:
        act = sent(created_at=NOW - timedelta(hours=1), sent_at=ago(minutes=1), attempts=2)
        assert isinstance(starting(seen(FlinkStatus.CREATED), act), AwaitOutcome)

    def test_a_job_that_runs_at_last_is_not_given_up(self) -> None:
        late = sent(sent_at=NOW - timedelta(hours=1))
        outcome = settled(starting(seen(FlinkStatus.RUNNING, tasks_running=True), late))
        assert outcome.operation is OperationStatus.SUCCESS


class TestTheSameJobManagerDoesNotShowTheJob:
    @UNANSWERED
    def test_absent_in_two_sweeps_the_same_key_is_sent_again(self, answer: Answer | None) -> None:
        decision = starting(seen(absence=missing(seconds=5)), sent(answer))
        assert isinstance(decision, Submit)
        assert decision.repeat

    def test_absent_in_one_sweep_that_is_too_early(self) -> None:
        decision = starting(seen(absence=missing(sweeps=1, seconds=5)), sent(Answer.OUTCOME_UNKNOWN))
        assert isinstance(decision, AwaitOutcome)

    def test_surely_not_sent_one_look_is_enough(self) -> None:
        decision = starting(seen(absence=missing(sweeps=1)), sent(Answer.UNAVAILABLE))
        assert isinstance(decision, Submit)
        assert decision.repeat

    @UNANSWERED
    def test_it_backs_off_before_the_next_send(self, answer: Answer | None) -> None:
        act = sent(answer, retry_at=NOW + timedelta(seconds=1))
        assert isinstance(starting(seen(absence=missing(seconds=5)), act), AwaitOutcome)

    @pytest.mark.parametrize("answer", [Answer.ACCEPTED, Answer.DUPLICATE])
    def test_flink_knows_the_key_it_is_not_sent_again(self, answer: Answer) -> None:
        assert isinstance(starting(seen(absence=missing(minutes=5)), sent(answer)), AwaitOutcome)

    def test_the_wait_is_said_when_the_deadline_has_passed(self) -> None:
        decision = starting(seen(absence=missing(minutes=5, seconds=1)))
        assert isinstance(decision, AwaitOutcome)
        assert decision.waits_for == Finding("still_waiting", {"act": "SUBMIT"})

    def test_only_reachable_time_counts_for_that(self) -> None:
        absence = missing(minutes=9)
        look = seen(absence=absence, unreachable_total=absence.unreachable_before + timedelta(minutes=4))
        decision = starting(look)
        assert isinstance(decision, AwaitOutcome)
        assert decision.waits_for is None

    @UNANSWERED
    def test_ten_minutes_of_good_sweeps_prove_that_it_will_not_come(self, answer: Answer | None) -> None:
        outcome = settled(starting(seen(absence=missing(minutes=10)), sent(answer, cause="reset")))
        assert (outcome.operation, outcome.intent) == (OperationStatus.FAIL, IntentStatus.GIVEN_UP)
        assert (outcome.instance_end, outcome.result) == (
            InstanceEnd.GIVEN_UP,
            Finding("start_unanswered", {}, "reset"),
        )

    def test_ten_minutes_in_which_it_was_unreachable_do_not_count(self) -> None:
        look = seen(absence=missing(minutes=10), unreachable_total=timedelta(seconds=1))
        assert isinstance(starting(look, sent(Answer.OUTCOME_UNKNOWN)), Submit)

    def test_a_forced_stop_sends_nothing_again(self) -> None:
        decision = starting(seen(absence=missing(seconds=5)), sent(Answer.OUTCOME_UNKNOWN), FORCED)
        assert isinstance(decision, AwaitOutcome)

    def test_a_forced_stop_ends_what_was_surely_never_sent(self) -> None:
        outcome = settled(starting(seen(), sent(Answer.UNAVAILABLE), FORCED))
        assert (outcome.operation, outcome.instance_end) == (OperationStatus.CANCELLED, InstanceEnd.NOT_STARTED)
        assert (outcome.intent, outcome.result) == (IntentStatus.NOT_DONE, Finding("overridden_by_force"))
        assert (outcome.settled, outcome.lost) == (Settled.CANCELLED, False)

    def test_a_forced_stop_waits_where_an_earlier_attempt_may_have_arrived(self) -> None:
        decision = starting(seen(), sent(Answer.UNAVAILABLE, attempts=2), FORCED)
        assert isinstance(decision, AwaitOutcome)

    def test_a_forced_stop_ends_what_was_absent_for_too_long(self) -> None:
        outcome = settled(starting(seen(absence=missing(minutes=10)), sent(Answer.OUTCOME_UNKNOWN), FORCED))
        assert (outcome.operation, outcome.intent) == (OperationStatus.CANCELLED, IntentStatus.GIVEN_UP)
        assert (outcome.instance_end, outcome.result) == (InstanceEnd.GIVEN_UP, Finding("overridden_by_force"))


class TestARefusalIsEvidenceOnly:
    @REFUSALS
    def test_a_look_after_it_shows_no_job_now_it_counts(self, refusal: Answer) -> None:
        outcome = settled(starting(seen(), sent(refusal, cause="no such class")))
        assert (outcome.operation, outcome.intent) == (OperationStatus.FAIL, IntentStatus.NOT_DONE)
        assert outcome.instance_end is InstanceEnd.NOT_STARTED
        assert outcome.result is not None
        assert outcome.result.cause == "no such class"

    @pytest.mark.requirement("T0-15", "T0-18")
    @pytest.mark.parametrize(
        ("sent_at", "code"), [(None, "start_not_sent"), (NOW, "start_rejected")], ids=["by Headgate", "by Flink"]
    )
    def test_the_finding_names_who_refused(self, sent_at: datetime | None, code: str) -> None:
        outcome = settled(starting(seen(), sent(Answer.REJECTED, cause="no", sent_at=sent_at)))
        assert outcome.result == Finding(code, {}, "no")

    @REFUSALS
    @pytest.mark.parametrize("answered_at", [NOW, NOW + timedelta(seconds=1), None], ids=["same", "later", "never"])
    def test_the_look_is_older_than_the_refusal(self, refusal: Answer, answered_at: object) -> None:
        assert isinstance(starting(seen(), sent(refusal, answered_at=answered_at)), AwaitOutcome)

    @REFUSALS
    def test_an_earlier_attempt_went_unanswered_and_may_still_arrive(self, refusal: Answer) -> None:
        decision = starting(seen(absence=missing(seconds=30)), sent(refusal, attempts=2))
        assert isinstance(decision, AwaitOutcome)

    @REFUSALS
    def test_after_ten_minutes_even_an_earlier_attempt_will_not_arrive(self, refusal: Answer) -> None:
        outcome = settled(starting(seen(absence=missing(minutes=10)), sent(refusal, attempts=2, cause="no")))
        assert outcome.result == Finding("start_rejected", {}, "no")
        assert outcome.intent is IntentStatus.GIVEN_UP


class TestAnotherJobManagerAnswers:
    @pytest.mark.parametrize("answer", [None, Answer.OUTCOME_UNKNOWN, Answer.UNAVAILABLE, Answer.REJECTED])
    def test_the_key_is_given_up_and_the_operation_goes_on(self, answer: Answer | None) -> None:
        decision = starting(seen(**RESTARTED), sent(answer))
        assert isinstance(decision, GiveUp)
        assert decision.finding == Finding("jobmanager_restarted")

    def test_an_accepted_job_went_with_the_old_one(self) -> None:
        outcome = settled(starting(seen(**RESTARTED)))
        assert (outcome.operation, outcome.instance_end, outcome.lost) == (
            OperationStatus.FAIL,
            InstanceEnd.LOST,
            True,
        )

    @pytest.mark.parametrize(
        "look",
        [
            pytest.param(seen(incarnation=SECOND), id="a first look"),
            pytest.param(seen(incarnation=SECOND, absence=missing(1, SECOND, minutes=1)), id="one sweep"),
            pytest.param(seen(incarnation=SECOND, absence=missing(2, SECOND, seconds=9.9)), id="too close together"),
        ],
    )
    def test_a_second_look_makes_sure_first(self, look: Seen) -> None:
        assert isinstance(starting(look, sent(Answer.UNAVAILABLE)), AwaitOutcome)

    @UNANSWERED
    def test_nothing_is_ever_sent_again_to_it(self, answer: Answer | None) -> None:
        for look in (seen(incarnation=SECOND), seen(**RESTARTED)):
            assert not isinstance(starting(look, sent(answer)), Submit)

    def test_with_high_availability_the_jobs_go_on_and_the_key_may_be_repeated(self) -> None:
        look = seen(incarnation=SECOND, high_availability=True, absence=missing(2, SECOND, minutes=1))
        decision = starting(look, sent(Answer.OUTCOME_UNKNOWN))
        assert isinstance(decision, Submit)
        assert decision.repeat


@pytest.mark.requirement("U-09", "A-30", "D-08")
@pytest.mark.parametrize("answer", [*Answer, None])
@pytest.mark.parametrize("life", [FIRST, SECOND])
def test_a_cluster_that_does_not_answer_settles_and_sends_nothing(answer: Answer | None, life: object) -> None:
    decision = starting(unreachable(absence=missing(hours=1), incarnation=life), sent(answer), FORCED)
    assert isinstance(decision, AwaitOutcome)
    assert decision.waits_for == Finding("waits_for_cluster")
