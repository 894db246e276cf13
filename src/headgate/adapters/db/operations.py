"""Operations in the database: what people asked for, and the requests to withdraw it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, bindparam, insert, select, union, update

from headgate.adapters.db import tables
from headgate.adapters.db.notifications import notify
from headgate.adapters.db.rows import NEWEST, Records, newest
from headgate.domain.operations import Operation, OperationId
from headgate.ports.store import OperationStore

OPERATIONS = Records(tables.operations, Operation, "id", "operation_not_found")

_operations, _withdrawals, _counters = tables.operations, tables.withdrawals, tables.counters
_of_job = OPERATIONS.select.where(_operations.c.job_id == bindparam("job"))
_open = _of_job.where(tables.is_open_operation).order_by(_operations.c.number)
_page_of_job = newest(_of_job, _operations.c.number)
_page_of_workspace = newest(
    OPERATIONS.select.where(_operations.c.workspace == bindparam("workspace")), _operations.c.number
)


def _busy(is_recovering: ColumnElement[bool]) -> CompoundSelect[Any]:
    return union(
        select(_operations.c.job_id).where(tables.is_open_operation),
        select(tables.intents.c.job_id).where(tables.is_open_intent),
        select(tables.job_states.c.job_id).where(is_recovering),
    ).order_by("job_id")


_busy_jobs = _busy(tables.job_states.c.recovery_at.is_not(None))
_due_jobs = _busy(tables.job_states.c.recovery_at <= bindparam("due_by", type_=tables.job_states.c.recovery_at.type))
_COUNTER = "operation"
_count = (
    update(_counters)
    .where(_counters.c.name == _COUNTER)
    .values(value=_counters.c.value + 1)
    .returning(_counters.c.value)
)
_withdrawal = select(_withdrawals.c.operation_id).where(_withdrawals.c.operation_id == bindparam("operation"))


class DatabaseOperations(OperationStore):
    """Appended by services, advanced by the reconciler."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_number(self) -> int:
        """One more than every number given before; given for good when the transaction commits."""
        number = self._connection.execute(_count).scalar()
        if number is None:
            self._connection.execute(insert(_counters).values(name=_COUNTER, value=1))
            return 1
        return int(number)

    def add(self, operation: Operation) -> None:
        OPERATIONS.add(self._connection, operation)
        notify(self._connection)

    def get(self, operation_id: str) -> Operation:
        return OPERATIONS.get(self._connection, operation_id)

    def save(self, operation: Operation) -> None:
        OPERATIONS.save(self._connection, operation)

    def list_open(self, job_id: str) -> list[Operation]:
        return OPERATIONS.list_by(self._connection, _open, job=job_id)

    def list_busy_jobs(self, due_by: datetime | None = None) -> list[str]:
        statement, facts = (_busy_jobs, {}) if due_by is None else (_due_jobs, {"due_by": due_by})
        return list(self._connection.execute(statement, facts).scalars())

    def list_of_job(self, job_id: str, limit: int, before: int | None) -> list[Operation]:
        before = NEWEST if before is None else before
        return OPERATIONS.list_by(self._connection, _page_of_job, job=job_id, limit=limit, before=before)

    def list_of_workspace(self, workspace: str, limit: int, before: int | None) -> list[Operation]:
        before = NEWEST if before is None else before
        return OPERATIONS.list_by(self._connection, _page_of_workspace, workspace=workspace, limit=limit, before=before)

    def request_withdrawal(self, operation_id: OperationId, actor: str, at: datetime) -> None:
        """The first request stands; a second changes nothing."""
        if not self.is_withdrawal_requested(operation_id):
            self._connection.execute(insert(_withdrawals), {"operation_id": operation_id, "actor": actor, "at": at})
            notify(self._connection)

    def is_withdrawal_requested(self, operation_id: OperationId) -> bool:
        return self._connection.execute(_withdrawal, {"operation": operation_id}).first() is not None
