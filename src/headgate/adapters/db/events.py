"""Events in the database: appended, never changed. The database gives each its number."""

from sqlalchemy import Connection, bindparam, insert

from headgate.adapters.db import tables
from headgate.adapters.db.rows import NEWEST, Records, newest
from headgate.domain.events import Event
from headgate.ports.store import EventStore

EVENTS = Records(tables.events, Event, "number", "event_not_found")

_events = tables.events
_record = insert(_events)
_page_of_job = newest(EVENTS.select.where(_events.c.job_id == bindparam("job")), _events.c.number)
_page_of_workspace = newest(EVENTS.select.where(_events.c.workspace == bindparam("workspace")), _events.c.number)


class DatabaseEvents(EventStore):
    """Appended by services and the reconciler."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, event: Event) -> None:
        values = EVENTS.to_values(event)
        del values["number"]
        self._connection.execute(_record, values)

    def list_of_job(self, job_id: str, limit: int, before: int | None) -> list[Event]:
        before = NEWEST if before is None else before
        return EVENTS.list_by(self._connection, _page_of_job, job=job_id, limit=limit, before=before)

    def list_of_workspace(self, workspace: str, limit: int, before: int | None) -> list[Event]:
        before = NEWEST if before is None else before
        return EVENTS.list_by(self._connection, _page_of_workspace, workspace=workspace, limit=limit, before=before)
