"""One watch per cluster: a single sweep in flight, shared by all who want to know.

A sweep's reachability is kept in the cluster's state, written on change only. Conclusions about
jobs belong to `decide`.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from headgate.domain.clusters import (
    REGISTERED_TWICE,
    REPLACED,
    Cluster,
    ClusterId,
    ClusterKind,
    ClusterState,
    Incarnation,
    Reachability,
)
from headgate.domain.errors import FlinkError
from headgate.domain.instances import FlinkJobId
from headgate.domain.observation import NO_ANSWER, OTHER_CLUSTER, OTHER_REGISTRATION, JobSeen
from headgate.ports.clock import Clock
from headgate.ports.flink import FlinkGateway, Sweep
from headgate.ports.store import Store

log = logging.getLogger(__name__)

CACHE_S = 3.2
"""Flink's statistics come from a cache of 3 s; a little more, for the time that the answers take."""

FRESHNESS_KEPT = timedelta(seconds=4)
"""How old the stored time of the last good sweep may get before it is written again unchanged.

Just under the pace of idle sweeps: each of them is written, and the many looks of a busy cluster are not.
"""


@dataclass(frozen=True, slots=True)
class ClusterLook:
    """One sweep's result. `jobs` is None when the cluster did not answer.

    `just_ended` are those of which Flink may still show what was before their end. `silence` is the
    code of what everybody waits for while there are no jobs to see. `answers_since` is when the last
    silence was over.
    """

    at: datetime
    reachability: Reachability
    incarnation: Incarnation | None
    unreachable_total: timedelta
    jobs: Mapping[FlinkJobId, JobSeen] | None
    just_ended: frozenset[FlinkJobId] = frozenset()
    high_availability: bool = False
    silence: str = NO_ANSWER
    answers_since: datetime | None = None

    @property
    def is_reachable(self) -> bool:
        return self.jobs is not None


class ClusterWatch:
    """The newest look at one cluster."""

    def __init__(self, store: Store, gateway: FlinkGateway, clock: Clock, cluster_id: ClusterId) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._lock = threading.Lock()
        self._cluster_id = cluster_id
        self._look: ClusterLook | None = None
        self._state: ClusterState | None = None
        self._saved: ClusterState | None = None
        self._fence: int | None = None
        self._ended_since: dict[FlinkJobId, float] = {}

    @property
    def newest(self) -> ClusterLook | None:
        return self._look

    def look(self, cluster: Cluster, not_before: datetime, fence: int | None) -> ClusterLook:
        """A look taken at or after `not_before`; waits for one in flight instead of adding another."""
        with self._lock:
            if fence != self._fence:
                # Another server may have looked, and written, meanwhile.
                self._fence, self._look, self._state = fence, None, None
            if self._look is None or self._look.at < not_before:
                self._look = self._sweep(cluster, fence)
            return self._look

    def _sweep(self, cluster: Cluster, fence: int | None) -> ClusterLook:
        # Dated before the call: what it shows may be older than its return, never older than this.
        at = self._clock.now()
        try:
            sweep = self._gateway.sweep(cluster)
        except FlinkError as error:
            return _hide(at, self._record(cluster, at, None, error.cause or str(error), fence), NO_ANSWER)
        obstacle = self._find_obstacle(cluster, sweep)
        if obstacle:
            silence = OTHER_CLUSTER if obstacle == REPLACED else OTHER_REGISTRATION
            return _hide(at, self._record(cluster, at, None, obstacle, fence), silence)
        state = self._record(cluster, at, sweep, "", fence)
        return ClusterLook(
            at=at,
            reachability=Reachability.REACHABLE,
            incarnation=sweep.incarnation,
            unreachable_total=state.unreachable_total(at),
            jobs=sweep.jobs,
            just_ended=self._note_ends(sweep.jobs),
            high_availability=sweep.high_availability,
            answers_since=state.since,
        )

    def _note_ends(self, jobs: Mapping[FlinkJobId, JobSeen]) -> frozenset[FlinkJobId]:
        """The jobs that were first seen ended within Flink's cache age, by our own clock: theirs may differ from it."""
        now = self._clock.monotonic()
        ended = [job for job, seen in jobs.items() if seen.status.is_terminal]
        self._ended_since = {job: self._ended_since.get(job, now) for job in ended}
        return frozenset(job for job, since in self._ended_since.items() if now - since <= CACHE_S)

    def _find_obstacle(self, cluster: Cluster, sweep: Sweep) -> str:
        """Why what answers is not taken for this cluster; empty where it is. Asked of each new life once."""
        before = self._load()
        if before is not None and before.incarnation == sweep.incarnation and before.identity:
            return ""
        with self._store.read() as work:
            others = [other for other in work.clusters.list_all() if other.id != cluster.id]
            for other in others:
                state = work.clusters.find_state(other.id)
                is_first = (other.created_at, other.id) < (cluster.created_at, cluster.id)
                if is_first and state is not None and state.incarnation == sweep.incarnation:
                    return REGISTERED_TWICE + other.name
            is_used = bool(work.instances.list_live(cluster.id))
        is_other = before is not None and before.identity not in {None, sweep.identity}
        may_change = cluster.kind is ClusterKind.LOCAL or cluster.high_availability or sweep.high_availability
        return REPLACED if is_other and is_used and not may_change else ""

    def _load(self) -> ClusterState | None:
        """What is known of the cluster so far."""
        if self._state is None:
            with self._store.read() as work:
                self._state = self._saved = work.clusters.find_state(self._cluster_id)
        return self._state

    def _find_skipped(self, before: ClusterState, at: datetime) -> timedelta:
        """The time since the last look, where the clock has skipped some of it: nobody saw anything in it."""
        skipped_to = self._clock.skipped_to()
        last = self._look.at if self._look is not None else max(before.since, before.last_good_sweep or before.since)
        return at - last if skipped_to is not None and last < skipped_to <= at else timedelta(0)

    def _record(
        self, cluster: Cluster, at: datetime, sweep: Sweep | None, cause: str, fence: int | None
    ) -> ClusterState:
        before = self._load()
        if before is not None:
            before = before.without(self._find_skipped(before, at))
        after = advance_state(before, cluster, at, sweep, cause)
        if self._saved is None or _is_worth_writing(self._saved, after):
            with self._store.write(fence) as work:
                work.clusters.save_state(after)
            self._saved = after
        if before is None or before.reachability is not after.reachability:
            _log_change(cluster, after)
        self._state = after
        return after


