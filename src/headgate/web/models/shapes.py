"""What the models of all concepts are made of: strict bodies, plain objects, words in any case."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from headgate.domain.catalogue import Language
from headgate.domain.instances import FlinkStatus
from headgate.domain.lifecycle import Lifecycle, Phase
from headgate.domain.operations import ClaimMode, Finding, RestoreFrom, SavepointFormat, StopSnapshot
from headgate.domain.recovery import RecoveryPolicy
from headgate.domain.spec import JobType
from headgate.services.pages import Page
from headgate.web.spelling import spell
from headgate.web.wording import advise, say

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

# Whatever is stored must be text that every database takes.
MAX_NUMBER = 2**31 - 1

AnyPhase = Annotated[Phase, BeforeValidator(partial(spell, Phase))]
AnyFlinkStatus = Annotated[FlinkStatus, BeforeValidator(partial(spell, FlinkStatus))]
AnyLifecycle = Annotated[Lifecycle, BeforeValidator(partial(spell, Lifecycle))]
AnyJobType = Annotated[JobType, BeforeValidator(partial(spell, JobType))]
AnyRestoreFrom = Annotated[RestoreFrom, BeforeValidator(partial(spell, RestoreFrom))]
AnyStopSnapshot = Annotated[StopSnapshot, BeforeValidator(partial(spell, StopSnapshot))]
AnyClaimMode = Annotated[ClaimMode, BeforeValidator(partial(spell, ClaimMode))]
AnyFormat = Annotated[SavepointFormat, BeforeValidator(partial(spell, SavepointFormat))]
AnyPolicy = Annotated[RecoveryPolicy, BeforeValidator(partial(spell, RecoveryPolicy))]


def has_odd_text(value: Any) -> bool:
    """Whether a text in `value`, at any depth, has characters that cannot be stored."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str) and not _is_storable(item):
            return True
        if isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            pending.extend(item)
    return False


def _is_storable(text: str) -> bool:
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


class Body(BaseModel):
    """Something that comes in: nothing unknown is silently dropped."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def check_text(cls, value: Any) -> Any:
        if has_odd_text(value):
            raise PydanticCustomError("text_characters", "a text has characters that cannot be stored")
        return value


class Shown(BaseModel):
    """Something that goes out."""

    model_config = ConfigDict(from_attributes=True)


class PageModel(Shown, Generic[M]):
    """One page of a list."""

    items: list[M]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null at the end.")


class FindingModel(Shown):
    """Something worth saying: a stable code, and its words in the reader's language."""

    code: str
    message: str
    advice: str
    cause: str = Field(description="Flink's own text, where there is one.")

    @classmethod
    def of(cls, finding: Finding, language: Language) -> "FindingModel":
        return cls(
            code=finding.code,
            message=say(finding.code, finding.facts, language),
            advice=advise(finding.code, finding.facts, language),
            cause=finding.cause,
        )


class ReachabilityModel(Shown):
    """Whether the JobManager answers, and knows the job. `as_of` is the last good look."""

    state: str = Field(description="REACHABLE, UNREACHABLE or MISSING (it answers, but does not know the job).")
    since: datetime
    as_of: datetime | None
    last_known: str | None = Field(default=None, description="Flink's last word, while it cannot be heard.")
    problem: FindingModel | None = Field(default=None, description="Why it cannot be seen, where that is known.")


class ProblemPart(BaseModel):
    """One fault of an input."""

    path: str = Field(description="The field, such as `spec.sql`.")
    code: str
    message: str
    hint: str
    line: int | None = Field(default=None, description="From 1, within the text of the field.")
    column: int | None = None


class ProblemModel(BaseModel):
    """A refusal (RFC 9457). `code` is stable; `title`, `detail` and `hint` follow Accept-Language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    problems: list[ProblemPart]
    request_id: str
    cause: str | None = Field(default=None, description="Flink's own text, where there is one.")
    phase: str | None = Field(default=None, description="With 409: the present state of the job.")
    expected_phase: str | None = Field(default=None, description="With 409: the state that the verb is judged by.")
    allowed_verbs: list[str] | None = Field(default=None, description="With 409: what may be done instead.")


def list_models(page: Page[M]) -> PageModel[M]:
    return PageModel(items=list(page.items), next_cursor=page.next_cursor)
