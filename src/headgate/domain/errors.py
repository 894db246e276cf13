"""Every error that Headgate raises on purpose, as one tree.

    HeadgateError
    ├── NotFound               the named thing does not exist
    ├── NotAllowed             a rule forbids it in the present state
    ├── Conflict               it collides with something that exists
    ├── StaleRevision          somebody else edited it meanwhile
    ├── RevisionRequired       an edit must say which revision it edits
    ├── Invalid                the input is wrong; `problems` says where
    ├── NotAuthenticated       nobody we know
    ├── NotAuthorized          somebody we know, without the right
    ├── NotConverged           the wait ended before the job arrived
    ├── Unavailable            something Headgate needs does not answer
    ├── EngineFailed           an engine or a local cluster cannot be installed or started
    └── FlinkError             what a call to Flink may end with
        ├── FlinkRejected          a clear refusal (4xx)
        ├── FlinkMissing           no such job, trigger or jar (404)
        ├── FlinkUnavailable       surely not done: nothing was sent
        └── FlinkOutcomeUnknown    sent, no clear answer

An error carries a stable `code` and language-free `facts`; its words are in the catalogue
(`domain/catalogue/`). Domain errors know nothing of HTTP or exit codes: `web/errors.py` and
`cli/app.py` each hold one table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in an input.

    `path` names the field (`spec.sql`); `line` and `column` count from 1 within that field's text;
    `code` and `facts` are for the catalogue, `message` is text of Flink's that has no translation.
    """

    path: str
    code: str
    facts: tuple[tuple[str, str], ...] = ()
    message: str = ""
    line: int | None = None
    column: int | None = None


class HeadgateError(Exception):
    """An expected failure. `code` is a key of the catalogue, `facts` fill its placeholders."""

    default_code: ClassVar[str] = "internal_error"

    def __init__(
        self, code: str | None = None, *, problems: Sequence[Problem] = (), cause: str = "", **facts: object
    ) -> None:
        self.code = code or self.default_code
        self.facts = {name: str(value) for name, value in facts.items()}
        self.problems = tuple(problems)
        self.cause = cause
        super().__init__(self.code, self.facts, cause)

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code}({facts})" + (f": {self.cause}" if self.cause else "")


class NotFound(HeadgateError):
    default_code = "not_found"


class NotAllowed(HeadgateError):
    default_code = "verb_not_allowed"


class Conflict(HeadgateError):
    default_code = "conflict"


class StaleRevision(HeadgateError):
    default_code = "stale_revision"


class RevisionRequired(HeadgateError):
    default_code = "revision_required"


class Invalid(HeadgateError):
    default_code = "invalid"


class NotAuthenticated(HeadgateError):
    default_code = "not_authenticated"


class NotAuthorized(HeadgateError):
    default_code = "not_authorized"


class NotConverged(HeadgateError):
    default_code = "not_converged"


class Unavailable(HeadgateError):
    default_code = "unavailable"


class EngineFailed(HeadgateError):
    default_code = "engine_failed"


class FlinkError(HeadgateError):
    """What a call to Flink may end with. `cause` is Flink's raw text, `status` its HTTP status."""

    default_code = "flink_error"

    def __init__(self, cause: str, *, status: int | None = None) -> None:
        super().__init__(None, cause=cause)
        self.status = status


DUPLICATE_SUBMISSION = ("DuplicateJobSubmissionException", "DuplicateApplicationSubmissionException")
"""What Flink calls the refusal of an id that it has seen; the second name is new in 2.3."""


class FlinkRejected(FlinkError):
    """A clear refusal (4xx). For a submission it is evidence only: look the id up."""

    default_code = "flink_rejected"

    @property
    def is_duplicate(self) -> bool:
        """Whether Flink refused the id because it has seen it already."""
        return any(name in self.cause for name in DUPLICATE_SUBMISSION)


class FlinkMissing(FlinkError):
    """No such job, trigger or jar (404)."""

    default_code = "flink_missing"


class FlinkUnavailable(FlinkError):
    """Surely not done: the connection was refused before anything was sent."""

    default_code = "flink_unavailable"


class FlinkOutcomeUnknown(FlinkError):
    """Sent, without a clear answer: time-out, reset, 500, 503, any connection error of the SQL client."""

    default_code = "flink_outcome_unknown"
