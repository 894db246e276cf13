"""Carries a decision out: intent row, then the call, then the row of its answer.

Nothing is interpreted here: an answer is written down as it came, and `decide` reads it in the next
pass. No call is ever made inside a transaction. `reached` is told after every commit and call
(`points.py`), so that a test can end the process at each of them.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from random import Random

from headgate.domain.calls import CallSubject
from headgate.domain.catalogue import Language, message
from headgate.domain.decisions import (
    Cancel,
    Decision,
    DeclareLost,
    GiveUp,
    Outcome,
    Settle,
    StopWithSavepoint,
    Submit,
    TriggerSavepoint,
)
from headgate.domain.errors import (
    FlinkError,
    FlinkMissing,
    FlinkRejected,
    FlinkUnavailable,
    HeadgateError,
)
from headgate.domain.instances import Instance
from headgate.domain.intents import Answer, Intent, IntentKind
from headgate.domain.observation import Seen
from headgate.domain.policy import Policy, choose_back_off
from headgate.ports.artifacts import ArtifactFiles
from headgate.ports.calls import CallLog, NoCallLog
from headgate.ports.clock import Clock
from headgate.ports.flink import FlinkGateway, MaySend, SavepointOrder, Submission
from headgate.ports.ids import Ids
from headgate.ports.store import Store
from headgate.reconciler import declared, record
from headgate.reconciler.points import Point, Reached
from headgate.reconciler.situation import Situation

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What acting takes from outside; `reached` is told each point that was passed.

    `may_send` says whether this server may still call Flink under a fence, `awaits_predecessor` whether
    a submission of an earlier server may still come.
    """

    store: Store
    gateway: FlinkGateway
    files: ArtifactFiles
    clock: Clock
    ids: Ids
    policy: Policy
    random: Random
    reached: Reached = lambda point: None
    may_send: Callable[[int | None], bool] = lambda fence: True
    awaits_predecessor: Callable[[], bool] = lambda: False
    calls: CallLog = field(default_factory=NoCallLog)


def act(tools: Tools, decision: Decision, situation: Situation, seen: Seen, fence: int | None) -> bool:
    """Carry `decision` out; whether anything was done, so that the next pass can follow at once."""
    match decision:
        case Submit() | StopWithSavepoint() | TriggerSavepoint() | Cancel():
            _call_flink(tools, decision, situation, seen, fence)
        case Settle():
            outcome = _measure(tools, decision.outcome)
            with tools.store.write(fence) as work:
                record.apply_outcome(work, situation, outcome, tools.ids, tools.clock.now())
            tools.reached(Point.SETTLED)
        case GiveUp():
            with tools.store.write(fence) as work:
                record.give_up(work, situation, decision.finding, tools.clock.now())
            tools.reached(Point.GIVEN_UP)
        case DeclareLost():
            left = declared.find_left(tools.gateway, situation)
            with tools.store.write(fence) as work:
                declared.declare_lost(work, situation, left, record.NewIds(tools.ids, tools.clock.now()))
            tools.reached(Point.GIVEN_UP)
        case _:
            return False
    _log(decision, situation)
    return True


def _log(decision: Decision, situation: Situation) -> None:
    """What was done, one line; what a person should look at stands out."""
    finding = decision.outcome.warning if isinstance(decision, Settle) else None
    if finding is None:
        log.info("job %s: %s (%s)", situation.job.name, type(decision).__name__, decision.because)
    else:
        log.warning("job %s: %s (%s)", situation.job.name, decision.because, finding.code)


def _measure(tools: Tools, outcome: Outcome) -> Outcome:
    """The outcome with what the files of the snapshot that was made tell, where they can be seen from here."""
    if outcome.snapshot is None or outcome.snapshot.size is not None:
        return outcome
    seen = tools.gateway.measure_snapshot(outcome.snapshot.path)
    return replace(outcome, snapshot=replace(outcome.snapshot, size=seen.size, written_at=seen.written_at))


def _call_flink(
    tools: Tools,
    decision: Submit | StopWithSavepoint | TriggerSavepoint | Cancel,
    situation: Situation,
    seen: Seen,
    fence: int | None,
) -> None:
    """Write the intent (or its next attempt), call, write the answer."""
    name = _POINTS[type(decision)]
    now = tools.clock.now()
    with tools.store.write(fence) as work:
        if decision.repeat:
            intent, instance = record.write_attempt(work, situation, seen, now)
        else:
            intent, instance = record.write_intent(work, situation, decision, seen, record.NewIds(tools.ids, now))
    tools.reached(Point(f"{name}.intent_written"))
    answered = _send(tools, situation, intent, instance, partial(tools.may_send, fence))
    tools.reached(Point(f"{name}.called"))
    answered_at = tools.clock.now()
    retry_at = _choose_retry(tools, answered, answered_at)
    with tools.store.write(fence) as work:
        work.intents.save(replace(answered, answered_at=answered_at, retry_at=retry_at))
    tools.reached(Point(f"{name}.answer_written"))


