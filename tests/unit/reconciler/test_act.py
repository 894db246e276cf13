"""How a decision is carried out: what each call is given, what it says when it is refused, what the log tells."""

import logging
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from headgate.domain.artifacts import Artifact
from headgate.domain.calls import CallSubject
from headgate.domain.decisions import (
    Cancel,
    Decision,
    Nothing,
    Outcome,
    Settle,
    SnapshotMade,
    StopWithSavepoint,
    Submit,
    TriggerSavepoint,
)
from headgate.domain.errors import Conflict, FlinkError, HeadgateError, Invalid, NotFound, Problem
from headgate.domain.intents import Answer, IntentKind
from headgate.domain.lifecycle import Lane, Verb
from headgate.domain.operations import ClaimMode, Finding, Options, RestoreFrom, SavepointFormat, StopSnapshot
from headgate.domain.snapshots import Snapshot, SnapshotOrigin
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.artifacts import StoredFile
from headgate.ports.calls import NoCallLog
from headgate.ports.flink import SavepointOrder, Submission
from headgate.reconciler.act import act, describe
from tests.fakes.clock import FakeClock
from tests.fakes.flink import FakeFlink
from tests.fakes.history import FakeSavepoint
from tests.unit.domain.facts import FLINK_JOB, JOB, NOW, SAVEPOINT, ago, intent, seen
from tests.unit.reconciler.house import House

SPLIT = Problem("spec.sql", "sql_syntax", message="Encountered SELEC", line=3, column=7)
NAMED = Problem("spec.artifact", "artifact_not_found", facts=(("artifact", "orders.jar"),))


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        pytest.param(Conflict("job_name_taken", name="orders"), 1, id="a sentence"),
        pytest.param(Conflict("job_name_taken", name="orders", cause="unique"), 2, id="its cause"),
        pytest.param(Invalid("sql_invalid", problems=[SPLIT, NAMED], cause="at line 3"), 4, id="each problem"),
    ],
)
def test_an_error_of_ours_is_kept_as_a_text_of_whole_lines(error: HeadgateError, lines: int) -> None:
    text = describe(error)
    assert len(text.splitlines()) == lines
    assert text.isascii(), "in English"
    assert "?" not in text
    assert text.splitlines()[-1] == (error.cause or text)


def test_a_problem_is_named_by_its_place_and_in_flink_s_words_or_else_in_ours() -> None:
    _, split, named = describe(Invalid("sql_invalid", problems=[SPLIT, NAMED])).splitlines()
    assert split == "line 3, column 7: Encountered SELEC"
    assert named == "There is no jar with the id orders.jar."


class Listening(FakeFlink):
    """It keeps what each call was given."""

    def __init__(self) -> None:
        super().__init__(FakeClock(NOW))
        self.submissions: list[Submission] = []
        self.orders: list[SavepointOrder] = []

    def submit(self, cluster: object, submission: Submission) -> None:
        self.submissions.append(submission)

    def stop_with_savepoint(self, cluster: object, order: SavepointOrder) -> None:
        self.orders.append(order)

    trigger_savepoint = stop_with_savepoint


class Shelf:
    """Every artifact lies in one folder."""

    def store(self, content: BinaryIO) -> StoredFile:
        raise NotImplementedError

    def get_path(self, digest: str) -> Path:
        return Path("/artifacts") / digest

    def delete(self, digest: str) -> None:
        raise NotImplementedError


@pytest.fixture
def flink() -> Listening:
    return Listening()


@pytest.fixture
def own(house: House, flink: Listening) -> House:
    return House(house.store, flink)


def start(own: House, decision: Decision) -> None:
    tools = replace(own.tools, files=Shelf())
    assert act(tools, decision, own.load(), seen(), None)


