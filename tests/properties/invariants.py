"""The invariants between two acts: the rows compared with what the oracle knows.

Those of the moment of a call are in `oracle.py`. Each check names the number of its invariant.
"""

from headgate.domain.instances import FlinkStatus, Instance, InstanceEnd
from headgate.domain.intents import IntentStatus
from headgate.domain.lifecycle import Lane, Settled, Verb
from headgate.domain.operations import (
    Operation,
    OperationId,
    OperationStatus,
    Options,
    RestoreFrom,
    StopSnapshot,
)
from headgate.domain.snapshots import SnapshotStatus
from headgate.ports.store import UnitOfWork
from tests.fakes.history import FakeJob
from tests.properties.oracle import demand
from tests.properties.world import JOB, World

_ENDED_FOR_SURE = frozenset(InstanceEnd) - {InstanceEnd.NOT_STARTED, InstanceEnd.GIVEN_UP}


class Invariants:
    """Checks one world after every pass. Closed operations are remembered: they must not change."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._closed: dict[OperationId, Operation] = {}

    def check(self) -> None:
        """Broken when any of them does not hold now."""
        overlaps = self.world.flink.overlaps()
        demand(1, not overlaps, f"two live jobs: {overlaps[:1]}")
        with self.world.store.read() as work:
            instances = work.instances.list_of_job(JOB)
            self._check_instances(instances)
            self._check_suspended(work, instances)
            self._check_operations(work, instances)

    def _check_instances(self, instances: list[Instance]) -> None:
        """An end that was written down is an end that happened."""
        for instance in instances:
            job = self._find_job(instance)
            if instance.end in _ENDED_FOR_SURE:
                demand(1, job is not None, f"{instance.end} but it never was: {instance.id}")
                assert job is not None
                demand(1, not job.is_live, f"{instance.end} in the row, {job.status} in Flink")
            if instance.end is InstanceEnd.LOST:
                assert job is not None
                # Without an archive a new JobManager cannot tell what ended from what was lost.
                is_forgotten = not self.world.flink.job_manager(self.world.cluster).archives
                demand(2, job.is_lost or is_forgotten, f"lost in the row, {job.status} in Flink")
        demand(1, sum(instance.is_live for instance in instances) <= 1, "two live instances in the rows")
        demand(1, not any(instance.is_live for instance in instances[1:]), "an old instance is live")

    def _check_suspended(self, work: UnitOfWork, instances: list[Instance]) -> None:
        """SUSPENDED: a savepoint is there, and nothing of ours runs."""
        state = work.jobs.get_state(JOB)
        if state.settled is not Settled.SUSPENDED:
            return
        demand(4, state.suspended_on is not None, "SUSPENDED on nothing")
        snapshot = work.snapshots.get(state.suspended_on or "")
        demand(4, snapshot.status is SnapshotStatus.COMPLETED, "SUSPENDED on a failed snapshot")
        flink = self.world.flink
        is_there = snapshot.path in flink.disk.savepoints or snapshot.path in flink.deleted
        demand(4, is_there, f"SUSPENDED on {snapshot.path}, which never existed")

    def _check_operations(self, work: UnitOfWork, instances: list[Instance]) -> None:
        open_intents = [i for lane in Lane if (i := work.intents.find_open(JOB, lane)) is not None]
        owners = {intent.operation_id for intent in open_intents}
        for operation in work.operations.list_of_job(JOB, 50, None):
            before = self._closed.get(operation.id)
            if before is not None:
                demand(7, before == operation, f"a closed operation changed: {before} -> {operation}")
            elif not operation.is_open:
                demand(7, operation.id not in owners, f"{operation.verb} closed while its intent is open")
                self._closed[operation.id] = operation
                self._check_just_closed(work, operation, instances)

    def _check_just_closed(self, work: UnitOfWork, operation: Operation, instances: list[Instance]) -> None:
        state = work.jobs.get_state(JOB)
        if operation.status is OperationStatus.SUCCESS:
            self._check_success(work, operation, state.settled, instances)
            return
        demand(7, operation.result is not None, f"{operation.verb} {operation.status} without a result")
        if operation.status is OperationStatus.FAIL:
            demand(4, state.warning is not None, f"{operation.verb} failed without a sign beside the state")
        newest = instances[0] if instances else None
        if operation.verb is not Verb.PAUSE or operation.status is not OperationStatus.FAIL or newest is None:
            return
        if newest.is_live:
            demand(4, state.settled is Settled.RUNNING, f"a failed pause rests {state.settled}")
        if newest.end is InstanceEnd.FINISHED:
            self._check_nothing_left(work, operation)

    def _check_nothing_left(self, work: UnitOfWork, operation: Operation) -> None:
        """A pause whose job has finished may only fail when its savepoint is nowhere to be found."""
        for intent in work.intents.list_of_job(JOB):
            if intent.operation_id == operation.id and intent.directory is not None:
                left = self.world.flink.disk.list_below(intent.directory)
                demand(4, not left, f"a failed pause left {[savepoint.path for savepoint in left]}")

    def _check_success(
        self, work: UnitOfWork, operation: Operation, settled: Settled, instances: list[Instance]
    ) -> None:
        """What a success claims is so."""
        match operation.verb:
            case Verb.RUN | Verb.RESUME | Verb.RESTART:
                job = self._find_job(instances[0])
                ran = job is not None and (
                    (job.counter > 0 or job.running_since is not None) or job.status is FlinkStatus.FINISHED
                )
                demand(7, ran, "a start that never ran")
                demand(7, settled in {Settled.RUNNING, Settled.FINISHED}, f"a started job rests {settled}")
            case Verb.PAUSE:
                ended = {Settled.CANCELLED, Settled.FINISHED, Settled.FAILED}
                without = operation.options.allow_state_loss and settled in ended
                demand(4, settled is Settled.SUSPENDED or without, f"a paused job rests {settled}")
            case Verb.STOP:
                demand(7, settled in {Settled.CANCELLED, Settled.FINISHED, Settled.FAILED}, f"stopped: {settled}")
            case Verb.DECLARE_LOST:
                demand(7, settled is Settled.CANCELLED, f"declared lost: {settled}")
            case Verb.SAVEPOINT:
                trigger = [i for i in work.intents.list_of_job(JOB) if i.operation_id == operation.id]
                made = [s for s in work.snapshots.list_of_job(JOB) if s.trigger_id in {i.key for i in trigger}]
                demand(4, bool(made), "a savepoint without a snapshot")

    def _find_job(self, instance: Instance) -> FakeJob | None:
        found = [job for job in self.world.flink.history if job.flink_job_id == instance.flink_job_id]
        return found[-1] if found else None


def check_steady(world: World) -> None:
    """Invariant 7: nothing is under way, the rows agree with the oracle."""
    demand(7, not world.is_busy(), f"still busy: {[o for o in world.list_operations() if o.is_open]}")
    with world.store.read() as work:
        state = work.jobs.get_state(JOB)
        newest = work.instances.find_newest(JOB)
        intents = [i for i in work.intents.list_of_job(JOB) if i.status is IntentStatus.OPEN]
    demand(7, not intents, f"open intents: {intents}")
    live = world.flink.live_jobs(JOB)
    if state.settled is Settled.RUNNING:
        demand(7, newest is not None and newest.is_live, "RUNNING without a live instance")
        demand(7, [job.flink_job_id for job in live] == [newest.flink_job_id if newest else ""], f"RUNNING, but {live}")
    else:
        demand(7, not live, f"{state.settled}, but {live}")
        demand(7, newest is None or not newest.is_live, f"{state.settled} with a live instance")


def check_way_out(world: World) -> None:
    """Every state has a verb that leads out."""
    state = world.get_state()
    if state.settled is Settled.RUNNING:
        verb, options, goal = Verb.STOP, Options(snapshot=StopSnapshot.NONE), Settled.CANCELLED
    else:
        verb, options, goal = Verb.RUN, Options(restore_from=RestoreFrom.NONE), Settled.RUNNING
    operation = world.request(verb, options)
    demand(7, operation is not None, f"{verb} is not allowed from {state.settled}")
    world.run_until(lambda: not world.is_busy(), 300.0)
    world.run_for(30.0)
    check_steady(world)
    after = world.get_state().settled
    demand(7, after is goal, f"{verb} from {state.settled} led to {after}: {world.list_operations()[0]}")
