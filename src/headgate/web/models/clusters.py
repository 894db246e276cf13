"""Clusters and artifacts in and out."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from pydantic import Field, StrictBool

from headgate.domain.artifacts import Artifact
from headgate.domain.capabilities import LINES, Feature, choose_capabilities, is_known
from headgate.domain.catalogue import Language
from headgate.domain.clusters import ClusterKind, EngineVersion, Reachability
from headgate.domain.operations import Finding
from headgate.services.clusters import ClusterCheck, ClusterEdit, ClusterOrder, ClusterView
from headgate.web.models.shapes import Body, FindingModel, ReachabilityModel, Shown


class NewClusterBody(Body):
    """A session cluster: any JobManager whose REST address can be reached."""

    name: str
    kind: Literal["SESSION", "session"] = "SESSION"
    url: str = Field(description="The JobManager's REST address, such as `http://flink:8081`.")
    engine_version: str = Field(description="The Flink version that it runs, such as `2.2.1`.")
    savepoint_dir: str | None = Field(default=None, description="A URI.")
    checkpoint_dir: str | None = Field(default=None, description="A URI.")
    high_availability: StrictBool = Field(
        default=False, description="Another JobManager takes over with the same jobs."
    )
    region: str = ""
    zone: str = ""
    workspace: str = "default"

    def to_order(self) -> ClusterOrder:
        return ClusterOrder(**self.model_dump(exclude={"kind", "workspace"}))


class ClusterEditBody(Body):
    """What is given is changed; an empty text clears a directory."""

    name: str | None = None
    url: str | None = None
    engine_version: str | None = None
    savepoint_dir: str | None = None
    checkpoint_dir: str | None = None
    high_availability: StrictBool | None = None
    region: str | None = None
    zone: str | None = None

    def to_edit(self) -> ClusterEdit:
        return ClusterEdit(**self.model_dump())


class CapabilitiesModel(Shown):
    """What this version of Flink can do, as far as Headgate knows."""

    line: str = Field(description="The line of Flink that Headgate goes by, such as `2.2`.")
    features: list[Feature]
    notice: FindingModel | None = Field(
        description="Set where the version's own line is not known: `line` is the nearest that is."
    )

    @classmethod
    def of(cls, version: EngineVersion, language: Language) -> "CapabilitiesModel":
        found = choose_capabilities(version)
        known = ", ".join(str(each.line) for each in LINES)
        facts = {"version": version, "line": str(found.line), "known": known}
        notice = None if is_known(version) else FindingModel.of(Finding("flink_line_unknown", facts), language)
        return cls(line=str(found.line), features=list(found.features), notice=notice)


class ClusterModel(Shown):
    """A registered cluster with its health."""

    id: str
    workspace: str
    name: str
    kind: ClusterKind
    url: str
    engine_version: str
    capabilities: CapabilitiesModel
    savepoint_dir: str | None
    checkpoint_dir: str | None
    high_availability: bool = Field(description="Registered so, or seen in the configuration of its JobManager.")
    region: str
    zone: str
    reachability: ReachabilityModel | None = Field(description="Null until somebody has looked.")
    cause: str = Field(description="Why it cannot be reached, in the words of the failure.")
    problem: FindingModel | None = Field(description="What stands in the way of using it, where that is known.")
    created_at: datetime
    revision: int

    @classmethod
    def of(cls, view: ClusterView, language: Language) -> "ClusterModel":
        cluster, state = view.cluster, view.state
        found = FindingModel.of(view.finding, language) if view.finding else None
        reach = (
            ReachabilityModel(
                state=state.reachability.value, since=state.since, as_of=state.last_good_sweep, problem=found
            )
            if state is not None
            else None
        )
        return cls(
            id=cluster.id,
            workspace=cluster.workspace,
            name=cluster.name,
            kind=cluster.kind,
            url=cluster.url,
            engine_version=cluster.engine_version,
            capabilities=CapabilitiesModel.of(cluster.engine_version, language),
            savepoint_dir=cluster.savepoint_dir,
            checkpoint_dir=cluster.checkpoint_dir,
            high_availability=view.high_availability,
            region=cluster.region,
            zone=cluster.zone,
            reachability=reach,
            cause=state.cause if state is not None else "",
            problem=found,
            created_at=cluster.created_at,
            revision=cluster.revision,
        )


class SlotsModel(Shown):
    total: int
    free: int
    task_managers: int


class ClusterCheckModel(ClusterModel):
    """A cluster, and what a look right now found: `reachability`, `cause` and `problem` are this look's."""

    ok: bool
    incarnation: str | None = Field(description="Which life of the JobManager answered; null where none did.")
    live_jobs: int | None = Field(description="Null where it could not be found out.")
    slots: SlotsModel | None = Field(description="Null where it could not be found out.")

    @classmethod
    def of_check(cls, view: ClusterView, check: ClusterCheck, language: Language) -> "ClusterCheckModel":
        finding = check.finding
        known = ClusterModel.of(replace(view, finding=finding), language).model_dump()
        return cls(
            **known
            | {
                "reachability": _show_reach(view, check),
                "cause": "" if check.is_reachable or not finding else finding.cause,
            },
            ok=finding is None,
            incarnation=check.incarnation,
            live_jobs=check.live_jobs,
            slots=SlotsModel.model_validate(check.slots) if check.slots is not None else None,
        )


def _show_reach(view: ClusterView, check: ClusterCheck) -> ReachabilityModel:
    """As this look found it; since when, where the looks before it say the same."""
    now = Reachability.REACHABLE if check.is_reachable else Reachability.UNREACHABLE
    before = view.state
    since = before.since if before is not None and before.reachability is now else check.at
    last_good = before.last_good_sweep if before is not None else None
    return ReachabilityModel(state=now.value, since=since, as_of=check.at if check.is_reachable else last_good)


class ArtifactModel(Shown):
    """A jar."""

    id: str
    workspace: str
    name: str
    digest: str = Field(description="SHA-256 of its content.")
    size: int = Field(description="In bytes.")
    entry_class: str = Field(description="The main class that its manifest names; empty where it names none.")
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, artifact: Artifact) -> "ArtifactModel":
        return cls.model_validate(artifact)
