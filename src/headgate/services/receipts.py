"""What must be committed together with an act, so that it is done once however often it is asked.

An acting service takes a `Keep` and calls it last in its own transaction. The web keeps the answer
to an idempotency key that way: two requests with one key can never both commit.
"""

from collections.abc import Callable
from typing import TypeVar

from headgate.ports.store import UnitOfWork

T = TypeVar("T")

Keep = Callable[[UnitOfWork, T], None]


def keep_nothing(_unit: UnitOfWork, _result: object) -> None:
    """For callers that nobody asks twice."""
