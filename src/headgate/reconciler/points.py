"""The points at which the death of a server could matter: after each commit, and around each call.

Whoever passes one tells it to `Tools.reached`, which does nothing in a server. Tests hang a crash on it:
the generated histories a simulated one, `tests/crashes/` the SIGKILL of a real process.
"""

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """In the order in which an operation passes them; those of one act share their first word."""

    ACCEPTED = "accepted"
    """The operation is in the database, and nobody has looked at it yet."""
    SUBMIT_INTENT_WRITTEN = "submit.intent_written"
    SUBMIT_CALLED = "submit.called"
    SUBMIT_ANSWER_WRITTEN = "submit.answer_written"
    STOP_INTENT_WRITTEN = "stop.intent_written"
    STOP_CALLED = "stop.called"
    STOP_ANSWER_WRITTEN = "stop.answer_written"
    SAVEPOINT_INTENT_WRITTEN = "savepoint.intent_written"
    SAVEPOINT_CALLED = "savepoint.called"
    SAVEPOINT_ANSWER_WRITTEN = "savepoint.answer_written"
    CANCEL_INTENT_WRITTEN = "cancel.intent_written"
    CANCEL_CALLED = "cancel.called"
    CANCEL_ANSWER_WRITTEN = "cancel.answer_written"
    SEEN_WRITTEN = "seen_written"
    """Flink's new word for the instance is in its row, and what it means is not."""
    SETTLED = "settled"
    """A step, or the whole operation, has its result."""
    GIVEN_UP = "given_up"
    """An id that nobody can answer for any more is closed, and the next one not yet chosen."""


Reached = Callable[[Point], None]
