"""What the web is given: the ports behind its services, and the few settings of its own.

The composition root builds one `WebContext`; `Services` is what the endpoints use of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from headgate.domain.catalogue import Language
from headgate.domain.workspaces import Actor
from headgate.ports.artifacts import ArtifactFiles
from headgate.ports.calls import CallLog, NoCallLog
from headgate.ports.clock import Clock
from headgate.ports.engines import EngineStore
from headgate.ports.ids import Ids
from headgate.ports.machine import MachineProbe
from headgate.ports.sql import SqlCompiler
from headgate.ports.store import Store
from headgate.services.answers import Answers
from headgate.services.artifacts import Artifacts
from headgate.services.clusters import ClusterProbe, Clusters
from headgate.services.diagnosis import Diagnoses
from headgate.services.drafts import Drafts
from headgate.services.engines import Engines, Start
from headgate.services.health import Check
from headgate.services.jobs import Jobs
from headgate.services.notices import LastChecks
from headgate.services.operations import Operations
from headgate.services.queries import Queries
from headgate.services.traces import Traces
from headgate.services.versions import Versions

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`allowed_hosts` are names beside the loopback ones under which browsers may reach this server.

    `language` is for readers who ask for none. A document may have `body_bytes`, a jar `upload_bytes`.
    """

    allowed_hosts: tuple[str, ...] = ()
    language: Language = Language.EN
    version: str = "0"
    answers_kept_for: timedelta = timedelta(hours=24)
    body_bytes: int = 10 * MEGABYTE
    upload_bytes: int = 512 * MEGABYTE


@dataclass(frozen=True, slots=True)
class WebContext:
    """`wake` tells the reconciler that there is work, `sweep` to look at every cluster at once.
    `start` has work done beside the requests.

    `readiness` gives the checks beside the database's. `is_local_stopped` tells whether the embedded
    cluster was stopped on purpose.
    """

    store: Store
    clock: Clock
    ids: Ids
    compiler: SqlCompiler
    files: ArtifactFiles
    engines: EngineStore
    probe: ClusterProbe
    machine: MachineProbe
    wake: Callable[[], None]
    sweep: Callable[[], None]
    start: Start
    authenticate: Callable[[str], Actor | None]
    readiness: Callable[[], Sequence[Check]] = field(default=lambda: ())
    is_local_stopped: Callable[[], bool] = field(default=lambda: False)
    calls: CallLog = field(default_factory=NoCallLog)
    settings: WebSettings = field(default_factory=WebSettings)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that an endpoint may ask for."""

    jobs: Jobs
    drafts: Drafts
    versions: Versions
    operations: Operations
    clusters: Clusters
    engines: Engines
    artifacts: Artifacts
    queries: Queries
    traces: Traces
    answers: Answers
    diagnoses: Diagnoses
    context: WebContext


def build_services(context: WebContext) -> Services:
    store, clock, ids, checks = context.store, context.clock, context.ids, LastChecks()
    return Services(
        jobs=Jobs(store, clock, ids, context.calls),
        drafts=Drafts(store, clock, context.compiler, context.files, checks),
        versions=Versions(store, clock, checks),
        operations=Operations(store, clock, ids, context.wake, context.probe.look_at_path, context.sweep),
        clusters=Clusters(store, clock, ids, context.probe, context.is_local_stopped),
        engines=Engines(store, clock, ids, context.engines, context.start),
        artifacts=Artifacts(store, clock, ids, context.files),
        queries=Queries(store, clock, context.is_local_stopped),
        traces=Traces(store, context.calls),
        answers=Answers(store, clock, context.settings.answers_kept_for),
        diagnoses=Diagnoses(store, clock, context.probe, context.engines, context.machine, context.is_local_stopped),
        context=context,
    )


def get_services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


Served = Annotated[Services, Depends(get_services)]
