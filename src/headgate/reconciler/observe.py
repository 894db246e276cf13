"""Flink -> facts: everything that one pass asks Flink about one job, and nothing that it does not need.

An error in any of the looks makes the whole pass unreachable: half a picture is no picture.
"""

from dataclasses import replace

from headgate.domain.clusters import Cluster, Reachability
from headgate.domain.errors import FlinkError
from headgate.domain.evidence import is_gone, reachable_age
from headgate.domain.instances import FlinkJobId, FlinkStatus, Instance, is_ours
from headgate.domain.intents import Answer, Intent, IntentKind
from headgate.domain.observation import JobSeen, Seen, TriggerSeen, TriggerStatus, count_absence
from headgate.domain.policy import Policy
from headgate.domain.restore import FromSnapshot
from headgate.ports.flink import FlinkGateway
from headgate.reconciler.situation import Situation
from headgate.reconciler.watch import ClusterLook

TRIGGERED = frozenset({IntentKind.STOP_WITH_SAVEPOINT, IntentKind.SAVEPOINT})


def observe(
    gateway: FlinkGateway, situation: Situation, look: ClusterLook, trigger: TriggerSeen | None, policy: Policy
) -> Seen:
    """What is seen for `situation`, built on the cluster's `look`, taken after `trigger` was asked for."""
    cluster = situation.cluster
    absence = situation.instance.absence if situation.instance is not None else None
    seen = replace(describe_cluster(cluster, look), absence=absence, trigger=trigger)
    if cluster is None or look.jobs is None:
        return seen
    try:
        return _look_closer(gateway, cluster, situation, look, seen, policy)
    except FlinkError:
        return replace(seen, reachability=Reachability.UNREACHABLE, trigger=None)


def describe_cluster(cluster: Cluster | None, look: ClusterLook) -> Seen:
    """What a sweep tells of the cluster alone, before any job is looked at."""
    return Seen(
        at=look.at,
        reachability=look.reachability,
        incarnation=look.incarnation,
        high_availability=look.high_availability or (cluster is not None and cluster.high_availability),
        unreachable_total=look.unreachable_total,
        silence=look.silence,
        answers_since=look.answers_since,
    )


def ask_trigger(gateway: FlinkGateway, cluster: Cluster, intent: Intent | None) -> TriggerSeen | None:
    """The fate of an intent's trigger, None where it has none or Flink does not answer.

    It is asked for before the job is looked at: a trigger that has failed, and a job seen alive after
    that, did not die together.
    """
    if intent is None or intent.kind not in TRIGGERED:
        return None
    try:
        return gateway.get_trigger(cluster, intent.flink_job_id, intent.key, intent.kind)
    except FlinkError:
        return None


def _look_closer(
    gateway: FlinkGateway, cluster: Cluster, situation: Situation, look: ClusterLook, seen: Seen, policy: Policy
) -> Seen:
    instance = situation.instance
    if instance is not None and (instance.is_live or situation.intent is not None):
        seen = replace(seen, job=_find_job(gateway, cluster, instance, look))
        seen = replace(seen, absence=count_absence(instance, seen))
        if instance.is_live and _has_ended(situation, seen, policy):
            is_fresh = instance.flink_job_id in look.just_ended
            seen = replace(seen, remains=gateway.find_remains(cluster, instance, is_fresh=is_fresh))
    intent = situation.intent
    if intent is None:
        stray, unknown = (find_live(situation, look, known=known) for known in (True, False))
        seen = replace(seen, stray=stray, unknown_job=unknown)
    else:
        seen = _with_evidence(gateway, cluster, intent, look, seen)
        if _is_slow_start(intent, seen, policy):
            seen = replace(seen, free_slots=gateway.count_slots(cluster).free)
    restore = situation.facts.restore
    if isinstance(restore, FromSnapshot) and (intent is None or _has_failed_to_start(intent, seen)):
        seen = replace(seen, restore_path=gateway.look_at_path(cluster, restore.path))
    return seen


def _has_failed_to_start(intent: Intent, seen: Seen) -> bool:
    """Then it matters whether the snapshot that it should have started from is still there."""
    ended = seen.job is not None and seen.job.status.is_terminal
    if intent.kind is IntentKind.CANCEL:
        return ended or seen.job is None  # an attempt that took too long, or was cut short
    return intent.kind is IntentKind.SUBMIT and (ended or intent.answer is Answer.REJECTED)


def _is_slow_start(intent: Intent, seen: Seen, policy: Policy) -> bool:
    is_starting = seen.job is not None and not seen.job.status.is_terminal and not seen.job.tasks_running
    return intent.kind is IntentKind.SUBMIT and is_starting and reachable_age(intent, seen) > policy.slow_start


def _find_job(gateway: FlinkGateway, cluster: Cluster, instance: Instance, look: ClusterLook) -> JobSeen | None:
    """From the sweep where that tells enough; a failure's text and a job that no list shows are looked up.

    That a list lacks a job proves nothing while the JobManager knows it by its id.
    """
    assert look.jobs is not None
    found = look.jobs.get(instance.flink_job_id)
    if found is None:
        return gateway.find_job(cluster, instance.flink_job_id)
    if found.status is FlinkStatus.FAILED:
        return gateway.find_job(cluster, instance.flink_job_id) or found
    return found


def _with_evidence(gateway: FlinkGateway, cluster: Cluster, intent: Intent, look: ClusterLook, seen: Seen) -> Seen:
    trigger = seen.trigger
    if (
        intent.directory is None
        or trigger is None
        or trigger.status not in {TriggerStatus.UNKNOWN, TriggerStatus.FAILED}
    ):
        return seen
    evidence = gateway.find_evidence(cluster, intent.flink_job_id, intent.directory, intent.created_at)
    if evidence.savepoint or not _may_still_appear(intent, look):
        return replace(seen, evidence=evidence)
    return seen


def _may_still_appear(intent: Intent, look: ClusterLook) -> bool:
    """Flink's statistics are cached: nothing found right after an end proves nothing."""
    return intent.flink_job_id in look.just_ended


def _has_ended(situation: Situation, seen: Seen, policy: Policy) -> bool:
    """Whether it matters now what the job has left; the savepoint of a stop that succeeded is known already."""
    if seen.job is None:
        return is_gone(situation.instance, seen, policy)
    is_saved = seen.trigger is not None and seen.trigger.status is TriggerStatus.COMPLETED
    is_done = seen.job.status is FlinkStatus.FINISHED and situation.intent is not None
    return seen.job.status.is_terminal and not is_saved and not is_done


def find_live(situation: Situation, look: ClusterLook, *, known: bool) -> FlinkJobId | None:
    """A live job with an id of ours that no live instance stands for; `known`: it has a closed row."""
    newest = situation.facts.instance
    expected = newest.flink_job_id if newest is not None and newest.is_live else None
    for flink_job_id, job in (look.jobs or {}).items():
        if flink_job_id == expected or job.status.is_terminal or not is_ours(flink_job_id, situation.job.id):
            continue
        if (flink_job_id in situation.closed_ids) is known:
            return flink_job_id
    return None
