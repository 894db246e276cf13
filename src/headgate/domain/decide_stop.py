"""The open stop with savepoint: never a second trigger, never SUSPENDED without a savepoint.

Only Flink's answer under our own trigger id, or the savepoint in this intent's own directory, makes
a pause succeed. What happened to the job meanwhile is told as it is.
"""

from datetime import datetime

from headgate.domain import settle
from headgate.domain.decisions import AwaitOutcome, Cancel, Decision, JobFacts, Settle, StopWithSavepoint
from headgate.domain.evidence import find_overdue, is_alive, is_gone
from headgate.domain.instances import FlinkStatus
from headgate.domain.intents import Answer, Intent, IntentStatus
from headgate.domain.observation import Seen, TriggerSeen, TriggerStatus
from headgate.domain.operations import Finding, Operation
from headgate.domain.policy import Policy


def decide_stop(
    job: JobFacts, operation: Operation | None, intent: Intent, seen: Seen, policy: Policy, now: datetime
) -> Decision:
    """The next act for an open stop on a cluster that answers."""
    trigger = seen.trigger
    if trigger is not None and trigger.status is TriggerStatus.COMPLETED:
        return _decide_completed(job, operation, trigger, seen)
    if job.forced is not None and is_alive(seen):
        finding = Finding(settle.OVERRIDDEN)
        return Cancel("a forced stop does not wait", closes=IntentStatus.GIVEN_UP, failing=finding)
    if trigger is not None and trigger.status is TriggerStatus.IN_PROGRESS and seen.job is not None:
        return AwaitOutcome("the savepoint is being written", find_overdue(intent, seen, policy))
    if is_alive(seen):
        return _decide_alive(operation, intent, seen, now)
    return _decide_gone(job, operation, seen, policy)


def _decide_completed(job: JobFacts, operation: Operation | None, trigger: TriggerSeen, seen: Seen) -> Decision:
    """The savepoint exists; the job must be seen ended before the stop counts."""
    if is_alive(seen) and job.forced is not None:
        kept = settle.savepoint_kept_by_force(trigger.location)
        return Settle("a forced stop does not wait for the job's end; its savepoint is kept", kept)
    if is_alive(seen):
        return AwaitOutcome("the savepoint is complete, the job is still ending")
    status, cause = (seen.job.status, seen.job.failure) if seen.job is not None else (None, "")
    if trigger.failure:
        status = FlinkStatus.FAILED
    # The job says why it failed; the trigger only that it did.
    outcome = settle.savepoint_before_end(operation, trigger.location, status, cause or trigger.failure)
    return Settle("the savepoint is complete and the job has ended", outcome)


def _decide_alive(operation: Operation | None, intent: Intent, seen: Seen, now: datetime) -> Decision:
    """The job lives and no savepoint is under way: failed, refused, or never arrived."""
    assert seen.job is not None
    if seen.job.status in {FlinkStatus.FAILING, FlinkStatus.CANCELLING}:
        return AwaitOutcome(f"the job is {seen.job.status}; its end decides")
    trigger = seen.trigger
    if trigger is None:
        return AwaitOutcome("the trigger was not looked at yet")
    if trigger.status is TriggerStatus.FAILED:
        return _give_stop_up(operation, settle.explain("savepoint_failed", trigger.failure))
    if intent.answer in {Answer.REJECTED, Answer.MISSING, Answer.ACCEPTED} or seen.incarnation != intent.incarnation:
        return _give_stop_up(operation, settle.explain("stop_not_done", intent.cause))
    if intent.can_send(now):
        return StopWithSavepoint("the trigger never arrived; the same id is safe to repeat", repeat=True)
    return AwaitOutcome("the next attempt backs off")


def _give_stop_up(operation: Operation | None, finding: Finding) -> Decision:
    """No savepoint and a living job: it goes on, unless the person accepted the loss of state."""
    if operation is not None and operation.options.allow_state_loss:
        return Cancel("no savepoint, and the person accepted the loss of state", closes=IntentStatus.NOT_DONE)
    return Settle("the stop did not happen; the job runs on", settle.stop_failed_alive(finding))


def _decide_gone(job: JobFacts, operation: Operation | None, seen: Seen, policy: Policy) -> Decision:
    """The job has ended or is missing: what is left of the stop decides, in the order of evidence."""
    if seen.job is None and not is_gone(job.instance, seen, policy):
        return AwaitOutcome("the job is missing; its end is not proven yet")
    if seen.evidence is None:
        return AwaitOutcome("the job has ended; the savepoint's own directory is looked at next")
    status = seen.job.status if seen.job is not None else None
    cause = seen.job.failure if seen.job is not None else ""
    if seen.evidence.savepoint:
        outcome = settle.savepoint_before_end(operation, seen.evidence.savepoint, status, cause)
        return Settle("the savepoint lies in its own directory", outcome)
    failure = seen.trigger.failure if seen.trigger is not None else ""
    code = {
        FlinkStatus.FINISHED: "finished_while_stopping",
        FlinkStatus.CANCELED: "cancelled_outside",
        FlinkStatus.FAILED: "failed_while_stopping",
        None: "lost_while_stopping",
    }[status]
    finding = Finding(code, {}, cause or failure)
    return Settle("the job ended without the savepoint", settle.gone_while_stopping(status, finding))
