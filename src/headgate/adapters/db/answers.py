"""The first answers to requests with an idempotency key, in the database."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete
from sqlalchemy.exc import IntegrityError

from headgate.adapters.db import tables
from headgate.adapters.db.refusals import explain
from headgate.adapters.db.rows import Records
from headgate.ports.store import AnswerStore, KeptAnswer

ANSWERS = Records(tables.answers, KeptAnswer, "key", "answer_not_found")

_answers = tables.answers
_find = ANSWERS.select.where(_answers.c.owner == bindparam("owner"), _answers.c.key == bindparam("key"))


class DatabaseAnswers(AnswerStore):
    """Written by the web, through services."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, owner: str, key: str) -> KeptAnswer | None:
        return ANSWERS.find_by(self._connection, _find, owner=owner, key=key)

    def add(self, answer: KeptAnswer) -> None:
        try:
            ANSWERS.add(self._connection, answer)
        except IntegrityError as error:
            raise explain(error, key=answer.key) from error

    def delete_before(self, at: datetime) -> int:
        return self._connection.execute(delete(_answers).where(_answers.c.at < at)).rowcount
