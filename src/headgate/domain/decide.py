"""The heart of Headgate: given everything known of one job, what is the next act?

Pure: no clock, no network, no database. One open intent is resolved first, because nothing may be
sent while an earlier act's outcome is unknown. Then the open operation is advanced by one step.
With neither, the job is compared with where it should rest. After a crash the same function is
asked again: recovery is not a mode.

What each answer means is in `decisions.py`; where a job comes to rest is in `settle.py`.
"""

from datetime import datetime
from typing import assert_never

from headgate.domain import settle
from headgate.domain.decide_recovery import (
    decide_recovery,
    decide_recovery_submission,
    is_recovery,
    with_recovery,
    without_operation,
)
from headgate.domain.decide_start import decide_submission
from headgate.domain.decide_stop import decide_stop
from headgate.domain.decisions import (
    AwaitOutcome,
    Cancel,
    Decision,
    DeclareLost,
    JobFacts,
    Nothing,
    Outcome,
    Settle,
    StopWithSavepoint,
    Submit,
    TriggerSavepoint,
)
from headgate.domain.evidence import find_overdue, foreign_format, is_alive, is_gone, is_missing_for_good, reachable_age
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.intents import Answer, Intent, IntentKind, IntentStatus
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.observation import JobSeen, Seen, TriggerStatus
from headgate.domain.operations import Finding, Operation, StepName, StopSnapshot, is_declaration
from headgate.domain.policy import Policy
from headgate.domain.remains import with_remains
from headgate.domain.restore import FromSnapshot, Refused
from headgate.domain.snapshots import PathStatus


def decide(
    job: JobFacts, operation: Operation | None, intent: Intent | None, seen: Seen, policy: Policy, now: datetime
) -> Decision:
    """The next act for one job in one lane.

    `operation` is the one that executes or is to start, `intent` the open one of the same lane.
    `seen` may be older than `now`; deadlines are judged on an observation newer than themselves.
    """
    decision = with_remains(_decide(job, operation, intent, seen, policy, now), intent, seen)
    return with_recovery(job, intent, decision, now)


def _decide(
    job: JobFacts, operation: Operation | None, intent: Intent | None, seen: Seen, policy: Policy, now: datetime
) -> Decision:
    if is_declaration(operation):
        return _declare_lost(job, intent, seen)
    if intent is not None and intent.is_foreign:
        return AwaitOutcome("a newer release began this act; what it means is not guessed", foreign_format(intent))
    if intent is not None:
        return _resolve(job, operation, intent, seen, policy, now)
    if operation is not None and operation.lane is Lane.SAVEPOINT:
        return _advance_savepoint(job, operation, seen, policy)
    ended = _decide_ended(job, seen, policy)
    if ended is not None:
        return ended
    if operation is not None:
        return _advance(job, operation, seen, policy, now)
    return _rest(job, seen, now)


def _declare_lost(job: JobFacts, intent: Intent | None, seen: Seen) -> DeclareLost | Settle:
    """At once, one way or the other. A cluster that has come back and shows the job speaks for itself."""
    if intent is None and job.in_flight is None and not _is_live(job):
        gone = settle.not_possible_any_more(Verb.DECLARE_LOST, job.state.settled)
        return Settle("nothing is left whose end is not known", gone)
    if seen.is_reachable and seen.job is not None:
        return Settle("the cluster shows the job", settle.not_lost(seen.job.status))
    return DeclareLost("a person says that the job is lost")


def _resolve(
    job: JobFacts, operation: Operation | None, intent: Intent, seen: Seen, policy: Policy, now: datetime
) -> Decision:
    """An act is under way: learn its outcome, or send the same key again, or wait."""
    if not seen.is_reachable:
        return AwaitOutcome("the cluster does not answer; nothing is concluded from that", Finding(seen.silence))
    match intent.kind:
        case IntentKind.SUBMIT if is_recovery(intent):
            return decide_recovery_submission(job, operation, intent, seen, policy, now)
        case IntentKind.SUBMIT:
            return decide_submission(job, intent, seen, policy, now)
        case IntentKind.STOP_WITH_SAVEPOINT:
            return decide_stop(job, operation, intent, seen, policy, now)
        case IntentKind.CANCEL if intent.operation_id is None:
            return without_operation(_decide_cancel(job, None, intent, seen, policy, now))
        case IntentKind.CANCEL:
            return _decide_cancel(job, operation, intent, seen, policy, now)
        case IntentKind.SAVEPOINT:
            return _decide_savepoint(intent, seen, policy, now)
        case _:
            assert_never(intent.kind)


