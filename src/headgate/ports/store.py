"""The database, as services and reconciler see it: one unit of work, one repository per concept.

A unit of work is one transaction. Every row is written by one side only: `services` write jobs,
drafts, versions, clusters and append operations; the reconciler writes everything else. Lists are
oldest first unless said otherwise. `get_` raises NotFound with the concept's code.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from headgate.domain.artifacts import Artifact
from headgate.domain.clusters import Cluster, ClusterId, ClusterState
from headgate.domain.diagnosis import LeaseSeen
from headgate.domain.events import Event
from headgate.domain.instances import FlinkJobId, Instance
from headgate.domain.intents import Intent
from headgate.domain.jobs import Draft, Job, JobState, Version
from headgate.domain.lifecycle import Lane
from headgate.domain.operations import Operation, OperationId
from headgate.domain.snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job with all that its row in a list needs. `paused_version` made the snapshot of its pause.

    `waits_on` are the clusters where an act was sent whose outcome is not known.
    """

    job: Job
    draft: Draft
    state: JobState
    newest_version: Version | None
    instance: Instance | None
    open_operations: tuple[Operation, ...]
    paused_version: int | None = None
    waits_on: frozenset[ClusterId] = frozenset()


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows; None means any. `text` is sought in name and id, ignoring case.

    `cluster` is a name: where the draft wants the job to run, or where its newest instance is.
    """

    workspace: str
    text: str | None = None
    folder: str | None = None
    recursive: bool = False
    cluster: str | None = None
    type: str | None = None


class JobStore(Protocol):
    def add(self, job: Job, draft: Draft) -> None:
        """Conflict("job_name_taken") when the workspace has one of this name."""

    def get(self, job_id: str) -> Job: ...
    def find_by_name(self, workspace: str, name: str) -> Job | None: ...
    def update(self, job: Job) -> None:
        """Replace the row whose revision is `job.revision - 1`; StaleRevision where it is not."""

    def delete(self, job_id: str) -> None:
        """The job and all that belongs to it."""

    def get_row(self, job_id: str) -> JobRow: ...
    def list_rows(self, job_filter: JobFilter) -> list[JobRow]:
        """Newest first."""

    def list_names_using(self, workspace: str, artifact_id: str, references: Sequence[str]) -> list[str]:
        """The names of jobs with a version of that artifact, or a draft that says one of `references`; in order."""

    def get_draft(self, job_id: str) -> Draft: ...
    def update_draft(self, draft: Draft) -> None:
        """As `update`."""

    def add_version(self, version: Version) -> None: ...
    def get_version(self, job_id: str, number: int) -> Version: ...
    def list_versions(self, job_id: str) -> list[Version]:
        """Newest first."""

    def find_newest_version(self, job_id: str) -> Version | None: ...
    def get_state(self, job_id: str) -> JobState:
        """The state; a fresh one for a job that has none yet."""

    def save_state(self, state: JobState) -> None: ...


class OperationStore(Protocol):
    def next_number(self) -> int: ...
    def add(self, operation: Operation) -> None: ...
    def get(self, operation_id: str) -> Operation: ...
    def save(self, operation: Operation) -> None: ...
    def list_open(self, job_id: str) -> list[Operation]: ...
    def list_busy_jobs(self, due_by: datetime | None = None) -> list[str]:
        """The jobs with an open operation, an open intent, or a planned recovery: one due by then, if said."""

    def list_of_job(self, job_id: str, limit: int, before: int | None) -> list[Operation]:
        """Newest first, numbers below `before`."""

    def list_of_workspace(self, workspace: str, limit: int, before: int | None) -> list[Operation]: ...
    def request_withdrawal(self, operation_id: OperationId, actor: str, at: datetime) -> None: ...
    def is_withdrawal_requested(self, operation_id: OperationId) -> bool: ...


class InstanceStore(Protocol):
    def add(self, instance: Instance) -> None: ...
    def get(self, instance_id: str) -> Instance: ...
    def save(self, instance: Instance) -> None: ...
    def find_newest(self, job_id: str) -> Instance | None: ...
    def find_by_flink_id(self, flink_job_id: FlinkJobId) -> Instance | None: ...
    def list_of_job(self, job_id: str) -> list[Instance]:
        """Newest first."""

    def list_live(self, cluster_id: ClusterId) -> list[Instance]: ...


class IntentStore(Protocol):
    def add(self, intent: Intent) -> None:
        """At most one open intent per job and lane: the database refuses a second."""

    def save(self, intent: Intent) -> None: ...
    def find_open(self, job_id: str, lane: Lane) -> Intent | None: ...
    def list_of_job(self, job_id: str) -> list[Intent]: ...


class SnapshotStore(Protocol):
    def add(self, snapshot: Snapshot) -> None: ...
    def get(self, snapshot_id: str) -> Snapshot: ...
    def find_by_path(self, job_id: str, path: str) -> Snapshot | None: ...
    def save(self, snapshot: Snapshot) -> None: ...
    def list_of_job(self, job_id: str) -> list[Snapshot]:
        """Newest first."""


class EventStore(Protocol):
    def record(self, event: Event) -> None: ...
    def list_of_job(self, job_id: str, limit: int, before: int | None) -> list[Event]:
        """Newest first, numbers below `before`."""

    def list_of_workspace(self, workspace: str, limit: int, before: int | None) -> list[Event]: ...


class ClusterStore(Protocol):
    def add(self, cluster: Cluster) -> None:
        """Conflict("cluster_name_taken") when the workspace has one of this name."""

    def get(self, cluster_id: str) -> Cluster: ...
    def find_by_name(self, workspace: str, name: str) -> Cluster | None: ...
    def update(self, cluster: Cluster) -> None:
        """Replace the row whose revision is `cluster.revision - 1`; StaleRevision where it is not."""

    def delete(self, cluster_id: str) -> None: ...
    def list_all(self, workspace: str | None = None) -> list[Cluster]: ...
    def find_state(self, cluster_id: str) -> ClusterState | None: ...
    def save_state(self, state: ClusterState) -> None: ...


class ArtifactStore(Protocol):
    def add(self, artifact: Artifact) -> None: ...
    def get(self, artifact_id: str) -> Artifact: ...
    def find_by_name(self, workspace: str, name: str) -> Artifact | None:
        """The newest of this name."""

    def list_all(self, workspace: str) -> list[Artifact]: ...
    def has_content(self, digest: str) -> bool:
        """Whether any artifact, in whichever workspace, has this content."""

    def delete(self, artifact_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The first answer to a request with an idempotency key. `digest` is of method, path and body."""

    owner: str
    key: str
    digest: str
    status: int
    body: str
    at: datetime


