"""What happened to a job: its instances, snapshots and events."""

from datetime import datetime

from pydantic import Field

from headgate.domain.catalogue import Language
from headgate.domain.events import EventLevel
from headgate.domain.snapshots import PathStatus, Snapshot, SnapshotKind, SnapshotOrigin, SnapshotStatus
from headgate.domain.spec import dump_spec
from headgate.services.queries import EventView
from headgate.services.traces import CallView
from headgate.services.views import InstanceView
from headgate.web.models.drafts import SpecBody
from headgate.web.models.shapes import Shown
from headgate.web.wording import say


class CheckpointModel(Shown):
    """A checkpoint that Flink keeps until it has made the next."""

    path: str
    at: datetime = Field(description="When it was completed.")
    size: int | None = Field(description="In bytes, null where it is not known.")


class InstanceModel(Shown):
    """One run on Flink."""

    id: str
    job_id: str
    number: int
    version: int
    cluster: str
    flink_job_id: str
    flink_status: str = Field(description="As last seen; UNKNOWN for a run that was lost.")
    end: str | None = Field(description="How it ended, once that is confirmed.")
    created_at: datetime
    started_at: datetime | None = Field(description="When all its tasks were first seen running.")
    ended_at: datetime | None
    duration_s: float | None
    cu: int = Field(description="One for the JobManager and one for each degree of parallelism.")
    restored_from: str | None = Field(description="The path that it was started from; null without state.")
    restored_snapshot_id: str | None
    checkpoint: CheckpointModel | None = Field(description="The newest that was seen while it ran.")

    @classmethod
    def of(cls, view: InstanceView) -> "InstanceModel":
        instance = view.instance
        return cls(
            id=instance.id,
            job_id=instance.job_id,
            number=instance.number,
            version=instance.version,
            cluster=view.cluster,
            flink_job_id=instance.flink_job_id,
            flink_status=instance.shown_status.value,
            end=instance.end.value if instance.end else None,
            created_at=instance.created_at,
            started_at=instance.running_at,
            ended_at=instance.ended_at,
            duration_s=view.duration.total_seconds() if view.duration is not None else None,
            cu=view.cu,
            restored_from=instance.restored_from,
            restored_snapshot_id=instance.restored_snapshot_id,
            checkpoint=CheckpointModel.model_validate(instance.checkpoint) if instance.checkpoint else None,
        )


class InstanceDetailModel(InstanceModel):
    """One run with the configuration that was frozen for it."""

    spec: SpecBody

    @classmethod
    def of_detail(cls, view: InstanceView) -> "InstanceDetailModel":
        return cls(**InstanceModel.of(view).model_dump(), spec=dump_spec(view.instance.spec))


class SnapshotModel(Shown):
    """A savepoint or a retained checkpoint."""

    id: str
    job_id: str
    instance: int
    kind: SnapshotKind
    format: str
    origin: SnapshotOrigin
    status: SnapshotStatus
    path: str
    path_status: PathStatus
    size: int | None = Field(description="In bytes, null where it is not known.")
    started_at: datetime
    duration_s: float | None
    trigger_id: str | None
    flink_version: str
    job_version: int

    @classmethod
    def of(cls, snapshot: Snapshot) -> "SnapshotModel":
        return cls(
            id=snapshot.id,
            job_id=snapshot.job_id,
            instance=snapshot.instance_number,
            kind=snapshot.kind,
            format=snapshot.format,
            origin=snapshot.origin,
            status=snapshot.status,
            path=snapshot.path,
            path_status=snapshot.path_status,
            size=snapshot.size,
            started_at=snapshot.created_at,
            duration_s=snapshot.duration.total_seconds() if snapshot.duration is not None else None,
            trigger_id=snapshot.trigger_id,
            flink_version=snapshot.flink_version,
            job_version=snapshot.job_version,
        )


class CallModel(Shown):
    """One call to Flink; `id` grows within the job."""

    id: int
    at: datetime
    instance: int | None
    intent_id: str | None = Field(description="The act that the call belongs to; null for a look without one.")
    method: str = Field(description="Of HTTP, or SQL for a script that the SQL client submitted.")
    path: str
    request: str = Field(description="What was sent, without secrets, up to 2,000 characters.")
    status: int | None = Field(description="Of HTTP; null without an answer, and for SQL.")
    answer: str = Field(description="Without secrets, up to 2,000 characters; of a whole cluster its size alone.")
    error: str = Field(description="Why there was no answer, or none that could be read.")
    duration_s: float | None = Field(description="Null while there is no answer, or where the server died before it.")
    times: int = Field(description="A look that is repeated with the same answer is one call.")
    last_at: datetime | None = Field(description="When it was repeated last.")

    @classmethod
    def of(cls, view: CallView) -> "CallModel":
        call = view.call
        return cls(
            id=call.number,
            at=call.at,
            instance=view.instance,
            intent_id=call.subject.intent_id,
            method=call.method,
            path=call.path,
            request=call.request,
            status=call.status,
            answer=call.answer,
            error=call.error,
            duration_s=call.duration.total_seconds() if call.duration is not None else None,
            times=call.times,
            last_at=call.last_at,
        )


class EventModel(Shown):
    """One dated fact; `id` grows with time."""

    id: int
    job_id: str
    at: datetime
    type: str
    level: EventLevel
    message: str
    instance: int | None
    operation_id: str | None
    actor: str
    facts: dict[str, str]

    @classmethod
    def of(cls, view: EventView, language: Language) -> "EventModel":
        event = view.event
        said = {"actor": event.actor, "reason": _say_reason(event.facts, language)}
        # An event that a person caused through the reconciler has both among its facts.
        facts = {**said, **event.facts, **{name: text for name, text in said.items() if text}}
        return cls(
            id=event.number,
            job_id=event.job_id,
            at=event.at,
            type=event.type.name,
            level=event.level,
            message=say(event.type.value, facts, language).strip(),
            instance=view.instance,
            operation_id=event.operation_id,
            actor=event.actor,
            facts=event.facts,
        )


def _say_reason(facts: dict[str, str], language: Language) -> str:
    """Why it came to this; the facts of the reason stand among the event's own under names of their own."""
    if "code" not in facts:
        return ""
    own = {name.removeprefix("reason_"): value for name, value in facts.items() if name.startswith("reason_")}
    return say(facts["code"], {**facts, **own}, language)