_POINTS: dict[type[Decision], str] = {
    Submit: "submit",
    StopWithSavepoint: "stop",
    TriggerSavepoint: "savepoint",
    Cancel: "cancel",
}


def _choose_retry(tools: Tools, intent: Intent, now: datetime) -> datetime | None:
    if intent.answer not in {Answer.UNAVAILABLE, Answer.OUTCOME_UNKNOWN}:
        return None
    return now + choose_back_off(tools.policy, max(intent.attempts, 1), tools.random.random())


def _send(tools: Tools, situation: Situation, intent: Intent, instance: Instance, may_send: MaySend) -> Intent:
    """Make the call; the intent with the name of its answer, and Flink's raw text as `cause`."""
    try:
        if not may_send():
            raise FlinkUnavailable("nothing was sent: this server does not hold the lease any more")
        with tools.calls.about(CallSubject(situation.job.id, instance.id, intent.id)):
            _call(tools, situation, intent, instance, may_send)
    except FlinkError as error:
        return replace(intent, answer=_name_answer(error), cause=error.cause)
    except HeadgateError as error:
        # Anything else was refused on our side, before a byte of this attempt was sent.
        sent_at = intent.sent_at if intent.attempts > 1 else None
        return replace(intent, answer=Answer.REJECTED, cause=describe(error), sent_at=sent_at)
    return replace(intent, answer=Answer.ACCEPTED, cause="")


def _name_answer(error: FlinkError) -> Answer:
    match error:
        case FlinkRejected():
            return Answer.DUPLICATE if error.is_duplicate else Answer.REJECTED
        case FlinkMissing():
            return Answer.MISSING
        case FlinkUnavailable():
            return Answer.UNAVAILABLE
        case _:
            return Answer.OUTCOME_UNKNOWN  # FlinkOutcomeUnknown, and whatever else says nothing clear


def describe(error: HeadgateError) -> str:
    """An error of ours as a raw text: its sentence and its problems with their places."""
    lines = [message(error.code, error.facts, Language.EN)]
    for problem in error.problems:
        place = f"line {problem.line}, column {problem.column}: " if problem.line is not None else ""
        lines.append(place + (problem.message or message(problem.code, dict(problem.facts), Language.EN)))
    return "\n".join([*lines, error.cause]).strip()


def _call(tools: Tools, situation: Situation, intent: Intent, instance: Instance, may_send: MaySend) -> None:
    cluster = situation.cluster
    assert cluster is not None
    gateway = tools.gateway
    match intent.kind:
        case IntentKind.SUBMIT:
            submission = _build_submission(tools, situation, intent, instance)
            gateway.submit(cluster, replace(submission, may_send=may_send))
        case IntentKind.CANCEL:
            gateway.cancel(cluster, intent.flink_job_id)
        case IntentKind.STOP_WITH_SAVEPOINT:
            gateway.stop_with_savepoint(cluster, _build_order(situation, intent))
        case IntentKind.SAVEPOINT:
            gateway.trigger_savepoint(cluster, _build_order(situation, intent))


def _build_order(situation: Situation, intent: Intent) -> SavepointOrder:
    order = SavepointOrder(intent.flink_job_id, intent.key, intent.directory or "")
    return replace(order, format=situation.operation.options.format) if situation.operation is not None else order


def _build_submission(tools: Tools, situation: Situation, intent: Intent, instance: Instance) -> Submission:
    submission = Submission(instance, situation.job.name)
    if instance.spec.artifact:
        with tools.store.read() as work:
            artifact = work.artifacts.find_by_name(situation.job.workspace, instance.spec.artifact)
            artifact = artifact or work.artifacts.get(instance.spec.artifact)
        submission = replace(submission, jar=tools.files.get_path(artifact.digest))
    if situation.operation is None or situation.operation.id != intent.operation_id:
        return submission  # nobody asked for it: a recovery
    options = situation.operation.options
    return replace(submission, claim_mode=options.claim_mode, allow_non_restored_state=options.allow_non_restored_state)
