"""Starts that nobody asked for: when they are due, what they start from, and what ends them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from headgate.domain.decisions import AwaitOutcome, Cancel, Decision, JobFacts, Nothing, Settle, Submit
from headgate.domain.instances import FlinkStatus, InstanceEnd
from headgate.domain.intents import Answer, Intent, IntentKind, IntentStatus
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.observation import Seen
from headgate.domain.operations import Finding, Operation, Options, StopSnapshot
from headgate.domain.recovery import (
    Recovery,
    RecoveryPlan,
    RecoveryPolicy,
    RecoveryState,
    note_attempt,
    plan_recovery,
)
from headgate.domain.restore import FromSnapshot, History, Refused, RestoreChoice, choose_recovery
from headgate.domain.snapshots import PathStatus, Snapshot, SnapshotOrigin
from tests.unit.domain.facts import (
    JOB,
    NOW,
    RESTARTED,
    SAVEPOINT,
    ago,
    decided,
    instance,
    intent,
    job,
    operation,
    running,
    seen,
    settled,
    snapshot,
    unreachable,
)

ON = Recovery(RecoveryPolicy.RESTORE)
FAILED = instance(end=InstanceEnd.FAILED, ended_at=ago(seconds=10), running_at=ago(minutes=5))


def due(**more: Any) -> JobFacts:
    """A failed job whose next attempt is due now."""
    facts = job(Settled.FAILED, FAILED, state_wanted=Wanted.RUNNING, state_recovery_at=NOW)
    given: dict[str, Any] = {"policy": ON, "restore": FromSnapshot(SAVEPOINT), **more}
    return replace(facts, **given)


def attempt(answer: Answer | None = Answer.ACCEPTED) -> Intent:
    """The open submission of a recovery."""
    return intent(IntentKind.SUBMIT, answer, operation_id=None)


def under_way(look: Seen, asked: Operation | None = None, act: Intent | None = None) -> Decision:
    facts = job(Settled.FAILED, instance(), state_wanted=Wanted.RUNNING, policy=ON)
    return decided(facts, look, asked, act or attempt())


class TestThePlan:
    @pytest.mark.parametrize(
        ("tried_s", "wait_s"),
        [((), 10), ((60,), 20), ((90, 60), 40), ((180, 90, 60), 80), ((500, 180, 90, 60), 160)],
        ids=lambda value: str(value),
    )
    def test_each_attempt_waits_longer(self, tried_s: tuple[int, ...], wait_s: int) -> None:
        before = RecoveryState(tuple(ago(seconds=s) for s in tried_s))
        plan = plan_recovery(ON, before, None, NOW)
        assert plan == RecoveryPlan(before, NOW + timedelta(seconds=wait_s))

    def test_never_longer_than_five_minutes(self) -> None:
        before = RecoveryState(tuple(ago(seconds=s) for s in range(9, 0, -1)))
        plan = plan_recovery(replace(ON, attempts=20), before, None, NOW)
        assert plan is not None
        assert plan.at == NOW + timedelta(minutes=5)

    def test_the_budget_is_for_an_hour(self) -> None:
        spent = RecoveryState(tuple(ago(minutes=m) for m in (50, 40, 30, 20, 10)))
        plan = plan_recovery(ON, spent, None, NOW)
        assert plan == RecoveryPlan(replace(spent, held=Finding("recovery_exhausted", {"attempts": "5"})))
        older = RecoveryState((ago(minutes=60), *spent.tried[1:]))
        plan = plan_recovery(ON, older, None, NOW)
        assert plan is not None
        assert plan.at is not None

    @pytest.mark.parametrize(("ran_min", "tried"), [(15, 0), (14, 5)], ids=["healthy", "not long enough"])
    def test_a_healthy_run_begins_with_a_whole_budget(self, ran_min: int, tried: int) -> None:
        spent = RecoveryState(tuple(ago(minutes=m) for m in (50, 40, 30, 20, 17)))
        plan = plan_recovery(ON, spent, ago(minutes=ran_min), NOW)
        assert plan is not None
        assert len(plan.state.tried) == tried

    def test_without_a_policy_nothing_follows(self) -> None:
        assert plan_recovery(Recovery(), None, None, NOW) is None


@pytest.mark.parametrize(
    ("before", "tried"),
    [(None, (NOW,)), (RecoveryState((ago(minutes=5),)), (ago(minutes=5), NOW))],
    ids=["the first", "a further one"],
)
def test_an_attempt_that_is_made_counts_and_none_is_due(
    before: RecoveryState | None, tried: tuple[datetime, ...]
) -> None:
    assert note_attempt(before, NOW) == RecoveryPlan(RecoveryState(tried))


class TestAFailure:
    @pytest.mark.parametrize("look", [{"status": FlinkStatus.FAILED}, RESTARTED], ids=["failed", "lost"])
    def test_in_steady_state_is_followed_by_an_attempt(self, look: dict[str, Any]) -> None:
        outcome = settled(decided(running(policy=ON), seen(**look)))
        assert outcome.settled is Settled.FAILED
        assert outcome.recovery == RecoveryPlan(RecoveryState(), NOW + timedelta(seconds=10))

    @pytest.mark.requirement("A-29")
    def test_with_the_policy_none_waits_for_a_person(self) -> None:
        assert settled(decided(running(), seen(FlinkStatus.FAILED))).recovery is None

    def test_of_a_healthy_run_is_followed_by_the_first_attempt_of_a_new_budget(self) -> None:
        healthy = instance(running_at=ago(minutes=15))
        facts = running(of=healthy, policy=ON, state_recovery=RecoveryState((ago(minutes=17),)))
        outcome = settled(decided(facts, seen(FlinkStatus.FAILED)))
        assert outcome.recovery == RecoveryPlan(RecoveryState(), NOW + timedelta(seconds=10))

    def test_whose_run_has_no_row_is_followed_by_an_attempt_all_the_same(self) -> None:
        facts = job(Settled.FAILED, None, state_wanted=Wanted.RUNNING, policy=ON)
        outcome = settled(decided(facts, seen(FlinkStatus.FAILED), None, attempt()))
        assert outcome.recovery == RecoveryPlan(RecoveryState(), NOW + timedelta(seconds=10))

    def test_during_a_person_s_cancellation_waits_for_that_person(self) -> None:
        outcome = settled(decided(running(policy=ON), seen(FlinkStatus.FAILED), None, intent(IntentKind.CANCEL)))
        assert (outcome.settled, outcome.recovery) == (Settled.FAILED, None)

    def test_of_a_start_that_a_person_asked_for_waits_for_that_person(self) -> None:
        starting = job(Settled.FAILED, instance(), state_wanted=Wanted.RUNNING, policy=ON)
        outcome = settled(
            decided(starting, seen(FlinkStatus.FAILED), operation(Verb.RUN, sent=1), intent(IntentKind.SUBMIT))
        )
        assert (outcome.settled, outcome.recovery) == (Settled.FAILED, None)

    @pytest.mark.parametrize("status", [FlinkStatus.FINISHED, FlinkStatus.CANCELED], ids=str)
    def test_other_ends_are_no_failures(self, status: FlinkStatus) -> None:
        assert settled(decided(running(policy=ON), seen(status))).recovery is None


class TestAnAttempt:
    def test_is_made_when_it_is_due(self) -> None:
        decision = decided(due(), seen())
        assert decision == Submit("the job is recovered from its newest restore point", is_recovery=True)

    def test_waits_for_its_time_its_cluster_and_the_old_tasks(self) -> None:
        later = due()
        later = replace(later, state=replace(later.state, recovery_at=NOW + timedelta(seconds=1)))
        lost = due()
        lost = replace(lost, state=replace(lost.state, lost_at=ago(seconds=49)))
        for facts, look in ((later, seen()), (due(), unreachable()), (lost, seen())):
            assert isinstance(decided(facts, look), Nothing)

    @pytest.mark.parametrize(
        ("restore", "why"),
        [
            (Refused(Finding("recovery_without_restore_point")), Finding("recovery_without_restore_point")),
            (FromSnapshot(SAVEPOINT), Finding("snapshot_gone", {"path": SAVEPOINT})),
        ],
        ids=["no restore point", "its files are gone"],
    )
    def test_without_a_restore_point_is_held(self, restore: RestoreChoice, why: Finding) -> None:
        facts, tried = due(restore=restore), RecoveryState((ago(minutes=2),))
        facts = replace(facts, state=replace(facts.state, recovery=tried))
        outcome = settled(decided(facts, seen(restore_path=PathStatus.GONE)))
        assert outcome.recovery == RecoveryPlan(replace(tried, held=why))
        assert outcome.warning == why

    @pytest.mark.parametrize(
        "facts",
        [due(policy=Recovery()), replace(due(), state=JobState(JOB, Settled.CANCELLED, recovery_at=NOW))],
        ids=["the policy was changed", "the job rests elsewhere"],
    )
    def test_is_called_off(self, facts: JobFacts) -> None:
        outcome = settled(decided(facts, seen()))
        assert outcome.recovery == RecoveryPlan(RecoveryState())

    def test_that_succeeds_clears_the_sign_and_closes_no_operation(self) -> None:
        outcome = settled(under_way(seen(FlinkStatus.RUNNING, tasks_running=True)))
        assert (outcome.settled, outcome.recovered, outcome.operation) == (Settled.RUNNING, True, None)
        assert outcome.intent is IntentStatus.DONE

    def test_that_fails_is_followed_by_the_next(self) -> None:
        outcome = settled(under_way(seen(FlinkStatus.FAILED)))
        assert (outcome.settled, outcome.operation, outcome.recovered) == (Settled.FAILED, None, False)
        assert outcome.recovery is not None
        assert outcome.recovery.at is not None

    @pytest.mark.parametrize("answer", [None, Answer.OUTCOME_UNKNOWN, Answer.ACCEPTED])
    def test_that_goes_with_its_jobmanager_counts_and_the_next_one_waits_for_its_turn(
        self, answer: Answer | None
    ) -> None:
        tried = RecoveryState((ago(minutes=2), ago(minutes=1)))
        facts = job(Settled.FAILED, instance(), state_wanted=Wanted.RUNNING, state_recovery=tried, policy=ON)
        outcome = settled(decided(facts, seen(**RESTARTED), None, attempt(answer)))
        assert (outcome.intent, outcome.settled, outcome.lost) == (IntentStatus.GIVEN_UP, Settled.FAILED, True)
        assert outcome.warning == Finding("jobmanager_restarted")
        assert outcome.recovery == RecoveryPlan(tried, NOW + timedelta(seconds=40))

    def test_whose_jobmanagers_keep_going_away_is_held_at_last(self) -> None:
        tried = RecoveryState((ago(minutes=2),) * ON.attempts)
        facts = job(Settled.FAILED, instance(), state_wanted=Wanted.RUNNING, state_recovery=tried, policy=ON)
        outcome = settled(decided(facts, seen(**RESTARTED), None, attempt(None)))
        assert outcome.recovery is not None
        assert outcome.recovery.state.held == Finding("recovery_exhausted", {"attempts": "5"})

    def test_that_takes_too_long_is_cancelled_and_followed_by_the_next(self) -> None:
        slow = replace(attempt(), sent_at=ago(minutes=6))
        decision = under_way(seen(FlinkStatus.CREATED), act=slow)
        assert isinstance(decision, Cancel)
        assert (decision.is_recovery, decision.failing) == (True, None)
        cancel = intent(IntentKind.CANCEL, operation_id=None)
        outcome = settled(under_way(seen(FlinkStatus.CANCELED), act=cancel))
        assert (outcome.settled, outcome.wanted) == (Settled.FAILED, Wanted.RUNNING)
        assert outcome.recovery is not None

    @pytest.mark.parametrize(
        ("look", "cause", "end"),
        [
            pytest.param(seen(FlinkStatus.FAILED, failure="boom"), "boom", InstanceEnd.FAILED, id="failed"),
            pytest.param(seen(**RESTARTED), "", InstanceEnd.LOST, id="lost with its JobManager"),
        ],
    )
    def test_that_was_cancelled_ends_as_it_ended(self, look: Seen, cause: str, end: InstanceEnd) -> None:
        outcome = settled(under_way(look, act=intent(IntentKind.CANCEL, operation_id=None)))
        assert (outcome.intent, outcome.warning) == (IntentStatus.DONE, Finding("start_failed", {}, cause))
        assert (outcome.instance_end, outcome.lost) == (end, end is InstanceEnd.LOST)


class TestAPerson:
    def test_waits_for_the_outcome_of_what_was_sent(self) -> None:
        decision = under_way(seen(FlinkStatus.CREATED), operation(Verb.RUN))
        assert isinstance(decision, AwaitOutcome)
        assert decision.waits_for == Finding("waits_for_recovery")

    def test_finds_their_operation_as_it_was(self) -> None:
        outcome = settled(under_way(seen(FlinkStatus.RUNNING, tasks_running=True), operation(Verb.PAUSE)))
        assert (outcome.operation, outcome.step_done) == (None, False)

    @pytest.mark.parametrize("kind", [IntentKind.SUBMIT, IntentKind.CANCEL], ids=str)
    def test_finds_it_so_after_a_failure_too(self, kind: IntentKind) -> None:
        act = intent(kind, operation_id=None)
        outcome = settled(under_way(seen(FlinkStatus.CANCELED), operation(Verb.RUN), act))
        assert (outcome.settled, outcome.wanted) == (Settled.FAILED, Wanted.RUNNING)
        assert (outcome.operation, outcome.result, outcome.step_done) == (None, None, False)

    def test_who_stops_does_not_wait(self) -> None:
        stop = operation(Verb.STOP, Options(snapshot=StopSnapshot.NONE))
        decision = under_way(seen(FlinkStatus.CREATED), stop)
        assert isinstance(decision, Cancel)
        assert (decision.is_recovery, decision.closes) == (False, IntentStatus.DONE)

    def test_goes_before_what_is_due(self) -> None:
        decision = decided(due(), seen(), operation(Verb.STOP, Options(snapshot=StopSnapshot.NONE)))
        assert isinstance(decision, Settle)
        assert decision.outcome.settled is Settled.CANCELLED


def choose(snapshots: list[Snapshot], max_age: timedelta | None = None, now: datetime = NOW) -> object:
    ran = instance(end=InstanceEnd.FAILED, restored_from="file:///origin", restored_snapshot_id="snap-9")
    return choose_recovery(History(JobState(JOB), [ran], snapshots), max_age, now)


class TestTheRestorePoint:
    def test_is_the_newest_confirmed_one_of_the_run(self) -> None:
        kept = snapshot(2, origin=SnapshotOrigin.RETAINED_CHECKPOINT)
        assert choose([kept, snapshot(1)]) == FromSnapshot(kept.path, kept)

    def test_else_what_the_run_was_started_from(self) -> None:
        assert choose([]) == FromSnapshot("file:///origin", None)

    def test_is_never_one_that_nobody_could_confirm(self) -> None:
        sampled = snapshot(2, origin=SnapshotOrigin.SAMPLED_CHECKPOINT)
        assert choose([sampled, snapshot(1)]) == Refused(Finding("recovery_not_confirmed", {"path": sampled.path}))

    def test_is_never_no_state(self) -> None:
        ran = instance(end=InstanceEnd.FAILED)
        refused = choose_recovery(History(JobState(JOB), [ran], []), None, NOW)
        assert refused == Refused(Finding("recovery_without_restore_point"))

    @pytest.mark.parametrize("age_min", [59, 60], ids=["younger", "just so old"])
    def test_may_be_as_old_as_the_job_allows(self, age_min: int) -> None:
        made = snapshot(1, created_at=ago(minutes=age_min))
        assert choose([made], timedelta(hours=1)) == FromSnapshot(made.path, made)

    @pytest.mark.parametrize("made", [snapshot(1, created_at=ago(minutes=61)), None], ids=["older", "of unknown age"])
    def test_that_is_older_is_left_to_a_person(self, made: Snapshot | None) -> None:
        too_old = Finding("recovery_too_old", {"path": made.path if made else "file:///origin", "max_age": "1 h"})
        assert choose([made] if made else [], timedelta(hours=1)) == Refused(too_old)
