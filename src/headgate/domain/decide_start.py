"""The open submission: is the job there, is it running, may the same key be sent again?

A repeated key is safe within one life of the JobManager, which refuses the double, and forbidden
across a change of it. No answer of the call is a success by itself: the job is looked up.
"""

from datetime import datetime

from headgate.domain import settle
from headgate.domain.decisions import AwaitOutcome, Cancel, Decision, GiveUp, JobFacts, Settle, Submit
from headgate.domain.evidence import is_gone, missing_for, reachable_age, still_waiting
from headgate.domain.instances import FlinkStatus, InstanceEnd
from headgate.domain.intents import Answer, Intent, IntentStatus
from headgate.domain.observation import JobSeen, Seen
from headgate.domain.operations import Finding
from headgate.domain.policy import Policy

_END: dict[FlinkStatus, InstanceEnd] = {
    FlinkStatus.FAILED: InstanceEnd.FAILED,
    FlinkStatus.CANCELED: InstanceEnd.CANCELLED,
    FlinkStatus.FINISHED: InstanceEnd.FINISHED,
}

_REFUSED = frozenset({Answer.REJECTED, Answer.MISSING})


def decide_submission(job: JobFacts, intent: Intent, seen: Seen, policy: Policy, now: datetime) -> Decision:
    """The next act for an open submission on a cluster that answers."""
    if seen.job is None:
        return _decide_absent(job, intent, seen, policy, now)
    if seen.job.status.is_terminal:
        return _decide_terminal(job, intent, seen.job)
    if intent.answer is Answer.REJECTED:
        finding = settle.explain("start_rejected", intent.cause)
        return Cancel("the program failed after it had started a job", closes=IntentStatus.DONE, failing=finding)
    if job.forced is not None:
        return Cancel("a forced stop does not wait", closes=IntentStatus.DONE, failing=Finding(settle.OVERRIDDEN))
    if seen.job.status is FlinkStatus.RUNNING and seen.job.tasks_running:
        return Settle("all tasks are running", settle.start_succeeded(seen.job))
    if reachable_age(intent, seen) > policy.start_deadline:
        finding = Finding(settle.TIMED_OUT, {"status": seen.job.status.value}, seen.job.failure)
        return Cancel("the start took too long", closes=IntentStatus.DONE, failing=finding)
    waiting = Finding("waits_for_slots") if seen.free_slots == 0 else None
    return AwaitOutcome(f"the job is {seen.job.status}, not all tasks are running yet", waiting)


def _decide_terminal(job: JobFacts, intent: Intent, seen_job: JobSeen) -> Decision:
    """The attempt has ended already: a bounded job that finished is a success, all else is not."""
    answered_well = intent.answer is not Answer.REJECTED
    if seen_job.status is FlinkStatus.FINISHED and answered_well:
        return Settle("the job has finished already", settle.start_succeeded(seen_job))
    cause = intent.cause if intent.answer is Answer.REJECTED and not seen_job.failure else seen_job.failure
    code = "cancelled_outside" if seen_job.status is FlinkStatus.CANCELED else "start_failed"
    outcome = settle.start_failed(job, settle.explain(code, cause), IntentStatus.DONE, _END[seen_job.status])
    return Settle(f"the attempt has ended: {seen_job.status}", outcome)


def _decide_absent(job: JobFacts, intent: Intent, seen: Seen, policy: Policy, now: datetime) -> Decision:
    """Flink does not show the job: refused, not arrived yet, or gone with its JobManager."""
    if seen.incarnation != intent.incarnation and not seen.high_availability:
        return _decide_new_incarnation(job, intent, seen, policy)
    if intent.answer in _REFUSED and intent.attempts == 1:
        return _decide_refused(job, intent, seen)
    if is_gone(job.instance, seen, policy):
        return _decide_given_up(job, intent)
    if intent.answer is Answer.UNAVAILABLE and intent.attempts == 1 and job.forced is not None:
        outcome = settle.overridden(Finding(settle.OVERRIDDEN), IntentStatus.NOT_DONE, InstanceEnd.NOT_STARTED)
        return Settle("nothing was sent and a forced stop came", outcome)
    surely_absent = seen.absence is not None and seen.absence.sweeps >= 2
    may_send = intent.can_send(now) and job.forced is None
    may_help = intent.answer not in {Answer.ACCEPTED, Answer.DUPLICATE, *_REFUSED}
    if may_send and may_help and (surely_absent or intent.answer is Answer.UNAVAILABLE):
        return Submit("the same JobManager does not show the job; the same key is safe to repeat", repeat=True)
    late = seen.absence is not None and missing_for(seen.absence, seen) > policy.start_deadline
    return AwaitOutcome("a submission was sent and may still arrive", still_waiting(intent) if late else None)


def _decide_given_up(job: JobFacts, intent: Intent) -> Decision:
    """One and the same JobManager has not shown the job for so long that it will not come."""
    code = _name_refusal(intent) if intent.answer in _REFUSED else "start_unanswered"
    if job.forced is not None:
        outcome = settle.overridden(Finding(settle.OVERRIDDEN), IntentStatus.GIVEN_UP, InstanceEnd.GIVEN_UP)
        return Settle("absent for too long, and a forced stop came", outcome)
    finding = settle.explain(code, intent.cause)
    outcome = settle.start_failed(job, finding, IntentStatus.GIVEN_UP, InstanceEnd.GIVEN_UP)
    return Settle("absent from the same JobManager for too long", outcome)


def _decide_new_incarnation(job: JobFacts, intent: Intent, seen: Seen, policy: Policy) -> Decision:
    """Another life of the JobManager: the old one's submissions can never come to life again.

    What an unanswered one has left shows that it ran: it is lost then, as one that was accepted.
    """
    if not is_gone(job.instance, seen, policy):
        return AwaitOutcome("a new JobManager answers; a second look makes sure")
    finding = Finding("jobmanager_restarted")
    has_run = seen.remains is not None and bool(seen.remains.kept)
    if intent.answer is Answer.ACCEPTED or has_run:
        outcome = settle.start_failed(job, finding, IntentStatus.GIVEN_UP, InstanceEnd.LOST, lost=True)
        return Settle("the job went with its JobManager", outcome)
    return GiveUp("the JobManager that was asked is gone", finding)


def _decide_refused(job: JobFacts, intent: Intent, seen: Seen) -> Decision:
    """A refusal is evidence only; a look after it that does not show the job makes it final.

    It speaks for its own attempt alone: where an earlier one went unanswered, that one may still arrive.
    """
    if intent.answered_at is None or seen.at <= intent.answered_at:
        return AwaitOutcome("Flink refused; the job is looked up before that counts")
    finding = settle.explain(_name_refusal(intent), intent.cause)
    outcome = settle.start_failed(job, finding, IntentStatus.NOT_DONE, InstanceEnd.NOT_STARTED)
    return Settle("the submission was refused and Flink shows no job", outcome)


def _name_refusal(intent: Intent) -> str:
    """Who refused: Headgate itself, before anything was sent, or Flink."""
    return "start_not_sent" if intent.sent_at is None else "start_rejected"
