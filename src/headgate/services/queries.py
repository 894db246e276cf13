"""Reading: jobs, operations, instances, snapshots and events, as people ask for them.

Each question is answered from one consistent read. Derived states are filtered and counted here,
because no table holds them.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from headgate.domain.events import Event
from headgate.domain.instances import FlinkStatus, Instance
from headgate.domain.lifecycle import Lifecycle, Phase
from headgate.domain.operations import Operation
from headgate.domain.snapshots import Snapshot
from headgate.domain.workspaces import Actor, require_workspace
from headgate.ports.clock import Clock
from headgate.ports.store import JobFilter, Store, UnitOfWork
from headgate.services.access import get_instance, get_job, get_row, get_snapshot
from headgate.services.clusters import find_obstacle, is_never_stopped
from headgate.services.pages import Page, Window, cut_page, read_pages
from headgate.services.views import (
    InstanceView,
    JobDetail,
    JobView,
    Surroundings,
    build_instance_view,
    build_job_detail,
    build_job_view,
)


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs, in which order. Empty sets mean any; a label is (key, value), value None for any.

    `sort` is a key of `SORTS`, with a leading hyphen for descending.
    """

    rows: JobFilter
    phases: frozenset[Phase] = frozenset()
    flink_statuses: frozenset[FlinkStatus] = frozenset()
    lifecycles: frozenset[Lifecycle] = frozenset()
    labels: tuple[tuple[str, str | None], ...] = ()
    sort: str = "-created_at"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs stand where, whatever of these three was filtered by."""

    phase: Counter[str] = field(default_factory=Counter)
    flink_status: Counter[str] = field(default_factory=Counter)
    lifecycle: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class JobList:
    page: Page[JobView]
    total: int
    counts: Counts


SORTS: dict[str, Callable[[JobView], str]] = {
    "created_at": lambda view: view.job.created_at.isoformat(),
    "name": lambda view: view.job.name.casefold(),
    "folder": lambda view: view.job.folder.casefold(),
    "phase": lambda view: view.standing.phase.value,
}


@dataclass(frozen=True, slots=True)
class Queries:
    store: Store
    clock: Clock
    is_local_stopped: Callable[[], bool] = is_never_stopped

    def get_job(self, actor: Actor, job_id: str) -> JobDetail:
        with self.store.read() as unit:
            return self.read_job(unit, actor, job_id)

    def read_job(self, unit: UnitOfWork, actor: Actor, job_id: str) -> JobDetail:
        """As `get_job`, within a transaction of the caller's."""
        row = get_row(unit, actor, job_id)
        around = self._look_around(unit, row.job.workspace)
        return build_job_detail(row, around, unit.instances.list_of_job(job_id), unit.snapshots.list_of_job(job_id))

    def find_job(self, actor: Actor, workspace: str, name: str) -> JobDetail | None:
        """The job of that name."""
        require_workspace(actor, workspace)
        with self.store.read() as unit:
            job = unit.jobs.find_by_name(workspace, name)
            return self.read_job(unit, actor, job.id) if job is not None else None

    def list_jobs(self, actor: Actor, query: JobQuery, window: Window) -> JobList:
        require_workspace(actor, query.rows.workspace)
        with self.store.read() as unit:
            around = self._look_around(unit, query.rows.workspace)
            views = [build_job_view(row, around) for row in unit.jobs.list_rows(query.rows)]
        views = [view for view in views if _has_labels(view, query.labels)]
        shown = [view for view in views if _is_shown(view, query)]
        key = SORTS[query.sort.removeprefix("-")]
        descending = query.sort.startswith("-")
        page = cut_page(shown, window, lambda view: (key(view), view.job.id), descending=descending)
        return JobList(page, len(shown), _count(views))

    def list_job_operations(self, actor: Actor, job_id: str, window: Window) -> Page[Operation]:
        with self.store.read() as unit:
            get_job(unit, actor, job_id)
            return read_pages(
                lambda limit, before: unit.operations.list_of_job(job_id, limit, before), window, lambda op: op.number
            )

    def list_operations(self, actor: Actor, workspace: str, window: Window) -> Page[Operation]:
        require_workspace(actor, workspace)
        with self.store.read() as unit:
            return read_pages(
                lambda limit, before: unit.operations.list_of_workspace(workspace, limit, before),
                window,
                lambda op: op.number,
            )

    def list_job_events(
        self, actor: Actor, job_id: str, window: Window, instance: int | None = None
    ) -> Page["EventView"]:
        """The job's history; of one instance alone where its number is given."""
        with self.store.read() as unit:
            get_job(unit, actor, job_id)
            numbers = {str(item.id): item.number for item in unit.instances.list_of_job(job_id)}
            page = read_pages(
                lambda limit, before: unit.events.list_of_job(job_id, limit, before),
                window,
                lambda event: event.number,
                lambda event: instance is None or numbers.get(event.instance_id or "") == instance,
            )
        return page.map(lambda event: EventView(event, numbers.get(event.instance_id or "")))

    def list_events(self, actor: Actor, workspace: str, window: Window) -> Page["EventView"]:
        require_workspace(actor, workspace)
        with self.store.read() as unit:
            page = read_pages(
                lambda limit, before: unit.events.list_of_workspace(workspace, limit, before),
                window,
                lambda event: event.number,
            )
            named = {event.instance_id for event in page.items if event.instance_id}
            numbers = {name: unit.instances.get(name).number for name in named}
        return page.map(lambda event: EventView(event, numbers.get(event.instance_id or "")))

    def list_job_instances(self, actor: Actor, job_id: str, window: Window) -> Page[InstanceView]:
        with self.store.read() as unit:
            job = get_job(unit, actor, job_id)
            instances = unit.instances.list_of_job(job_id)
            return self._cut_instances(unit, job.workspace, instances, window)

    def list_instances(self, actor: Actor, workspace: str, *, current: bool, window: Window) -> Page[InstanceView]:
        """The newest instance of each job, or with `current` False every instance there was."""
        require_workspace(actor, workspace)
        with self.store.read() as unit:
            rows = unit.jobs.list_rows(JobFilter(workspace))
            if current:
                instances = [row.instance for row in rows if row.instance is not None]
            else:
                instances = [item for row in rows for item in unit.instances.list_of_job(row.job.id)]
            return self._cut_instances(unit, workspace, instances, window)

    def get_instance(self, actor: Actor, instance_id: str) -> InstanceView:
        with self.store.read() as unit:
            instance = get_instance(unit, actor, instance_id)
            around = self._look_around(unit, unit.jobs.get(instance.job_id).workspace)
            return build_instance_view(instance, around)

    def list_job_snapshots(self, actor: Actor, job_id: str, window: Window) -> Page[Snapshot]:
        with self.store.read() as unit:
            get_job(unit, actor, job_id)
            snapshots = unit.snapshots.list_of_job(job_id)
        return cut_page(snapshots, window, lambda item: (item.created_at.isoformat(), item.id), descending=True)

    def get_snapshot(self, actor: Actor, snapshot_id: str) -> Snapshot:
        with self.store.read() as unit:
            return get_snapshot(unit, actor, snapshot_id)

    def _cut_instances(
        self, unit: UnitOfWork, workspace: str, instances: Sequence[Instance], window: Window
    ) -> Page[InstanceView]:
        around = self._look_around(unit, workspace)
        page = cut_page(instances, window, lambda item: (item.created_at.isoformat(), item.id), descending=True)
        return page.map(lambda item: build_instance_view(item, around))

    def _look_around(self, unit: UnitOfWork, workspace: str) -> Surroundings:
        clusters = unit.clusters.list_all(workspace)
        states = {cluster.id: unit.clusters.find_state(cluster.id) for cluster in clusters}
        obstacles = {c.id: find_obstacle(c, states[c.id], self.is_local_stopped) for c in clusters}
        return Surroundings(
            now=self.clock.now(),
            clusters=clusters,
            states={name: state for name, state in states.items() if state is not None},
            findings={name: obstacle for name, obstacle in obstacles.items() if obstacle is not None},
            # Oldest first: the newest artifact of a name is the one that the name means.
            artifact_ids={artifact.name: artifact.id for artifact in unit.artifacts.list_all(workspace)},
            skipped_to=self.clock.skipped_to(),
        )


@dataclass(frozen=True, slots=True)
class EventView:
    """An event with the number of the instance that it is about."""

    event: Event
    instance: int | None


def _has_labels(view: JobView, labels: tuple[tuple[str, str | None], ...]) -> bool:
    own = view.job.labels
    return all(key in own and value in {None, own[key]} for key, value in labels)


def _is_shown(view: JobView, query: JobQuery) -> bool:
    return (
        (not query.phases or view.standing.phase in query.phases)
        and (not query.flink_statuses or view.flink_status in query.flink_statuses)
        and (not query.lifecycles or view.standing.lifecycle in query.lifecycles)
    )


def _count(views: Sequence[JobView]) -> Counts:
    return Counts(
        phase=Counter(view.standing.phase.value for view in views),
        flink_status=Counter(view.flink_status.value for view in views),
        lifecycle=Counter(view.standing.lifecycle.value for view in views),
    )
