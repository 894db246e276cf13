"""Clusters: where instances run, what they can do, and whether they answer.

A cluster of kind `local` or `session` has one long-lived JobManager; the later kinds give every
instance its own. What one sweep saw of a cluster is in `domain/observation.py`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

ClusterId = NewType("ClusterId", str)
EngineVersion = NewType("EngineVersion", str)
Incarnation = NewType("Incarnation", str)


# After this long without its JobManager a task ends itself, where a cluster's configuration says nothing else.
FLINK_HEARTBEAT = timedelta(seconds=50)


REPLACED = "another Flink cluster answers at this address"
"""The cause of a cluster that is not the one on which its jobs were started."""
REGISTERED_TWICE = "this Flink cluster is registered already, as "
"""The beginning of the cause of a second registration; the name of the first follows."""


class ClusterKind(StrEnum):
    LOCAL = "LOCAL"
    SESSION = "SESSION"


class Reachability(StrEnum):
    REACHABLE = "REACHABLE"
    UNREACHABLE = "UNREACHABLE"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A registered cluster. `url` is the JobManager's REST address, without a trailing slash.

    `savepoint_dir` and `checkpoint_dir` are URIs (`file:///...`), None where none is configured.
    `high_availability` means that another JobManager takes over with the same jobs.
    """

    id: ClusterId
    workspace: str
    name: str
    kind: ClusterKind
    url: str
    engine_version: EngineVersion
    savepoint_dir: str | None
    checkpoint_dir: str | None
    high_availability: bool
    region: str
    zone: str
    created_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What the reconciler knows of a cluster's health; written on change only.

    `since` is when the present reachability began. `unreachable_before` sums the closed spans in
    which it did not answer, so that deadlines can count reachable time alone. `identity`
    tells this cluster from another behind the same address. `heartbeat_timeout` is how long the tasks
    of a lost JobManager may go on; `high_availability` whether another one takes its jobs over.
    """

    cluster_id: ClusterId
    reachability: Reachability
    since: datetime
    last_good_sweep: datetime | None
    incarnation: Incarnation | None
    unreachable_before: timedelta
    cause: str = ""
    identity: str | None = None
    heartbeat_timeout: timedelta = FLINK_HEARTBEAT
    high_availability: bool = False

    def unreachable_total(self, now: datetime) -> timedelta:
        """All the time up to `now` in which this cluster did not answer."""
        if self.reachability is Reachability.UNREACHABLE:
            return self.unreachable_before + (now - self.since)
        return self.unreachable_before

    def without(self, span: timedelta) -> "ClusterState":
        """The state as if `span`, the newest time until now, counted for nobody: nothing was seen in it.

        A silence has then lasted less long, and every deadline has that much more time.
        """
        silent = self.reachability is Reachability.UNREACHABLE
        since = self.since + span if silent else self.since
        return replace(self, since=since, unreachable_before=self.unreachable_before + span)