def _decide_cancel(
    job: JobFacts, operation: Operation | None, intent: Intent, seen: Seen, policy: Policy, now: datetime
) -> Decision:
    """Cancelling twice does no harm; only seeing the job ended proves the end (a 404 does not)."""
    if job.instance is None or intent.instance_id != job.instance.id or not job.instance.is_live:
        return _decide_stray_cancel(intent, seen, policy, now)
    if seen.job is not None and seen.job.status.is_terminal:
        outcome = settle.cancelled(operation, job, seen.job.status, seen.job.failure)
        return Settle(f"the job has ended: {seen.job.status}", outcome)
    if seen.job is None:
        if is_gone(job.instance, seen, policy):
            return Settle("the job is gone with its JobManager", settle.cancelled(operation, job, None, ""))
        return AwaitOutcome("the job is missing; its end is not proven yet", find_overdue(intent, seen, policy))
    if _may_cancel_again(intent, seen.job, policy, now):
        return Cancel("the job still runs and is not being cancelled", repeat=True)
    return AwaitOutcome("the job is being cancelled", find_overdue(intent, seen, policy))


def _may_cancel_again(intent: Intent, seen_job: JobSeen, policy: Policy, now: datetime) -> bool:
    """Also after an accepted one: a new leader takes the job over and forgets the cancellation.

    One refused as too late is not sent again at once: the look that shows the job alive was older.
    """
    if intent.answer not in {Answer.ACCEPTED, Answer.REJECTED}:
        return intent.can_send(now)
    forgotten = intent.sent_at is None or now >= intent.sent_at + policy.longest_back_off
    return forgotten and seen_job.status is not FlinkStatus.CANCELLING


def _decide_stray_cancel(intent: Intent, seen: Seen, policy: Policy, now: datetime) -> Decision:
    """A job that was given up and lived after all: its end changes nothing but the intent."""
    # It was alive in the life of the JobManager in which its cancellation was first sent.
    gone = seen.job is None and is_missing_for_good(intent.incarnation, seen, policy)
    if gone or (seen.job is not None and seen.job.status.is_terminal):
        return Settle("the given-up job has ended", Outcome(intent=IntentStatus.DONE))
    if seen.job is not None and _may_cancel_again(intent, seen.job, policy, now):
        return Cancel("the given-up job still runs", repeat=True)
    return AwaitOutcome("the given-up job is being cancelled", find_overdue(intent, seen, policy))


def _decide_savepoint(intent: Intent, seen: Seen, policy: Policy, now: datetime) -> Decision:
    """A savepoint beside the running job: its own trigger, else what is left of it."""
    trigger = seen.trigger
    if trigger is None:
        return AwaitOutcome("the trigger was not looked at yet")
    match trigger.status:
        case TriggerStatus.IN_PROGRESS:
            return AwaitOutcome("the savepoint is being written", find_overdue(intent, seen, policy))
        case TriggerStatus.COMPLETED:
            return Settle("the savepoint is complete", settle.savepoint_done(trigger.location))
        case TriggerStatus.FAILED:
            finding = settle.explain("savepoint_failed", trigger.failure)
            return Settle("the savepoint failed", settle.savepoint_failed(finding))
        case TriggerStatus.UNKNOWN:
            return _decide_unknown_savepoint(intent, seen, now)
        case _:
            assert_never(trigger.status)