class TestASubmission:
    def test_carries_the_options_of_whoever_asked(self, own: House, flink: Listening) -> None:
        own.ask(Verb.RUN, Options(RestoreFrom.NONE, claim_mode=ClaimMode.CLAIM, allow_non_restored_state=True))
        start(own, Submit("go"))
        [sent] = flink.submissions
        assert (sent.claim_mode, sent.allow_non_restored_state, sent.jar) == (ClaimMode.CLAIM, True, None)
        assert (sent.instance, sent.job_name) == (own.list_instances()[0], own.load().job.name)
        assert sent.may_send()

    def test_of_a_recovery_has_nothing_of_an_operation_that_waits_meanwhile(self, own: House, flink: Listening) -> None:
        own.ask(Verb.RUN, Options(RestoreFrom.NONE, claim_mode=ClaimMode.CLAIM, allow_non_restored_state=True))
        start(own, Submit("due", is_recovery=True))
        [sent] = flink.submissions
        assert (sent.claim_mode, sent.allow_non_restored_state) == (ClaimMode.NO_CLAIM, False)

    @pytest.mark.parametrize("by", ["name", "id"])
    def test_of_a_jar_carries_its_file(self, house: House, flink: Listening, by: str) -> None:
        own = House(house.store, flink)
        jar = Artifact("art-1", "default", "orders.jar", "d1", 3, "", NOW, "ann")
        spec = JobSpec(JobType.JAR, artifact=jar.name if by == "name" else jar.id)
        with own.store.write() as work:
            work.artifacts.add(jar)
            work.artifacts.add(Artifact("art-2", "other", "orders.jar", "d2", 3, "", NOW, "bob"))
            version = work.jobs.get_version(JOB, 1)
            work.jobs.add_version(replace(version, number=2, spec=spec))
        own.ask(Verb.RUN, Options(RestoreFrom.NONE), version=2)
        start(own, Submit("go"))
        assert [sent.jar for sent in flink.submissions] == [Path("/artifacts/d1")]


@pytest.mark.parametrize(
    ("verb", "lane", "decision"),
    [
        pytest.param(Verb.SAVEPOINT, Lane.SAVEPOINT, TriggerSavepoint("go"), id="a savepoint"),
        pytest.param(Verb.PAUSE, Lane.MAIN, StopWithSavepoint("go"), id="a stop"),
    ],
)
def test_a_savepoint_is_ordered_in_the_form_and_the_place_that_are_its_own(
    own: House, flink: Listening, verb: Verb, lane: Lane, decision: Decision
) -> None:
    run = own.add_instance()
    own.ask(verb, Options(format=SavepointFormat.NATIVE))
    act(own.tools, decision, own.load(lane), seen(), None)
    [written] = own.list_intents()
    assert written.directory is not None
    assert flink.orders == [SavepointOrder(run.flink_job_id, written.key, written.directory, SavepointFormat.NATIVE)]


def test_a_stop_that_nobody_asked_for_is_ordered_in_the_form_that_all_engines_read(
    own: House, flink: Listening
) -> None:
    own.add_instance()
    act(own.tools, StopWithSavepoint("go"), own.load(), seen(), None)
    assert [order.format for order in flink.orders] == [SavepointFormat.CANONICAL]


def test_a_call_is_made_in_the_name_of_its_act_and_an_accepted_one_forgets_why_the_last_was_not(own: House) -> None:
    subjects: list[CallSubject] = []

    class Witness(NoCallLog):
        def about(self, subject: CallSubject) -> AbstractContextManager[None]:
            subjects.append(subject)
            return nullcontext()

    run = own.add_instance()
    asked = own.ask(Verb.RUN, Options(RestoreFrom.NONE), sent=1)
    sent = own.add_intent(intent(IntentKind.SUBMIT, Answer.OUTCOME_UNKNOWN, operation_id=asked.id, cause="reset"))
    act(replace(own.tools, calls=Witness()), Submit("again", repeat=True), own.load(), seen(), None)
    assert subjects == [CallSubject(JOB, run.id, sent.id)]
    assert [(written.answer, written.cause) for written in own.list_intents()] == [(Answer.ACCEPTED, "")]


