"""What may be concluded from a look, and what may not: shared by every part of `decide`."""

from datetime import datetime, timedelta

from headgate.domain.clusters import ClusterState, Incarnation, Reachability
from headgate.domain.instances import Absence, Instance
from headgate.domain.intents import INTENT_FORMAT, Intent, IntentKind
from headgate.domain.observation import Seen
from headgate.domain.operations import INTENT_FORMAT_NEWER, STILL_WAITING, Finding
from headgate.domain.policy import Policy

OUT_OF_SIGHT = timedelta(seconds=60)
"""For so long nobody must have seen the job before a person may declare it lost."""


def is_out_of_sight(
    state: ClusterState | None, absence: Absence | None, now: datetime, skipped_to: datetime | None = None
) -> bool:
    """Whether a cluster has not answered, or has answered without the job, for `OUT_OF_SIGHT`.

    `state` None: nobody has looked yet, which says nothing. `absence` is the instance's on this cluster.
    Where the clock has skipped to `skipped_to`, the time before that is not counted.
    """
    if state is None or (skipped_to is not None and now - skipped_to < OUT_OF_SIGHT):
        return False
    if state.reachability is Reachability.UNREACHABLE:
        return now - state.since >= OUT_OF_SIGHT
    if absence is None:
        return False
    unseen = state.unreachable_before - absence.unreachable_before
    return now - absence.first_at - unseen >= OUT_OF_SIGHT


def is_alive(seen: Seen) -> bool:
    """Whether Flink shows our job in a state that is not final."""
    return seen.job is not None and not seen.job.status.is_terminal


def is_gone(instance: Instance | None, seen: Seen, policy: Policy) -> bool:
    """Whether a missing instance is proven to have ended."""
    return instance is not None and is_missing_for_good(instance.incarnation, seen, policy)


def is_missing_for_good(life: Incarnation | None, seen: Seen, policy: Policy) -> bool:
    """Whether a job that was alive in this `life` of its JobManager is proven to have ended.

    Proof is a new life of a JobManager without high availability that misses it in two sweeps, or
    one and the same JobManager that has missed it through the absence limit.
    """
    absence = seen.absence
    if absence is None or absence.sweeps < 2 or not seen.is_reachable:
        return False
    if absence.incarnation != life and not seen.high_availability:
        return missing_for(absence, seen) >= policy.absence_gap
    return missing_for(absence, seen) >= policy.absence_limit


def missing_for(absence: Absence, seen: Seen) -> timedelta:
    """How long the cluster, while it answered, has not shown the job."""
    return (seen.at - absence.first_at) - (seen.unreachable_total - absence.unreachable_before)


def reachable_age(intent: Intent, seen: Seen) -> timedelta:
    """How long ago the intent was last sent, without the time in which the cluster did not answer."""
    return (seen.at - (intent.sent_at or intent.created_at)) - (seen.unreachable_total - intent.unreachable_before)


def find_overdue(intent: Intent, seen: Seen, policy: Policy) -> Finding | None:
    """What an operation says whose act is open beyond its deadline, in reachable time since it was last sent."""
    deadline = {
        IntentKind.SUBMIT: policy.start_deadline,
        IntentKind.STOP_WITH_SAVEPOINT: policy.pause_deadline,
        IntentKind.SAVEPOINT: policy.savepoint_deadline,
        IntentKind.CANCEL: policy.cancel_deadline,
    }[intent.kind]
    return still_waiting(intent) if reachable_age(intent, seen) > deadline else None


def still_waiting(intent: Intent) -> Finding:
    return Finding(STILL_WAITING, {"act": intent.kind.value})


def foreign_format(intent: Intent) -> Finding:
    """What is said of an act that a newer release began in a form that this one does not know."""
    facts = {"act": intent.kind.value, "format": str(intent.format), "known": str(INTENT_FORMAT)}
    return Finding(INTENT_FORMAT_NEWER, facts)
