"""What the client JVM's exceptions mean: a fault in the script, a refusal, or an unknown outcome.

Told by the classes of the exception and its causes, and by Flink's structured positions; text is
looked at only where Flink gives nothing else (a server's exception arrives as text).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from py4j.protocol import Py4JJavaError

from headgate.adapters.flink.sql.script import SQL_PATH, Script, Statement
from headgate.domain.catalogue import flink_texts
from headgate.domain.errors import (
    DUPLICATE_SUBMISSION,
    FlinkError,
    FlinkOutcomeUnknown,
    FlinkRejected,
    FlinkUnavailable,
    Problem,
)
from headgate.domain.secrets import mask_secrets

_MAX_CAUSES: Final = 20
_MAX_MESSAGE: Final = 4000
# Flink lists every token that would fit; a person reads the first few.
_EXPECTED_SHOWN: Final = 8

_SYNTAX: Final = ("SqlParserException", "SqlParserEOFException", "SqlParseException")
_POSITION_IN_TEXT: Final = re.compile(r"\bat line (\d+), column (\d+)\.?\s*$")
_POSITION_PREFIX: Final = re.compile(
    r"^(?:From line \d+, column \d+ to line \d+, column \d+|At line \d+, column \d+): "
)
_WRAPPERS: Final = re.compile(r"^(?:SQL validation failed\. |SQL parse failed\. )+")


@dataclass(frozen=True, slots=True)
class JavaCause:
    """One exception of a chain, outermost first.

    `position` counts as Java does, within the statement. `status` is an HTTP status. `is_foreign`
    means that the position is one in another text: that of a view.
    """

    java_class: str
    message: str
    position: tuple[int, int] | None = None
    status: int | None = None
    is_foreign: bool = False

    @property
    def name(self) -> str:
        return self.java_class.rsplit(".", 1)[-1]


def read_causes(error: Py4JJavaError) -> tuple[JavaCause, ...]:
    """The chain of causes of a Java exception. Asks the JVM: Py4JNetworkError where it is gone."""
    causes: list[JavaCause] = []
    throwable = error.java_exception
    while throwable is not None and len(causes) < _MAX_CAUSES:
        causes.append(_read_cause(throwable))
        throwable = throwable.getCause()
    return tuple(causes)


def _read_cause(throwable: Any) -> JavaCause:
    java_class = throwable.getClass().getName()
    message = throwable.getMessage() or ""
    name = java_class.rsplit(".", 1)[-1]
    if name == "RestClientException":
        return JavaCause(java_class, message, status=throwable.getHttpResponseStatus().code())
    if name == "CalciteContextException":
        # A view is parsed anew from the catalogue's text when it is used: the position is one in that text.
        is_foreign = any(frame.getMethodName() == "expandView" for frame in throwable.getStackTrace())
        return JavaCause(java_class, message, (throwable.getPosLine(), throwable.getPosColumn()), is_foreign=is_foreign)
    if name in ("SqlParseException", "SqlValidateException"):
        place = throwable.getPos() if name == "SqlParseException" else throwable.getErrorPosition()
        if place is not None and place.getLineNum() > 0:
            return JavaCause(java_class, message, (place.getLineNum(), place.getColumnNum()))
    match = _POSITION_IN_TEXT.search(message)
    return JavaCause(java_class, message, (int(match[1]), int(match[2])) if match else None)


def describe(causes: Sequence[JavaCause]) -> str:
    """The messages of the chain, outermost first, each that says something new."""
    said = ""
    for cause in causes:
        text = _WRAPPERS.sub("", cause.message).strip()
        if text and text not in said:
            said = f"{said}\n{text}" if said else text
    return mask_secrets(said)[:_MAX_MESSAGE] or ", ".join(cause.name for cause in causes)


def explain_problem(causes: Sequence[JavaCause], script: Script, statement: Statement | None) -> Problem:
    """What Flink says against `statement` (None: against all INSERTs together), at its place in the script."""
    is_syntax = any(cause.name in _SYNTAX for cause in causes)
    placed = next((cause for cause in causes if cause.position and not cause.is_foreign), None)
    message = mask_secrets(_say_plainly(causes, placed))
    line: int | None = None
    column: int | None = None
    if statement is not None:
        line, column = script.locate(statement, *(placed.position if placed and placed.position else (None, None)))
    if placed and placed.position and line is not None:
        # Flink counts within the statement; the person looks at the whole script.
        message = message.replace("at line {}, column {}".format(*placed.position), f"at line {line}, column {column}")
    otherwise = "sql_syntax" if is_syntax else "sql_refused"
    known = (text.code for text in flink_texts() if text.code.startswith("sql_") and text.pattern.search(message))
    return Problem(SQL_PATH, otherwise if is_syntax else next(known, otherwise), (), message, line, column)


def _say_plainly(causes: Sequence[JavaCause], placed: JavaCause | None) -> str:
    """The validator's own sentence without Flink's wrapping; for a syntax error, a short list of what would fit."""
    if placed is not None and placed.name == "CalciteContextException":
        return _POSITION_PREFIX.sub("", placed.message)
    if any(cause.name in _SYNTAX for cause in causes):
        lines = [line.strip() for line in _WRAPPERS.sub("", causes[0].message).splitlines() if line.strip()]
        shown = 2 + _EXPECTED_SHOWN
        return "\n".join([*lines[:shown], "..."] if len(lines) > shown else lines)
    return "\n".join(
        _POSITION_PREFIX.sub("", line) for line in describe(causes).splitlines() if not line.startswith("Supported ")
    )


def classify_submission(causes: Sequence[JavaCause]) -> FlinkError | None:
    """What a failed execute() means for the submission; None: Flink's planner refused, nothing was sent.

    Everything after planning is wrapped in one FlinkException by StreamExecutionEnvironment. A
    server that refuses by an exception of its own answers 500 with the exception as text; the
    duplicate id is the one such refusal that is clear. A JobManager that accepted the job but
    could not initialise it (no such savepoint) reports JobInitializationException: the job exists,
    failed, and its id is used up.
    """
    text = describe(causes)
    if any(cause.name == "UnknownHostException" for cause in causes):
        return FlinkUnavailable(text)
    if not any(cause.java_class == "org.apache.flink.util.FlinkException" for cause in causes):
        return None
    status = next((cause.status for cause in causes if cause.status is not None), None)
    is_refused = status is not None and 400 <= status < 500
    is_duplicate = any(name in cause.message for cause in causes if cause.status for name in DUPLICATE_SUBMISSION)
    is_initialised = not any(cause.name == "JobInitializationException" for cause in causes)
    if is_refused or is_duplicate or not is_initialised:
        return FlinkRejected(text, status=status)
    return FlinkOutcomeUnknown(text, status=status)
