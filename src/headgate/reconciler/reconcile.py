"""One pass over one job in one lane: load, observe, write what was seen, decide, act.

A pass keeps nothing between calls but when it last acted, so that the next look is newer than the
act. After a crash the same pass runs again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from headgate.domain import settle
from headgate.domain.clusters import Cluster, Reachability
from headgate.domain.decide import cancel_stray, decide
from headgate.domain.decisions import AwaitOutcome, Decision, GiveUp, Nothing, Outcome, Settle, Submit
from headgate.domain.events import EventLevel, EventType
from headgate.domain.intents import Intent, IntentKind
from headgate.domain.lifecycle import Lane
from headgate.domain.observation import Seen, TriggerSeen, TriggerStatus
from headgate.domain.operations import Finding, Operation, OperationStatus, is_declaration
from headgate.domain.recovery import hold
from headgate.domain.restore import FromSnapshot
from headgate.domain.snapshots import PathStatus
from headgate.reconciler import record
from headgate.reconciler.act import Tools, act
from headgate.reconciler.observe import TRIGGERED, ask_trigger, describe_cluster, find_live, observe
from headgate.reconciler.points import Point
from headgate.reconciler.sample import Sampler
from headgate.reconciler.situation import Situation, load_situation
from headgate.reconciler.watch import ClusterLook, ClusterWatch

SHORTEST_POLL = timedelta(milliseconds=50)
START_POLL = timedelta(milliseconds=400)
LONGEST_POLL = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class PassResult:
    """What a pass did. `again_in` is when the next one is due, None when nothing is open."""

    decision: Decision | None
    again_in: timedelta | None


class Reconciler:
    """Passes over jobs. Safe to use from several threads for different jobs."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.sampler = Sampler(tools.store, tools.gateway)
        self._watches: dict[str, ClusterWatch] = {}
        self._acted_at: dict[str, datetime] = {}

    def get_watch(self, cluster: Cluster) -> ClusterWatch:
        """The watch of a cluster; one for as long as this reconciler lives."""
        tools = self.tools
        return self._watches.setdefault(cluster.id, ClusterWatch(tools.store, tools.gateway, tools.clock, cluster.id))

    def look(self, cluster: Cluster, max_age: timedelta, fence: int | None) -> ClusterLook:
        """A look at the cluster not older than `max_age`."""
        return self.get_watch(cluster).look(cluster, self.tools.clock.now() - max_age, fence)

    def find_place(self, job_id: str) -> str | None:
        """The id of the cluster that the next pass over this job will be on. NotFound for a deleted job."""
        with self.tools.store.read() as work:
            cluster = load_situation(work, job_id, Lane.MAIN, self.tools.clock.now()).cluster
        return cluster.id if cluster is not None else None

    def is_silent(self, cluster_id: str) -> bool:
        """Whether the newest look at this cluster went unanswered."""
        watch = self._watches.get(cluster_id)
        return watch is not None and watch.newest is not None and not watch.newest.is_reachable

    def pass_over(self, job_id: str, lane: Lane, fence: int | None) -> PassResult:
        """One pass. Unavailable when the database does not answer or the lease is lost."""
        tools = self.tools
        with tools.store.read() as work:
            situation = load_situation(work, job_id, lane, tools.clock.now())
        if situation.to_close or situation.withdrawn:
            self._close_waiting(situation, fence)
        self._mark_queued(situation, fence)
        if lane is Lane.SAVEPOINT and situation.operation is None and situation.intent is None:
            return PassResult(None, None)  # where the job rests is the main lane's to say
        if lane is Lane.MAIN and situation.intent is None and self._cancel_stray_elsewhere(situation, fence):
            return PassResult(None, timedelta(0))
        if situation.cluster is None:
            return self._pass_without_cluster(situation, fence)
        asked_at = tools.clock.now()
        trigger = self._ask_trigger(situation.cluster, situation)
        if trigger is not None and self._is_enough(situation.cluster, situation, trigger):
            return PassResult(None, choose_poll(situation.intent, tools.clock.now()))
        not_before = asked_at if trigger is not None else self._choose_not_before(job_id)
        look = self.get_watch(situation.cluster).look(situation.cluster, not_before, fence)
        with tools.calls.about(situation.subject):
            seen = observe(tools.gateway, situation, look, trigger, tools.policy)
        situation = self._write_seen(situation, seen, fence)
        now = tools.clock.now()
        seen = replace(seen, skipped_to=tools.clock.skipped_to())
        decision = decide(situation.facts, situation.operation, situation.intent, seen, tools.policy, now)
        if tools.awaits_predecessor() and concludes_from_absence(decision, situation.intent, seen):
            decision = AwaitOutcome("an earlier server may still be submitting", Finding("waits_for_predecessor"))
        if act(tools, decision, situation, seen, fence):
            self._acted_at[job_id] = tools.clock.now()
            return PassResult(decision, timedelta(0))
        self._write_waiting(situation, decision, fence)
        return PassResult(decision, choose_next(situation, tools.clock.now()))

    def _cancel_stray_elsewhere(self, situation: Situation, fence: int | None) -> bool:
        """Cancel a given-up run that a sweep shows alive on another cluster than the one of this pass."""
        here = situation.cluster.id if situation.cluster is not None else None
        for cluster_id, watch in list(self._watches.items()):
            look = watch.newest
            stray = find_live(situation, look, known=True) if look is not None and cluster_id != here else None
            if look is None or stray is None:
                continue
            with self.tools.store.read() as work:
                cluster = next((cluster for cluster in work.clusters.list_all() if cluster.id == cluster_id), None)
            if cluster is None:
                continue  # removed meanwhile: nothing newer will be seen of it
            about = replace(situation, cluster=cluster)
            act(self.tools, cancel_stray(stray), about, describe_cluster(cluster, look), fence)
            self._acted_at[situation.job.id] = self.tools.clock.now()
            return True
        return False

    def _choose_not_before(self, job_id: str) -> datetime:
        """Looks are shared between jobs for a moment, but never older than this job's last act."""
        shared = self.tools.clock.now() - START_POLL
        return max(shared, self._acted_at.get(job_id, shared))

    def _ask_trigger(self, cluster: Cluster, situation: Situation) -> TriggerSeen | None:
        """The open intent's trigger, unless the cluster did not answer when it was last looked at."""
        newest = self.get_watch(cluster).newest
        if newest is None or not newest.is_reachable:
            return None
        with self.tools.calls.about(situation.subject):
            return ask_trigger(self.tools.gateway, cluster, situation.intent)

    def _is_enough(self, cluster: Cluster, situation: Situation, trigger: TriggerSeen) -> bool:
        """The cheap poll between two sweeps: one call while a savepoint is being written."""
        newest = self.get_watch(cluster).newest
        fresh = newest is not None and self.tools.clock.now() - newest.at < LONGEST_POLL
        in_a_hurry = situation.facts.forced is not None or is_declaration(situation.operation)
        return trigger.status is TriggerStatus.IN_PROGRESS and fresh and not in_a_hurry

    def _close_waiting(self, situation: Situation, fence: int | None) -> None:
        now = self.tools.clock.now()
        newer = situation.facts.forced or next(iter(situation.queued), situation.operation)
        with self.tools.store.write(fence) as work:
            for operation in situation.to_close:
                finding = Finding("operation_superseded", {"by": newer.verb.value if newer is not None else ""})
                record.close_operation(work, situation, operation, finding, EventType.OPERATION_SUPERSEDED, now)
            for operation in situation.withdrawn:
                finding = Finding("operation_withdrawn")
                record.close_operation(work, situation, operation, finding, EventType.OPERATION_WITHDRAWN, now)

    def _mark_queued(self, situation: Situation, fence: int | None) -> None:
        """Operations whose turn comes later say for what they wait."""
        if situation.operation is None:
            return
        finding = Finding("waits_for_turn", {"verb": situation.operation.verb.value})
        for operation in situation.queued:
            queued = replace(operation, status=OperationStatus.OPERATING_BEFORE)
            self._save_waiting(replace(situation, operation=queued), queued, finding, fence)

    def _pass_without_cluster(self, situation: Situation, fence: int | None) -> PassResult:
        """The cluster is not registered (any more), or the job never had one: nothing can be sent."""
        tools, operation = self.tools, situation.operation
        now = tools.clock.now()
        seen = Seen(now, Reachability.UNREACHABLE, None, False, timedelta(0))
        decision = decide(situation.facts, operation, situation.intent, seen, tools.policy, now)
        name = situation.version.spec.cluster if situation.version is not None else "-"
        finding = Finding("cluster_not_found", {"cluster": name})
        if operation is None and situation.intent is None:
            if situation.facts.state.recovery_at is None:
                return PassResult(None, None)
            held = hold(situation.facts.state.recovery, finding)
            decision = Settle("a recovery has no cluster to be on", Outcome(warning=finding, recovery=held))
        elif is_declaration(operation):
            pass  # it needs nobody's answer
        elif situation.intent is not None and situation.intent.is_foreign:
            self._write_waiting(situation, decision, fence)
            return PassResult(decision, LONGEST_POLL)
        elif situation.intent is not None:
            decision = GiveUp("nobody can be asked any more what became of the act", finding)
        elif not isinstance(decision, Settle):
            decision = Settle("the cluster is not registered", settle.start_refused(situation.facts, finding))
        act(tools, decision, situation, seen, fence)
        return PassResult(decision, timedelta(0))

    def _write_seen(self, situation: Situation, seen: Seen, fence: int | None) -> Situation:
        """Keep what changed: Flink's word for the instance, since when it is missing, vanished files."""
        situation = self._write_path(situation, seen, fence)
        instance = situation.instance
        if instance is None:
            return situation
        # A look that went unanswered, or that was not for the job, leaves both as they were.
        status = seen.job.status if seen.job is not None else instance.flink_status
        changed = replace(instance, flink_status=status, absence=seen.absence)
        if changed == instance:
            return situation
        with self.tools.store.write(fence) as work:
            work.instances.save(changed)
        self.tools.reached(Point.SEEN_WRITTEN)
        return situation.with_instance(changed)

    def _write_path(self, situation: Situation, seen: Seen, fence: int | None) -> Situation:
        restore, status = situation.facts.restore, seen.restore_path
        if status in (None, PathStatus.UNKNOWN) or not isinstance(restore, FromSnapshot) or restore.snapshot is None:
            return situation
        if restore.snapshot.path_status is not status:
            with self.tools.store.write(fence) as work:
                work.snapshots.save(replace(restore.snapshot, path_status=status))
        is_pause = restore.snapshot.id == situation.facts.state.suspended_on
        gone = status is PathStatus.GONE if is_pause else situation.facts.pause_is_gone
        return replace(situation, facts=replace(situation.facts, pause_is_gone=gone))

    def _write_waiting(self, situation: Situation, decision: Decision, fence: int | None) -> None:
        """What an open operation waits for, written when it changes."""
        operation = situation.operation
        if operation is None:
            return
        match decision:
            case AwaitOutcome(waits_for=finding) | Nothing(waits_for=finding):
                pass
            case _:
                return
        self._save_waiting(situation, operation, finding, fence)

    def _save_waiting(
        self, situation: Situation, operation: Operation, finding: Finding | None, fence: int | None
    ) -> None:
        if finding == operation.waits_for:
            return
        changed = replace(operation, waits_for=finding)
        kind, level = EventType.OPERATION_WAITING, EventLevel.INFO
        if changed.is_overdue:
            kind, level = EventType.OPERATION_OVERDUE, EventLevel.WARNING
        with self.tools.store.write(fence) as work:
            work.operations.save(changed)
            if finding is not None:
                facts = {"verb": operation.verb.value, **record.describe_reason(finding)}
                record.record_event(work, situation, kind, self.tools.clock.now(), facts, level)


def concludes_from_absence(decision: Decision, intent: Intent | None, seen: Seen) -> bool:
    """Whether `decision` takes a submission that nobody answered, and that Flink does not show, for not made."""
    if intent is None or intent.kind is not IntentKind.SUBMIT or intent.answer is not None or seen.job is not None:
        return False
    return isinstance(decision, Submit | Settle | GiveUp)


def choose_next(situation: Situation, now: datetime) -> timedelta | None:
    """When to look again; None where nothing is open and nothing due."""
    if situation.operation is not None or situation.intent is not None:
        return choose_poll(situation.intent, now)
    due_at = situation.facts.state.recovery_at
    if due_at is None or situation.lane is not Lane.MAIN:
        return None
    return max(due_at - now, LONGEST_POLL)


def choose_poll(intent: Intent | None, now: datetime) -> timedelta:
    """When to look again: a trigger every 5 % of its age, all else at a calm pace."""
    if intent is None or intent.sent_at is None:
        return LONGEST_POLL
    shortest = SHORTEST_POLL if intent.kind in TRIGGERED else START_POLL
    if intent.kind is IntentKind.CANCEL:
        shortest = SHORTEST_POLL * 4
    return min(max((now - intent.sent_at) * 0.05, shortest), LONGEST_POLL)
