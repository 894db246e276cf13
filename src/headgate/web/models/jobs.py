"""Jobs in and out: what creates or changes one, its row in a list, and its whole page."""

from datetime import datetime
from typing import Any

from pydantic import Field, StrictBool

from headgate.domain.catalogue import Language
from headgate.domain.errors import Invalid, Problem
from headgate.domain.jobs import Version, Warning
from headgate.domain.lifecycle import Lifecycle, Phase, Wanted
from headgate.domain.recovery import Recovery, RecoveryPolicy
from headgate.domain.spec import JobType, dump_spec, format_duration, parse_duration, parse_spec
from headgate.services.jobs import DeletedJob, JobEdit, NewJob
from headgate.services.queries import JobList
from headgate.services.views import JobDetail, JobView, ReachView
from headgate.web.models.drafts import SpecBody
from headgate.web.models.history import InstanceModel
from headgate.web.models.operations import OperationModel, RestorePointModel
from headgate.web.models.shapes import AnyPolicy, Body, FindingModel, PageModel, ReachabilityModel, Shown
from headgate.web.wording import advise, say


class RecoveryBody(Body):
    """What Headgate does by itself after a run failed or was lost."""

    policy: AnyPolicy = Field(
        default=RecoveryPolicy.NONE,
        description="RESTORE starts the job again from its newest confirmed restore point, never without state.",
    )
    max_age: str | None = Field(
        default=None, description="Such as `1 h`: an older restore point is left to a person. Null: any will do."
    )
    attempts: int = Field(default=Recovery().attempts, ge=1, le=100, description="Within one hour.")

    def to_recovery(self) -> Recovery:
        """Invalid("job_invalid") for an age that is no duration."""
        try:
            max_age = parse_duration(self.max_age) if self.max_age is not None else None
        except ValueError:
            facts = (("field", "recovery.max_age"), ("value", self.max_age or ""))
            raise Invalid("job_invalid", problems=[Problem("recovery.max_age", "duration_form", facts)]) from None
        return Recovery(self.policy, max_age or None, self.attempts)


class NewJobBody(Body):
    """A new job with its draft."""

    name: str = Field(description="Unique in the workspace.")
    folder: str = Field(default="", description="A path such as `etl/orders`; empty at the root.")
    labels: dict[str, str] = Field(default_factory=dict)
    recovery: RecoveryBody = Field(default_factory=RecoveryBody)
    spec: SpecBody

    def to_order(self) -> NewJob:
        """Invalid("spec_invalid") with every fault of the specification."""
        recovery = self.recovery.to_recovery()
        return NewJob(self.name, parse_spec(self.spec), self.folder, self.labels, recovery)


class JobEditBody(Body):
    """What is given is changed; the rest stays."""

    name: str | None = None
    folder: str | None = None
    labels: dict[str, str] | None = None
    recovery: RecoveryBody | None = None
    protected: StrictBool | None = Field(default=None, description="A protected job cannot be deleted.")

    def to_edit(self) -> JobEdit:
        recovery = self.recovery.to_recovery() if self.recovery else None
        return JobEdit(self.name, self.folder, self.labels, recovery, self.protected)


class RecoveryModel(Shown):
    """The policy, and where it stands."""

    policy: RecoveryPolicy
    max_age: str | None
    attempts: int
    attempts_made: int = Field(description="In the present row of failures.")
    next_attempt_at: datetime | None
    held: FindingModel | None = Field(description="Why it waits for a person.")

    @classmethod
    def of(cls, view: JobView, language: Language) -> "RecoveryModel":
        recovery, state = view.job.recovery, view.recovery
        return cls(
            policy=recovery.policy,
            max_age=format_duration(recovery.max_age) if recovery.max_age is not None else None,
            attempts=recovery.attempts,
            attempts_made=len(state.tried) if state is not None else 0,
            next_attempt_at=view.recovery_at,
            held=FindingModel.of(state.held, language) if state is not None and state.held is not None else None,
        )


class WarningModel(Shown):
    """The sign beside the state: stays until a later operation succeeds."""

    code: str
    message: str
    cause: str
    advice: str
    at: datetime
    operation_id: str | None

    @classmethod
    def of(cls, warning: Warning, view: JobView, language: Language) -> "WarningModel":
        finding = warning.finding
        return cls(
            code=finding.code,
            message=say(finding.code, finding.facts, language),
            cause=finding.cause,
            advice=_advise_on_recovery(view, language) or advise(finding.code, finding.facts, language),
            at=warning.at,
            operation_id=warning.operation_id,
        )


def _advise_on_recovery(view: JobView, language: Language) -> str:
    """Whoever waits for a recovery is not told to start the job; empty where none is due or under way."""
    if view.recovery_at is not None:
        return say("recovery_is_due", {"at": view.recovery_at.isoformat(timespec="seconds")}, language)
    is_tried = view.job.recovery.is_on and view.standing.sight.unconfirmed_instance
    return say("recovery_is_tried", {}, language) if is_tried and view.standing.phase is Phase.FAILED else ""


