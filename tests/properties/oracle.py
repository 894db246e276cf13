"""The fake Flink with a guard at its door: every call that changes something is judged as it comes in.

Judged is what no later look could tell: what Headgate knew at the moment of the call. What the
states must look like between two acts is in `invariants.py`.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from headgate.domain.clusters import Cluster, Incarnation, Reachability
from headgate.domain.events import EventType
from headgate.domain.instances import FlinkJobId, Instance, InstanceEnd
from headgate.domain.intents import Intent, IntentKind, IntentStatus
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.observation import TriggerStatus
from headgate.domain.operations import Operation, Options, RestoreFrom, StopSnapshot
from headgate.domain.recovery import RecoveryPolicy
from headgate.domain.snapshots import Snapshot
from headgate.domain.spec import RestoreStrategy
from headgate.ports.flink import SavepointOrder, Submission
from headgate.ports.store import Store, UnitOfWork
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Fault
from tests.fakes.flink import ELSEWHERE, FakeFlink
from tests.fakes.history import FakeJob
from tests.fakes.job_manager import FakeJobManager
from tests.fakes.left import is_readable


class Broken(AssertionError):
    """An invariant does not hold. `number` is that of the design's list."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"invariant {number}: {text}")
        self.number = number


def demand(number: int, holds: bool, text: str) -> None:
    if not holds:
        raise Broken(number, text)


