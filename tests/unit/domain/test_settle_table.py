"""The settle table, row by row: what was seen and what was under way -> where the job comes to rest.

Each row of the design stands here as the look that meets it and the whole decision that follows; the
columns `settled` and `wanted` say `-` where nothing changes.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from headgate.domain.decisions import AwaitOutcome, JobFacts, Outcome
from headgate.domain.instances import FlinkStatus, InstanceEnd
from headgate.domain.intents import Answer, Intent, IntentKind, IntentStatus
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.observation import Seen, TriggerStatus
from headgate.domain.operations import Finding, Operation, OperationStatus, Options, RestoreFrom, StopSnapshot
from tests.unit.domain.facts import (
    FOUND,
    NOTHING_LEFT,
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
    operation,
    running,
    seen,
    settled,
    unreachable,
)

SUBMIT, STOP, CANCEL = IntentKind.SUBMIT, IntentKind.STOP_WITH_SAVEPOINT, IntentKind.CANCEL
CREATE, NONE = Options(snapshot=StopSnapshot.CREATE), Options(snapshot=StopSnapshot.NONE)
KEEP = Options(keep_state=True)
NO_SLOTS = "java.util.concurrent.CompletionException: NoResourceAvailableException: Could not acquire the minimum"
STARTING = job(Settled.CANCELLED, instance(), state_wanted=Wanted.CANCELLED)
RESUMING = job(Settled.SUSPENDED, instance(), state_wanted=Wanted.SUSPENDED)
SLOW = Finding("start_timed_out", {"status": "CREATED"})
TIMED_OUT = operation(Verb.RUN, sent=1, failing=SLOW)


@dataclass(frozen=True)
class Row:
    """One row; `warning` is the code of the sign beside the state, `closes` how the operation ends."""

    id: str
    facts: JobFacts
    asked: Operation | None
    act: Intent | None
    look: Seen
    settled: Settled | None
    wanted: Wanted | None
    closes: OperationStatus | None
    warning: str | None
    more: dict[str, Any] = field(default_factory=dict)


ALIVE = [
    Row(
        "a pause failed, our instance lives",
        running(), operation(Verb.PAUSE, sent=1), intent(STOP),
        seen(FlinkStatus.RUNNING, trigger=failed("disk full")),
        Settled.RUNNING, Wanted.RUNNING, OperationStatus.FAIL, "savepoint_failed",
    ),
    Row(
        "a pause was refused, our instance lives",
        running(), operation(Verb.PAUSE, sent=1), intent(STOP, Answer.REJECTED, cause="not now"),
        seen(FlinkStatus.RUNNING, trigger=TriggerStatus.UNKNOWN),
        Settled.RUNNING, Wanted.RUNNING, OperationStatus.FAIL, "stop_not_done",
    ),
    Row(
        "a stop with a snapshot failed, our instance lives",
        running(), operation(Verb.STOP, CREATE, sent=1), intent(STOP),
        seen(FlinkStatus.RUNNING, trigger=failed()),
        Settled.RUNNING, Wanted.RUNNING, OperationStatus.FAIL, "savepoint_failed",
    ),
    Row(
        "a restart with its state failed to stop, our instance lives",
        running(), operation(Verb.RESTART, KEEP, sent=1), intent(STOP),
        seen(FlinkStatus.RUNNING, trigger=failed()),
        Settled.RUNNING, Wanted.RUNNING, OperationStatus.FAIL, "savepoint_failed",
    ),
    Row(
        "steady: it rests FAILED, but our instance lives",
        job(Settled.FAILED, instance()), None, None,
        seen(FlinkStatus.RUNNING),
        Settled.RUNNING, Wanted.RUNNING, None, None,
    ),
    Row(
        "started: all tasks run",
        STARTING, operation(Verb.RUN, sent=1), intent(SUBMIT),
        seen(FlinkStatus.RUNNING, tasks_running=True),
        Settled.RUNNING, Wanted.RUNNING, OperationStatus.SUCCESS, None, {"instance_running": True},
    ),
]  # fmt: skip

SAVEPOINT_MADE = [
    Row(
        "a pause made its savepoint and the job ended",
        running(), operation(Verb.PAUSE, sent=1), intent(STOP),
        seen(FlinkStatus.FINISHED, trigger=completed()),
        Settled.SUSPENDED, Wanted.SUSPENDED, OperationStatus.SUCCESS, None, {"rests_on_snapshot": True},
    ),
    Row(
        "a stop made its savepoint and the job ended",
        running(), operation(Verb.STOP, CREATE, sent=1), intent(STOP),
        seen(FlinkStatus.FINISHED, trigger=completed()),
        Settled.CANCELLED, Wanted.CANCELLED, OperationStatus.SUCCESS, None, {"rests_on_snapshot": False},
    ),
    Row(
        "a pause made its savepoint, the job failed while stopping",
        running(), operation(Verb.PAUSE, sent=1), intent(STOP),
        seen(FlinkStatus.FAILED, trigger=failed("failed while stopping"), evidence=FOUND),
        Settled.SUSPENDED, Wanted.SUSPENDED, OperationStatus.SUCCESS, "savepoint_made_job_failed",
        {"rests_on_snapshot": True},
    ),
    Row(
        "a stop made its savepoint, the job failed while stopping",
        running(), operation(Verb.STOP, CREATE, sent=1), intent(STOP),
        seen(FlinkStatus.FAILED, trigger=completed(failure="failed while stopping")),
        Settled.CANCELLED, Wanted.CANCELLED, OperationStatus.SUCCESS, "savepoint_made_job_failed",
    ),
    Row(
        "inside a restart: go on to submit",
        running(), operation(Verb.RESTART, KEEP, sent=1), intent(STOP),
        seen(FlinkStatus.FAILED, trigger=failed(), evidence=FOUND),
        None, None, None, "savepoint_made_job_failed", {"step_done": True, "rests_on_snapshot": True},
    ),
    Row(
        "a restart ended after its stop made a savepoint",
        job(Settled.RUNNING, instance(2), state_suspended_on="snap-1"), operation(Verb.RESTART, KEEP, sent=2),
        intent(SUBMIT, instance_id="ins-2"), seen(FlinkStatus.FAILED, failure=NO_SLOTS),
        Settled.SUSPENDED, Wanted.SUSPENDED, OperationStatus.FAIL, "flink_no_slots", {"forget_pause": False},
    ),
]  # fmt: skip

FAILED_RESUME = [
    Row(
        "a resume failed, the pause's snapshot still exists",
        RESUMING, operation(Verb.RESUME, sent=1), intent(SUBMIT),
        seen(FlinkStatus.FAILED, failure="boom"),
        Settled.SUSPENDED, Wanted.SUSPENDED, OperationStatus.FAIL, "start_failed", {"forget_pause": False},
    ),
    Row(
        "a run out of SUSPENDED failed, the pause's snapshot still exists",
        RESUMING, operation(Verb.RUN, Options(restore_from=RestoreFrom.NONE), sent=1), intent(SUBMIT),
        seen(FlinkStatus.FAILED, failure="boom"),
        Settled.SUSPENDED, Wanted.SUSPENDED, OperationStatus.FAIL, "start_failed", {"forget_pause": False},
    ),
    Row(
        "a resume timed out and was cancelled",
        RESUMING, operation(Verb.RESUME, sent=1, failing=SLOW), intent(CANCEL),
        seen(FlinkStatus.CANCELED),
        Settled.SUSPENDED, Wanted.SUSPENDED, OperationStatus.FAIL, "start_timed_out", {"forget_pause": False},
    ),
    Row(
        "a resume failed, and the pause's snapshot is gone",
        job(Settled.SUSPENDED, instance(), pause_is_gone=True), operation(Verb.RESUME, sent=1), intent(SUBMIT),
        seen(FlinkStatus.FAILED, failure="boom"),
        Settled.FAILED, Wanted.RUNNING, OperationStatus.FAIL, "start_failed", {"forget_pause": True},
    ),
]  # fmt: skip

GONE_WHILE_STOPPING = [
    Row(
        "FINISHED, the stop failed, nothing in the intent's directory",
        running(), operation(Verb.PAUSE, sent=1), intent(STOP),
        seen(FlinkStatus.FINISHED, trigger=failed(), evidence=NOTHING_LEFT),
        Settled.FINISHED, Wanted.CANCELLED, OperationStatus.FAIL, "finished_while_stopping",
    ),
    Row(
        "cancelled outside while pausing",
        running(), operation(Verb.PAUSE, sent=1), intent(STOP),
        seen(FlinkStatus.CANCELED, trigger=failed(), evidence=NOTHING_LEFT),
        Settled.CANCELLED, Wanted.CANCELLED, OperationStatus.FAIL, "cancelled_outside",
    ),
    Row(
        "failed while pausing, no savepoint",
        running(), operation(Verb.PAUSE, sent=1), intent(STOP),
        seen(FlinkStatus.FAILED, failure="boom", trigger=failed(), evidence=NOTHING_LEFT),
        Settled.FAILED, Wanted.CANCELLED, OperationStatus.FAIL, "failed_while_stopping",
    ),
    Row(
        "lost with its JobManager while pausing, no savepoint",
        running(), operation(Verb.PAUSE, sent=1), intent(STOP),
        seen(trigger=TriggerStatus.UNKNOWN, evidence=NOTHING_LEFT, **RESTARTED),
        Settled.CANCELLED, Wanted.CANCELLED, OperationStatus.FAIL, "lost_while_stopping",
        {"lost": True, "instance_end": InstanceEnd.LOST},
    ),
    Row(
        "gone after a cancellation",
        running(), operation(Verb.STOP, NONE, sent=1), intent(CANCEL),
        seen(FlinkStatus.CANCELED),
        Settled.CANCELLED, Wanted.CANCELLED, OperationStatus.SUCCESS, None,
    ),
    Row(
        "gone after a cancellation, and Flink says FAILED",
        running(), operation(Verb.STOP, NONE, sent=1), intent(CANCEL),
        seen(FlinkStatus.FAILED, failure="boom"),
        Settled.FAILED, Wanted.CANCELLED, OperationStatus.SUCCESS, "job_failed",
    ),
    Row(
        "gone with its JobManager after a cancellation",
        running(), operation(Verb.STOP, NONE, sent=1), intent(CANCEL),
        seen(**RESTARTED),
        Settled.CANCELLED, Wanted.CANCELLED, OperationStatus.SUCCESS, None, {"lost": True},
    ),
]  # fmt: skip

FAILED_START = [
    Row(
        "a run failed: no free slots",
        STARTING, operation(Verb.RUN, sent=1), intent(SUBMIT),
        seen(FlinkStatus.FAILED, failure=NO_SLOTS),
        Settled.FAILED, Wanted.RUNNING, OperationStatus.FAIL, "flink_no_slots",
    ),
    Row(
        "a run timed out; the attempt was cancelled first",
        STARTING, TIMED_OUT, intent(CANCEL),
        seen(FlinkStatus.CANCELED),
        Settled.FAILED, Wanted.RUNNING, OperationStatus.FAIL, "start_timed_out",
    ),
    Row(
        "a run was refused and no job is there",
        STARTING, operation(Verb.RUN, sent=1), intent(SUBMIT, Answer.REJECTED, cause="no"),
        seen(),
        Settled.FAILED, Wanted.RUNNING, OperationStatus.FAIL, "start_rejected",
        {"instance_end": InstanceEnd.NOT_STARTED, "intent": IntentStatus.NOT_DONE},
    ),
    Row(
        "an accepted run went with its JobManager",
        STARTING, operation(Verb.RUN, sent=1), intent(SUBMIT),
        seen(**RESTARTED),
        Settled.FAILED, Wanted.RUNNING, OperationStatus.FAIL, "jobmanager_restarted", {"lost": True},
    ),
    Row(
        "the submit of a restart without state failed",
        running(), operation(Verb.RESTART, Options(keep_state=False), sent=2), intent(SUBMIT),
        seen(FlinkStatus.FAILED, failure="boom"),
        Settled.FAILED, Wanted.RUNNING, OperationStatus.FAIL, "start_failed",
    ),
]  # fmt: skip

STEADY = [
    Row(
        "FAILED",
        running(), None, None, seen(FlinkStatus.FAILED, failure="boom"),
        Settled.FAILED, None, None, "job_failed", {"instance_end": InstanceEnd.FAILED},
    ),
    Row(
        "lost with its JobManager",
        running(), None, None, seen(**RESTARTED),
        Settled.FAILED, None, None, "lost_with_cluster", {"instance_end": InstanceEnd.LOST, "lost": True},
    ),
    Row(
        "FINISHED by itself",
        running(), None, None, seen(FlinkStatus.FINISHED),
        Settled.FINISHED, Wanted.CANCELLED, None, None, {"instance_end": InstanceEnd.FINISHED},
    ),
    Row(
        "CANCELED outside Headgate",
        running(), None, None, seen(FlinkStatus.CANCELED),
        Settled.CANCELLED, Wanted.CANCELLED, None, "cancelled_outside", {"instance_end": InstanceEnd.CANCELLED},
    ),
    Row(
        "an operation waits, and the job ended before anything was sent: its end comes first",
        running(), operation(Verb.PAUSE), None, seen(FlinkStatus.FAILED, failure="boom"),
        Settled.FAILED, None, None, "job_failed", {"instance_end": InstanceEnd.FAILED},
    ),
]  # fmt: skip

ROWS = {
    "alive": ALIVE,
    "savepoint made": SAVEPOINT_MADE,
    "failed resume": FAILED_RESUME,
    "gone while stopping": GONE_WHILE_STOPPING,
    "failed start": FAILED_START,
    "steady": STEADY,
}

OUTCOMES = pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{name}: {row.id}") for name, rows in ROWS.items() for row in rows]
)


@pytest.mark.requirement("T0-15", "T0-16", "T1-11", "T2-13", "A-26", "A-27", "A-29", "A-36", "D-06")
@OUTCOMES
def test_where_the_job_comes_to_rest(row: Row) -> None:
    outcome = settled(decided(row.facts, row.look, row.asked, row.act))
    assert (outcome.settled, outcome.wanted) == (row.settled, row.wanted)
    assert outcome.operation is row.closes
    assert (outcome.warning.code if outcome.warning else None) == row.warning
    assert {name: getattr(outcome, name) for name in row.more} == row.more


@pytest.mark.requirement("T0-17", "T0-18")
@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=row.id) for rows in ROWS.values() for row in rows if row.closes is OperationStatus.FAIL],
)
def test_what_did_not_succeed_says_the_same_in_its_result_and_beside_the_state(row: Row) -> None:
    outcome = settled(decided(row.facts, row.look, row.asked, row.act))
    assert outcome.result is not None
    assert outcome.result == outcome.warning


@pytest.mark.requirement("T0-24", "U-03")
@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in SAVEPOINT_MADE[:5]])
def test_a_stop_that_made_a_savepoint_records_it_and_ends_the_instance(row: Row) -> None:
    outcome = settled(decided(row.facts, row.look, row.asked, row.act))
    assert outcome.snapshot is not None
    assert outcome.snapshot.path == SAVEPOINT
    assert (outcome.intent, outcome.instance_end) == (IntentStatus.DONE, InstanceEnd.SUSPENDED)


@pytest.mark.requirement("U-09", "A-30", "D-08")
@pytest.mark.parametrize(
    ("asked", "act"),
    [
        pytest.param(operation(Verb.RUN, sent=1), intent(SUBMIT), id="a start"),
        pytest.param(operation(Verb.PAUSE, sent=1), intent(STOP), id="a pause"),
        pytest.param(operation(Verb.STOP, NONE, sent=1), intent(CANCEL), id="a cancellation"),
    ],
)
def test_what_was_not_observed_settles_nothing(asked: Operation, act: Intent) -> None:
    old = {"incarnation": SECOND, "unreachable_total": ago() - ago(hours=5)}
    decision = decided(running(), unreachable(**old), asked, act, now=ago(hours=-5))
    assert isinstance(decision, AwaitOutcome)
    assert decision.waits_for == Finding("waits_for_cluster")


def test_no_row_rests_on_a_pause_without_its_snapshot() -> None:
    for row in [row for rows in ROWS.values() for row in rows if row.settled is Settled.SUSPENDED]:
        outcome: Outcome = settled(decided(row.facts, row.look, row.asked, row.act))
        assert outcome.rests_on_snapshot or row.facts.state.suspended_on
        assert not outcome.forget_pause


@OUTCOMES
def test_every_row_closes_its_act_and_a_lost_instance_is_dated(row: Row) -> None:
    outcome = settled(decided(row.facts, row.look, row.asked, row.act))
    assert (outcome.intent is not None) is (row.act is not None)
    assert outcome.lost is (outcome.instance_end is InstanceEnd.LOST)


@OUTCOMES
def test_a_pause_is_forgotten_once_the_job_rests_elsewhere_or_was_started_anew(row: Row) -> None:
    outcome = settled(decided(row.facts, row.look, row.asked, row.act))
    elsewhere = outcome.settled in {Settled.CANCELLED, Settled.FINISHED, Settled.FAILED}
    started = row.act is not None and row.act.kind is SUBMIT and outcome.operation is OperationStatus.SUCCESS
    assert outcome.forget_pause is (elsewhere or started)


LOST_CANCELLATIONS = [
    pytest.param(operation(Verb.RESTART, Options(keep_state=False), sent=1), None, id="inside a restart"),
    pytest.param(TIMED_OUT, Settled.FAILED, id="of a start that took too long"),
    pytest.param(
        operation(Verb.PAUSE, sent=1, failing=Finding("overridden_by_force")), Settled.CANCELLED, id="by force"
    ),
    pytest.param(None, Settled.CANCELLED, id="whose operation is gone"),
]


@pytest.mark.parametrize(("asked", "rests"), LOST_CANCELLATIONS)
def test_a_cancelled_instance_that_went_with_its_jobmanager(asked: Operation | None, rests: Settled | None) -> None:
    outcome = settled(decided(running(), seen(None, **RESTARTED), asked, intent(CANCEL)))
    assert (outcome.intent, outcome.instance_end, outcome.lost) == (IntentStatus.DONE, InstanceEnd.LOST, True)
    assert outcome.settled is rests


def test_a_cancellation_whose_operation_is_gone_still_says_that_nothing_is_wanted() -> None:
    outcome = settled(decided(running(), seen(FlinkStatus.CANCELED), None, intent(CANCEL)))
    assert (outcome.wanted, outcome.instance_end) == (Wanted.CANCELLED, InstanceEnd.CANCELLED)


def test_a_stop_whose_operation_is_gone_pauses_on_the_savepoint_that_it_made() -> None:
    outcome = settled(decided(running(), seen(FlinkStatus.FINISHED, trigger=completed()), None, intent(STOP)))
    assert (outcome.settled, outcome.rests_on_snapshot) == (Settled.SUSPENDED, True)


@pytest.mark.parametrize(
    ("asked", "act"),
    [(None, None), (operation(Verb.STOP, NONE, sent=1), intent(CANCEL))],
    ids=["by itself", "while being cancelled"],
)
def test_a_job_that_failed_says_so_in_flink_s_own_text(asked: Operation | None, act: Intent | None) -> None:
    outcome = settled(decided(running(), seen(FlinkStatus.FAILED, failure="boom"), asked, act))
    assert outcome.warning == Finding("job_failed", {}, "boom")


def test_a_restart_without_state_forgets_the_pause_and_goes_on() -> None:
    asked = operation(Verb.RESTART, Options(keep_state=False), sent=1)
    outcome = settled(decided(running(), seen(FlinkStatus.CANCELED), asked, intent(CANCEL)))
    assert (outcome.forget_pause, outcome.instance_end, outcome.operation) == (True, InstanceEnd.CANCELLED, None)
