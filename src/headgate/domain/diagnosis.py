"""What is off with a server, its clusters and its jobs: facts gathered at one moment, and what a person is told.

The rules that lead from the one to the other are a table in `diagnosis_rules.py`. Gathering is
`services/diagnosis.py`; nothing here looks anywhere or changes anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from headgate.domain.clusters import Cluster, ClusterId, ClusterState
from headgate.domain.events import EventLevel
from headgate.domain.instances import FlinkJobId, Instance, is_ours
from headgate.domain.intents import Intent
from headgate.domain.jobs import Job, JobState
from headgate.domain.observation import ClockSeen, JobSeen
from headgate.domain.operations import Finding, Operation
from headgate.domain.snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that is off, or at INFO worth knowing. `since` is None where nobody knows it.

    `because` is what was found out before and led to it; its words follow.
    """

    finding: Finding
    level: EventLevel
    since: datetime | None = None
    because: Finding | None = None

    @property
    def is_off(self) -> bool:
        return self.level is not EventLevel.INFO


@dataclass(frozen=True, slots=True)
class Strangers:
    """The live jobs of one Flink that no live instance stands for.

    `closed` have a row that says they ended, `orphans` an id of ours for a job and no row, `foreign`
    are somebody else's.
    """

    closed: tuple[Instance, ...] = ()
    orphans: tuple[tuple[FlinkJobId, Job], ...] = ()
    foreign: tuple[FlinkJobId, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterCase:
    """A registered cluster: what the rows say, and what it answered just now.

    `jobs` is None where it did not answer; `cause` then says how. `clock_gap` is how far Flink's clock
    is ahead of the server's. `sql_jobs` are the names of the SQL jobs that run there or are to.
    """

    cluster: Cluster
    state: ClusterState | None = None
    is_stopped: bool = False
    jobs: Mapping[FlinkJobId, JobSeen] | None = None
    cause: str = ""
    clock_gap: timedelta | None = None
    live: tuple[Instance, ...] = ()
    strangers: Strangers = Strangers()
    sql_jobs: tuple[str, ...] = ()
    has_engine: bool = True


@dataclass(frozen=True, slots=True)
class JobCase:
    """A job: where it rests, what is open, and which of its snapshots have lost their files.

    `places` says on which cluster each of its instances was; `usable` is the newest snapshot whose
    files are there.
    """

    job: Job
    state: JobState
    restore_point: Snapshot | None = None
    usable: Snapshot | None = None
    gone: tuple[Snapshot, ...] = ()
    operations: tuple[Operation, ...] = ()
    intents: tuple[Intent, ...] = ()
    places: Mapping[str, ClusterId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeaseSeen:
    """Who reconciles, and until when without a renewal. `holder` is None after it was given back."""

    holder: str | None
    fence: int
    until: datetime


@dataclass(frozen=True, slots=True)
class LeftOverClient:
    """A client JVM whose server is dead."""

    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What only the server's own machine tells: the data folder's disk, its processes, its database.

    `schema` is the revision that the database has, `known_schema` the newest one of this release.
    """

    folder: str
    free_bytes: int
    total_bytes: int
    database_clock: datetime
    schema: str | None
    known_schema: str | None
    clients: tuple[LeftOverClient, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that was gathered, at `at` by the server's clock."""

    at: datetime
    machine: Machine
    lease: LeaseSeen | None = None
    clusters: Sequence[ClusterCase] = ()
    jobs: Sequence[JobCase] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer: what is off, the gravest first, and who was found at work."""

    at: datetime
    symptoms: tuple[Symptom, ...]
    lease: LeaseSeen | None
    schema: str | None
    clusters: int
    jobs: int

    @property
    def is_well(self) -> bool:
        """Whether nothing is off; what is only worth knowing does not count."""
        return not any(symptom.is_off for symptom in self.symptoms)


@dataclass(frozen=True, slots=True)
class Rows:
    """What the rows know of Flink's jobs: every instance asked for by its id, and the jobs that ids may belong to."""

    instances: Mapping[FlinkJobId, Instance] = field(default_factory=dict)
    jobs: Sequence[Job] = ()


def classify_strangers(seen: Mapping[FlinkJobId, JobSeen], rows: Rows) -> Strangers:
    """Whose the live jobs are that Flink shows."""
    alive = sorted(name for name, job in seen.items() if not job.status.is_terminal)
    known = [rows.instances[name] for name in alive if name in rows.instances]
    unknown = [name for name in alive if name not in rows.instances]
    owners = {name: next((job for job in rows.jobs if is_ours(name, job.id)), None) for name in unknown}
    return Strangers(
        closed=tuple(instance for instance in known if not instance.is_live),
        orphans=tuple((name, job) for name, job in owners.items() if job is not None),
        foreign=tuple(name for name, job in owners.items() if job is None),
    )


def measure_gap(seen: ClockSeen | None, asked_at: datetime, answered_at: datetime) -> timedelta | None:
    """How far Flink's clock is surely ahead of ours (behind, where negative); None where it was not told.

    The answer was given somewhere between `asked_at` and `answered_at`.
    """
    if seen is None:
        return None
    if seen.at > answered_at:
        return seen.at - answered_at
    latest = seen.at + seen.within
    return latest - asked_at if latest < asked_at else timedelta(0)
