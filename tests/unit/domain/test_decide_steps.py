"""No act is under way: the precondition once more, then the next step of the operation, or what it waits for."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from headgate.domain.decisions import (
    Cancel,
    Decision,
    JobFacts,
    Nothing,
    Settle,
    StopWithSavepoint,
    Submit,
    TriggerSavepoint,
)
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.intents import IntentKind
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.operations import (
    Finding,
    Operation,
    OperationStatus,
    Options,
    RestoreFrom,
    StepStatus,
    StopSnapshot,
)
from headgate.domain.restore import FromSnapshot, Refused
from headgate.domain.snapshots import PathStatus
from tests.unit.domain.facts import (
    ago,
    decided,
    instance,
    intent,
    job,
    operation,
    running,
    seen,
    settled,
    unreachable,
)
from tests.unit.domain.tables import read_table

RUNNING = FlinkStatus.RUNNING
NONE, CREATE = Options(snapshot=StopSnapshot.NONE), Options(snapshot=StopSnapshot.CREATE)
OPTIONS = {
    "run": Options(restore_from=RestoreFrom.NONE),
    "stop NONE": NONE,
    "stop CREATE": CREATE,
    "restart": Options(keep_state=True),
}

# Judged when it starts, not when it was clicked: what became true meanwhile, what is no longer possible.
SECOND_CHECK = """
| row                                       | verb        | settled   | live | then                |
|-------------------------------------------|-------------|-----------|------|---------------------|
| run: nothing runs                         | run         | CANCELLED | no   | go on               |
| run: never run before                     | run         | NONE      | no   | go on               |
| run out of SUSPENDED                      | run         | SUSPENDED | no   | go on               |
| run: it runs                              | run         | RUNNING   | yes  | TASK_STATUS_NO_DONE |
| run: an instance whose end nobody saw     | run         | FAILED    | yes  | TASK_STATUS_NO_DONE |
| run: it rests RUNNING                     | run         | RUNNING   | no   | TASK_STATUS_NO_DONE |
| resume: an end that nobody saw            | resume      | SUSPENDED | yes  | TASK_STATUS_NO_DONE |
| resume: it is suspended                   | resume      | SUSPENDED | no   | go on               |
| resume: it runs                           | resume      | RUNNING   | yes  | TASK_STATUS_NO_DONE |
| resume: the pause was given up            | resume      | CANCELLED | no   | TASK_STATUS_NO_DONE |
| pause: it runs                            | pause       | RUNNING   | yes  | go on               |
| pause: it is suspended already            | pause       | SUSPENDED | no   | SUCCESS             |
| pause: it failed meanwhile                | pause       | FAILED    | no   | TASK_STATUS_NO_DONE |
| pause: it finished meanwhile              | pause       | FINISHED  | no   | TASK_STATUS_NO_DONE |
| pause: it was cancelled meanwhile         | pause       | CANCELLED | no   | TASK_STATUS_NO_DONE |
| stop NONE: it runs                        | stop NONE   | RUNNING   | yes  | go on               |
| stop NONE: an end that nobody saw         | stop NONE   | FAILED    | yes  | go on               |
| stop NONE: it ended already               | stop NONE   | CANCELLED | no   | SUCCESS             |
| stop NONE: it failed already              | stop NONE   | FAILED    | no   | SUCCESS             |
| stop NONE: it finished already            | stop NONE   | FINISHED  | no   | SUCCESS             |
| stop NONE: the pause is given up          | stop NONE   | SUSPENDED | no   | SUCCESS             |
| stop CREATE: it runs                      | stop CREATE | RUNNING   | yes  | go on               |
| stop CREATE: the pause's snapshot is it   | stop CREATE | SUSPENDED | no   | SUCCESS             |
| stop CREATE: it failed meanwhile          | stop CREATE | FAILED    | no   | TASK_STATUS_NO_DONE |
| stop CREATE: it finished meanwhile        | stop CREATE | FINISHED  | no   | TASK_STATUS_NO_DONE |
| restart: it runs                          | restart     | RUNNING   | yes  | go on               |
| restart: it failed meanwhile              | restart     | FAILED    | no   | TASK_STATUS_NO_DONE |
"""


def starting(facts: JobFacts, verb: str = "run", **look: object) -> Decision:
    return decided(facts, seen(None, **look), _ask(verb))


def stopping(facts: JobFacts, verb: str = "pause", **look: object) -> Decision:
    return decided(facts, seen(RUNNING, **look), _ask(verb))


class TestThePreconditionOnceMore:
    @pytest.mark.requirement("A-33", "U-06")
    @pytest.mark.parametrize(("verb", "rests", "live", "then"), read_table(SECOND_CHECK))
    def test_each_row(self, verb: str, rests: str, live: str, then: str) -> None:
        facts = job(Settled(rests), instance()) if live == "yes" else job(Settled(rests))
        decision = decided(facts, seen(RUNNING if live == "yes" else None), _ask(verb))
        if then == "go on":
            assert isinstance(decision, Submit | StopWithSavepoint | Cancel)
            assert not decision.repeat
        else:
            assert settled(decision).operation is OperationStatus(then)

    @pytest.mark.requirement("T0-15")
    def test_what_is_no_longer_possible_changes_nothing_and_says_where_the_job_is(self) -> None:
        outcome = settled(decided(job(Settled.FAILED), seen(), _ask("pause")))
        assert outcome.result == Finding("precondition_gone", {"verb": "pause", "settled": "FAILED"})
        assert (outcome.settled, outcome.wanted, outcome.warning) == (None, None, None)

    @pytest.mark.requirement("T0-31", "T1-06", "A-24", "A-37")
    def test_a_stop_of_what_has_ended_leaves_finished_as_it_is_and_else_cancelled(self) -> None:
        for rests, then in [(Settled.FINISHED, Settled.FINISHED), (Settled.FAILED, Settled.CANCELLED)]:
            outcome = settled(decided(job(rests), seen(), _ask("stop NONE")))
            assert (outcome.settled, outcome.wanted) == (then, Wanted.CANCELLED)

    def test_a_pause_of_what_is_suspended_keeps_what_it_rests_on(self) -> None:
        outcome = settled(decided(job(Settled.SUSPENDED), seen(), _ask("pause")))
        assert (outcome.settled, outcome.wanted, outcome.forget_pause) == (None, Wanted.SUSPENDED, False)

    def test_giving_a_pause_up_forgets_what_it_rests_on(self) -> None:
        outcome = settled(decided(job(Settled.SUSPENDED), seen(), _ask("stop NONE")))
        assert (outcome.settled, outcome.wanted, outcome.forget_pause) == (Settled.CANCELLED, Wanted.CANCELLED, True)

    @pytest.mark.parametrize("verb", ["run", "resume", "pause", "stop NONE", "stop CREATE", "restart"])
    def test_it_is_judged_though_the_cluster_does_not_answer(self, verb: str) -> None:
        is_start = verb in {"run", "resume"}
        facts = running() if is_start else job(Settled.FAILED)
        assert isinstance(decided(facts, unreachable(), _ask(verb)), Settle)

    def test_it_is_not_judged_again_after_the_first_act(self) -> None:
        stopped = operation(Verb.RESTART, Options(keep_state=True), sent=2)
        assert isinstance(decided(job(Settled.RUNNING), seen(), stopped), Submit)


def test_every_step_is_done_the_operation_has_succeeded() -> None:
    asked = operation(Verb.RUN, sent=1)
    asked = replace(asked, steps=tuple(replace(step, status=StepStatus.SUCCESS) for step in asked.steps))
    outcome = settled(decided(running(), seen(RUNNING), asked))
    assert (outcome.operation, outcome.settled, outcome.wanted) == (OperationStatus.SUCCESS, None, None)


class TestAStart:
    facts = job(Settled.CANCELLED)

    @pytest.mark.requirement("T0-11", "T1-08", "T2-06", "T2-08", "A-23")
    @pytest.mark.parametrize("verb", ["run", "resume"])
    def test_all_is_well_it_is_submitted(self, verb: str) -> None:
        decision = starting(job(Settled.SUSPENDED), verb)
        assert isinstance(decision, Submit)
        assert not decision.repeat

    @pytest.mark.requirement("U-09")
    def test_the_cluster_does_not_answer_it_waits(self) -> None:
        decision = decided(self.facts, unreachable(), _ask("run"))
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_cluster")

    def test_a_given_up_instance_lives_it_goes_first(self) -> None:
        decision = starting(self.facts, stray=FlinkJobId("stray"))
        assert isinstance(decision, Cancel)
        assert (decision.stray, decision.failing) == ("stray", None)

    def test_a_job_of_ours_without_a_row_lives_it_is_shown(self) -> None:
        decision = starting(self.facts, unknown_job=FlinkJobId("cafe"))
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("unknown_job", {"flink_job_id": "cafe"})

    def test_the_second_half_of_a_restart_waits_for_the_first_instance_s_end(self) -> None:
        halfway = operation(Verb.RESTART, Options(keep_state=True), sent=2)
        decision = decided(running(), seen(RUNNING), halfway)
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_end")

    def test_after_a_lost_jobmanager_its_tasks_are_given_time_to_die(self) -> None:
        decision = starting(replace(self.facts, state=replace(self.facts.state, lost_at=ago(seconds=5))))
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_heartbeat")

    def test_where_its_cluster_gives_tasks_longer_it_waits_longer(self) -> None:
        lost = replace(self.facts, state=replace(self.facts.state, lost_at=ago(minutes=2)))
        decision = starting(replace(lost, heartbeat_timeout=timedelta(minutes=3)))
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_heartbeat")

    def test_after_that_time_it_starts(self) -> None:
        lost = replace(self.facts, state=replace(self.facts.state, lost_at=ago(minutes=2)))
        assert isinstance(starting(lost), Submit)
        assert isinstance(starting(replace(lost, heartbeat_timeout=timedelta(minutes=2))), Submit)

    @pytest.mark.requirement("T0-25", "T0-27", "T1-05")
    def test_the_snapshot_is_there_or_cannot_be_looked_at(self) -> None:
        facts = replace(job(Settled.SUSPENDED), restore=FromSnapshot("s3://bucket/savepoint"))
        for path in (PathStatus.AVAILABLE, PathStatus.UNKNOWN, None):
            assert isinstance(starting(facts, "resume", restore_path=path), Submit)

    @pytest.mark.parametrize("verb", ["run", "resume"])
    def test_the_snapshot_is_gone_nothing_is_sent(self, verb: str) -> None:
        facts = replace(job(Settled.SUSPENDED), restore=FromSnapshot("file:///gone"), pause_is_gone=True)
        outcome = settled(starting(facts, verb, restore_path=PathStatus.GONE))
        assert (outcome.operation, outcome.result) == (
            OperationStatus.FAIL,
            Finding("snapshot_gone", {"path": "file:///gone"}),
        )

    @pytest.mark.parametrize(
        ("facts", "rests", "wanted"),
        [
            pytest.param(job(Settled.SUSPENDED), Settled.SUSPENDED, Wanted.SUSPENDED, id="paused: it stays so"),
            pytest.param(
                job(Settled.SUSPENDED, pause_is_gone=True), Settled.FAILED, Wanted.RUNNING, id="paused on what is gone"
            ),
            pytest.param(job(Settled.CANCELLED), None, None, id="stopped: nothing changes"),
            pytest.param(job(Settled.FINISHED), None, None, id="finished: nothing changes"),
            pytest.param(job(Settled.FAILED), None, None, id="failed: nothing changes"),
            pytest.param(job(Settled.NONE, None), None, None, id="never run: nothing changes"),
        ],
    )
    def test_no_usable_restore_point_nothing_is_sent(
        self, facts: JobFacts, rests: Settled | None, wanted: Wanted | None
    ) -> None:
        refused = Refused(Finding("no_restore_point"))
        outcome = settled(starting(replace(facts, restore=refused)))
        assert (outcome.operation, outcome.result) == (OperationStatus.FAIL, refused.finding)
        assert outcome.warning == refused.finding
        assert (outcome.settled, outcome.wanted) == (rests, wanted)

    def test_a_restart_that_stopped_and_cannot_start_needs_a_person(self) -> None:
        halfway = operation(Verb.RESTART, Options(keep_state=True), sent=2)
        facts = job(Settled.RUNNING, restore=Refused(Finding("no_restore_point")))
        outcome = settled(decided(facts, seen(), halfway))
        assert (outcome.settled, outcome.wanted, outcome.forget_pause) == (Settled.FAILED, Wanted.RUNNING, True)


class TestAStop:
    @pytest.mark.requirement("T0-23", "T1-03", "A-25", "A-34", "U-03", "T2-15")
    @pytest.mark.parametrize("verb", ["pause", "stop CREATE", "restart"])
    def test_with_a_savepoint(self, verb: str) -> None:
        assert isinstance(stopping(running(), verb), StopWithSavepoint)

    @pytest.mark.requirement("T0-31", "A-24", "A-37", "D-17", "T2-15")
    def test_without_a_savepoint(self) -> None:
        decision = stopping(running(), "stop NONE")
        assert isinstance(decision, Cancel)
        assert (decision.stray, decision.closes, decision.failing) == (None, None, None)

    @pytest.mark.requirement("D-16")
    def test_a_restart_without_state_cancels(self) -> None:
        asked = operation(Verb.RESTART, Options(keep_state=False))
        assert isinstance(decided(running(), seen(RUNNING), asked), Cancel)

    @pytest.mark.requirement("U-05", "A-35")
    def test_no_savepoint_directory_it_is_refused_and_the_job_goes_on(self) -> None:
        for verb in ("pause", "stop CREATE", "restart"):
            outcome = settled(stopping(running(savepoint_dir=None), verb))
            assert (outcome.operation, outcome.result) == (OperationStatus.FAIL, Finding("savepoint_dir_missing"))
            assert (outcome.settled, outcome.instance_end) == (None, None)

    @pytest.mark.requirement("U-05", "A-35")
    def test_no_savepoint_directory_and_the_loss_of_state_accepted_it_is_cancelled(self) -> None:
        asked = operation(Verb.PAUSE, Options(allow_state_loss=True))
        assert isinstance(decided(running(savepoint_dir=None), seen(RUNNING), asked), Cancel)

    def test_the_loss_of_state_accepted_yet_the_savepoint_is_tried_first(self) -> None:
        asked = operation(Verb.PAUSE, Options(allow_state_loss=True))
        assert isinstance(decided(running(), seen(RUNNING), asked), StopWithSavepoint)

    @pytest.mark.parametrize("verb", ["pause", "stop NONE", "stop CREATE", "restart"])
    def test_the_job_is_missing_it_is_not_stopped_blindly(self, verb: str) -> None:
        decision = decided(running(), seen(), _ask(verb))
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_job")

    @pytest.mark.requirement("T0-15")
    @pytest.mark.parametrize("verb", ["pause", "stop CREATE", "restart", "savepoint"])
    def test_flink_is_bringing_the_job_back_a_savepoint_is_asked_for_once_it_runs(self, verb: str) -> None:
        decision = decided(running(), seen(RUNNING, tasks_running=False), _ask(verb))
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_tasks")
        assert not isinstance(decided(running(), seen(RUNNING), _ask(verb)), Nothing)

    @pytest.mark.parametrize("verb", ["pause", "stop CREATE", "restart", "savepoint"])
    def test_a_job_that_does_not_come_back_in_time_is_flink_s_to_refuse(self, verb: str) -> None:
        asked = replace(_ask(verb), requested_at=ago(minutes=10))
        assert isinstance(decided(running(), seen(RUNNING, tasks_running=False), asked), Nothing)
        late = replace(asked, requested_at=ago(minutes=10, seconds=1))
        decision = decided(running(), seen(RUNNING, tasks_running=False), late)
        assert isinstance(decision, StopWithSavepoint | TriggerSavepoint)

    @pytest.mark.requirement("U-09", "U-05")
    @pytest.mark.parametrize("is_skipped", [False, True], ids=["silence", "skipped"])
    def test_time_in_which_it_could_not_come_back_is_not_its_time(self, is_skipped: bool) -> None:
        def decided_after(begun_at: datetime) -> Decision:
            waits = seen(RUNNING, tasks_running=False)
            back = replace(waits, skipped_to=begun_at) if is_skipped else replace(waits, answers_since=begun_at)
            return decided(running(), back, replace(_ask("pause"), requested_at=ago(hours=2)))

        assert isinstance(decided_after(ago(minutes=10)), Nothing)
        assert isinstance(decided_after(ago(minutes=10, seconds=1)), StopWithSavepoint)

    def test_a_cancellation_does_not_wait_for_that(self) -> None:
        assert isinstance(decided(running(), seen(RUNNING, tasks_running=False), _ask("stop NONE")), Cancel)
        no_directory = running(savepoint_dir=None)
        asked = operation(Verb.PAUSE, Options(allow_state_loss=True))
        assert isinstance(decided(no_directory, seen(RUNNING, tasks_running=False), asked), Cancel)

    @pytest.mark.requirement("U-09")
    @pytest.mark.parametrize("verb", ["pause", "stop NONE", "stop CREATE", "restart"])
    def test_the_cluster_does_not_answer_it_waits(self, verb: str) -> None:
        decision = decided(running(), unreachable(), _ask(verb))
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_cluster")


class TestASavepointIsInFlight:
    @pytest.mark.parametrize("verb", ["pause", "stop NONE", "stop CREATE", "restart"])
    def test_it_is_given_its_time(self, verb: str) -> None:
        decision = stopping(_with_savepoint(seconds=59), verb)
        assert isinstance(decision, Nothing)
        assert decision.waits_for == Finding("waits_for_savepoint")

    @pytest.mark.parametrize("verb", ["pause", "stop NONE", "stop CREATE", "restart"])
    def test_sixty_seconds_are_enough(self, verb: str) -> None:
        assert isinstance(stopping(_with_savepoint(seconds=60), verb), StopWithSavepoint | Cancel)

    def test_they_are_reachable_seconds(self) -> None:
        facts = _with_savepoint(seconds=100)
        assert isinstance(stopping(facts, unreachable_total=timedelta(seconds=41)), Nothing)
        assert isinstance(stopping(facts, unreachable_total=timedelta(seconds=40)), StopWithSavepoint)

    def test_force_does_not_wait(self) -> None:
        asked = operation(Verb.STOP, Options(snapshot=StopSnapshot.NONE, force=True))
        assert isinstance(decided(_with_savepoint(seconds=1), seen(RUNNING), asked), Cancel)


class TestAForcedStopBetweenTwoSteps:
    halfway = operation(Verb.RESTART, Options(keep_state=True), sent=2)
    forced = operation(Verb.STOP, Options(snapshot=StopSnapshot.NONE, force=True))

    def test_nothing_lives_the_operation_ends_here(self) -> None:
        outcome = settled(decided(job(Settled.RUNNING, forced=self.forced), seen(), self.halfway))
        assert (outcome.operation, outcome.result) == (OperationStatus.CANCELLED, Finding("overridden_by_force"))
        assert (outcome.settled, outcome.wanted, outcome.forget_pause) == (Settled.CANCELLED, Wanted.CANCELLED, True)

    def test_something_lives_that_is_dealt_with_first(self) -> None:
        facts = running(forced=self.forced)
        asked = operation(Verb.RESTART, Options(keep_state=True), sent=1)
        decision = decided(facts, seen(RUNNING), asked)
        assert isinstance(decision, Cancel)
        assert decision.failing == Finding("overridden_by_force")

    def test_what_is_missing_is_not_cancelled_blindly(self) -> None:
        asked = operation(Verb.PAUSE, sent=1)
        assert isinstance(decided(running(forced=self.forced), seen(), asked), Nothing)


def _ask(verb: str) -> Operation:
    return operation(Verb(verb.partition(" ")[0]), OPTIONS.get(verb, Options()))


def _with_savepoint(seconds: float) -> JobFacts:
    return running(in_flight=intent(IntentKind.SAVEPOINT, sent_at=ago(seconds=seconds)))
