"""The rows that acting leaves behind: the intent before the call, the outcome after the evidence, events of both."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from headgate.domain.decisions import Cancel, Outcome, SnapshotMade, StopWithSavepoint, Submit, TriggerSavepoint
from headgate.domain.events import EventLevel, EventType
from headgate.domain.instances import FlinkStatus, Instance, InstanceEnd, is_ours
from headgate.domain.intents import Answer, Intent, IntentKind, IntentStatus
from headgate.domain.jobs import Warning
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import Finding, Operation, OperationStatus, Options, StepStatus, StopSnapshot
from headgate.domain.snapshots import SnapshotOrigin, SnapshotStatus
from headgate.reconciler import record
from headgate.reconciler.record import NewIds
from headgate.reconciler.situation import Situation
from tests.unit.domain.facts import JOB, NOW, SAVEPOINT, SECOND, intent, missing, seen
from tests.unit.reconciler.house import House

NONE = Options(snapshot=StopSnapshot.NONE)
LATER = NOW + timedelta(seconds=2)
BOOM = Finding("job_failed", {}, "boom")


def write(house: House, decision: record.Sending, lane: Lane = Lane.MAIN, **look: object) -> tuple[Intent, Instance]:
    situation = house.load(lane)
    with house.store.write() as work:
        return record.write_intent(work, situation, decision, seen(None, **look), NewIds(house.ids, NOW))


def apply(house: House, outcome: Outcome, lane: Lane = Lane.MAIN) -> Situation:
    situation = house.load(lane)
    with house.store.write() as work:
        record.apply_outcome(work, situation, outcome, house.ids, LATER)
    return situation


class TestTheIntentOfAStart:
    @pytest.mark.requirement("U-14", "T0-11", "D-13")
    def test_it_is_written_with_a_new_instance_under_an_id_of_ours(self, house: House) -> None:
        house.ask(Verb.RUN)
        act, made = write(house, Submit("go"))
        assert house.find_intent() == act
        assert house.list_instances() == [made]
        assert (made.number, made.version, made.restored_from, made.is_live) == (1, 1, None, True)
        assert (made.id[:4], act.id[:4]) == ("ins-", "int-")
        assert (act.kind, act.key, act.flink_job_id) == (IntentKind.SUBMIT, made.flink_job_id, made.flink_job_id)
        assert is_ours(made.flink_job_id, JOB)
        assert (act.attempts, act.sent_at, act.answer, act.directory) == (1, NOW, None, None)
        assert house.get_state().recovery is None, "nobody recovers here"

    @pytest.mark.requirement("U-14", "D-16")
    def test_every_run_is_a_new_instance_with_the_next_number(self, house: House) -> None:
        old = house.add_instance(4, end=InstanceEnd.CANCELLED)
        house.ask(Verb.RUN)
        _, made = write(house, Submit("go"))
        assert made.number == 5
        assert made.flink_job_id != old.flink_job_id
        assert house.list_events()[-1].instance_id == made.id, "the event is about the new one"

    @pytest.mark.requirement("T0-25", "T0-27")
    def test_what_it_restores_from_is_kept_with_it(self, house: House) -> None:
        house.add_instance(end=InstanceEnd.SUSPENDED)
        kept = house.add_snapshot()
        house.save_state(Settled.SUSPENDED, suspended_on=kept.id)
        house.ask(Verb.RESUME)
        _, made = write(house, Submit("go"))
        assert (made.restored_from, made.restored_snapshot_id) == (kept.path, kept.id)

    def test_it_remembers_the_jobmanager_it_was_sent_to_and_its_silence_so_far(self, house: House) -> None:
        house.ask(Verb.RUN)
        silence = timedelta(minutes=3)
        act, made = write(house, Submit("go"), incarnation=SECOND, unreachable_total=silence)
        assert (act.incarnation, made.incarnation, act.unreachable_before) == (SECOND, SECOND, silence)

    @pytest.mark.requirement("A-31")
    def test_the_operation_executes_from_now_on_and_cannot_be_taken_back(self, house: House) -> None:
        asked = house.ask(Verb.RUN, waits_for=Finding("waits_for_cluster"))
        write(house, Submit("go"))
        now = house.get_operation(asked)
        assert (now.status, now.started_at, now.has_sent) == (OperationStatus.OPERATING, NOW, True)
        steps = [(step.status, step.started_at, step.ended_at) for step in now.steps]
        assert (steps, now.waits_for) == ([(StepStatus.OPERATING, NOW, None)], None)
        event = house.list_events()[-1]
        assert (event.type, event.facts["because"], event.operation_id) == (
            EventType.SUBMISSION_SENT,
            "go",
            asked.id,
        )


class TestTheIntentOfAStop:
    @pytest.mark.requirement("T0-23", "A-34")
    @pytest.mark.parametrize(
        ("decision", "verb", "lane"),
        [
            pytest.param(StopWithSavepoint("go"), Verb.PAUSE, Lane.MAIN, id="a pause"),
            pytest.param(TriggerSavepoint("go"), Verb.SAVEPOINT, Lane.SAVEPOINT, id="a savepoint"),
        ],
    )
    def test_it_has_a_trigger_id_and_a_directory_of_its_own(
        self, house: House, decision: StopWithSavepoint | TriggerSavepoint, verb: Verb, lane: Lane
    ) -> None:
        run = house.add_instance()
        house.ask(verb)
        act, about = write(house, decision, lane)
        assert about == run
        assert (len(act.key), act.key != run.flink_job_id, act.lane) == (32, True, lane)
        assert act.directory == f"file:///savepoints/{JOB}/{act.id}"

    def test_a_cancellation_goes_by_the_job_s_id(self, house: House) -> None:
        run = house.add_instance()
        house.ask(Verb.STOP, NONE)
        act, _ = write(house, Cancel("go"))
        assert (act.kind, act.key, act.directory) == (IntentKind.CANCEL, run.flink_job_id, None)

    def test_a_cancellation_closes_the_act_that_it_takes_the_place_of(self, house: House) -> None:
        house.add_instance()
        asked = house.ask(Verb.RUN, sent=1)
        house.add_intent(intent(IntentKind.SUBMIT, operation_id=asked.id))
        reason = Finding("start_timed_out", {"status": "CREATED"})
        act, _ = write(house, Cancel("late", closes=IntentStatus.DONE, failing=reason))
        statuses = {i.kind: i.status for i in house.list_intents()}
        assert statuses == {IntentKind.SUBMIT: IntentStatus.DONE, IntentKind.CANCEL: IntentStatus.OPEN}
        assert (act.operation_id, house.get_operation(asked).failing) == (asked.id, reason)

    def test_clearing_a_stray_away_is_no_step_of_the_operation_that_waits(self, house: House) -> None:
        stray = house.add_instance(1, end=InstanceEnd.GIVEN_UP)
        house.add_instance(2, end=InstanceEnd.CANCELLED)
        asked = house.ask(Verb.RUN)
        act, about = write(house, Cancel("it lives", stray=stray.flink_job_id))
        assert (about, act.instance_id, act.operation_id) == (stray, stray.id, None)
        assert not house.get_operation(asked).has_sent
        assert house.list_event_types() == [EventType.STRAY_CANCELLED]


def test_another_attempt_keeps_the_key_and_forgets_what_was_missing_before(house: House) -> None:
    house.add_instance(absence=missing(2, seconds=9))
    first = house.add_intent(intent(IntentKind.SUBMIT, Answer.OUTCOME_UNKNOWN, cause="reset"))
    situation = house.load()
    with house.store.write() as work:
        act, about = record.write_attempt(work, situation, seen(unreachable_total=timedelta(seconds=8)), LATER)
    assert (act.id, act.key) == (first.id, first.key)
    assert (act.attempts, act.sent_at, act.answer) == (2, LATER, None)
    assert act.unreachable_before == timedelta(seconds=8)
    assert about.absence is None
    assert house.list_events()[-1].facts == {"attempts": "2", "cause": "reset"}


class TestAnOutcome:
    @pytest.fixture
    def pause(self, house: House) -> Operation:
        house.add_instance()
        house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
        asked = house.ask(Verb.PAUSE, sent=1)
        house.add_intent(intent(IntentKind.STOP_WITH_SAVEPOINT, operation_id=asked.id))
        return asked

    def test_one_that_changes_nothing_writes_nothing_anew(self, house: House, pause: Operation) -> None:
        before = (house.get_state(), house.list_instances(), house.list_intents(), house.get_operation(pause))
        apply(house, Outcome())
        assert (house.get_state(), house.list_instances(), house.list_intents(), house.get_operation(pause)) == before
        assert house.list_events() == []

    @pytest.mark.requirement("T0-23", "T0-24", "A-25", "A-34", "U-03")
    def test_a_pause_that_succeeded(self, house: House, pause: Operation) -> None:
        apply(
            house,
            Outcome(
                intent=IntentStatus.DONE,
                step_done=True,
                operation=OperationStatus.SUCCESS,
                settled=Settled.SUSPENDED,
                wanted=Wanted.SUSPENDED,
                instance_end=InstanceEnd.SUSPENDED,
                snapshot=SnapshotMade(SAVEPOINT, SnapshotOrigin.STOP_WITH_SAVEPOINT),
                rests_on_snapshot=True,
            ),
        )
        state, (made,), (run,) = house.get_state(), house.list_snapshots(), house.list_instances()
        assert (state.settled, state.wanted, state.suspended_on) == (Settled.SUSPENDED, Wanted.SUSPENDED, made.id)
        assert (made.path, made.instance_id, made.status) == (SAVEPOINT, run.id, SnapshotStatus.COMPLETED)
        assert (run.end, run.ended_at, run.flink_status) == (InstanceEnd.SUSPENDED, LATER, FlinkStatus.FINISHED)
        closed = house.get_operation(pause)
        assert (closed.status, closed.ended_at) == (OperationStatus.SUCCESS, LATER)
        assert (closed.steps[0].status, closed.steps[0].ended_at) == (StepStatus.SUCCESS, LATER)
        assert house.find_intent() is None
        assert house.list_event_types() == [
            EventType.INSTANCE_ENDED,
            EventType.SNAPSHOT_CREATED,
            EventType.OPERATION_SUCCEEDED,
            EventType.STATE_CHANGED,
        ]

    @pytest.mark.requirement("T0-15", "T0-16", "T0-17")
    def test_a_pause_that_failed_leaves_a_sign_with_its_cause(self, house: House, pause: Operation) -> None:
        why = Finding("savepoint_failed", {}, "disk full")
        apply(
            house,
            Outcome(
                intent=IntentStatus.NOT_DONE,
                operation=OperationStatus.FAIL,
                result=why,
                warning=why,
                settled=Settled.RUNNING,
                wanted=Wanted.RUNNING,
            ),
        )
        state, closed = house.get_state(), house.get_operation(pause)
        assert (state.settled, state.warning) == (Settled.RUNNING, Warning(why, LATER, pause.id))
        assert (closed.status, closed.result, closed.steps[0].status) == (OperationStatus.FAIL, why, StepStatus.FAIL)
        event = house.list_events()[-1]
        assert (event.type, event.level) == (EventType.OPERATION_FAILED, EventLevel.ERROR)
        assert (event.facts["code"], event.facts["cause"]) == ("savepoint_failed", "disk full")

    @pytest.mark.requirement("T0-15", "T0-17")
    def test_a_failure_is_an_error_in_the_history_and_says_why(self, house: House) -> None:
        house.add_instance()
        house.save_state(Settled.RUNNING)
        apply(house, Outcome(settled=Settled.FAILED, warning=BOOM, instance_end=InstanceEnd.FAILED))
        told = {event.type: event for event in house.list_events()}
        for kind in (EventType.INSTANCE_ENDED, EventType.STATE_CHANGED):
            assert told[kind].level is EventLevel.ERROR
            assert (told[kind].facts["code"], told[kind].facts["cause"]) == ("job_failed", "boom")

    @pytest.mark.parametrize(
        ("status", "level"),
        [
            pytest.param(OperationStatus.CANCELLED, EventLevel.INFO, id="cut short, as a person asked"),
            pytest.param(OperationStatus.TASK_STATUS_NO_DONE, EventLevel.WARNING, id="its turn came too late"),
            pytest.param(OperationStatus.FAIL, EventLevel.ERROR, id="failed"),
        ],
    )
    def test_how_grave_an_end_without_success_is(
        self, house: House, status: OperationStatus, level: EventLevel
    ) -> None:
        house.ask(Verb.RUN)
        reason = Finding("start_timed_out", {"status": "CREATED"})
        apply(house, Outcome(operation=status, result=reason))
        event = house.list_events()[-1]
        assert (event.type, event.level) == (EventType.OPERATION_FAILED, level)
        assert (event.facts["status"], event.facts["reason_status"]) == (status.value, "CREATED")

    def test_a_step_that_is_done_leaves_the_operation_open(self, house: House) -> None:
        house.add_instance()
        asked = house.ask(Verb.RESTART, Options(keep_state=False), sent=1)
        house.add_intent(intent(IntentKind.CANCEL, operation_id=asked.id))
        apply(house, Outcome(intent=IntentStatus.DONE, step_done=True, instance_end=InstanceEnd.CANCELLED))
        now = house.get_operation(asked)
        assert now.is_open
        assert [step.status for step in now.steps] == [StepStatus.SUCCESS, StepStatus.WAITING]

    def test_what_a_closed_operation_waited_for_is_forgotten(self, house: House) -> None:
        asked = house.ask(Verb.RUN, waits_for=Finding("waits_for_cluster"))
        apply(house, Outcome(operation=OperationStatus.CANCELLED, result=Finding("operation_withdrawn")))
        closed = house.get_operation(asked)
        assert (closed.waits_for, closed.steps[0].status) == (None, StepStatus.WAITING)

    def test_the_same_savepoint_is_recorded_once(self, house: House, pause: Operation) -> None:
        known = house.add_snapshot(path=SAVEPOINT)
        made = SnapshotMade(SAVEPOINT, SnapshotOrigin.STOP_WITH_SAVEPOINT)
        apply(house, Outcome(settled=Settled.SUSPENDED, snapshot=made, rests_on_snapshot=True))
        assert house.list_snapshots() == [known]
        assert house.get_state().suspended_on == known.id

    @pytest.mark.requirement("D-14")
    def test_since_when_all_tasks_run_is_written_once(self, house: House) -> None:
        house.add_instance()
        apply(house, Outcome(instance_running=True))
        assert house.list_instances()[0].running_at == LATER
        [told] = house.list_events()
        assert (told.type, told.facts["number"]) == (EventType.INSTANCE_RUNNING, "1")
        apply(house, Outcome(instance_running=True))
        assert house.list_events() == [told]

    @pytest.mark.requirement("D-04", "D-14")
    @pytest.mark.parametrize(
        ("end", "word"),
        [
            (InstanceEnd.FINISHED, FlinkStatus.FINISHED),
            (InstanceEnd.FAILED, FlinkStatus.FAILED),
            (InstanceEnd.CANCELLED, FlinkStatus.CANCELED),
            (InstanceEnd.SUSPENDED, FlinkStatus.FINISHED),
            (InstanceEnd.LOST, FlinkStatus.RUNNING),
            (InstanceEnd.GIVEN_UP, FlinkStatus.RUNNING),
        ],
    )
    def test_an_ended_instance_has_flink_s_last_word(self, house: House, end: InstanceEnd, word: FlinkStatus) -> None:
        house.add_instance(flink_status=FlinkStatus.RUNNING)
        apply(house, Outcome(instance_end=end))
        assert house.list_instances()[0].flink_status is word

    def test_a_lost_instance_dates_the_wait_for_its_tasks(self, house: House) -> None:
        house.add_instance()
        apply(house, Outcome(instance_end=InstanceEnd.LOST, lost=True))
        assert house.get_state().lost_at == LATER


class TestTheSignBesideTheState:
    """It stays until an operation succeeds; a new one takes its place."""

    SIGN = Warning(Finding("start_failed"), NOW)

    @pytest.mark.requirement("T0-17", "T1-11", "T2-13")
    @pytest.mark.parametrize(
        ("outcome", "left"),
        [
            pytest.param(Outcome(settled=Settled.RUNNING), "start_failed", id="a state alone does not take it away"),
            pytest.param(Outcome(operation=OperationStatus.CANCELLED), "start_failed", id="nor an operation withdrawn"),
            pytest.param(
                Outcome(operation=OperationStatus.TASK_STATUS_NO_DONE), "start_failed", id="nor one not possible"
            ),
            pytest.param(Outcome(operation=OperationStatus.SUCCESS), None, id="a success does"),
            pytest.param(Outcome(warning=BOOM), "job_failed", id="a newer one takes its place"),
            pytest.param(
                Outcome(operation=OperationStatus.SUCCESS, warning=BOOM), "job_failed", id="also that of a success"
            ),
        ],
    )
    def test_how_long_it_stays(self, house: House, outcome: Outcome, left: str | None) -> None:
        house.save_state(Settled.FAILED, warning=self.SIGN)
        house.ask(Verb.RUN)
        apply(house, outcome)
        warning = house.get_state().warning
        assert (warning.finding.code if warning else None) == left


def test_a_given_up_id_is_a_tombstone_and_the_operation_goes_on(house: House) -> None:
    house.add_instance()
    asked = house.ask(Verb.RUN, sent=1)
    house.add_intent(intent(IntentKind.SUBMIT, operation_id=asked.id))
    situation = house.load()
    with house.store.write() as work:
        record.give_up(work, situation, Finding("jobmanager_restarted"), LATER)
    assert house.get_operation(asked).is_open
    assert [i.status for i in house.list_intents()] == [IntentStatus.GIVEN_UP]
    [tombstone] = house.list_instances()
    assert (tombstone.end, tombstone.ended_at, house.get_state().lost_at) == (InstanceEnd.GIVEN_UP, LATER, LATER)
    [told] = house.list_events()
    assert (told.type, told.level) == (EventType.ATTEMPT_ABANDONED, EventLevel.WARNING)
    assert house.load().closed_ids == {house.list_instances()[0].flink_job_id}


@pytest.mark.parametrize(
    ("kind", "is_asked_for", "due"),
    [
        pytest.param(IntentKind.SUBMIT, False, LATER, id="a recovery's own is tried again at once"),
        pytest.param(IntentKind.SUBMIT, True, NOW, id="a person's changes nothing of what is due"),
        pytest.param(IntentKind.CANCEL, False, NOW, id="nor does a cancellation"),
    ],
)
def test_when_recovery_is_due_after_an_id_was_given_up(
    house: House, kind: IntentKind, is_asked_for: bool, due: datetime
) -> None:
    house.add_instance()
    house.save_state(Settled.FAILED, wanted=Wanted.RUNNING, recovery_at=NOW)
    asked = house.ask(Verb.RUN, sent=1) if is_asked_for else None
    house.add_intent(intent(kind, operation_id=asked.id if asked is not None else None))
    situation = house.load()
    with house.store.write() as work:
        record.give_up(work, situation, Finding("jobmanager_restarted"), LATER)
    assert house.get_state().recovery_at == due


def test_an_operation_that_never_sent_anything_closes_cancelled(house: House) -> None:
    asked = house.ask(Verb.RUN)
    finding = Finding("operation_superseded", {"by": "stop"})
    situation = replace(house.load(), operation=None)
    with house.store.write() as work:
        record.close_operation(work, situation, asked, finding, EventType.OPERATION_SUPERSEDED, LATER)
    expected = replace(asked, status=OperationStatus.CANCELLED, result=finding, ended_at=LATER)
    assert house.get_operation(asked) == expected
    event = house.list_events()[-1]
    assert (event.type, event.operation_id) == (EventType.OPERATION_SUPERSEDED, asked.id)
