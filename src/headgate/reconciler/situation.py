"""Everything that is known of one job in one lane before Flink is asked: read in one transaction.

A `Situation` is what a pass carries from loading to acting. It decides nothing; which operation
executes is the domain's choice.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from headgate.domain.calls import CallSubject
from headgate.domain.clusters import FLINK_HEARTBEAT, Cluster
from headgate.domain.decisions import JobFacts
from headgate.domain.errors import NotFound
from headgate.domain.instances import FlinkJobId, Instance
from headgate.domain.intents import Intent
from headgate.domain.jobs import Job, Version
from headgate.domain.lifecycle import Lane, Verb
from headgate.domain.operations import Operation, StepName, choose_operation
from headgate.domain.restore import (
    History,
    RestoreChoice,
    choose_recovery,
    choose_restore,
    find_paused_instance,
)
from headgate.domain.snapshots import PathStatus
from headgate.ports.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class Situation:
    """One job in one lane. `version` and `facts.restore` are set when a start is next.

    `operation` is the executing one or the one to start; `to_close` are waiting ones that yield to
    a newer one, `withdrawn` those taken back before anything was sent, `queued` those whose turn
    comes after it. `intent_instance` is the instance that the open intent is about, `closed_ids` are
    the Flink ids of ended instances.
    """

    job: Job
    lane: Lane
    facts: JobFacts
    cluster: Cluster | None
    operation: Operation | None
    intent: Intent | None
    intent_instance: Instance | None = None
    version: Version | None = None
    to_close: tuple[Operation, ...] = ()
    withdrawn: tuple[Operation, ...] = ()
    queued: tuple[Operation, ...] = ()
    closed_ids: frozenset[FlinkJobId] = frozenset()

    @property
    def instance(self) -> Instance | None:
        """The instance that this pass is about: the open intent's, else the newest."""
        return self.intent_instance or self.facts.instance

    def with_instance(self, changed: Instance) -> "Situation":
        """The same, with what has become of the instance that this pass is about."""
        is_newest = self.instance == self.facts.instance
        facts = replace(self.facts, instance=changed) if is_newest else self.facts
        return replace(self, facts=facts, intent_instance=changed if self.intent is not None else None)

    @property
    def subject(self) -> CallSubject:
        """On whose behalf Flink is looked at."""
        instance, intent = self.instance, self.intent
        return CallSubject(self.job.id, instance.id if instance else None, intent.id if intent else None)


def load_situation(work: UnitOfWork, job_id: str, lane: Lane, now: datetime) -> Situation:
    """The situation of `job_id` in `lane`. NotFound("job_not_found") when it was deleted."""
    job = work.jobs.get(job_id)
    opened = work.operations.list_open(job_id)
    withdrawn = tuple(op for op in opened if not op.has_sent and work.operations.is_withdrawal_requested(op.id))
    choice = choose_operation([op for op in opened if op not in withdrawn], lane)
    intent = work.intents.find_open(job_id, lane)
    history = _load_history(work, job_id)
    newest = history.instances[0] if history.instances else None
    operation = choice.executing if choice.is_declaration else _find_owner(opened, intent) or choice.executing
    is_free = lane is Lane.MAIN and operation is None and intent is None
    start = _find_start(work, job, operation, history, now if is_free else None)
    cluster = _find_cluster(work, job, operation, intent, start.version, history)
    facts = JobFacts(
        state=history.state,
        instance=newest,
        savepoint_dir=_find_savepoint_dir(newest, cluster),
        restore=start.restore,
        in_flight=work.intents.find_open(job_id, Lane.SAVEPOINT) if lane is Lane.MAIN else None,
        forced=choice.overridden_by,
        main_is_busy=lane is Lane.SAVEPOINT and _is_main_busy(work, job_id, opened),
        pause_is_gone=_is_pause_gone(history),
        heartbeat_timeout=_find_heartbeat_timeout(work, newest),
        policy=job.recovery,
    )
    return Situation(
        job=job,
        lane=lane,
        facts=facts,
        cluster=cluster,
        operation=operation,
        intent=intent,
        intent_instance=work.instances.get(intent.instance_id) if intent is not None else None,
        version=start.version,
        to_close=choice.superseded,
        withdrawn=tuple(op for op in withdrawn if op.lane is lane),
        queued=tuple(op for op in choice.queued if op is not operation),
        closed_ids=frozenset(instance.flink_job_id for instance in history.instances if not instance.is_live),
    )


