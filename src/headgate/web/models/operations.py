"""Operations in and out: one body per verb, told apart by `verb`, and what became of it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, RootModel, StrictBool, model_validator

from headgate.domain.catalogue import Language
from headgate.domain.lifecycle import Verb
from headgate.domain.operations import (
    RESULT_CODES,
    VERB_OPTIONS,
    ClaimMode,
    Finding,
    Operation,
    OperationStatus,
    Options,
    SavepointFormat,
    Step,
)
from headgate.domain.restore import FromSnapshot
from headgate.services.plans import Plan
from headgate.web.models.shapes import (
    MAX_NUMBER,
    AnyClaimMode,
    AnyFormat,
    AnyRestoreFrom,
    AnyStopSnapshot,
    Body,
    FindingModel,
    Shown,
)
from headgate.web.wording import advise, say


class RunOptions(Body):
    """`from` is required once the job has a snapshot, `snapshot_id` with SNAPSHOT."""

    restore_from: AnyRestoreFrom | None = Field(default=None, alias="from")
    snapshot_id: str | None = None
    version: int | None = Field(default=None, ge=1, le=MAX_NUMBER, description="The newest, if left out.")
    allow_non_restored_state: StrictBool = False
    claim_mode: AnyClaimMode = ClaimMode.NO_CLAIM


class PauseOptions(Body):
    allow_state_loss: StrictBool = Field(default=False, description="Stop also where no savepoint can be kept.")


class ResumeOptions(Body):
    snapshot_id: str | None = Field(default=None, description="The pause's own, if left out.")


class StopOptions(Body):
    snapshot: AnyStopSnapshot = Field(description="Whether to keep the state; there is no default.")
    force: StrictBool = Field(default=False, description="Cut the operation under way short.")


class RestartOptions(Body):
    keep_state: StrictBool


class SavepointOptions(Body):
    format: AnyFormat = SavepointFormat.CANONICAL


class DeclareLostOptions(Body):
    reason: str = Field(max_length=500, description="Why nobody will ever know; kept with your name.")


class RunOrder(Body):
    verb: Literal["run"]
    options: RunOptions


class PauseOrder(Body):
    verb: Literal["pause"]
    options: PauseOptions


class ResumeOrder(Body):
    verb: Literal["resume"]
    options: ResumeOptions


class StopOrder(Body):
    verb: Literal["stop"]
    options: StopOptions


class RestartOrder(Body):
    verb: Literal["restart"]
    options: RestartOptions


class SavepointOrder(Body):
    verb: Literal["savepoint"]
    options: SavepointOptions


class DeclareLostOrder(Body):
    verb: Literal["declare_lost"]
    options: DeclareLostOptions


AnyOrder = RunOrder | PauseOrder | ResumeOrder | StopOrder | RestartOrder | SavepointOrder | DeclareLostOrder


class OperationOrder(RootModel[Annotated[AnyOrder, Field(discriminator="verb")]]):
    """A verb with its options. Verbs are taken in any case; options may be left out where a verb needs none."""

    @model_validator(mode="before")
    @classmethod
    def normalise(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        verb, options = value.get("verb"), value.get("options")
        spelt = {"verb": verb.strip().lower()} if isinstance(verb, str) else {}
        return {**value, **spelt, "options": {} if options is None else options}

    def read(self) -> tuple[Verb, Options]:
        """The order in the domain's words."""
        return Verb(self.root.verb), Options(**self.root.options.model_dump())


class StepModel(Shown):
    name: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    detail: str

    @classmethod
    def of(cls, step: Step) -> "StepModel":
        return cls.model_validate(step)


class OperationModel(Shown):
    """What somebody asked of a job, and how far it is."""

    id: str
    job_id: str
    verb: str
    options: dict[str, str | int | bool | None]
    status: OperationStatus
    code: int | None = Field(description="0 success, 1 failed or given up, 5 unexpected; null while it is open.")
    reason: str | None = Field(description="The stable code of the result, such as `savepoint_dir_missing`.")
    message: str
    cause: str
    advice: str
    waiting: FindingModel | None = Field(description="What it waits for now; it goes on by itself.")
    overdue: FindingModel | None = Field(
        description="Once its deadline has passed: what is still waited for. It goes on all the same."
    )
    version: int | None = Field(description="The version that it submits.")
    steps: list[StepModel]
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    batch_id: str | None

    @classmethod
    def of(cls, operation: Operation, language: Language) -> "OperationModel":
        result = operation.result
        code = RESULT_CODES.get(operation.status)
        waiting = FindingModel.of(operation.waits_for, language) if operation.waits_for else None
        return cls(
            id=operation.id,
            job_id=operation.job_id,
            verb=operation.verb.value,
            options=show_options(operation.verb, operation.options),
            status=operation.status,
            code=int(code) if code is not None else None,
            reason=result.code if result else None,
            message=_say(operation, result, language),
            cause=result.cause if result else "",
            advice=advise(result.code, result.facts, language) if result else "",
            waiting=waiting,
            overdue=waiting if operation.is_overdue else None,
            version=operation.version,
            steps=[StepModel.of(step) for step in operation.steps],
            requested_by=operation.requested_by,
            requested_at=operation.requested_at,
            started_at=operation.started_at,
            ended_at=operation.ended_at,
            batch_id=operation.batch_id,
        )


def show_options(verb: Verb, options: Options) -> dict[str, str | int | bool | None]:
    """The options that the verb has, under their names in the API."""
    names = sorted(VERB_OPTIONS[verb])
    return {"from" if name == "restore_from" else name: getattr(options, name) for name in names}


def _say(operation: Operation, result: Finding | None, language: Language) -> str:
    said = result or operation.waits_for
    if said is not None:
        return say(said.code, said.facts, language)
    return say(f"operation_{operation.status.value.lower()}", {}, language)


class RestorePointModel(Shown):
    """The snapshot that a start would use. `snapshot_id` is null for a path of the job's own setting."""

    snapshot_id: str | None
    at: datetime | None
    size: int | None = Field(description="In bytes, null where it is not known.")
    path: str


class PlanModel(Shown):
    """What a verb would do now."""

    steps: list[StepModel]
    version: int | None
    restore_point: RestorePointModel | None = Field(description="Null for a start without state, or for none at all.")
    risks: list[FindingModel]
    hash: str = Field(description="Changes when anything of this plan does.")

    @classmethod
    def of(cls, plan: Plan, language: Language) -> "PlanModel":
        return cls(
            steps=[StepModel.of(step) for step in plan.steps],
            version=plan.version,
            restore_point=_show_restore(plan.restore) if isinstance(plan.restore, FromSnapshot) else None,
            risks=[FindingModel.of(risk, language) for risk in plan.risks],
            hash=plan.hash,
        )


def _show_restore(restore: FromSnapshot) -> RestorePointModel:
    snapshot = restore.snapshot
    return RestorePointModel(
        snapshot_id=snapshot.id if snapshot else None,
        at=snapshot.created_at if snapshot else None,
        size=snapshot.size if snapshot else None,
        path=restore.path,
    )
