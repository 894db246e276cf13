"""Starts that nobody asked for: when the next is due, and what becomes of one that is under way.

Such a submission has an intent like any other, but no operation. A person's operation that comes
meanwhile waits for its outcome and is not touched by it; only a stop cuts it short.
"""

from dataclasses import replace
from datetime import datetime

from headgate.domain import settle
from headgate.domain.decide_start import decide_submission
from headgate.domain.decisions import AwaitOutcome, Cancel, Decision, GiveUp, JobFacts, Nothing, Outcome, Settle, Submit
from headgate.domain.evidence import is_alive
from headgate.domain.instances import InstanceEnd
from headgate.domain.intents import Intent, IntentKind, IntentStatus
from headgate.domain.lifecycle import Settled
from headgate.domain.observation import Seen
from headgate.domain.operations import Finding, Operation, OperationStatus, StepName
from headgate.domain.policy import Policy
from headgate.domain.recovery import RecoveryPlan, RecoveryState, hold, plan_recovery

_LEFT_TO_RECOVERY = frozenset(
    {InstanceEnd.FAILED, InstanceEnd.LOST, InstanceEnd.NOT_STARTED, InstanceEnd.GIVEN_UP, InstanceEnd.CANCELLED}
)


def is_recovery(intent: Intent) -> bool:
    """Whether the open act is a start that nobody asked for."""
    return intent.kind is IntentKind.SUBMIT and intent.operation_id is None


def decide_recovery_submission(
    job: JobFacts, operation: Operation | None, intent: Intent, seen: Seen, policy: Policy, now: datetime
) -> Decision:
    """As `decide_submission`, without a word to the operation that waits."""
    step = operation.step if operation is not None else None
    if step is not None and step.name is StepName.CANCEL and is_alive(seen):
        return Cancel("a stop does not wait for a recovery", closes=IntentStatus.DONE)
    decision = decide_submission(job, intent, seen, policy, now)
    if isinstance(decision, GiveUp):
        # No operation goes on: the attempt has failed, and the next one waits for its turn as after any failure.
        failed = settle.start_failed(job, decision.finding, IntentStatus.GIVEN_UP, InstanceEnd.GIVEN_UP, lost=True)
        return without_operation(Settle(decision.because, failed))
    if isinstance(decision, Cancel):
        return replace(decision, failing=None, is_recovery=True)
    if isinstance(decision, AwaitOutcome) and operation is not None:
        return replace(decision, waits_for=Finding("waits_for_recovery"))
    return without_operation(decision)


def without_operation(decision: Decision) -> Decision:
    """What a recovery's outcome changes, and nothing of any operation."""
    if not isinstance(decision, Settle):
        return decision
    outcome = decision.outcome
    succeeded = outcome.operation is OperationStatus.SUCCESS
    outcome = replace(outcome, operation=None, result=None, step_done=False, recovered=succeeded)
    return replace(decision, outcome=outcome)


def with_recovery(job: JobFacts, intent: Intent | None, decision: Decision, now: datetime) -> Decision:
    """`decision` with what follows by itself where an instance failed or was lost, and nobody had asked for that."""
    if not isinstance(decision, Settle) or not _is_left_to_recovery(job, intent, decision.outcome):
        return decision
    running_at = job.instance.running_at if job.instance is not None else None
    plan = plan_recovery(job.policy, job.state.recovery, running_at, now)
    return replace(decision, outcome=replace(decision.outcome, recovery=plan))


def decide_recovery(job: JobFacts, advance: Decision, seen: Seen, now: datetime) -> Decision:
    """The next attempt; `advance` is what a person's start would do now."""
    at = job.state.recovery_at
    if at is None:
        return Nothing("no instance, nothing asked for")
    if not job.policy.is_on or not job.is_recovering:
        called_off = RecoveryPlan(job.state.recovery or RecoveryState())
        return Settle("the recovery is called off", Outcome(recovery=called_off))
    if now < at:
        return Nothing("the recovery backs off")
    if not seen.is_reachable:
        return Nothing("the cluster does not answer; the recovery waits for it")
    if isinstance(advance, Submit):
        return replace(advance, because="the job is recovered from its newest restore point", is_recovery=True)
    if isinstance(advance, Settle):
        finding = advance.outcome.warning
        assert finding is not None  # a start that is refused says why
        held = Outcome(warning=finding, recovery=hold(job.state.recovery, finding))
        return Settle("the recovery is held until a person acts", held)
    return advance


def _is_left_to_recovery(job: JobFacts, intent: Intent | None, outcome: Outcome) -> bool:
    if outcome.settled is not Settled.FAILED or outcome.instance_end not in _LEFT_TO_RECOVERY:
        return False
    if intent is None:
        return outcome.operation is None
    return intent.operation_id is None and job.is_recovering
