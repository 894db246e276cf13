"""When the next look at an open act is due, by its age."""

from datetime import timedelta

import pytest

from headgate.domain.intents import Intent, IntentKind
from headgate.reconciler.reconcile import choose_poll
from tests.unit.domain.facts import NOW, ago, intent
from tests.unit.domain.tables import read_table

POLLS = """
| row                                       | act                 | age in s | next in ms |
|-------------------------------------------|---------------------|----------|------------|
| no act is open                            | -                   | 0        | 1000       |
| a stop was just sent                      | STOP_WITH_SAVEPOINT | 0        | 50         |
| a stop: five per cent of its age          | STOP_WITH_SAVEPOINT | 4        | 200        |
| a stop: a second at most                  | STOP_WITH_SAVEPOINT | 600      | 1000       |
| a savepoint was just sent                 | SAVEPOINT           | 0        | 50         |
| a savepoint: five per cent of its age     | SAVEPOINT           | 10       | 500        |
| a cancellation was just sent              | CANCEL              | 0        | 200        |
| a submission was just sent                | SUBMIT              | 0        | 400        |
| a submission: five per cent of its age    | SUBMIT              | 12       | 600        |
"""


@pytest.mark.parametrize(("act", "age", "wait"), read_table(POLLS))
def test_when_the_next_look_is_due(act: str, age: str, wait: str) -> None:
    made: Intent | None = None if act == "-" else intent(IntentKind(act), sent_at=ago(seconds=float(age)))
    assert choose_poll(made, NOW) == timedelta(milliseconds=int(wait))
