"""Clusters: registering where jobs run, changing and removing the registration, and a look right now.

The health that the reconciler keeps is only read here. A check asks the cluster itself and writes
nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from headgate.domain.capabilities import LINES, describe_missing, is_other_line
from headgate.domain.clusters import (
    REGISTERED_TWICE,
    REPLACED,
    Cluster,
    ClusterId,
    ClusterKind,
    ClusterState,
    EngineVersion,
    Incarnation,
    Reachability,
)
from headgate.domain.errors import Conflict, FlinkError, FlinkOutcomeUnknown, Invalid, NotAllowed, Problem
from headgate.domain.intents import Intent
from headgate.domain.lifecycle import Lane
from headgate.domain.observation import ClockSeen
from headgate.domain.operations import Finding
from headgate.domain.snapshots import PathStatus
from headgate.domain.uris import is_place_uri
from headgate.domain.workspaces import Actor, require_workspace
from headgate.ports.clock import Clock
from headgate.ports.flink import SlotsSeen, Sweep
from headgate.ports.ids import Ids
from headgate.ports.store import Store, UnitOfWork
from headgate.services.access import get_cluster, require_revision
from headgate.services.receipts import Keep, keep_nothing

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
LOCAL_NAME = "local"
# A name of an id's form would hide the cluster that has this id.
_ID_FORM = re.compile(r"cluster-[0-9a-z]{10}")
_THIS_MACHINE = "127.0.0.1"
_LOOPBACK = frozenset({_THIS_MACHINE, "localhost", "::1"})
_PORTS = {"http": 80, "https": 443}
_VERSION = re.compile(r"\d+\.\d+\.\d+")


class ClusterProbe(Protocol):
    """The looks that services take; a part of `FlinkGateway`."""

    def sweep(self, cluster: Cluster) -> Sweep: ...
    def count_slots(self, cluster: Cluster) -> SlotsSeen: ...
    def look_at_path(self, cluster: Cluster, path: str) -> PathStatus: ...
    def read_clock(self, cluster: Cluster) -> ClockSeen | None: ...


@dataclass(frozen=True, slots=True)
class ClusterOrder:
    """What is registered of a cluster. `url` is the JobManager's REST address; directories are URIs."""

    name: str
    url: str
    engine_version: str
    savepoint_dir: str | None = None
    checkpoint_dir: str | None = None
    high_availability: bool = False
    region: str = ""
    zone: str = ""
    kind: ClusterKind = ClusterKind.SESSION


@dataclass(frozen=True, slots=True)
class LocalRegistration:
    """Where the embedded cluster answers now; directories are URIs."""

    url: str
    engine_version: EngineVersion
    savepoint_dir: str
    checkpoint_dir: str


