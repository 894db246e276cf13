"""The contract's world of the fake: behaviours are faults of its calls, and time is advanced."""

from datetime import datetime

from headgate.domain.errors import FlinkError
from headgate.domain.instances import FlinkJobId
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.flink import FlinkGateway, SavepointOrder
from tests.adapters.flink.contract.worlds import CLUSTER, make_submission
from tests.fakes import words
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Fault
from tests.fakes.flink import FakeFlink

FAULTS: dict[str, Fault | None] = {
    "counts": None,
    "counts slowly": None,
    "ends": None,
    "fails": Fault.START_FAILS,
    "needs slots": Fault.NO_SLOTS,
    "throws": Fault.MAIN_THROWS,
    "throws after execute": Fault.MAIN_THROWS_AFTER_EXECUTE,
    "executes twice": Fault.MAIN_THROWS_AFTER_EXECUTE,
    "fails while stopping": None,
    "keeps restarting": None,
}
STORE_S = 12.0


class FakeWorld:
    """The fake: behaviours are faults of its calls."""

    store_duration_s = STORE_S

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.flink = FakeFlink(self.clock, seed=11)
        self.gateway: FlinkGateway = self.flink
        self.cluster = CLUSTER
        self._slow: set[str] = set()
        self._breaking: set[str] = set()
        self.flink.job_manager(self.cluster).store_duration_s = STORE_S

    def submit(self, behaviour: str, flink_job_id: str, restored_from: str | None = None, claim: bool = False) -> None:
        fault = FAULTS[behaviour]
        if fault is not None:
            self.flink.inject(fault, "submit")
        if behaviour == "counts slowly":
            self._slow.add(flink_job_id)
        if behaviour == "fails while stopping":
            self._breaking.add(flink_job_id)
        submission = make_submission(flink_job_id, JobSpec(JobType.JAR), restored_from, claim)
        self.flink.submit(self.cluster, submission)
        if behaviour == "ends":
            self.clock.advance(4)
            self.flink.finish_job(FlinkJobId(flink_job_id))
        if behaviour == "keeps restarting":
            self.clock.advance(4)
            self.flink.restart_tasks(FlinkJobId(flink_job_id), 20, words.START_FAILED)

    def submit_at_once(self, flink_job_id: str, times: int) -> list[FlinkError | None]:
        found: list[FlinkError | None] = []
        for _ in range(times):
            try:
                self.submit("counts", flink_job_id)
                found.append(None)
            except FlinkError as error:
                found.append(error)
        return found

    def submit_impatiently(self, flink_job_id: str) -> None:
        self.flink.inject(Fault.LATE_SUBMISSION, "submit", seconds=4)
        self.submit("counts", flink_job_id)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def now(self) -> datetime:
        return self.clock.now()

    def order(self, job: str, trigger: str, *, fails: bool = False) -> SavepointOrder:
        if fails:
            self.flink.inject(Fault.SAVEPOINT_FAILS)
        if job in self._slow:
            self.flink.faults.waiting = [w for w in self.flink.faults.waiting if w.fault is not Fault.SLOW_SAVEPOINT]
            self.flink.inject(Fault.SLOW_SAVEPOINT, seconds=1.5)
        if job in self._breaking:
            self.flink.inject(Fault.FAILS_WHILE_STOPPING)
        return SavepointOrder(FlinkJobId(job), trigger, self.directory(trigger))

    def directory(self, trigger: str) -> str:
        return f"file:///savepoints/contract/{trigger}"

    def kill_job_manager(self) -> None:
        self.flink.restart_job_manager(self.cluster)

    def await_job_manager(self) -> None:
        self.clock.advance(2)
