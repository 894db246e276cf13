"""What is played: every verb, dying at every point that it passes, plain and with the JobManager killed too.

The table says how each of these has to end, and docs/reliability.md shows it. `SHORT` is what every
run of the tests plays; `make test-long` plays all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from headgate.reconciler.points import Point

Options = dict[str, Any]

ENDS = """
| play               | point                    | plain               | JobManager killed             |
|--------------------|--------------------------|---------------------|-------------------------------|
| run                | accepted                 | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| run                | submit.intent_written    | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| run                | submit.called            | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| run                | submit.answer_written    | SUCCESS, RUNNING    | FAIL, FAILED                  |
| run                | seen_written             | SUCCESS, RUNNING    | FAIL, FAILED                  |
| run                | settled                  | SUCCESS, RUNNING    | SUCCESS, FAILED               |
| run                | given_up                 | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| run-sql            | submit.intent_written    | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| run-sql            | submit.called            | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| run-sql            | submit.answer_written    | SUCCESS, RUNNING    | FAIL, FAILED                  |
| pause              | accepted                 | SUCCESS, SUSPENDED  | TASK_STATUS_NO_DONE, FAILED   |
| pause              | stop.intent_written      | SUCCESS, SUSPENDED  | FAIL, CANCELLED               |
| pause              | stop.called              | SUCCESS, SUSPENDED  | SUCCESS, SUSPENDED            |
| pause              | stop.answer_written      | SUCCESS, SUSPENDED  | SUCCESS, SUSPENDED            |
| pause              | seen_written             | SUCCESS, SUSPENDED  | SUCCESS, SUSPENDED            |
| pause              | settled                  | SUCCESS, SUSPENDED  | SUCCESS, SUSPENDED            |
| resume             | accepted                 | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| resume             | submit.intent_written    | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| resume             | submit.called            | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| resume             | submit.answer_written    | SUCCESS, RUNNING    | FAIL, SUSPENDED               |
| resume             | seen_written             | SUCCESS, RUNNING    | FAIL, SUSPENDED               |
| resume             | settled                  | SUCCESS, RUNNING    | SUCCESS, FAILED               |
| resume             | given_up                 | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| stop               | accepted                 | SUCCESS, CANCELLED  | SUCCESS, CANCELLED            |
| stop               | cancel.intent_written    | SUCCESS, CANCELLED  | SUCCESS, CANCELLED            |
| stop               | cancel.called            | SUCCESS, CANCELLED  | SUCCESS, CANCELLED            |
| stop               | cancel.answer_written    | SUCCESS, CANCELLED  | SUCCESS, CANCELLED            |
| stop               | seen_written             | SUCCESS, CANCELLED  | SUCCESS, CANCELLED            |
| stop               | settled                  | SUCCESS, CANCELLED  | SUCCESS, CANCELLED            |
| stop-on-savepoint  | accepted                 | SUCCESS, CANCELLED  | TASK_STATUS_NO_DONE, FAILED   |
| stop-on-savepoint  | stop.intent_written      | SUCCESS, CANCELLED  | FAIL, CANCELLED               |
| stop-on-savepoint  | stop.called              | SUCCESS, CANCELLED  | SUCCESS, CANCELLED            |
| stop-on-savepoint  | stop.answer_written      | SUCCESS, CANCELLED  | SUCCESS, CANCELLED            |
| stop-on-savepoint  | seen_written             | SUCCESS, CANCELLED  | SUCCESS, CANCELLED            |
| stop-on-savepoint  | settled                  | SUCCESS, CANCELLED  | SUCCESS, CANCELLED            |
| savepoint          | accepted                 | SUCCESS, RUNNING    | TASK_STATUS_NO_DONE, FAILED   |
| savepoint          | savepoint.intent_written | SUCCESS, RUNNING    | FAIL, FAILED                  |
| savepoint          | savepoint.called         | SUCCESS, RUNNING    | SUCCESS, FAILED               |
| savepoint          | savepoint.answer_written | SUCCESS, RUNNING    | SUCCESS, FAILED               |
| savepoint          | settled                  | SUCCESS, RUNNING    | SUCCESS, FAILED               |
| restart            | accepted                 | SUCCESS, RUNNING    | TASK_STATUS_NO_DONE, FAILED   |
| restart            | stop.intent_written      | SUCCESS, RUNNING    | FAIL, CANCELLED               |
| restart            | stop.called              | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart            | stop.answer_written      | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart            | seen_written             | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart            | settled                  | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart            | submit.intent_written    | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart            | submit.called            | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart            | submit.answer_written    | SUCCESS, RUNNING    | FAIL, SUSPENDED               |
| restart            | settled (2nd)            | SUCCESS, RUNNING    | SUCCESS, FAILED               |
| restart-afresh     | cancel.intent_written    | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart-afresh     | cancel.called            | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart-afresh     | cancel.answer_written    | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart-afresh     | seen_written             | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart-afresh     | settled                  | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart-afresh     | submit.intent_written    | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart-afresh     | submit.called            | SUCCESS, RUNNING    | SUCCESS, RUNNING              |
| restart-afresh     | submit.answer_written    | SUCCESS, RUNNING    | FAIL, FAILED                  |
| restart-afresh     | settled (2nd)            | SUCCESS, RUNNING    | SUCCESS, FAILED               |
"""

_SHORT = """
| play               | point                    |
|--------------------|--------------------------|
| run                | accepted                 |
| run                | submit.intent_written    |
| run                | submit.called            |
| run                | given_up                 |
| pause              | stop.intent_written      |
| pause              | stop.called              |
| pause              | stop.answer_written      |
| resume             | submit.answer_written    |
| resume             | settled                  |
| stop               | cancel.intent_written    |
| stop               | cancel.called            |
| stop               | cancel.answer_written    |
| savepoint          | savepoint.intent_written |
| savepoint          | savepoint.called         |
| savepoint          | savepoint.answer_written |
| restart            | seen_written             |
"""


class Force(StrEnum):
    """What else dies with the server."""

    PLAIN = "plain"
    JOB_MANAGER = "jobmanager"


@dataclass(frozen=True, slots=True)
class Play:
    """`before` brings the job where `verb` applies."""

    verb: str
    options: Options = field(default_factory=dict)
    before: tuple[tuple[str, Options], ...] = ()
    is_sql: bool = False


_RUN = ("run", Options())
_PAUSE = ("pause", Options())

PLAYS = {
    "run": Play("run"),
    "run-sql": Play("run", is_sql=True),
    "pause": Play("pause", before=(_RUN,)),
    "resume": Play("resume", before=(_RUN, _PAUSE)),
    "stop": Play("stop", {"snapshot": "NONE"}, (_RUN,)),
    "stop-on-savepoint": Play("stop", {"snapshot": "CREATE"}, (_RUN,)),
    "savepoint": Play("savepoint", before=(_RUN,)),
    "restart": Play("restart", {"keep_state": True}, (_RUN,)),
    "restart-afresh": Play("restart", {"keep_state": False}, (_RUN,)),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One death and its right end: the operation's status and the job's phase."""

    name: str
    point: Point
    number: int
    force: Force
    end: tuple[str, str]
    is_short: bool

    @property
    def id(self) -> str:
        again = f"-{self.number}" if self.number > 1 else ""
        return f"{self.name}-{self.point}{again}-{self.force}"

    @property
    def play(self) -> Play:
        return PLAYS[self.name]


def list_cases() -> list[Case]:
    """Every row of the table, plain and with the JobManager killed."""
    short = {(row["play"], row["point"]) for row in _read_rows(_SHORT)}
    columns = {Force.PLAIN: "plain", Force.JOB_MANAGER: "JobManager killed"}
    return [
        Case(
            name=row["play"],
            point=Point(row["point"].removesuffix(" (2nd)")),
            number=2 if row["point"].endswith(" (2nd)") else 1,
            force=force,
            end=_read_end(row[column]),
            is_short=(row["play"], row["point"]) in short,
        )
        for row in _read_rows(ENDS)
        for force, column in columns.items()
    ]


def _read_rows(table: str) -> Iterator[dict[str, str]]:
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()]
    return (dict(zip(head, row, strict=True)) for row in rows)


def _read_end(text: str) -> tuple[str, str]:
    status, _, phase = text.partition(", ")
    return status, phase