def _hide(at: datetime, state: ClusterState, silence: str) -> ClusterLook:
    """A look that shows nothing."""
    total = state.unreachable_total(at)
    return ClusterLook(at, Reachability.UNREACHABLE, state.incarnation, total, None, silence=silence)


def _log_change(cluster: Cluster, state: ClusterState) -> None:
    if state.reachability is Reachability.REACHABLE:
        log.info("cluster %s answers at %s", cluster.name, cluster.url)
    else:
        log.warning("cluster %s does not answer at %s: %s", cluster.name, cluster.url, state.cause)


def advance_state(
    before: ClusterState | None, cluster: Cluster, at: datetime, sweep: Sweep | None, cause: str
) -> ClusterState:
    """The state after a sweep at `at`; `sweep` None means that the cluster did not answer."""
    reachability = Reachability.REACHABLE if sweep is not None else Reachability.UNREACHABLE
    if before is None:
        before = ClusterState(cluster.id, reachability, at, None, None, timedelta(0))
    changed = before.reachability is not reachability
    return replace(
        before,
        reachability=reachability,
        since=at if changed else before.since,
        last_good_sweep=at if sweep is not None else before.last_good_sweep,
        incarnation=sweep.incarnation if sweep is not None else before.incarnation,
        identity=(sweep.identity or None) if sweep is not None else before.identity,
        heartbeat_timeout=sweep.heartbeat_timeout if sweep is not None else before.heartbeat_timeout,
        high_availability=sweep.high_availability if sweep is not None else before.high_availability,
        unreachable_before=before.unreachable_total(at) if changed else before.unreachable_before,
        cause=cause,
    )


def _is_worth_writing(before: ClusterState, after: ClusterState) -> bool:
    if replace(before, last_good_sweep=None) != replace(after, last_good_sweep=None):
        return True
    if before.last_good_sweep is None or after.last_good_sweep is None:
        return False  # the first good look changes the reachability too
    return after.last_good_sweep - before.last_good_sweep >= FRESHNESS_KEPT
