"""What one look at Flink told: facts and their age, never conclusions.

`decide` concludes. A field that is None was not looked at or could not be; "not there" is always
said by a value of its own (`JobSeen` absent from a good sweep, `TriggerStatus.UNKNOWN`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from headgate.domain.clusters import Incarnation, Reachability
from headgate.domain.instances import Absence, FlinkJobId, FlinkStatus, Instance
from headgate.domain.snapshots import Kept, PathStatus


class TriggerStatus(StrEnum):
    """What Flink says of a trigger id; UNKNOWN: it does not know this id (any more)."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class TriggerSeen:
    """The fate of a stop or savepoint: a `location` (URI) when COMPLETED, a `failure` when FAILED."""

    status: TriggerStatus
    location: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class JobSeen:
    """One job as Flink shows it. `tasks_running`: every task RUNNING or FINISHED, None if not looked.

    `failure` is Flink's own text of why it failed, empty where there is none. `from_archive` is
    true when the JobManager no longer knows it and its archive was read instead.
    """

    status: FlinkStatus
    tasks_running: bool | None = None
    failure: str = ""
    ended_at: datetime | None = None
    from_archive: bool = False


@dataclass(frozen=True, slots=True)
class ClockSeen:
    """What Flink's own clock showed when it answered: `at`, or up to `within` later."""

    at: datetime
    within: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is left of a trigger that Flink does not know any more.

    `savepoint` is the path of a savepoint that this very intent made: `_metadata` in its own
    directory, or a checkpoint record not older than the intent. Empty: looked, and found nothing.
    """

    savepoint: str = ""


@dataclass(frozen=True, slots=True)
class Remains:
    """What an ended job has left to start from, newest last. `is_sampled`: nobody could look after its end.

    Then it is the checkpoint that was seen last while the job ran; there may be a newer one.
    """

    kept: tuple[Kept, ...] = ()
    is_sampled: bool = False


NO_ANSWER = "waits_for_cluster"
"""The cluster is silent."""
OTHER_CLUSTER = "waits_for_own_cluster"
"""Another Flink cluster answers at its address."""
OTHER_REGISTRATION = "waits_for_single_registration"
"""It is registered under another address too, and belongs to that registration."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that one pass learned for one job. `at` is the time of the look.

    `job` is the open intent's job, else the newest instance's. `stray` is a live job of ours whose
    instance is closed, `unknown_job` one that has no row at all. `restore_path` is set when a start
    is next, `free_slots` when one takes long. `remains` is set once the job has ended, and what it left can be known.
    `silence` is the code of what an operation waits for while the cluster is not reachable. `skipped_to`
    is set where the clock has skipped time: what was before that is less long ago than it seems.
    `answers_since` is when the cluster's last silence was over.
    """

    at: datetime
    reachability: Reachability
    incarnation: Incarnation | None
    high_availability: bool
    unreachable_total: timedelta
    job: JobSeen | None = None
    trigger: TriggerSeen | None = None
    evidence: Evidence | None = None
    remains: Remains | None = None
    absence: Absence | None = None
    restore_path: PathStatus | None = None
    free_slots: int | None = None
    stray: FlinkJobId | None = None
    unknown_job: FlinkJobId | None = None
    silence: str = NO_ANSWER
    skipped_to: datetime | None = None
    answers_since: datetime | None = None

    @property
    def is_reachable(self) -> bool:
        return self.reachability is not Reachability.UNREACHABLE


def count_absence(instance: Instance, seen: Seen) -> Absence | None:
    """The absence of `instance` after this look: begun, counted up to two sweeps, or over."""
    if not seen.is_reachable:
        return instance.absence
    if seen.job is not None:
        return None
    before = instance.absence
    if before is None or before.incarnation != seen.incarnation:
        return Absence(seen.incarnation, seen.at, seen.unreachable_total)
    if before.sweeps < 2 and seen.at > before.first_at:
        return Absence(before.incarnation, before.first_at, before.unreachable_before, 2)
    return before