class JobRowModel(Shown):
    """One job as a list shows it."""

    id: str
    name: str
    workspace: str
    folder: str
    labels: dict[str, str]
    type: JobType
    lifecycle: Lifecycle
    desired_state: Wanted | None
    phase: Phase
    flink_status: str = Field(description="Flink's own word, or UNKNOWN; never a translation of `phase`.")
    reachability: ReachabilityModel | None = Field(description="Null until somebody has looked.")
    warning: WarningModel | None
    allowed_verbs: list[str]
    operation: OperationModel | None = Field(description="The one that is carried out.")
    waiting: OperationModel | None
    newest_version: int | None
    online_version: int | None = Field(description="The version that runs, or that a pause holds.")
    draft_changed: bool
    draft_revision: int
    instance: InstanceModel | None = Field(description="The newest run.")
    cluster: str
    region: str
    zone: str
    run_mode: str
    recovery: RecoveryModel
    protected: bool
    created_at: datetime
    created_by: str
    revision: int

    @classmethod
    def of(cls, view: JobView, language: Language) -> "JobRowModel":
        return cls(**show_row(view, language))


class JobModel(JobRowModel):
    """One job with what only its own page needs."""

    restore_point: RestorePointModel | None = Field(description="What a resume or a run from LATEST would use now.")
    total_run_s: float

    @classmethod
    def of_detail(cls, detail: JobDetail, language: Language) -> "JobModel":
        point = detail.restore_point
        shown = (
            RestorePointModel(snapshot_id=point.id, at=point.created_at, size=point.size, path=point.path)
            if point is not None
            else None
        )
        return cls(**show_row(detail.view, language), restore_point=shown, total_run_s=detail.total_run.total_seconds())


def show_row(view: JobView, language: Language) -> dict[str, Any]:
    """The fields of a row, in the reader's language."""
    job, standing, cluster = view.job, view.standing, view.cluster
    return {
        "id": job.id,
        "name": job.name,
        "workspace": job.workspace,
        "folder": job.folder,
        "labels": job.labels,
        "type": view.type,
        "lifecycle": standing.lifecycle,
        "desired_state": standing.desired_state,
        "phase": standing.phase,
        "flink_status": view.flink_status.value,
        "reachability": _show_reach(view.reachability, language) if view.reachability else None,
        "warning": WarningModel.of(view.warning, view, language) if view.warning else None,
        "allowed_verbs": [verb.value for verb in standing.allowed_verbs],
        "operation": OperationModel.of(view.executing, language) if view.executing else None,
        "waiting": OperationModel.of(view.waiting, language) if view.waiting else None,
        "newest_version": view.newest_version,
        "online_version": view.online_version,
        "draft_changed": view.draft_changed,
        "draft_revision": view.draft_revision,
        "instance": InstanceModel.of(view.instance) if view.instance else None,
        "cluster": view.cluster_name,
        "region": cluster.region if cluster else "",
        "zone": cluster.zone if cluster else "",
        # Both kinds of cluster have one long-lived JobManager for many jobs.
        "run_mode": "SESSION",
        "recovery": RecoveryModel.of(view, language),
        "protected": job.protected,
        "created_at": job.created_at,
        "created_by": job.created_by,
        "revision": job.revision,
    }


def _show_reach(reach: ReachView, language: Language) -> ReachabilityModel:
    return ReachabilityModel(
        state=reach.state.value,
        since=reach.since,
        as_of=reach.as_of,
        last_known=reach.last_known.value if reach.last_known else None,
        problem=FindingModel.of(reach.finding, language) if reach.finding else None,
    )


class CountsModel(Shown):
    """How many jobs stand where, whatever is filtered by state."""

    phase: dict[str, int]
    flink_status: dict[str, int]
    lifecycle: dict[str, int]


class JobListModel(PageModel[JobRowModel]):
    total: int
    counts: CountsModel

    @classmethod
    def of(cls, found: JobList, language: Language) -> "JobListModel":
        return cls(
            items=[JobRowModel.of(view, language) for view in found.page.items],
            next_cursor=found.page.next_cursor,
            total=found.total,
            counts=CountsModel.model_validate(found.counts),
        )


class DeletedJobModel(Shown):
    """What was deleted. The files of its snapshots are still where they were."""

    id: str
    name: str
    snapshots_left: int
    message: str

    @classmethod
    def of(cls, deleted: DeletedJob, language: Language) -> "DeletedJobModel":
        code = "job_deleted_snapshots_left" if deleted.snapshots_left else "job_was_deleted"
        facts = {"job": deleted.name, "snapshots": str(deleted.snapshots_left)}
        return cls(
            id=deleted.id,
            name=deleted.name,
            snapshots_left=deleted.snapshots_left,
            message=say(code, facts, language),
        )


class PublishBody(Body):
    """Publishing starts nothing."""

    description: str = Field(description="What is new in this version; required.")


class VersionModel(Shown):
    """An immutable copy of the draft. `number` is given by the system."""

    job_id: str
    number: int
    description: str
    spec: SpecBody
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, version: Version) -> "VersionModel":
        return cls(
            job_id=version.job_id,
            number=version.number,
            description=version.description,
            spec=dump_spec(version.spec),
            created_at=version.created_at,
            created_by=version.created_by,
        )


class PublishedModel(Shown):
    """The new version, and what to know about it."""

    version: VersionModel
    notices: list[FindingModel] = Field(description="Such as: nobody has checked this text. Nothing here is an error.")
