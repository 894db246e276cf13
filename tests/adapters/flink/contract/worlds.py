"""What the contract asks of any Flink, the fake of the property tests and a real one alike.

The two worlds themselves are in `fake_world.py` and `real_world.py`; what each behaviour is, is said there.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from headgate.domain.clusters import Cluster, ClusterId, ClusterKind, EngineVersion
from headgate.domain.errors import FlinkError, FlinkRejected
from headgate.domain.instances import FlinkJobId, FlinkStatus, Instance, InstanceId
from headgate.domain.intents import IntentKind
from headgate.domain.observation import JobSeen, TriggerSeen, TriggerStatus
from headgate.domain.operations import ClaimMode
from headgate.domain.snapshots import PathStatus
from headgate.domain.spec import JobSpec
from headgate.ports.flink import FlinkGateway, SavepointOrder, Submission

T = TypeVar("T")
PATIENCE_S = 30.0

CLUSTER = Cluster(
    id=ClusterId("c1"),
    workspace="default",
    name="local",
    kind=ClusterKind.LOCAL,
    url="http://127.0.0.1:1",
    engine_version=EngineVersion("2.2.1"),
    savepoint_dir="file:///savepoints",
    checkpoint_dir=None,
    high_availability=False,
    region="",
    zone="",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    revision=1,
)


def new_id() -> str:
    return secrets.token_hex(16)


class World(Protocol):
    """One Flink, and how a test makes it behave."""

    gateway: FlinkGateway
    cluster: Cluster

    store_duration_s: float
    """How long a trigger's result is kept."""

    def submit(self, behaviour: str, flink_job_id: str, restored_from: str | None = None, claim: bool = False) -> None:
        """Submit a job that behaves as named."""

    def submit_at_once(self, flink_job_id: str, times: int) -> list[FlinkError | None]:
        """Submit the same job several times at the same moment; what each of them met with."""

    def submit_impatiently(self, flink_job_id: str) -> None:
        """Submit a job whose main method takes longer than the caller waits."""

    def pass_time(self, seconds: float) -> None: ...
    def now(self) -> datetime: ...
    def order(self, job: str, trigger: str, *, fails: bool = False) -> SavepointOrder: ...
    def directory(self, trigger: str) -> str: ...
    def kill_job_manager(self) -> None: ...
    def await_job_manager(self) -> None:
        """Return once the JobManager that took the killed one's place answers."""


class Asked:
    """What every contract test asks of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.started: list[FlinkJobId] = []

    def start(self, behaviour: str = "counts", restored_from: str | None = None, *, claim: bool = False) -> FlinkJobId:
        """A new job whose tasks all run."""
        job = FlinkJobId(new_id())
        self.submit(behaviour, job, restored_from, claim=claim)
        self.until(lambda: self.look(job), lambda seen: seen is not None and bool(seen.tasks_running))
        return job

    def submit(self, behaviour: str, job: FlinkJobId, restored_from: str | None = None, *, claim: bool = False) -> None:
        self.started.append(job)
        self.world.submit(behaviour, job, restored_from, claim)

    def look(self, job: FlinkJobId) -> JobSeen | None:
        return self.world.gateway.sweep(self.world.cluster).jobs.get(job)

    def find(self, job: FlinkJobId) -> JobSeen | None:
        return self.world.gateway.find_job(self.world.cluster, job)

    def end_of(self, job: FlinkJobId) -> JobSeen:
        seen = self.until(lambda: self.find(job), lambda seen: seen is not None and seen.status.is_terminal)
        assert seen is not None
        return seen

    def look_at(self, path: str) -> PathStatus:
        return self.world.gateway.look_at_path(self.world.cluster, path)

    def status(self, job: FlinkJobId) -> FlinkStatus | None:
        seen = self.look(job)
        return seen.status if seen is not None else None

    def trigger(self, kind: IntentKind, job: FlinkJobId, trigger: str) -> None:
        (self.stop if kind is IntentKind.STOP_WITH_SAVEPOINT else self.savepoint)(job, trigger)

    def stop(self, job: FlinkJobId, trigger: str, *, fails: bool = False) -> None:
        self.world.gateway.stop_with_savepoint(self.world.cluster, self.world.order(job, trigger, fails=fails))

    def savepoint(self, job: FlinkJobId, trigger: str, *, fails: bool = False) -> None:
        self.world.gateway.trigger_savepoint(self.world.cluster, self.world.order(job, trigger, fails=fails))

    def cancel(self, job: FlinkJobId) -> None:
        self.world.gateway.cancel(self.world.cluster, job)

    def fate(self, job: FlinkJobId, trigger: str) -> TriggerSeen:
        """The trigger's result, once it has one."""
        kind = IntentKind.STOP_WITH_SAVEPOINT
        return self.until(
            lambda: self.world.gateway.get_trigger(self.world.cluster, job, trigger, kind),
            lambda seen: seen.status is not TriggerStatus.IN_PROGRESS,
        )

    def until(self, look: Callable[[], T], is_good: Callable[[T], bool], patience_s: float = PATIENCE_S) -> T:
        for _ in range(int(patience_s / 0.1)):
            found = look()
            if is_good(found):
                return found
            self.world.pass_time(0.1)
        raise AssertionError(f"still {look()!r} after {patience_s} s")

    def evidence(self, job: FlinkJobId, trigger: str) -> str:
        directory = self.world.directory(trigger)
        since = self.world.now() - timedelta(minutes=5)
        return self.world.gateway.find_evidence(self.world.cluster, job, directory, since).savepoint

    def clean(self) -> None:
        """Cancel what the test started, and wait until its slots are free."""
        for job in self.started:
            seen = self.look(job)
            if seen is not None and not seen.status.is_terminal:
                with suppress(FlinkRejected):  # it may end between the look and the call
                    self.cancel(job)
        for job in self.started:
            self.until(partial(self.look, job), lambda seen: seen is None or seen.status.is_terminal)


def make_submission(job: str, spec: JobSpec, restored_from: str | None, claim: bool) -> Submission:
    instance = Instance(
        InstanceId("i"),
        "job-1",
        1,
        1,
        CLUSTER.id,
        FlinkJobId(job),
        spec,
        CLUSTER.created_at,
        restored_from=restored_from,
    )
    return Submission(instance, "contract", claim_mode=ClaimMode.CLAIM if claim else ClaimMode.NO_CLAIM)
