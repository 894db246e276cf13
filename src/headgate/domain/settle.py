"""Where a job comes to rest: the settle table, one function per row or group of rows.

Each gives the `Outcome` that `act` writes. The rows are tried by `decide`, first match wins; what
was not observed is never settled. Findings name what happened in the catalogue's words.
"""

from dataclasses import replace

from headgate.domain.catalogue import classify_cause
from headgate.domain.decisions import JobFacts, Outcome, SnapshotMade
from headgate.domain.instances import FlinkStatus, InstanceEnd
from headgate.domain.intents import IntentStatus
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.observation import JobSeen
from headgate.domain.operations import Finding, Operation, OperationStatus
from headgate.domain.snapshots import SnapshotOrigin

OVERRIDDEN = "overridden_by_force"
"""The finding of an operation that a forced stop cuts short."""

TIMED_OUT = "start_timed_out"
"""The finding of a start whose tasks did not all run in time."""

ENDS: dict[FlinkStatus | None, tuple[Settled, InstanceEnd]] = {
    FlinkStatus.CANCELED: (Settled.CANCELLED, InstanceEnd.CANCELLED),
    FlinkStatus.FAILED: (Settled.FAILED, InstanceEnd.FAILED),
    FlinkStatus.FINISHED: (Settled.FINISHED, InstanceEnd.FINISHED),
    None: (Settled.CANCELLED, InstanceEnd.LOST),
}
"""Gone after a stop-like verb: what Flink says of the job (None: it knows it no more) -> where it rests."""


def explain(code: str, cause: str) -> Finding:
    """A finding under the code that recognises `cause`, else under `code`."""
    return Finding(classify_cause(cause, code), {}, cause)


def already_true(settled: Settled | None, wanted: Wanted | None, *, forget_pause: bool = False) -> Outcome:
    """The operation found done what it asks for: SUCCESS without a call."""
    return Outcome(operation=OperationStatus.SUCCESS, settled=settled, wanted=wanted, forget_pause=forget_pause)


def not_possible_any_more(verb: Verb, settled: Settled) -> Outcome:
    """The precondition held at the click but not at the start: nothing is changed."""
    finding = Finding("precondition_gone", {"verb": verb.value, "settled": settled.value})
    return Outcome(operation=OperationStatus.TASK_STATUS_NO_DONE, result=finding)


def not_lost(status: FlinkStatus) -> Outcome:
    """The job was declared lost, but its cluster shows it: nothing is changed, and what was open goes on."""
    finding = Finding("job_in_sight", {"status": status.value})
    return Outcome(operation=OperationStatus.TASK_STATUS_NO_DONE, result=finding)


def refused(finding: Finding) -> Outcome:
    """Nothing was sent and nothing changed; the sign beside the state says why."""
    return Outcome(operation=OperationStatus.FAIL, result=finding, warning=finding)


def start_refused(facts: JobFacts, finding: Finding) -> Outcome:
    """A start that never became a call: a suspended job stays so, else the job needs a person."""
    if facts.state.suspended_on is not None and not facts.pause_is_gone:
        return _rest_on_pause(finding)
    if facts.state.settled in {Settled.NONE, Settled.CANCELLED, Settled.FINISHED, Settled.FAILED}:
        return refused(finding)
    return Outcome(
        operation=OperationStatus.FAIL,
        result=finding,
        warning=finding,
        settled=Settled.FAILED,
        wanted=Wanted.RUNNING,
        forget_pause=True,
    )


def start_succeeded(job: JobSeen) -> Outcome:
    """All tasks were seen running, or a bounded job has already finished."""
    finished = job.status is FlinkStatus.FINISHED
    return Outcome(
        intent=IntentStatus.DONE,
        step_done=True,
        operation=OperationStatus.SUCCESS,
        settled=Settled.FINISHED if finished else Settled.RUNNING,
        wanted=Wanted.CANCELLED if finished else Wanted.RUNNING,
        instance_running=True,
        instance_end=InstanceEnd.FINISHED if finished else None,
        forget_pause=True,
    )


