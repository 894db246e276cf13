"""What holds for any facts whatever: an answer, always the same one, and never a harmful one."""

import pytest
from hypothesis import given

from headgate.domain.decide import decide
from headgate.domain.decisions import (
    AwaitOutcome,
    Cancel,
    Decision,
    DeclareLost,
    GiveUp,
    Nothing,
    Outcome,
    Settle,
    StopWithSavepoint,
    Submit,
    TriggerSavepoint,
)
from headgate.domain.evidence import is_alive
from headgate.domain.instances import FlinkStatus
from headgate.domain.intents import Answer, IntentKind
from headgate.domain.lifecycle import Lane, Settled, Verb
from headgate.domain.operations import OperationStatus, StepName, StopSnapshot, is_declaration
from tests.unit.domain.any_facts import AnyCase, cases
from tests.unit.domain.facts import NOW, POLICY

CALLS = (Submit, StopWithSavepoint, TriggerSavepoint, Cancel)


def answer(case: AnyCase) -> Decision:
    return decide(case.facts, case.asked, case.act, case.look, POLICY, NOW)


def outcome_of(case: AnyCase) -> Outcome:
    """The outcome of a settling; an empty one for any other decision."""
    decision = answer(case)
    return decision.outcome if isinstance(decision, Settle) else Outcome()


def there_is_always_an_answer_that_says_why(case: AnyCase) -> None:
    assert answer(case).because


def the_same_facts_have_the_same_answer(case: AnyCase) -> None:
    assert answer(case) == answer(case)


def a_new_instance_never_while_one_may_live(case: AnyCase) -> None:
    decision = answer(case)
    if isinstance(decision, Submit) and not decision.repeat:
        assert case.act is None
        assert case.look.is_reachable
        assert case.facts.instance is None or not case.facts.instance.is_live
        assert case.look.stray is None
        assert case.look.unknown_job is None


def a_key_is_repeated_within_one_life_of_the_jobmanager_only(case: AnyCase) -> None:
    decision = answer(case)
    if isinstance(decision, Submit | StopWithSavepoint | TriggerSavepoint) and decision.repeat:
        assert case.act is not None
        same = case.look.incarnation == case.act.incarnation
        assert same or (isinstance(decision, Submit) and case.look.high_availability)
        assert case.act.answer is not Answer.ACCEPTED
        assert case.act.retry_at is None or case.act.retry_at <= NOW
        if isinstance(decision, Submit):
            assert case.look.job is None, "the job is there already"


def while_an_act_is_open_nothing_of_another_kind_is_sent_but_a_cancellation_that_closes_it(case: AnyCase) -> None:
    decision = answer(case)
    if case.act is not None and isinstance(decision, CALLS):
        if isinstance(decision, Cancel) and case.act.kind is not IntentKind.CANCEL:
            assert decision.closes is not None
        else:
            assert decision.repeat
            kinds = {
                Submit: IntentKind.SUBMIT,
                StopWithSavepoint: IntentKind.STOP_WITH_SAVEPOINT,
                TriggerSavepoint: IntentKind.SAVEPOINT,
                Cancel: IntentKind.CANCEL,
            }
            assert case.act.kind is kinds[type(decision)]


def a_cluster_that_does_not_answer_is_sent_nothing_and_ends_no_instance(case: AnyCase) -> None:
    if not case.look.is_reachable:
        decision = answer(case)
        assert not isinstance(decision, CALLS)
        assert not isinstance(decision, GiveUp)
        assert outcome_of(case).instance_end is None
        if case.act is not None and not is_declaration(case.asked):
            assert isinstance(decision, AwaitOutcome)


def a_declaration_is_answered_at_once(case: AnyCase) -> None:
    decision, look = answer(case), case.look
    assert isinstance(decision, DeclareLost) <= is_declaration(case.asked)
    if is_declaration(case.asked):
        assert isinstance(decision, DeclareLost | Settle)
        assert outcome_of(case).settled is None
        if isinstance(decision, DeclareLost):
            assert not look.is_reachable or look.job is None


def an_operation_closes_only_together_with_its_open_act(case: AnyCase) -> None:
    outcome = outcome_of(case)
    if case.act is not None and isinstance(answer(case), Settle) and not is_declaration(case.asked):
        assert outcome.intent is not None
    if outcome.intent is not None:
        assert case.act is not None


