"""The oracle's log: what really lived in the fake Flink, whatever Headgate believed of it.

Every job carries its lineage (the Flink jobs whose state it holds, itself last) and a counter that
grows by one a second while its tasks run, so that a test can see lost or forgotten state.
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

from headgate.domain.clusters import ClusterId
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.intents import IntentKind
from headgate.domain.observation import TriggerStatus


@dataclass
class FakeSavepoint:
    """A savepoint or checkpoint on the disk, with the state in it."""

    path: str
    flink_job_id: FlinkJobId
    lineage: tuple[FlinkJobId, ...]
    counter: float
    created_at: datetime
    is_checkpoint: bool = False
    is_stop: bool = False


@dataclass
class FakeTrigger:
    """What the JobManager remembers of a trigger. `completed_at` is monotonic seconds."""

    id: str
    flink_job_id: FlinkJobId
    kind: IntentKind
    directory: str
    status: TriggerStatus = TriggerStatus.IN_PROGRESS
    location: str = ""
    failure: str = ""
    completed_at: float | None = None


@dataclass
class FakeJob:
    """One job of the fake. `platform_job` is Headgate's job id; `is_lost`: ended with its JobManager."""

    flink_job_id: FlinkJobId
    platform_job: str
    instance_id: str
    cluster_id: ClusterId
    version: int
    accepted_at: datetime
    restored_from: str | None
    lineage: tuple[FlinkJobId, ...]
    counter: float = 0.0
    status: FlinkStatus = FlinkStatus.CREATED
    tasks_running: bool = False
    is_blocked: bool = False
    parallelism: int = 1
    failure: str = ""
    ended_at: datetime | None = None
    is_lost: bool = False
    running_since: float | None = None
    stopping: FakeTrigger | None = None
    records: list[FakeSavepoint] = field(default_factory=list)
    started_with: float = 0.0

    @property
    def is_live(self) -> bool:
        """Whether its tasks may still run."""
        return self.ended_at is None

    @property
    def is_stateless_start(self) -> bool:
        return len(self.lineage) == 1


def find_overlaps(history: list[FakeJob], now: datetime) -> list[tuple[FakeJob, FakeJob]]:
    """The pairs of jobs of one platform job that were alive at the same time: must be empty."""

    def overlap(one: FakeJob, other: FakeJob) -> bool:
        return max(one.accepted_at, other.accepted_at) < min(one.ended_at or now, other.ended_at or now)

    return [
        (one, other)
        for one, other in combinations(history, 2)
        if one.platform_job == other.platform_job and overlap(one, other)
    ]