def start_failed(
    facts: JobFacts, finding: Finding, intent: IntentStatus, end: InstanceEnd, *, lost: bool = False
) -> Outcome:
    """The attempt has ended or was never made: back to the pause where its snapshot stands, else FAILED."""
    on_pause = facts.state.suspended_on is not None and not facts.pause_is_gone
    return Outcome(
        intent=intent,
        operation=OperationStatus.FAIL,
        result=finding,
        warning=finding,
        settled=Settled.SUSPENDED if on_pause else Settled.FAILED,
        wanted=Wanted.SUSPENDED if on_pause else Wanted.RUNNING,
        instance_end=end,
        forget_pause=not on_pause,
        lost=lost,
    )


def savepoint_before_end(operation: Operation | None, path: str, status: FlinkStatus | None, cause: str) -> Outcome:
    """A stop made its savepoint and the job has ended, well or (with a sign) failing meanwhile."""
    failed = status is FlinkStatus.FAILED
    warning = Finding("savepoint_made_job_failed", {"path": path}, cause) if failed else None
    verb = operation.verb if operation is not None else Verb.PAUSE
    goes_on = verb is Verb.RESTART
    rests = verb in {Verb.PAUSE, Verb.RESTART}
    settled = {Verb.PAUSE: Settled.SUSPENDED, Verb.STOP: Settled.CANCELLED}.get(verb)
    return Outcome(
        intent=IntentStatus.DONE,
        step_done=True,
        operation=None if goes_on else OperationStatus.SUCCESS,
        warning=warning,
        settled=settled,
        wanted=Wanted(settled) if settled else None,
        instance_end=InstanceEnd.SUSPENDED,
        snapshot=SnapshotMade(path, SnapshotOrigin.STOP_WITH_SAVEPOINT),
        rests_on_snapshot=rests,
        forget_pause=not rests,
        lost=status is None,
    )


def stop_failed_alive(finding: Finding) -> Outcome:
    """The stop did not happen and our instance lives: RUNNING, and the sign says why."""
    return Outcome(
        intent=IntentStatus.NOT_DONE,
        operation=OperationStatus.FAIL,
        result=finding,
        warning=finding,
        settled=Settled.RUNNING,
        wanted=Wanted.RUNNING,
    )


def gone_while_stopping(status: FlinkStatus | None, finding: Finding) -> Outcome:
    """The job ended during a stop with savepoint and no savepoint exists: its actual state, never SUSPENDED."""
    settled, end = ENDS[status]
    return Outcome(
        intent=IntentStatus.NOT_DONE,
        operation=OperationStatus.FAIL,
        result=finding,
        warning=finding,
        settled=settled,
        wanted=Wanted.CANCELLED,
        instance_end=end,
        forget_pause=True,
        lost=end is InstanceEnd.LOST,
    )


def cancelled(operation: Operation | None, facts: JobFacts, status: FlinkStatus | None, cause: str) -> Outcome:
    """A cancellation has reached its end; what that means depends on why it was sent."""
    settled, end = ENDS[status]
    lost = end is InstanceEnd.LOST
    if operation is None and facts.is_recovering:
        # A recovery's own attempt, which took too long or failed after it had started a job.
        failed = explain("start_failed", cause)
        return start_failed(facts, failed, IntentStatus.DONE, end, lost=lost)
    if operation is None:
        return Outcome(intent=IntentStatus.DONE, settled=settled, wanted=Wanted.CANCELLED, instance_end=end, lost=lost)
    if operation.failing is not None and operation.failing.code == TIMED_OUT and status is FlinkStatus.FINISHED:
        # Slow to start, but all its work is done.
        return start_succeeded(JobSeen(status))
    if operation.failing is not None and operation.failing.code == OVERRIDDEN:
        return overridden(operation.failing, IntentStatus.DONE, end, lost=lost)
    if operation.failing is not None:
        return start_failed(facts, operation.failing, IntentStatus.DONE, end, lost=lost)
    if operation.verb is Verb.RESTART:
        return Outcome(intent=IntentStatus.DONE, step_done=True, instance_end=end, forget_pause=True, lost=lost)
    warning = explain("job_failed", cause) if status is FlinkStatus.FAILED else None
    return Outcome(
        intent=IntentStatus.DONE,
        step_done=True,
        operation=OperationStatus.SUCCESS,
        result=Finding("paused_without_state") if operation.verb is Verb.PAUSE else None,
        warning=warning,
        settled=settled,
        wanted=Wanted.CANCELLED,
        instance_end=end,
        forget_pause=True,
        lost=lost,
    )


