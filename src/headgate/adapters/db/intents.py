"""Intents in the database: the write-ahead record of every act. One open one per job and lane."""

from sqlalchemy import Connection, bindparam
from sqlalchemy.exc import IntegrityError

from headgate.adapters.db import tables
from headgate.adapters.db.refusals import explain
from headgate.adapters.db.rows import Records
from headgate.domain.intents import Intent
from headgate.domain.lifecycle import Lane
from headgate.ports.store import IntentStore

INTENTS = Records(tables.intents, Intent, "id", "intent_not_found")

_intents = tables.intents
_of_job = INTENTS.select.where(_intents.c.job_id == bindparam("job")).order_by(_intents.c.ordinal)
_open = _of_job.where(_intents.c.lane == bindparam("lane"), tables.is_open_intent)


class DatabaseIntents(IntentStore):
    """Written by the reconciler alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, intent: Intent) -> None:
        """Conflict("intent_already_open") while another one is open in this lane of the job."""
        try:
            INTENTS.add(self._connection, intent)
        except IntegrityError as error:
            raise explain(error, job=intent.job_id, lane=intent.lane) from error

    def save(self, intent: Intent) -> None:
        INTENTS.save(self._connection, intent)

    def find_open(self, job_id: str, lane: Lane) -> Intent | None:
        return INTENTS.find_by(self._connection, _open, job=job_id, lane=lane)

    def list_of_job(self, job_id: str) -> list[Intent]:
        return INTENTS.list_by(self._connection, _of_job, job=job_id)
