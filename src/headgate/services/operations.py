"""Operations: accepting what people ask of a job. Nothing here touches Flink.

A request is judged and appended in one transaction and then left to the reconciler, which judges it
again when its turn comes. The rules of the options are in `acceptance.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from headgate.domain.clusters import Cluster, ClusterState
from headgate.domain.errors import NotAllowed
from headgate.domain.events import Event, EventType
from headgate.domain.lifecycle import Verb
from headgate.domain.operations import Operation, OperationId, OperationStatus, Options, find_same, plan_steps
from headgate.domain.restore import FromSnapshot
from headgate.domain.snapshots import PathStatus
from headgate.domain.workspaces import Actor
from headgate.ports.clock import Clock
from headgate.ports.ids import Ids
from headgate.ports.store import JobRow, Store, UnitOfWork
from headgate.services.acceptance import Accepted, Request, accept, load_request
from headgate.services.access import get_job, get_operation, get_row
from headgate.services.operation_words import describe_options
from headgate.services.plans import Plan, Surroundings, draw_plan
from headgate.services.receipts import Keep, keep_nothing

LookAtPath = Callable[[Cluster, str], PathStatus]
"""Whether a snapshot's files are there, as far as this machine can see; a part of `FlinkGateway`."""


def look_nowhere(cluster: Cluster, path: str) -> PathStatus:
    return PathStatus.UNKNOWN


def sweep_nothing() -> None:
    """Where no reconciler runs beside."""


def _find_same(unit: UnitOfWork, row: JobRow, verb: Verb, options: Options) -> Operation | None:
    """The open operation that a double click means; not one taken back, nor one of an older version."""
    asked = [op for op in row.open_operations if not unit.operations.is_withdrawal_requested(op.id)]
    same = find_same(asked, verb, options)
    newest = row.newest_version.number if row.newest_version is not None else None
    if same is not None and verb is Verb.RUN and options.version is None and same.version != newest:
        return None
    return same


@dataclass(frozen=True, slots=True)
class Operations:
    """`wake` tells the reconciler that there is something to do, `sweep` that every cluster is to be looked at."""

    store: Store
    clock: Clock
    ids: Ids
    wake: Callable[[], None]
    look_at_path: LookAtPath = look_nowhere
    sweep: Callable[[], None] = sweep_nothing

    def request(
        self, actor: Actor, job_id: str, verb: Verb, options: Options, keep: Keep[Operation] = keep_nothing
    ) -> Operation:
        """Append an operation, or join the open one that asks for the very same (a double click).

        NotAllowed when the verb does not fit the expected phase or a rule of its options forbids it;
        Invalid for options that the verb has not or lacks.
        """
        with self.store.write() as unit:
            row = get_row(unit, actor, job_id)
            same = _find_same(unit, row, verb, options)
            operation = same or self._append(unit, actor, job_id, verb, options)
            self._record(unit, actor, operation, EventType.OPERATION_JOINED if same else EventType.OPERATION_REQUESTED)
            keep(unit, operation)
        self.wake()
        return operation

    def plan(self, actor: Actor, job_id: str, verb: Verb, options: Options) -> Plan:
        """What `request` would begin now, without asking for it. The same refusals."""
        with self.store.read() as unit:
            request = load_request(unit, get_row(unit, actor, job_id), verb, options, self.clock)
            accepted = accept(request)
            state = _find_cluster_state(unit, request, accepted)
        return draw_plan(request, accepted, Surroundings(self.clock.now(), state, self._look_at_restore(accepted)))

    def get(self, actor: Actor, operation_id: str) -> Operation:
        with self.store.read() as unit:
            return get_operation(unit, actor, operation_id)

    def withdraw(self, actor: Actor, operation_id: str) -> Operation:
        """Ask for a waiting operation to be taken back; the reconciler decides.

        NotAllowed("operation_not_withdrawable") once it has ended or sent something to Flink.
        """
        with self.store.write() as unit:
            operation = get_operation(unit, actor, operation_id)
            if not operation.is_open or operation.has_sent:
                raise NotAllowed("operation_not_withdrawable", verb=operation.verb, status=operation.status)
            unit.operations.request_withdrawal(operation.id, actor.name, self.clock.now())
        self.wake()
        return operation

    def refresh(self, actor: Actor, job_id: str) -> None:
        """Have the reconciler look at once."""
        with self.store.read() as unit:
            get_job(unit, actor, job_id)
        self.sweep()

    def _look_at_restore(self, accepted: Accepted) -> PathStatus:
        if accepted.cluster is None or not isinstance(accepted.restore, FromSnapshot):
            return PathStatus.UNKNOWN
        return self.look_at_path(accepted.cluster, accepted.restore.path)

    def _append(self, unit: UnitOfWork, actor: Actor, job_id: str, verb: Verb, options: Options) -> Operation:
        row = get_row(unit, actor, job_id)
        accepted = accept(load_request(unit, row, verb, options, self.clock))
        operation = Operation(
            id=OperationId(self.ids.new("op")),
            number=unit.operations.next_number(),
            job_id=job_id,
            workspace=row.job.workspace,
            verb=verb,
            options=options,
            status=OperationStatus.INIT,
            steps=plan_steps(verb, options),
            requested_by=actor.name,
            requested_at=self.clock.now(),
            version=accepted.version.number if accepted.version else None,
        )
        unit.operations.add(operation)
        return operation

    def _record(self, unit: UnitOfWork, actor: Actor, operation: Operation, kind: EventType) -> None:
        facts = {"verb": operation.verb.value, "options": describe_options(operation.options) or "-"}
        event = Event(operation.job_id, operation.workspace, self.clock.now(), kind, facts=facts, actor=actor.name)
        unit.events.record(replace(event, operation_id=operation.id))


def _find_cluster_state(unit: UnitOfWork, request: Request, accepted: Accepted) -> ClusterState | None:
    instance = request.row.instance
    if accepted.cluster is not None:
        return unit.clusters.find_state(accepted.cluster.id)
    return unit.clusters.find_state(instance.cluster_id) if instance is not None else None