def _load_history(work: UnitOfWork, job_id: str) -> History:
    state, instances = work.jobs.get_state(job_id), work.instances.list_of_job(job_id)
    return History(state, instances, work.snapshots.list_of_job(job_id))


@dataclass(frozen=True, slots=True)
class _Start:
    """What the next start would submit, and from where; nothing where none is next."""

    version: Version | None = None
    restore: RestoreChoice | None = None


def _find_start(
    work: UnitOfWork, job: Job, operation: Operation | None, history: History, free_at: datetime | None
) -> _Start:
    """The operation's start, or the recovery that is due where nothing else is open (`free_at`)."""
    if free_at is not None and history.state.recovery_at is not None and history.instances:
        version = work.jobs.get_version(job.id, history.instances[0].version)
        return _Start(version, choose_recovery(history, job.recovery.max_age, free_at))
    version_asked = _find_version(work, job.id, operation)
    return _Start(version_asked, _find_restore(operation, version_asked, history))


def _is_main_busy(work: UnitOfWork, job_id: str, opened: list[Operation]) -> bool:
    executing = any(operation.lane is Lane.MAIN and operation.has_sent for operation in opened)
    return executing or work.intents.find_open(job_id, Lane.MAIN) is not None


def _find_owner(opened: list[Operation], intent: Intent | None) -> Operation | None:
    """The operation whose act is under way goes first, whatever was asked since."""
    if intent is None or intent.operation_id is None:
        return None
    return next((op for op in opened if op.id == intent.operation_id), None)


def _find_version(work: UnitOfWork, job_id: str, operation: Operation | None) -> Version | None:
    if operation is None or operation.version is None:
        return None
    step = operation.step
    if step is None or step.name is not StepName.SUBMIT:
        return None
    return work.jobs.get_version(job_id, operation.version)


def _find_restore(operation: Operation | None, version: Version | None, history: History) -> RestoreChoice | None:
    if operation is None or version is None:
        return None
    return choose_restore(operation.verb, operation.options, version.spec.restore, history)


def _find_cluster(
    work: UnitOfWork,
    job: Job,
    operation: Operation | None,
    intent: Intent | None,
    version: Version | None,
    history: History,
) -> Cluster | None:
    """Where the open act, the live instance or the next start is; None when it is no longer registered."""
    newest = history.instances[0] if history.instances else None
    if intent is not None:
        return _find_by_id(work, intent.cluster_id)
    if newest is not None and (newest.is_live or version is None or operation is None):
        return _find_by_id(work, newest.cluster_id)
    if version is None or operation is None:
        return None
    # What goes on goes on where it was, whatever a version says by now.
    before = {Verb.RESUME: find_paused_instance(history), Verb.RESTART: newest}.get(operation.verb)
    if before is not None:
        return _find_by_id(work, before.cluster_id)
    return work.clusters.find_by_name(job.workspace, version.spec.cluster)


def _find_by_id(work: UnitOfWork, cluster_id: str) -> Cluster | None:
    try:
        return work.clusters.get(cluster_id)
    except NotFound:
        return None


def _find_savepoint_dir(newest: Instance | None, cluster: Cluster | None) -> str | None:
    own = newest.spec.savepoint_dir if newest is not None else None
    return own or (cluster.savepoint_dir if cluster is not None else None)


def _find_heartbeat_timeout(work: UnitOfWork, newest: Instance | None) -> timedelta:
    state = work.clusters.find_state(newest.cluster_id) if newest is not None else None
    return state.heartbeat_timeout if state is not None else FLINK_HEARTBEAT


def _is_pause_gone(history: History) -> bool:
    on = history.state.suspended_on
    return any(s.id == on and s.path_status is PathStatus.GONE for s in history.snapshots)