def what_is_seen_alive_is_never_said_to_have_ended(case: AnyCase) -> None:
    outcome = outcome_of(case)
    if case.look.is_reachable and is_alive(case.look) and case.facts.instance and case.facts.instance.is_live:
        assert outcome.instance_end is None
        assert case.act is None or outcome.settled in {None, Settled.RUNNING}


def suspended_means_that_there_is_a_savepoint(case: AnyCase) -> None:
    outcome = outcome_of(case)
    if outcome.settled is Settled.SUSPENDED:
        assert not outcome.forget_pause
        made = outcome.snapshot is not None and outcome.rests_on_snapshot
        assert made or (case.facts.state.suspended_on is not None and not case.facts.pause_is_gone)


def a_living_job_is_cancelled_only_where_somebody_said_so(case: AnyCase) -> None:
    decision = answer(case)
    if not isinstance(decision, Cancel) or decision.stray is not None or decision.failing is not None:
        return
    if decision.is_recovery:
        return  # of a start that nobody had asked for
    if case.act is not None and case.act.kind is IntentKind.CANCEL:
        return  # the same cancellation once more
    assert case.asked is not None
    options = case.asked.options
    stop = case.asked.verb is Verb.STOP and options.snapshot is StopSnapshot.NONE
    restart = case.asked.verb is Verb.RESTART and options.keep_state is False
    assert stop or restart or options.allow_state_loss


def the_savepoint_lane_never_changes_where_the_job_goes(case: AnyCase) -> None:
    lane = case.asked.lane if case.asked else case.act.lane if case.act else Lane.MAIN
    decision, outcome = answer(case), outcome_of(case)
    if lane is Lane.SAVEPOINT:
        assert not isinstance(decision, Submit | StopWithSavepoint | Cancel)
        assert (outcome.settled, outcome.wanted, outcome.instance_end) == (None, None, None)
    elif isinstance(decision, TriggerSavepoint):
        pytest.fail("a savepoint from the main lane")


def an_operation_that_fails_has_a_finding_and_a_sign(case: AnyCase) -> None:
    outcome = outcome_of(case)
    if outcome.operation in {OperationStatus.FAIL, OperationStatus.TASK_STATUS_NO_DONE, OperationStatus.CANCELLED}:
        assert outcome.result is not None
    if outcome.operation is OperationStatus.FAIL:
        assert outcome.warning is not None


def a_start_succeeds_only_on_a_job_whose_tasks_were_seen_running_or_that_has_finished(case: AnyCase) -> None:
    outcome = outcome_of(case)
    starts = case.act is not None and case.act.kind is IntentKind.SUBMIT
    if starts and outcome.operation is OperationStatus.SUCCESS:
        assert case.look.job is not None
        ran = case.look.job.status is FlinkStatus.RUNNING and case.look.job.tasks_running
        assert ran or case.look.job.status is FlinkStatus.FINISHED


def what_waits_for_a_person_s_operation_says_what_it_waits_for(case: AnyCase) -> None:
    decision = answer(case)
    if isinstance(decision, Nothing) and case.asked is not None:
        assert decision.waits_for is not None
    if isinstance(decision, StopWithSavepoint) and not decision.repeat:
        assert case.asked is not None
        assert case.asked.step is not None
        assert case.asked.step.name is StepName.STOP_WITH_SAVEPOINT


LAWS = [
    there_is_always_an_answer_that_says_why,
    the_same_facts_have_the_same_answer,
    a_new_instance_never_while_one_may_live,
    a_key_is_repeated_within_one_life_of_the_jobmanager_only,
    while_an_act_is_open_nothing_of_another_kind_is_sent_but_a_cancellation_that_closes_it,
    a_cluster_that_does_not_answer_is_sent_nothing_and_ends_no_instance,
    a_declaration_is_answered_at_once,
    an_operation_closes_only_together_with_its_open_act,
    what_is_seen_alive_is_never_said_to_have_ended,
    suspended_means_that_there_is_a_savepoint,
    a_living_job_is_cancelled_only_where_somebody_said_so,
    the_savepoint_lane_never_changes_where_the_job_goes,
    an_operation_that_fails_has_a_finding_and_a_sign,
    a_start_succeeds_only_on_a_job_whose_tasks_were_seen_running_or_that_has_finished,
    what_waits_for_a_person_s_operation_says_what_it_waits_for,
]


@pytest.mark.requirement("T0-15", "T0-16", "U-03", "U-04", "U-05", "U-09", "A-30", "D-08", "U-14")
@given(cases())
def test_every_law_holds(case: AnyCase) -> None:
    for law in LAWS:
        law(case)