class GuardedFlink(FakeFlink):
    """`started` holds every job whose tasks ever ran; `deleted` the savepoints that the test removed."""

    def __init__(self, clock: FakeClock, store: Store, seed: int, chances: Mapping[Fault, float] | None = None) -> None:
        super().__init__(clock, seed, chances)
        self.store = store
        self.deleted: set[str] = set()
        self.written: set[str] = set()
        self._sent_to: dict[str, set[Incarnation]] = defaultdict(set)
        self._late: list[tuple[FlinkJobId, str, FakeJobManager, int, float]] = []

    def submit(self, cluster: Cluster, submission: Submission) -> None:
        self._agenda.play()
        with self.store.read() as work:
            if submission.instance.flink_job_id not in self._sent_to:
                self._judge_first(work, cluster, submission.instance)
                self._judge_restore(work, submission)
            self._judge_repeat(cluster, submission.instance.flink_job_id)
        super().submit(cluster, submission)

    def stop_with_savepoint(self, cluster: Cluster, order: SavepointOrder) -> None:
        self._agenda.play()
        for (job, trigger_id), trigger in self.job_manager(cluster).triggers.items():
            other = job == order.flink_job_id and trigger_id != order.trigger_id
            stops = trigger.kind is IntentKind.STOP_WITH_SAVEPOINT and trigger.status is TriggerStatus.IN_PROGRESS
            if trigger.directory == ELSEWHERE:
                continue  # what others do through Flink itself nobody can know in time
            demand(5, not (other and stops), "a second stop trigger while one is in progress")
        with self.store.read() as work:
            instance = work.instances.find_by_flink_id(order.flink_job_id)
            assert instance is not None
            unresolved = [
                intent
                for intent in work.intents.list_of_job(instance.job_id)
                if intent.kind is IntentKind.STOP_WITH_SAVEPOINT
                and intent.status is IntentStatus.OPEN
                and intent.instance_id == instance.id
                and intent.key != order.trigger_id
            ]
            demand(5, not unresolved, "a second stop trigger while the first is unresolved")
        self._judge_repeat(cluster, order.trigger_id)
        super().stop_with_savepoint(cluster, order)

    def trigger_savepoint(self, cluster: Cluster, order: SavepointOrder) -> None:
        self._judge_repeat(cluster, order.trigger_id)
        super().trigger_savepoint(cluster, order)

    def cancel(self, cluster: Cluster, flink_job_id: FlinkJobId) -> None:
        with self.store.read() as work:
            instance = work.instances.find_by_flink_id(flink_job_id)
            assert instance is not None
            intent = work.intents.find_open(instance.job_id, Lane.MAIN)
            assert intent is not None
            asked = intent.operation_id is not None and _may_cancel(work.operations.get(intent.operation_id))
            asked = asked or (instance.running_at is None and _is_recovery(work, instance))
            demand(3, not instance.is_live or asked, f"{flink_job_id} is cancelled though nobody asked for it")
        super().cancel(cluster, flink_job_id)

    def overlaps(self) -> list[tuple[FakeJob, FakeJob]]:
        """Without those that a person declared lost: of these nobody could say that they had ended."""
        found = super().overlaps()
        if not found:
            return []
        with self.store.read() as work:
            lost = list_declared_lost(work, found[0][0].platform_job)
        return [pair for pair in found if lost.isdisjoint(job.flink_job_id for job in pair)]

    def delete_path(self, path: str) -> None:
        self.deleted.add(path)
        super().delete_path(path)

    def _judge_first(self, work: UnitOfWork, cluster: Cluster, instance: Instance) -> None:
        """A new id: every earlier one must have ended, and the cluster must answer."""
        others = [other for other in work.instances.list_of_job(instance.job_id) if other.id != instance.id]
        demand(2, not any(other.is_live for other in others), "a new id beside an unresolved instance")
        state = work.clusters.find_state(cluster.id)
        reachable = state is not None and state.reachability is not Reachability.UNREACHABLE
        demand(2, reachable, "a new id while the cluster is unreachable")
        now = self.clock.monotonic()
        lost = list_declared_lost(work, instance.job_id)
        # A JobManager refuses an id that it has had in this life, even when that job has long ended.
        pending = [
            key
            for key, job_id, manager, life, at in self._late
            if job_id == instance.job_id
            and at > now
            and manager.life == life
            and key not in manager.jobs
            and key not in lost
        ]
        demand(2, not pending, f"a new id while the submission of {pending} may still arrive")
        live = [job.flink_job_id for job in self.live_jobs(instance.job_id) if job.flink_job_id not in lost]
        demand(1, not live, f"a new job while {live} lives")

    def _judge_repeat(self, cluster: Cluster, key: str) -> None:
        manager = self.job_manager(cluster)
        lives = self._sent_to[key] | {manager.incarnation}
        self._sent_to[key] = lives
        demand(2, len(lives) == 1 or cluster.high_availability, f"{key} is repeated in another life of the JobManager")

    def _judge_restore(self, work: UnitOfWork, submission: Submission) -> None:
        instance = submission.instance
        intent = work.intents.find_open(instance.job_id, Lane.MAIN)
        assert intent is not None
        if intent.operation_id is None:
            self._judge_recovery(work, instance, intent)
            return
        operation = work.operations.get(intent.operation_id)
        snapshots = work.snapshots.list_of_job(instance.job_id)
        if instance.restored_from is not None:
            expected = _list_expected(work, operation, instance, snapshots)
            demand(3, instance.restored_from in expected, f"{operation.verb} restores from {instance.restored_from}")
            if operation.options.restore_from is RestoreFrom.LATEST:
                self._judge_latest(work, instance)
            return
        had_state = any(job.platform_job == instance.job_id for job in self.history)
        earlier = [i for i in work.instances.list_of_job(instance.job_id) if i.number < instance.number]
        nothing_kept = not snapshots and not _ended_by_itself(earlier)
        said = _said_stateless(operation, instance) or (operation.options.restore_from is None and nothing_kept)
        demand(3, not had_state or (said and operation.verb is not Verb.RESUME), f"{operation.verb} drops the state")

    def _judge_recovery(self, work: UnitOfWork, instance: Instance, intent: Intent) -> None:
        """A start that nobody asked for: after a failure, with state, within the budget, from the newest there is."""
        state, job = work.jobs.get_state(instance.job_id), work.jobs.get(instance.job_id)
        demand(3, job.recovery.policy is RecoveryPolicy.RESTORE, "a recovery that nobody has set")
        at_rest = state.settled is Settled.FAILED and state.wanted is Wanted.RUNNING
        demand(2, at_rest, f"a recovery while the job is {state.settled} and {state.wanted} is wanted")
        unsent = [op for op in work.operations.list_open(instance.job_id) if op.lane is Lane.MAIN]
        # One whose call a death cut off is begun already: what was asked for since waits for its outcome.
        demand(2, not unsent or intent.attempts > 1, f"a recovery beside {unsent}")
        demand(3, instance.restored_from is not None, "a recovery without state")
        starts = [i for i in work.intents.list_of_job(instance.job_id) if i.kind is IntentKind.SUBMIT]
        late = [i for i in starts if i.operation_id is None and self.clock.now() - i.created_at < timedelta(hours=1)]
        healthy = [i for i in work.instances.list_of_job(instance.job_id) if _was_healthy(i)]
        asked = any(i.operation_id is not None and self.clock.now() - i.created_at < timedelta(hours=1) for i in starts)
        demand(3, len(late) <= job.recovery.attempts or bool(healthy) or asked, f"{len(late)} recoveries in an hour")
        self._judge_latest(work, instance)

    def _judge_latest(self, work: UnitOfWork, instance: Instance) -> None:
        """The newest restore point goes no further back than the newest checkpoint of the last run that can be seen."""
        ran = {job.flink_job_id for job in self.history if job.platform_job == instance.job_id}
        earlier = [i for i in work.instances.list_of_job(instance.job_id) if i.number < instance.number]
        newest = max((i for i in earlier if i.end != "NOT_STARTED"), key=lambda i: i.number)
        if newest.flink_job_id not in ran or newest.flink_job_id in list_declared_lost(work, instance.job_id):
            return
        kept = [found for found in self.disk.savepoints.values() if found.flink_job_id == newest.flink_job_id]
        visible = [found for found in kept if found.is_checkpoint and is_readable(found.path)]
        chosen = self.disk.savepoints.get(instance.restored_from or "")
        for found in visible:
            is_there = chosen is not None and chosen.counter >= found.counter
            demand(3, is_there, f"LATEST forgets {found.path}: {instance.restored_from}")

    def _submit_late(self, manager: FakeJobManager, submission: Submission, fault: Fault, seconds: float) -> None:
        if fault is Fault.LATE_SUBMISSION:
            at = self.clock.monotonic() + 120 + seconds
            instance = submission.instance
            self._late.append((instance.flink_job_id, instance.job_id, manager, manager.life, at))
        super()._submit_late(manager, submission, fault, seconds)


