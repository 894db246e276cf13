"""Instances: each is one Flink run of one version on one cluster, under an id that we chose.

An instance is written with the intent that submits it, so a run can never exist without a row.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import NewType

from headgate.domain.clusters import ClusterId, Incarnation
from headgate.domain.snapshots import Kept
from headgate.domain.spec import JobSpec

InstanceId = NewType("InstanceId", str)
FlinkJobId = NewType("FlinkJobId", str)


class FlinkStatus(StrEnum):
    """Flink's own word for a job, as it stands in its answers; UNKNOWN is ours for "not seen"."""

    INITIALIZING = "INITIALIZING"
    CREATED = "CREATED"
    RUNNING = "RUNNING"
    FAILING = "FAILING"
    FAILED = "FAILED"
    CANCELLING = "CANCELLING"
    CANCELED = "CANCELED"
    FINISHED = "FINISHED"
    RESTARTING = "RESTARTING"
    SUSPENDED = "SUSPENDED"
    RECONCILING = "RECONCILING"
    UNKNOWN = "UNKNOWN"

    @property
    def is_terminal(self) -> bool:
        """Whether Flink will never change it again. SUSPENDED is not: the leader may come back."""
        return self in {FlinkStatus.FAILED, FlinkStatus.CANCELED, FlinkStatus.FINISHED}


class InstanceEnd(StrEnum):
    """How an instance ended, as confirmed by evidence."""

    NOT_STARTED = "NOT_STARTED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SUSPENDED = "SUSPENDED"
    LOST = "LOST"
    GIVEN_UP = "GIVEN_UP"


@dataclass(frozen=True, slots=True)
class Absence:
    """Since when a reachable JobManager has not known this job, within one life of it.

    `sweeps` counts the good sweeps that missed it, up to 2: more adds nothing. `unreachable_before`
    is the cluster's sum at `first_at`, so that only reachable time counts.
    """

    incarnation: Incarnation | None
    first_at: datetime
    unreachable_before: timedelta
    sweeps: int = 1


@dataclass(frozen=True, slots=True)
class Instance:
    """One run. `number` counts from 1 within its job; `spec` is the frozen configuration.

    `restored_from` is the path of the snapshot it was started from, None for a start without state.
    `running_at` is when all its tasks were first seen running; `end` is None until confirmed.
    `checkpoint` is the newest completed one that was seen while it ran; Flink replaces it by the next.
    """

    id: InstanceId
    job_id: str
    number: int
    version: int
    cluster_id: ClusterId
    flink_job_id: FlinkJobId
    spec: JobSpec
    created_at: datetime
    incarnation: Incarnation | None = None
    restored_from: str | None = None
    restored_snapshot_id: str | None = None
    flink_status: FlinkStatus = FlinkStatus.UNKNOWN
    absence: Absence | None = None
    running_at: datetime | None = None
    ended_at: datetime | None = None
    end: InstanceEnd | None = None
    checkpoint: Kept | None = None

    @property
    def is_live(self) -> bool:
        """Whether it may still run: nobody has confirmed its end."""
        return self.end is None

    @property
    def is_vanished(self) -> bool:
        """Whether it ended without a last word of Flink's."""
        return self.end in {InstanceEnd.LOST, InstanceEnd.GIVEN_UP}

    @property
    def shown_status(self) -> FlinkStatus:
        """Flink's last word as far as it still stands: of a run that vanished nothing is known."""
        return FlinkStatus.UNKNOWN if self.is_vanished else self.flink_status


def new_flink_job_id(job_id: str, random_bits: int) -> FlinkJobId:
    """A Flink job id that can be recognised as ours: half a keyed hash of our job's id, half random.

    `random_bits` is a non-negative number of 64 bits. The result is 32 hexadecimal digits.
    """
    return FlinkJobId(f"{_mark(job_id)}{random_bits:016x}")


def is_ours(flink_job_id: str, job_id: str) -> bool:
    """Whether `flink_job_id` was made by Headgate for this job."""
    return flink_job_id.startswith(_mark(job_id))


def _mark(job_id: str) -> str:
    # The key keeps the mark apart from any other use of the same hash; it is no secret.
    return blake2b(job_id.encode(), digest_size=8, key=b"headgate.instance").hexdigest()