class AnswerStore(Protocol):
    """Answers by token and idempotency key, kept for 24 h."""

    def find(self, owner: str, key: str) -> KeptAnswer | None: ...
    def add(self, answer: KeptAnswer) -> None:
        """Conflict("idempotency_key_busy") when the key was written meanwhile."""

    def delete_before(self, at: datetime) -> int: ...


class LeaseStore(Protocol):
    """Who reconciles. The fence grows with every change of holder."""

    def acquire(self, holder: str, now: datetime, until: datetime) -> int | None:
        """The fence when `holder` has the lease now (taken or renewed), None when another holds it.

        Where several machines share the database, its own clock counts: `now` is then nobody's concern,
        and the lease runs as long as from `now` until `until`.
        """

    def find_holder(self) -> str | None:
        """Who took it last and has not given it back, whether its time has run out or not."""

    def release(self, holder: str) -> None: ...
    def find(self) -> LeaseSeen | None:
        """The lease as it stands; None where nobody ever took it."""


class UnitOfWork(Protocol):
    """One transaction: leaving it well commits, leaving it by an error rolls back."""

    jobs: JobStore
    operations: OperationStore
    instances: InstanceStore
    intents: IntentStore
    snapshots: SnapshotStore
    events: EventStore
    clusters: ClusterStore
    artifacts: ArtifactStore
    answers: AnswerStore
    lease: LeaseStore


class Store(Protocol):
    """Where units of work come from. Unavailable("database_unavailable") when it does not answer."""

    def write(self, fence: int | None = None) -> AbstractContextManager[UnitOfWork]:
        """A writing transaction. With a fence: Unavailable("lease_lost") unless it is the newest one."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A consistent read; nothing is written."""

    def close(self) -> None: ...