def list_declared_lost(work: UnitOfWork, job_id: str) -> set[str]:
    """The Flink ids that a person has declared lost: for these alone nothing is promised."""
    events = work.events.list_of_job(job_id, 100_000, None)
    return {event.facts["flink_job_id"] for event in events if event.type is EventType.DECLARED_LOST}


def _is_recovery(work: UnitOfWork, instance: Instance) -> bool:
    """Whether nobody had asked for this run."""
    starts = [i for i in work.intents.list_of_job(instance.job_id) if i.instance_id == instance.id]
    return any(i.kind is IntentKind.SUBMIT and i.operation_id is None for i in starts)


def _was_healthy(instance: Instance) -> bool:
    ran = instance.ended_at - instance.running_at if instance.ended_at and instance.running_at else timedelta(0)
    return ran >= timedelta(minutes=15)


def _may_cancel(operation: Operation) -> bool:
    """Whether the operation may end a job without a savepoint."""
    options = operation.options
    return (
        operation.failing is not None
        or (operation.verb is Verb.STOP and options.snapshot is StopSnapshot.NONE)
        or (operation.verb is Verb.RESTART and options.keep_state is False)
        or (operation.verb is Verb.PAUSE and options.allow_state_loss)
    )


def _said_stateless(operation: Operation, instance: Instance) -> bool:
    options: Options = operation.options
    if operation.verb is Verb.RESTART:
        return options.keep_state is False
    by_setting = options.restore_from is RestoreFrom.DEFAULT and instance.spec.restore.strategy is RestoreStrategy.NONE
    return options.restore_from is RestoreFrom.NONE or by_setting


def _ended_by_itself(earlier: list[Instance]) -> bool:
    """Whether the newest of these runs that got going ended unasked: Flink keeps its checkpoints then."""
    ran = max((i for i in earlier if i.running_at is not None), key=lambda i: i.number, default=None)
    return ran is not None and ran.end in {InstanceEnd.FAILED, InstanceEnd.LOST, InstanceEnd.GIVEN_UP}


def _list_expected(
    work: UnitOfWork, operation: Operation, instance: Instance, snapshots: list[Snapshot]
) -> set[str | None]:
    """The paths that the person's words may mean."""
    chosen = {s.path for s in snapshots if s.id == operation.options.snapshot_id}
    if chosen:
        return {*chosen}
    if operation.verb is Verb.RESUME:
        on = work.jobs.get_state(instance.job_id).suspended_on
        return {s.path for s in snapshots if s.id == on}
    earlier = [i for i in work.instances.list_of_job(instance.job_id) if i.number < instance.number]
    started = [i for i in earlier if i.end != "NOT_STARTED"] or earlier
    newest = started[0]
    own = [s for s in snapshots if s.instance_id == newest.id]
    return {max(own, key=lambda s: s.created_at).path} if own else {newest.restored_from}