def ended_in_steady_state(job: JobSeen) -> Outcome:
    """The job ended while nobody asked for it: FAILED with a sign, FINISHED, or cancelled outside."""
    settled, end = ENDS[job.status]
    warning: Finding | None = None
    if job.status is FlinkStatus.FAILED:
        warning = explain("job_failed", job.failure)
    elif job.status is FlinkStatus.CANCELED:
        warning = Finding("cancelled_outside")
    wanted = None if job.status is FlinkStatus.FAILED else Wanted.CANCELLED
    return Outcome(settled=settled, wanted=wanted, warning=warning, instance_end=end, forget_pause=True)


def lost_in_steady_state() -> Outcome:
    """The JobManager that ran the job is gone, and the new one does not know it."""
    return Outcome(
        settled=Settled.FAILED,
        warning=Finding("lost_with_cluster"),
        instance_end=InstanceEnd.LOST,
        forget_pause=True,
        lost=True,
    )


def savepoint_done(path: str) -> Outcome:
    """A savepoint in its own lane has completed; the job goes on."""
    return Outcome(
        intent=IntentStatus.DONE,
        step_done=True,
        operation=OperationStatus.SUCCESS,
        snapshot=SnapshotMade(path, SnapshotOrigin.USER_REQUEST),
    )


def savepoint_failed(finding: Finding) -> Outcome:
    """A savepoint did not come about; nothing else changes."""
    return Outcome(intent=IntentStatus.NOT_DONE, operation=OperationStatus.FAIL, result=finding, warning=finding)


def savepoint_kept_by_force(path: str) -> Outcome:
    """A forced stop came after the savepoint was complete and before the job had ended: it stays a restore point."""
    return Outcome(intent=IntentStatus.DONE, snapshot=SnapshotMade(path, SnapshotOrigin.STOP_WITH_SAVEPOINT))


def overridden_between_steps() -> Outcome:
    """A forced stop came while nothing of the operation was under way and nothing lived."""
    return Outcome(
        operation=OperationStatus.CANCELLED,
        result=Finding(OVERRIDDEN),
        settled=Settled.CANCELLED,
        wanted=Wanted.CANCELLED,
        forget_pause=True,
    )


def rest_after_fault(state: JobState, *, is_live: bool) -> JobState:
    """An operation broke off by a fault of our own: it may have ended the run, and nothing of it goes on."""
    if is_live or state.settled is not Settled.RUNNING:
        return state
    if state.suspended_on is not None:
        return replace(state, settled=Settled.SUSPENDED, wanted=Wanted.SUSPENDED)
    return replace(state, settled=Settled.FAILED, wanted=Wanted.RUNNING)


def overridden(finding: Finding, intent: IntentStatus, end: InstanceEnd, *, lost: bool = False) -> Outcome:
    """A forced stop cut the operation short and the instance has ended."""
    return Outcome(
        intent=intent,
        operation=OperationStatus.CANCELLED,
        result=finding,
        settled=Settled.FINISHED if end is InstanceEnd.FINISHED else Settled.CANCELLED,
        wanted=Wanted.CANCELLED,
        instance_end=end,
        forget_pause=True,
        lost=lost,
    )


def _rest_on_pause(finding: Finding) -> Outcome:
    return Outcome(
        operation=OperationStatus.FAIL,
        result=finding,
        warning=finding,
        settled=Settled.SUSPENDED,
        wanted=Wanted.SUSPENDED,
    )