def _decide_unknown_savepoint(intent: Intent, seen: Seen, now: datetime) -> Decision:
    if seen.evidence is None:
        return AwaitOutcome("Flink does not know the trigger; the savepoint's own directory is looked at next")
    if seen.evidence.savepoint:
        return Settle("the savepoint lies in its own directory", settle.savepoint_done(seen.evidence.savepoint))
    refused = intent.answer in {Answer.ACCEPTED, Answer.REJECTED, Answer.MISSING}
    if refused or not is_alive(seen) or seen.incarnation != intent.incarnation:
        finding = settle.explain("savepoint_failed", intent.cause)
        return Settle("the trigger is unknown and left nothing behind", settle.savepoint_failed(finding))
    if intent.can_send(now):
        return TriggerSavepoint("the trigger never arrived; the same id is safe to repeat", repeat=True)
    return AwaitOutcome("the next attempt backs off")


def _decide_ended(job: JobFacts, seen: Seen, policy: Policy) -> Settle | None:
    """No act is under way, and the instance has ended by itself, was ended outside, or was lost."""
    instance = job.instance
    if instance is None or not instance.is_live or not seen.is_reachable:
        return None
    if seen.job is not None and seen.job.status.is_terminal:
        return Settle(f"the instance ended by itself: {seen.job.status}", settle.ended_in_steady_state(seen.job))
    if seen.job is None and is_gone(instance, seen, policy):
        return Settle("the instance was lost with its JobManager", settle.lost_in_steady_state())
    return None


def _rest(job: JobFacts, seen: Seen, now: datetime) -> Decision:
    """Nothing is asked for: compare where the job is with where it rests."""
    instance = job.instance
    if seen.stray is not None and seen.is_reachable:
        return cancel_stray(seen.stray)
    if instance is None or not instance.is_live:
        return decide_recovery(job, _advance_submit(job, seen, now), seen, now)
    if not seen.is_reachable:
        return Nothing("the cluster does not answer; the last known state stands")
    if is_alive(seen) and job.state.settled is not Settled.RUNNING:
        alive = Outcome(settled=Settled.RUNNING, wanted=Wanted.RUNNING, instance_running=True)
        return Settle("the instance is alive", alive)
    return Nothing("the job is where it should be" if seen.job else "the job is missing; not proven lost yet")


def cancel_stray(stray: FlinkJobId) -> Cancel:
    """An id given up stays so, wherever it is seen and whatever has become of its job since."""
    return Cancel("an instance that was given up lives", stray=stray)


def _advance(job: JobFacts, operation: Operation, seen: Seen, policy: Policy, now: datetime) -> Decision:
    """No act is under way: check the precondition once more, then take the operation's next step."""
    if not operation.has_sent:
        settled = _recheck(job, operation)
        if settled is not None:
            return settled
    elif job.forced is not None and not _is_live(job):
        return Settle("a forced stop does not wait for the next step", settle.overridden_between_steps())
    step = operation.step
    if step is None:
        return Settle("every step is done", settle.already_true(None, None))
    if not seen.is_reachable:
        return Nothing("the cluster does not answer", Finding(seen.silence))
    if operation.has_sent and job.forced is not None and is_alive(seen):
        return Cancel("a forced stop does not wait for the next step", failing=Finding(settle.OVERRIDDEN))
    if step.name is StepName.SUBMIT:
        return _advance_submit(job, seen, now)
    return _advance_stop(job, operation, step.name, seen, policy)


def _recheck(job: JobFacts, operation: Operation) -> Settle | None:
    """The precondition again, at the start: done already, or no longer possible. None: go ahead."""
    state = job.state.settled
    verb = operation.verb
    live = _is_live(job)
    if verb is Verb.STOP:
        return _recheck_stop(state, live, operation)
    if verb is Verb.PAUSE and state is Settled.SUSPENDED:
        return Settle("the job is suspended already", settle.already_true(None, Wanted.SUSPENDED))
    possible = {
        Verb.RUN: not live and state is not Settled.RUNNING,
        Verb.RESUME: not live and state is Settled.SUSPENDED,
        Verb.PAUSE: live,
        Verb.RESTART: live,
        Verb.SAVEPOINT: live,
    }[verb]
    return None if possible else Settle("the precondition is gone", settle.not_possible_any_more(verb, state))