@dataclass(frozen=True, slots=True)
class ClusterEdit:
    """What a person changes; None leaves a field as it is, an empty text clears it."""

    name: str | None = None
    url: str | None = None
    engine_version: str | None = None
    savepoint_dir: str | None = None
    checkpoint_dir: str | None = None
    high_availability: bool | None = None
    region: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster with its health; `state` is None until the reconciler has looked.

    `finding` says why it cannot be used, where more is known than that it does not answer.
    """

    cluster: Cluster
    state: ClusterState | None
    finding: Finding | None = None

    @property
    def high_availability(self) -> bool:
        """Registered so, or seen in the configuration of its JobManager."""
        return self.cluster.high_availability or (self.state is not None and self.state.high_availability)


@dataclass(frozen=True, slots=True)
class ClusterCheck:
    """What a look right now found; None is what it could not find out. `finding` says what stands in the way."""

    at: datetime
    incarnation: Incarnation | None = None
    live_jobs: int | None = None
    slots: SlotsSeen | None = None
    finding: Finding | None = None

    @property
    def is_reachable(self) -> bool:
        return self.incarnation is not None


def is_never_stopped() -> bool:
    return False


def find_obstacle(cluster: Cluster, state: ClusterState | None, is_local_stopped: Callable[[], bool]) -> Finding | None:
    """Why a silent cluster cannot be used, where that is known: somebody stopped the embedded one."""
    is_silent = state is None or state.reachability is Reachability.UNREACHABLE
    if cluster.kind is ClusterKind.LOCAL and is_silent and is_local_stopped():
        return _local_stopped(cluster)
    cause = state.cause if state is not None else ""
    if cause == REPLACED:
        return Finding("cluster_replaced", {"cluster": cluster.name, "url": cluster.url})
    if cause.startswith(REGISTERED_TWICE):
        other = cause.removeprefix(REGISTERED_TWICE)
        return Finding("cluster_registered_twice", {"cluster": cluster.name, "other": other})
    return None


@dataclass(frozen=True, slots=True)
class Clusters:
    """`is_local_stopped` tells whether somebody stopped the embedded cluster on purpose."""

    store: Store
    clock: Clock
    ids: Ids
    probe: ClusterProbe
    is_local_stopped: Callable[[], bool] = is_never_stopped

    def create(self, actor: Actor, workspace: str, order: ClusterOrder, keep: Keep[Cluster] = keep_nothing) -> Cluster:
        """Register a cluster. Conflict("cluster_name_taken"), Invalid for an address or directory that is none."""
        require_workspace(actor, workspace)
        cluster = self._build(workspace, order)
        _validate(cluster)
        with self.store.write() as unit:
            _refuse_taken_url(unit.clusters.list_all(), cluster)
            unit.clusters.add(cluster)
            keep(unit, cluster)
        return cluster

    def register_local(self, workspace: str, found: LocalRegistration) -> Cluster:
        """The embedded cluster's row: made at the first start, corrected when its address has changed."""
        order = ClusterOrder(
            name=LOCAL_NAME,
            url=found.url,
            engine_version=found.engine_version,
            savepoint_dir=found.savepoint_dir,
            checkpoint_dir=found.checkpoint_dir,
            kind=ClusterKind.LOCAL,
        )
        with self.store.write() as unit:
            before = unit.clusters.find_by_name(workspace, order.name)
            if before is None:
                cluster = self._build(workspace, order)
                unit.clusters.add(cluster)
                return cluster
            fresh = self._build(workspace, order)
            after = replace(fresh, id=before.id, created_at=before.created_at, revision=before.revision)
            if after == before:
                return before
            after = replace(after, revision=before.revision + 1)
            unit.clusters.update(after)
            return after

    def list_all(self, actor: Actor) -> list[ClusterView]:
        with self.store.read() as unit:
            found = [cluster for name in sorted(actor.workspaces) for cluster in unit.clusters.list_all(name)]
            states = [unit.clusters.find_state(cluster.id) for cluster in found]
        return [self._view(cluster, state) for cluster, state in zip(found, states, strict=True)]

    def get(self, actor: Actor, cluster_id: str) -> ClusterView:
        """By id or by name."""
        with self.store.read() as unit:
            cluster = get_cluster(unit, actor, cluster_id)
            state = unit.clusters.find_state(cluster.id)
        return self._view(cluster, state)

    def update(self, actor: Actor, cluster_id: str, edit: ClusterEdit, revision: int | None) -> ClusterView:
        """StaleRevision, Conflict("cluster_name_taken"), NotAllowed for what must not change under live jobs."""
        with self.store.write() as unit:
            before = get_cluster(unit, actor, cluster_id)
            require_revision(before.revision, revision)
            after = _apply(before, edit)
            _validate(after)
            if before.kind is ClusterKind.LOCAL and (after.name, after.url) != (before.name, before.url):
                raise NotAllowed("cluster_is_local", cluster=before.name)
            if after.url != before.url:
                _refuse_taken_url([c for c in unit.clusters.list_all() if c.id != before.id], after)
                live = unit.instances.list_live(before.id)
                if live:
                    raise NotAllowed("cluster_in_use", cluster=before.name, instances=len(live))
            if after.name != before.name and unit.clusters.find_by_name(after.workspace, after.name) is not None:
                raise Conflict("cluster_name_taken", name=after.name)
            if after != before:
                after = replace(after, revision=before.revision + 1)
                unit.clusters.update(after)
            return ClusterView(after, unit.clusters.find_state(after.id))

    def delete(self, actor: Actor, cluster_id: str, revision: int | None = None) -> None:
        """Remove the registration; the cluster itself is not touched.

        NotAllowed while an instance may live there, or an act is under way there whose outcome is not known yet.
        """
        with self.store.write() as unit:
            cluster = get_cluster(unit, actor, cluster_id)
            require_revision(cluster.revision, revision)
            if cluster.kind is ClusterKind.LOCAL:
                raise NotAllowed("cluster_is_local", cluster=cluster.name)
            used = {instance.id for instance in unit.instances.list_live(cluster.id)}
            used |= {intent.instance_id for intent in _list_open_intents(unit, cluster)}
            if used:
                raise NotAllowed("cluster_in_use", cluster=cluster.name, instances=len(used))
            unit.clusters.delete(cluster.id)

    def check(self, actor: Actor, cluster_id: str) -> ClusterCheck:
        """Ask the cluster itself. What goes wrong is part of the answer."""
        with self.store.read() as unit:
            cluster = get_cluster(unit, actor, cluster_id)
            lives = {other.name: unit.clusters.find_state(other.id) for other in _list_others(unit, cluster)}
        at = self.clock.now()
        try:
            sweep = self.probe.sweep(cluster)
        except FlinkError as error:
            return ClusterCheck(at, finding=self._explain(cluster, error))
        live = sum(1 for job in sweep.jobs.values() if not job.status.is_terminal)
        try:
            slots = self.probe.count_slots(cluster)
        except FlinkError as error:
            return ClusterCheck(at, sweep.incarnation, live, finding=self._explain(cluster, error))
        twin = next((name for name, state in lives.items() if state and state.incarnation == sweep.incarnation), None)
        finding = Finding("cluster_without_slots", {"cluster": cluster.name}) if slots.total == 0 else None
        if is_other_line(cluster.engine_version, slots.version):
            facts = {"cluster": cluster.name, "registered": cluster.engine_version, "running": slots.version}
            finding = Finding("cluster_other_version", facts)
        if twin is not None:
            finding = Finding("cluster_registered_twice", {"cluster": cluster.name, "other": twin})
        return ClusterCheck(at, sweep.incarnation, live, slots, finding)

    def _view(self, cluster: Cluster, state: ClusterState | None) -> ClusterView:
        return ClusterView(cluster, state, find_obstacle(cluster, state, self.is_local_stopped))

    def _explain(self, cluster: Cluster, error: FlinkError) -> Finding:
        """Why a look failed. Whether Flink did something is no question here: a look changes nothing."""
        facts = {"cluster": cluster.name, "url": cluster.url}
        if cluster.kind is ClusterKind.LOCAL and self.is_local_stopped():
            return _local_stopped(cluster)
        if cluster.kind is ClusterKind.LOCAL:
            return Finding("local_cluster_silent", facts, error.cause)
        if isinstance(error, FlinkOutcomeUnknown):
            return Finding("cluster_silent", facts, error.cause)
        return Finding(error.code, {**error.facts, **facts}, error.cause)

    def _build(self, workspace: str, order: ClusterOrder) -> Cluster:
        return Cluster(
            id=ClusterId(self.ids.new("cluster")),
            workspace=workspace,
            name=order.name.strip(),
            kind=order.kind,
            url=_clean_url(order.url),
            engine_version=EngineVersion(order.engine_version.strip()),
            savepoint_dir=_clean_dir(order.savepoint_dir),
            checkpoint_dir=_clean_dir(order.checkpoint_dir),
            high_availability=order.high_availability,
            region=order.region.strip(),
            zone=order.zone.strip(),
            created_at=self.clock.now(),
            revision=1,
        )