class TestASettling:
    MADE = SnapshotMade(SAVEPOINT, SnapshotOrigin.USER_REQUEST)

    WRITTEN_AT = ago(hours=3)

    def settle(self, house: House, made: SnapshotMade) -> Snapshot:
        house.add_instance()
        house.flink.disk.savepoints[SAVEPOINT] = FakeSavepoint(SAVEPOINT, FLINK_JOB, (FLINK_JOB,), 1.0, self.WRITTEN_AT)
        assert act(house.tools, Settle("done", Outcome(snapshot=made)), house.load(), seen(), None)
        [kept] = house.list_snapshots()
        return kept

    def test_measures_the_snapshot_that_was_made(self, house: House) -> None:
        assert self.settle(house, self.MADE).size == house.flink.measure_snapshot(SAVEPOINT).size == 1024

    @pytest.mark.requirement("U-05")
    def test_dates_it_by_its_files_however_late_it_was_noticed(self, house: House) -> None:
        assert self.settle(house, self.MADE).created_at == self.WRITTEN_AT

    def test_believes_a_size_that_is_known(self, house: House) -> None:
        assert self.settle(house, replace(self.MADE, size=3)).size == 3

    def test_does_without_where_nobody_can_measure(self, house: House) -> None:
        kept = self.settle(house, replace(self.MADE, path="file:///elsewhere"))
        assert (kept.size, kept.created_at) == (None, house.clock.now())


@pytest.mark.parametrize(
    ("decision", "level", "text"),
    [
        pytest.param(Settle("it ended", Outcome()), "INFO", "Settle (it ended)", id="done"),
        pytest.param(
            Settle("it broke", Outcome(warning=Finding("job_failed"))), "WARNING", "it broke (job_failed)", id="a sign"
        ),
    ],
)
def test_what_was_done_is_one_line_and_a_sign_stands_out(
    house: House, caplog: pytest.LogCaptureFixture, decision: Decision, level: str, text: str
) -> None:
    with caplog.at_level(logging.INFO, "headgate.reconciler.act"):
        act(house.tools, decision, house.load(), seen(), None)
    [line] = caplog.records
    assert (line.levelname, line.getMessage()) == (level, f"job name of {JOB}: {text}")


def test_where_nothing_is_to_be_done_nothing_is_done_and_nothing_logged(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    assert not act(house.tools, Nothing("all is well"), house.load(), seen(), None)
    assert (house.list_events(), caplog.records) == ([], [])


class TestARefusalOnOurSide:
    """A byte of an earlier attempt may have been sent: that is not forgotten."""

    @pytest.mark.parametrize(("attempts", "was_sent"), [(0, False), (1, True)], ids=["the first", "a further one"])
    def test_is_no_sending_of_its_own(self, house: House, attempts: int, was_sent: bool) -> None:
        class Missing(FakeFlink):
            def submit(self, *_: object) -> None:
                raise NotFound("artifact_file_missing", digest="d1")

        own = House(house.store, Missing(FakeClock(NOW)))
        asked = own.ask(Verb.RUN, Options(RestoreFrom.NONE), sent=attempts)
        if attempts:
            own.add_instance()
            own.add_intent(intent(IntentKind.SUBMIT, Answer.OUTCOME_UNKNOWN, operation_id=asked.id))
        act(own.tools, Submit("go", repeat=bool(attempts)), own.load(), seen(), None)
        written = own.find_intent()
        assert written is not None
        assert (written.answer, written.sent_at is not None) == (Answer.REJECTED, was_sent)


def test_an_error_of_flink_s_that_says_nothing_clear_leaves_the_outcome_open(house: House) -> None:
    class Strange(FakeFlink):
        def cancel(self, *_: object) -> None:
            raise FlinkError("what is this", status=302)

    own = House(house.store, Strange(FakeClock(NOW)))
    own.add_instance()
    own.ask(Verb.STOP, Options(snapshot=StopSnapshot.NONE))
    act(own.tools, Cancel("go"), own.load(), seen(), None)
    written = own.find_intent()
    assert written is not None
    assert (written.answer, written.cause) == (Answer.OUTCOME_UNKNOWN, "what is this")
    assert written.retry_at is not None
    assert timedelta(seconds=0.75) <= written.retry_at - NOW <= timedelta(seconds=1.25)


def test_nothing_is_sent_once_the_lease_is_gone(house: House) -> None:
    asked: list[int | None] = []

    def may_send(fence: int | None) -> bool:
        asked.append(fence)
        return False

    lease = house.make_lease()
    assert lease.keep()
    house.add_instance()
    house.ask(Verb.STOP, Options(snapshot=StopSnapshot.NONE))
    act(replace(house.tools, may_send=may_send), Cancel("go"), house.load(), seen(), lease.fence)
    written = house.find_intent()
    assert written is not None
    assert (written.answer, house.flink.calls, asked) == (Answer.UNAVAILABLE, [], [lease.fence])
    assert written.cause == "nothing was sent: this server does not hold the lease any more"
