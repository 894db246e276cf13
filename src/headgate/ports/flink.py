"""Flink, as the reconciler sees it: looks that give facts, and four calls that change something.

The gateway hides what kind of cluster it talks to. Looks raise FlinkUnavailable or
FlinkOutcomeUnknown when the cluster does not answer well; the calls raise any FlinkError, and
returning means that Flink accepted. Nothing here draws a conclusion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from headgate.domain.clusters import FLINK_HEARTBEAT, Cluster, Incarnation
from headgate.domain.instances import FlinkJobId, Instance
from headgate.domain.intents import IntentKind
from headgate.domain.observation import ClockSeen, Evidence, JobSeen, Remains, TriggerSeen
from headgate.domain.operations import ClaimMode, SavepointFormat
from headgate.domain.snapshots import Kept, Measure, PathStatus

MaySend = Callable[[], bool]


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Sweep:
    """One look at a whole cluster: which life of the JobManager answered, and every job it knows.

    `high_availability`: another JobManager takes over with the same jobs. `identity` stays the same
    over restarts of one cluster and differs between two; empty where it cannot be told.
    `heartbeat_timeout`: after this long without a JobManager a task ends itself.
    """

    incarnation: Incarnation
    jobs: Mapping[FlinkJobId, JobSeen]
    high_availability: bool = False
    identity: str = ""
    heartbeat_timeout: timedelta = FLINK_HEARTBEAT


@dataclass(frozen=True, slots=True)
class Submission:
    """All that starting one instance takes. `jar` is the local file of a JAR job, else None.

    `may_send` is asked right before the job is sent, as what comes before may take long.
    """

    instance: Instance
    job_name: str
    jar: Path | None = None
    claim_mode: ClaimMode = ClaimMode.NO_CLAIM
    allow_non_restored_state: bool = False
    may_send: MaySend = _always


@dataclass(frozen=True, slots=True)
class SavepointOrder:
    """A savepoint or a stop with savepoint: `trigger_id` (32 hex) and `directory` (URI) are ours."""

    flink_job_id: FlinkJobId
    trigger_id: str
    directory: str
    format: SavepointFormat = SavepointFormat.CANONICAL


@dataclass(frozen=True, slots=True)
class SlotsSeen:
    """The task slots of a cluster, and the version that Flink itself says it is; empty where it does not."""

    total: int
    free: int
    task_managers: int
    version: str = ""


class FlinkGateway(Protocol):
    """Every call to Flink that the reconciler makes."""

    def sweep(self, cluster: Cluster) -> Sweep:
        """The incarnation and all jobs with their fresh states; `failure` is not filled here."""

    def find_job(self, cluster: Cluster, flink_job_id: FlinkJobId) -> JobSeen | None:
        """One job with the text of its failure, from the JobManager, else from its archive, else None.

        Asked for by its id as well: a list may lack a job that lives.
        """

    def get_trigger(self, cluster: Cluster, flink_job_id: FlinkJobId, trigger_id: str, kind: IntentKind) -> TriggerSeen:
        """The fate of a trigger; UNKNOWN where Flink does not know it (any more)."""

    def find_evidence(
        self, cluster: Cluster, flink_job_id: FlinkJobId, directory: str, not_before: datetime
    ) -> Evidence:
        """A savepoint that the intent with this directory made: its `_metadata`, else a record of it."""

    def find_savepoint(self, directory: str) -> str:
        """The newest savepoint in a directory that one intent alone used, where this machine sees it; else empty.

        Only storage is looked at: Flink is not asked, nothing is raised.
        """

    def sample_checkpoint(self, cluster: Cluster, flink_job_id: FlinkJobId) -> Kept | None:
        """The newest completed checkpoint of a job that runs; None where there is none, or no such job."""

    def find_remains(self, cluster: Cluster, instance: Instance, *, is_fresh: bool) -> Remains | None:
        """What an ended job has left to start from; None where that cannot be known yet.

        `is_fresh`: it has only just ended, and Flink's statistics may still be from before. Where neither
        Flink, nor its archive, nor its checkpoint directory tells, the last sample is what is left.
        """

    def list_retained(self, cluster: Cluster, instance: Instance) -> Remains:
        """As `find_remains`, from what is known without asking Flink. Nothing is raised."""

    def look_at_path(self, cluster: Cluster, path: str) -> PathStatus:
        """Whether a snapshot's files are there."""

    def measure_snapshot(self, path: str) -> Measure:
        """What the files of a snapshot tell, as far as they can be seen from here. Never raises."""

    def count_slots(self, cluster: Cluster) -> SlotsSeen:
        """The cluster's slots, to explain a start that waits."""

    def read_clock(self, cluster: Cluster) -> ClockSeen | None:
        """The JobManager's own clock; None where nothing that it answers tells the time."""

    def submit(self, cluster: Cluster, submission: Submission) -> None:
        """Start an instance under its own Flink job id. Invalid("sql_invalid") for SQL that does not compile."""

    def stop_with_savepoint(self, cluster: Cluster, order: SavepointOrder) -> None:
        """Savepoint, then stop; never drains."""

    def trigger_savepoint(self, cluster: Cluster, order: SavepointOrder) -> None:
        """Savepoint; the job goes on."""

    def cancel(self, cluster: Cluster, flink_job_id: FlinkJobId) -> None:
        """Cancel a job."""

    def end_predecessors(self, holder: str | None) -> bool:
        """End whatever an earlier holder of the lease left behind that could still submit.

        `holder` is the one that has not given it back. False where that one's clients are out of reach.
        """

    def close(self) -> None:
        """End what this gateway started."""