def _list_others(unit: UnitOfWork, cluster: Cluster) -> list[Cluster]:
    return [other for other in unit.clusters.list_all() if other.id != cluster.id]


def _local_stopped(cluster: Cluster) -> Finding:
    return Finding("local_cluster_stopped", {"cluster": cluster.name})


def _apply(cluster: Cluster, edit: ClusterEdit) -> Cluster:
    version = cluster.engine_version if edit.engine_version is None else EngineVersion(edit.engine_version.strip())
    return replace(
        cluster,
        name=cluster.name if edit.name is None else edit.name.strip(),
        url=cluster.url if edit.url is None else _clean_url(edit.url),
        engine_version=version,
        savepoint_dir=cluster.savepoint_dir if edit.savepoint_dir is None else _clean_dir(edit.savepoint_dir),
        checkpoint_dir=cluster.checkpoint_dir if edit.checkpoint_dir is None else _clean_dir(edit.checkpoint_dir),
        high_availability=cluster.high_availability if edit.high_availability is None else edit.high_availability,
        region=cluster.region if edit.region is None else edit.region.strip(),
        zone=cluster.zone if edit.zone is None else edit.zone.strip(),
    )


def _clean_dir(directory: str | None) -> str | None:
    return (directory or "").strip().rstrip("/") or None


