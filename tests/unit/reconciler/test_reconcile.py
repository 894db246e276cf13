"""One pass after another over one job: what is asked of Flink, what is written, when the next one is due."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.calls import CallSubject
from headgate.domain.decisions import AwaitOutcome, Nothing, Submit
from headgate.domain.errors import FlinkMissing, FlinkRejected, Unavailable
from headgate.domain.events import EventLevel, EventType
from headgate.domain.instances import FlinkStatus, InstanceEnd
from headgate.domain.intents import INTENT_FORMAT, Answer, Intent, IntentKind, IntentStatus
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import Finding, Operation, OperationStatus, Options, RestoreFrom, StopSnapshot
from headgate.domain.snapshots import PathStatus
from headgate.ports.calls import NoCallLog
from headgate.ports.flink import Submission
from headgate.reconciler.reconcile import PassResult, Reconciler
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Fault
from tests.fakes.flink import FakeFlink
from tests.unit.domain.facts import JOB, NOW, SAVEPOINT, ago, intent
from tests.unit.reconciler.house import CLUSTER, House, pass_until_it_rests

FROM_NONE = Options(restore_from=RestoreFrom.NONE)
STOP_NONE = Options(snapshot=StopSnapshot.NONE)


@pytest.fixture
def reconciler(house: House) -> Reconciler:
    return Reconciler(house.tools)


def pass_over(house: House, reconciler: Reconciler, lane: Lane = Lane.MAIN) -> PassResult:
    return pass_until_it_rests(reconciler, lane)


def drive(house: House, reconciler: Reconciler, asked: Operation) -> Operation:
    """Let time pass as the loop would until the operation has closed."""
    for _ in range(2000):
        for lane in Lane:
            pass_over(house, reconciler, lane)
        now = house.get_operation(asked)
        if not now.is_open:
            return now
        house.clock.advance(0.2)
    raise AssertionError(f"{asked.verb} does not close")


def names(house: House) -> list[str]:
    return [call.name for call in house.flink.calls]


@pytest.mark.requirement("T0-04", "T0-14", "T0-26", "T0-30", "T0-33", "T1-02", "A-32", "U-14")
def test_a_job_runs_pauses_resumes_restarts_and_stops(house: House, reconciler: Reconciler) -> None:
    steps: list[tuple[Verb, Options, Settled]] = [
        (Verb.RUN, FROM_NONE, Settled.RUNNING),
        (Verb.PAUSE, Options(), Settled.SUSPENDED),
        (Verb.RESUME, Options(), Settled.RUNNING),
        (Verb.RESTART, Options(keep_state=False), Settled.RUNNING),
        (Verb.STOP, STOP_NONE, Settled.CANCELLED),
    ]
    for verb, options, rests in steps:
        closed = drive(house, reconciler, house.ask(verb, options))
        assert (closed.status, closed.result) == (OperationStatus.SUCCESS, None)
        assert house.get_state().settled is rests
    assert [(run.number, run.end) for run in house.list_instances()] == [
        (3, InstanceEnd.CANCELLED),
        (2, InstanceEnd.CANCELLED),
        (1, InstanceEnd.SUSPENDED),
    ]
    first, second, third = (job.lineage for job in house.flink.history)
    assert second == (*first, house.flink.history[1].flink_job_id), "the resumed run has the first one's state"
    assert len(third) == 1, "the restarted one began empty"
    assert house.flink.overlaps() == []


@pytest.mark.requirement("A-39", "D-20")
def test_a_savepoint_beside_the_running_job(house: House, reconciler: Reconciler) -> None:
    drive(house, reconciler, house.ask(Verb.RUN, FROM_NONE))
    closed = drive(house, reconciler, house.ask(Verb.SAVEPOINT))
    assert closed.status is OperationStatus.SUCCESS
    assert [snapshot.trigger_id for snapshot in house.list_snapshots()] == [house.list_intents()[-1].key]
    assert (house.get_state().settled, house.list_instances()[0].is_live) == (Settled.RUNNING, True)


@pytest.mark.requirement("T0-16", "A-36")
def test_a_pause_that_fails_leaves_the_job_running(house: House, reconciler: Reconciler) -> None:
    drive(house, reconciler, house.ask(Verb.RUN, FROM_NONE))
    house.flink.inject(Fault.SAVEPOINT_FAILS)
    closed = drive(house, reconciler, house.ask(Verb.PAUSE))
    state = house.get_state()
    assert (closed.status, state.settled, state.wanted) == (OperationStatus.FAIL, Settled.RUNNING, Wanted.RUNNING)
    assert state.warning is not None
    assert "Failed to create savepoint directory" in state.warning.finding.cause


class TestWhatYields:
    @pytest.mark.requirement("A-33", "U-06")
    def test_a_superseded_operation_names_the_one_that_took_its_place(
        self, house: House, reconciler: Reconciler
    ) -> None:
        run, stop = house.ask(Verb.RUN, FROM_NONE), house.ask(Verb.STOP, STOP_NONE)
        pass_over(house, reconciler)
        closed = house.get_operation(run)
        assert (closed.status, closed.result) == (
            OperationStatus.CANCELLED,
            Finding("operation_superseded", {"by": "stop"}),
        )
        assert house.get_operation(stop).status is OperationStatus.SUCCESS, "there was nothing to stop"
        assert EventType.OPERATION_SUPERSEDED in house.list_event_types()
        assert "submit" not in names(house)

    def test_a_withdrawn_operation_sends_nothing(self, house: House, reconciler: Reconciler) -> None:
        run = house.ask(Verb.RUN, FROM_NONE)
        house.withdraw(run)
        pass_over(house, reconciler)
        closed = house.get_operation(run)
        assert (closed.status, closed.result) == (OperationStatus.CANCELLED, Finding("operation_withdrawn"))
        assert house.flink.calls == []


class TestWaiting:
    @pytest.mark.requirement("A-30", "U-09")
    def test_who_waits_for_a_cluster_that_was_replaced_is_told_so(self, house: House, reconciler: Reconciler) -> None:
        house.flink.submit(CLUSTER, Submission(house.add_instance(), "orders"))
        pass_over(house, reconciler)
        house.flink.replace_cluster(CLUSTER)
        pause = house.ask(Verb.PAUSE)
        house.clock.advance(2)
        pass_over(house, reconciler)
        assert house.get_operation(pause).waits_for == Finding("waits_for_own_cluster")
        assert "get_trigger" not in names(house)

    @pytest.mark.requirement("A-30", "U-09", "D-08")
    def test_a_cluster_that_does_not_answer_is_sent_nothing_and_the_wait_is_said_once(
        self, house: House, reconciler: Reconciler
    ) -> None:
        run = house.ask(Verb.RUN, FROM_NONE)
        house.flink.cut_off(CLUSTER, 30)
        for _ in range(5):
            result = pass_over(house, reconciler)
            assert isinstance(result.decision, Nothing)
            house.clock.advance(2)
        assert house.get_operation(run).waits_for == Finding("waits_for_cluster")
        (told,) = house.list_events()
        assert (told.type, told.level) == (EventType.OPERATION_WAITING, EventLevel.INFO), "no deadline has passed"
        assert set(names(house)) == {"sweep"}
        house.clock.advance(30)
        pass_over(house, reconciler)
        assert house.get_operation(run).waits_for is None
        assert "submit" in names(house)

    @pytest.mark.requirement("T0-15")
    def test_only_a_passed_deadline_is_overdue(self, house: House, reconciler: Reconciler) -> None:
        run = house.ask(Verb.RUN, FROM_NONE)
        drive(house, reconciler, run)
        house.flink.inject(Fault.SLOW_SAVEPOINT, seconds=3600)
        pause = house.ask(Verb.PAUSE)
        for _ in range(40):
            pass_over(house, reconciler)
            house.clock.advance(20)
        late = house.get_operation(pause)
        assert (late.is_open, late.is_overdue) == (True, True)
        event = house.list_events()[-1]
        assert (event.type, event.level) == (EventType.OPERATION_OVERDUE, EventLevel.WARNING)

    @pytest.mark.requirement("A-33")
    def test_one_whose_turn_comes_later_says_what_it_waits_for(self, house: House, reconciler: Reconciler) -> None:
        run = house.ask(Verb.RUN, FROM_NONE)
        pass_over(house, reconciler)
        stop = house.ask(Verb.STOP, STOP_NONE)
        for _ in range(3):
            pass_over(house, reconciler)
        assert house.get_operation(run).is_open
        queued = house.get_operation(stop)
        assert queued.status is OperationStatus.OPERATING_BEFORE
        assert queued.waits_for == Finding("waits_for_turn", {"verb": "run"})
        told = [event for event in house.list_events() if event.type is EventType.OPERATION_WAITING]
        assert [event.operation_id for event in told] == [stop.id]

    @pytest.mark.requirement("A-33", "U-06")
    def test_what_gives_way_while_another_is_under_way_names_the_newer_one(
        self, house: House, reconciler: Reconciler
    ) -> None:
        house.ask(Verb.RUN, FROM_NONE)
        pass_over(house, reconciler)
        pause = house.ask(Verb.PAUSE)
        house.ask(Verb.STOP, STOP_NONE)
        pass_over(house, reconciler)
        assert house.get_operation(pause).result == Finding("operation_superseded", {"by": "stop"})

    def test_a_job_without_anything_open_is_not_due_again(self, house: House, reconciler: Reconciler) -> None:
        drive(house, reconciler, house.ask(Verb.RUN, FROM_NONE))
        assert pass_over(house, reconciler).again_in is None

    def test_an_idle_savepoint_lane_asks_flink_nothing(self, house: House, reconciler: Reconciler) -> None:
        assert pass_over(house, reconciler, Lane.SAVEPOINT) == PassResult(None, None)
        assert house.flink.calls == []

    def test_while_a_savepoint_is_written_one_call_a_poll_is_enough(self, house: House, reconciler: Reconciler) -> None:
        drive(house, reconciler, house.ask(Verb.RUN, FROM_NONE))
        house.flink.inject(Fault.SLOW_SAVEPOINT, seconds=0.9)
        house.ask(Verb.PAUSE)
        pass_over(house, reconciler)
        house.flink.calls.clear()
        house.clock.advance(0.1)
        pass_over(house, reconciler)
        assert names(house) == ["get_trigger"]


class TestWithoutItsCluster:
    def test_a_start_is_refused_by_name(self, house: House, reconciler: Reconciler) -> None:
        with house.store.write() as work:
            work.clusters.delete(CLUSTER.id)
        run = house.ask(Verb.RUN, FROM_NONE)
        pass_over(house, reconciler)
        closed = house.get_operation(run)
        assert (closed.status, closed.result) == (
            OperationStatus.FAIL,
            Finding("cluster_not_found", {"cluster": "local"}),
        )

    def test_an_act_on_it_is_given_up_before_what_waits_is_answered(self, house: House, reconciler: Reconciler) -> None:
        ended = house.add_instance(1, end=InstanceEnd.CANCELLED, ended_at=ago(minutes=9))
        house.add_intent(intent(IntentKind.CANCEL))
        with house.store.write() as work:
            work.clusters.delete(CLUSTER.id)
        run = house.ask(Verb.RUN, FROM_NONE)
        pass_over(house, reconciler)
        assert [act.status for act in house.list_intents()] == [IntentStatus.GIVEN_UP]
        assert not house.get_operation(run).is_open
        assert house.list_instances() == [ended], "how it ended stands"
        assert EventType.ATTEMPT_ABANDONED in house.list_event_types()

    def test_an_act_of_a_newer_release_is_not_given_up(self, house: House, reconciler: Reconciler) -> None:
        house.add_instance(1)
        run = house.ask(Verb.RUN, FROM_NONE, sent=1)
        foreign = house.add_intent(intent(IntentKind.SUBMIT, format=INTENT_FORMAT + 1, operation_id=run.id))
        with house.store.write() as work:
            work.clusters.delete(CLUSTER.id)
        result = pass_over(house, reconciler)
        assert result.again_in == timedelta(seconds=1), "looked at again, and not at once"
        assert house.list_intents() == [foreign]
        waits_for = house.get_operation(run).waits_for
        assert waits_for is not None
        assert waits_for.code == "intent_format_newer"

    def test_nothing_asked_is_nothing_to_do(self, house: House, reconciler: Reconciler) -> None:
        assert pass_over(house, reconciler) == PassResult(None, None)


class TestWhatWasSeenIsKept:
    @pytest.mark.requirement("D-04", "U-08", "U-09")
    def test_flink_s_own_word_and_since_when_it_is_missing(self, house: House, reconciler: Reconciler) -> None:
        drive(house, reconciler, house.ask(Verb.RUN, FROM_NONE))
        (run,) = house.list_instances()
        house.flink.restart_tasks(run.flink_job_id, 60)
        house.clock.advance(1)
        pass_over(house, reconciler)
        assert house.list_instances()[0].flink_status is FlinkStatus.RESTARTING
        house.flink.restart_job_manager(CLUSTER, 0)
        house.clock.advance(1)
        pass_over(house, reconciler)
        (seen,) = house.list_instances()
        assert seen.absence is not None
        assert (seen.flink_status, seen.absence.sweeps) == (FlinkStatus.RESTARTING, 1)

    @pytest.mark.requirement("T0-27")
    def test_vanished_files_of_a_snapshot(self, house: House, reconciler: Reconciler) -> None:
        house.add_instance(end=InstanceEnd.SUSPENDED)
        kept = house.add_snapshot(path=SAVEPOINT)
        house.save_state(Settled.SUSPENDED, suspended_on=kept.id)
        resume = house.ask(Verb.RESUME)
        pass_over(house, reconciler)
        assert house.list_snapshots() == [replace(kept, path_status=PathStatus.GONE)]
        assert house.get_operation(resume).result == Finding("snapshot_gone", {"path": SAVEPOINT})
        assert house.get_state().settled is Settled.FAILED
        assert "submit" not in names(house)


@pytest.mark.requirement("T0-15")
class TestEveryAnswerIsWrittenDownAsItCame:
    @pytest.mark.parametrize(
        ("fault", "answer", "cause", "backs_off"),
        [
            (Fault.REFUSED, Answer.UNAVAILABLE, "Connection refused", True),
            (Fault.LOST_REQUEST, Answer.OUTCOME_UNKNOWN, "Connection reset", True),
            (Fault.LOST_REPLY, Answer.OUTCOME_UNKNOWN, "Connection reset", True),
            (Fault.HANG, Answer.OUTCOME_UNKNOWN, "timed out", True),
            (Fault.MAIN_THROWS, Answer.REJECTED, "on purpose", False),
            (Fault.SQL_INVALID, Answer.REJECTED, "line 1, column", False),
            (Fault.START_FAILS, Answer.ACCEPTED, "", False),
        ],
    )
    def test_a_submission(
        self, house: House, reconciler: Reconciler, fault: Fault, answer: Answer, cause: str, backs_off: bool
    ) -> None:
        house.ask(Verb.RUN, FROM_NONE)
        house.flink.inject(fault, "submit")
        result = reconciler.pass_over(JOB, Lane.MAIN, None)
        assert isinstance(result.decision, Submit)
        act = house.find_intent()
        assert act is not None
        assert (act.answer, act.answered_at, act.retry_at is not None) == (answer, house.clock.now(), backs_off)
        assert (act.sent_at is None) is (fault is Fault.SQL_INVALID), "that one was refused before it was sent"
        assert cause in act.cause

    @pytest.mark.parametrize(
        ("error", "answer"),
        [
            (FlinkMissing("no such job", status=404), Answer.MISSING),
            (FlinkRejected("DuplicateJobSubmissionException", status=400), Answer.DUPLICATE),
            (FlinkRejected("DuplicateApplicationSubmissionException", status=409), Answer.DUPLICATE),
        ],
        ids=["missing", "duplicate", "duplicate by its new name"],
    )
    def test_by_what_flink_raised(self, house: House, error: FlinkRejected | FlinkMissing, answer: Answer) -> None:
        class Refusing(FakeFlink):
            def submit(self, *_: object) -> None:
                raise error

        own = House(house.store, Refusing(FakeClock(NOW)))
        own.ask(Verb.RUN, FROM_NONE)
        Reconciler(own.tools).pass_over(JOB, Lane.MAIN, None)
        act = own.find_intent()
        assert act is not None
        assert act.answer is answer


def test_the_intent_is_committed_before_the_call_and_no_call_is_made_inside_a_transaction(house: House) -> None:
    found: list[Intent | None] = []

    class Witness(FakeFlink):
        def submit(self, *arguments: object) -> None:
            found.append(own.find_intent())  # a unit of work within another would be refused

    own = House(house.store, Witness(FakeClock(NOW)))
    points: list[str] = []
    reached: Callable[[str], None] = points.append
    own.ask(Verb.RUN, FROM_NONE)
    Reconciler(replace(own.tools, reached=reached)).pass_over(JOB, Lane.MAIN, None)
    assert [act.answer for act in found if act is not None] == [None]
    assert points == ["submit.intent_written", "submit.called", "submit.answer_written"]


def test_calls_are_made_on_behalf_of_job_instance_and_intent(house: House) -> None:
    subjects: list[CallSubject] = []

    class Witness(NoCallLog):
        def about(self, subject: CallSubject) -> AbstractContextManager[None]:
            subjects.append(subject)
            return nullcontext()

    run = house.ask(Verb.RUN, FROM_NONE)
    drive(house, Reconciler(replace(house.tools, calls=Witness())), run)
    with house.store.read() as work:
        (intent,) = work.intents.list_of_job(JOB)
    assert CallSubject(JOB, intent.instance_id, intent.id) in subjects
    assert {subject.job_id for subject in subjects} == {JOB}


def test_a_lost_lease_stops_an_act_before_its_call(house: House, reconciler: Reconciler) -> None:
    lease = house.make_lease()
    assert lease.keep()
    house.ask(Verb.RUN, FROM_NONE)
    house.clock.advance(11)
    assert house.make_lease("another server").keep()
    with pytest.raises(Unavailable) as caught:
        reconciler.pass_over(JOB, Lane.MAIN, lease.fence)
    assert caught.value.code == "lease_lost"
    assert "submit" not in names(house)
    assert house.find_intent() is None


def test_an_open_act_of_an_earlier_server_is_resolved_not_sent_anew(house: House) -> None:
    run = house.ask(Verb.RUN, FROM_NONE)
    Reconciler(house.tools).pass_over(JOB, Lane.MAIN, None)
    house.clock.advance(0.1)
    restarted = Reconciler(house.tools)
    assert isinstance(restarted.pass_over(JOB, Lane.MAIN, None).decision, AwaitOutcome)
    assert drive(house, restarted, run).status is OperationStatus.SUCCESS
    assert names(house).count("submit") == 1