def _recheck_stop(state: Settled, live: bool, operation: Operation) -> Settle | None:
    if live:
        return None
    if operation.options.snapshot is StopSnapshot.CREATE and state is not Settled.SUSPENDED:
        return Settle("the job ended before the stop", settle.not_possible_any_more(Verb.STOP, state))
    rests = state if state is Settled.FINISHED else Settled.CANCELLED
    return Settle("the job has ended already", settle.already_true(rests, Wanted.CANCELLED, forget_pause=True))


def _advance_savepoint(job: JobFacts, operation: Operation, seen: Seen, policy: Policy) -> Decision:
    """A savepoint beside the running job; what becomes of the job is the main lane's to say."""
    if job.main_is_busy:
        return Nothing("the main lane executes an operation", Finding("waits_for_operation"))
    settled = _recheck(job, operation)
    if settled is not None:
        return settled
    if not seen.is_reachable:
        return Nothing("the cluster does not answer", Finding(seen.silence))
    if not is_alive(seen):
        return Nothing("the job is not seen alive", Finding("waits_for_job"))
    if job.savepoint_dir is None:
        return Settle("no savepoint directory", settle.refused(Finding("savepoint_dir_missing")))
    return _wait_for_tasks(operation, seen, policy) or TriggerSavepoint("a savepoint is asked for")


def _wait_for_tasks(operation: Operation, seen: Seen, policy: Policy) -> Nothing | None:
    """Flink refuses a savepoint of a job that it is just bringing back; None: all tasks run.

    A job that does not come back within the pause's deadline is Flink's to refuse, in its own words. Each
    silence of the cluster and each skip of the clock begins the wait anew: it could come back in neither.
    """
    begun_at = max(filter(None, (operation.requested_at, seen.answers_since, seen.skipped_to)))
    is_late = seen.at - begun_at > policy.pause_deadline
    if is_late or seen.job is None or seen.job.tasks_running is not False:
        return None
    return Nothing("Flink takes no savepoint before all tasks run", Finding("waits_for_tasks"))


def _advance_submit(job: JobFacts, seen: Seen, now: datetime) -> Decision:
    """A new instance only when the old one is known to have ended and the restore point stands."""
    if seen.stray is not None:
        return Cancel("an instance that was given up lives; it goes before a new one comes", stray=seen.stray)
    if seen.unknown_job is not None:
        return Nothing("a job of ours without a row lives", Finding("unknown_job", {"flink_job_id": seen.unknown_job}))
    if job.instance is not None and job.instance.is_live:
        return Nothing("the previous instance is not confirmed ended", Finding("waits_for_end"))
    lost_at = job.state.lost_at
    if lost_at is not None and now < max(lost_at, seen.skipped_to or lost_at) + job.heartbeat_timeout:
        return Nothing("tasks of the lost JobManager may still live", Finding("waits_for_heartbeat"))
    if isinstance(job.restore, Refused):
        return Settle("no usable restore point", settle.start_refused(job, job.restore.finding))
    if seen.restore_path is PathStatus.GONE and isinstance(job.restore, FromSnapshot):
        gone = Finding("snapshot_gone", {"path": job.restore.path})
        return Settle("the snapshot is gone", settle.start_refused(job, gone))
    return Submit("the job is to run")


def _advance_stop(job: JobFacts, operation: Operation, step: StepName, seen: Seen, policy: Policy) -> Decision:
    """Stop or cancel a live instance; a savepoint in flight is given its time first."""
    if seen.job is None:
        return Nothing("the job is missing; it is not stopped blindly", Finding("waits_for_job"))
    waits = job.in_flight is not None and reachable_age(job.in_flight, seen) < policy.savepoint_grace
    if waits and not operation.options.force:
        return Nothing("a savepoint is in flight", Finding("waits_for_savepoint"))
    if step is StepName.CANCEL:
        return Cancel("the job is to end without a savepoint")
    if job.savepoint_dir is None:
        if operation.options.allow_state_loss:
            return Cancel("no savepoint directory, and the person accepted the loss of state")
        return Settle("no savepoint directory", settle.refused(Finding("savepoint_dir_missing")))
    return _wait_for_tasks(operation, seen, policy) or StopWithSavepoint("the job is to end on a savepoint")


def _is_live(job: JobFacts) -> bool:
    return job.instance is not None and job.instance.is_live