def _clean_url(url: str) -> str:
    """`url` as it is kept: scheme and host in small letters, no slash at the end."""
    url = url.strip().rstrip("/")
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    # A user and password are refused afterwards, as they were written.
    return url if "@" in host else f"{scheme.lower()}{mark}{host.lower()}{slash}{path}"


def _locate(url: str) -> tuple[str, str, int | None, str]:
    """Where an address leads: this machine has several names, and a scheme its own port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return (
        parts.scheme,
        _THIS_MACHINE if host in _LOOPBACK else host,
        parts.port or _PORTS.get(parts.scheme),
        parts.path.rstrip("/"),
    )


def _refuse_taken_url(clusters: list[Cluster], cluster: Cluster) -> None:
    """One Flink cluster is registered once: two rows would each call the other's jobs missing."""
    same = next((other for other in clusters if _locate(other.url) == _locate(cluster.url)), None)
    if same is not None:
        raise Conflict("cluster_url_taken", url=cluster.url, cluster=same.name)


def _validate(cluster: Cluster) -> None:
    problems = [
        *_check_name(cluster.name),
        *_check_url(cluster.url),
        *_check_version(cluster.engine_version),
        *_check_dir("savepoint_dir", cluster.savepoint_dir),
        *_check_dir("checkpoint_dir", cluster.checkpoint_dir),
    ]
    if problems:
        raise Invalid("cluster_invalid", problems=problems)


def _check_name(name: str) -> list[Problem]:
    if _NAME.fullmatch(name) and not _ID_FORM.fullmatch(name):
        return []
    return [Problem("name", "cluster_name_form", (("name", name),))]


def _check_url(url: str) -> list[Problem]:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        good = good and not parts.username and not parts.password and not parts.query and not parts.fragment
    except ValueError:
        good = False
    return [] if good else [Problem("url", "cluster_url_form")]


def _check_version(version: str) -> list[Problem]:
    if not _VERSION.fullmatch(version):
        return [Problem("engine_version", "engine_version_form")]
    missing = describe_missing(EngineVersion(version))
    facts = (("version", version), ("missing", missing), ("oldest", str(LINES[0].line)))
    return [Problem("engine_version", "flink_too_old", facts)] if missing else []


def _check_dir(name: str, directory: str | None) -> list[Problem]:
    if directory is None or is_place_uri(directory):
        return []
    return [Problem(name, "directory_not_uri", (("field", name), ("value", directory)))]


def _list_open_intents(unit: UnitOfWork, cluster: Cluster) -> list[Intent]:
    busy = unit.operations.list_busy_jobs()
    opened = [unit.intents.find_open(job_id, lane) for job_id in busy for lane in Lane]
    return [intent for intent in opened if intent is not None and intent.cluster_id == cluster.id]
