"""A Flink in memory behind the port `FlinkGateway`, with an oracle's log of what really happened.

Time comes from a `FakeClock`, chance from a seed, so a run can be repeated. `faults` strike single
calls; the methods below the calls are things that happen to clusters and jobs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from headgate.domain.clusters import FLINK_HEARTBEAT, Cluster, ClusterId
from headgate.domain.errors import FlinkError, FlinkOutcomeUnknown, FlinkUnavailable, Invalid, Problem
from headgate.domain.instances import FlinkJobId, FlinkStatus, Instance
from headgate.domain.intents import IntentKind
from headgate.domain.observation import ClockSeen, Evidence, JobSeen, Remains, TriggerSeen, TriggerStatus
from headgate.domain.snapshots import NOT_SEEN, Kept, Measure, PathStatus
from headgate.ports.flink import SavepointOrder, SlotsSeen, Submission, Sweep
from tests.fakes import left, words
from tests.fakes.clock import FakeClock
from tests.fakes.disk import Agenda, FakeDisk
from tests.fakes.faults import LOUD, REFUSING, Fault, Faults, Injection, SimulatedCrash
from tests.fakes.history import FakeJob, find_overlaps
from tests.fakes.job_manager import Drawn, FakeJobManager
from tests.fakes.left import is_readable

T = TypeVar("T")
READ_S, RUN_S = 10.0, 120.0
ELSEWHERE = "file:///elsewhere"
"""Where others keep their savepoints."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached the gateway; `answer` is `ok` or the name of what it raised."""

    name: str
    at: datetime
    cluster_id: ClusterId
    flink_job_id: str = ""
    key: str = ""
    answer: str = ""


class FakeFlink:
    """All clusters of a test. `history` holds every job that Flink ever took, oldest first."""

    def __init__(self, clock: FakeClock, seed: int = 0, chances: Mapping[Fault, float] | None = None) -> None:
        self.clock = clock
        self.disk = FakeDisk()
        self.calls: list[Call] = []
        self.history: list[FakeJob] = []
        self.clock_gap = timedelta(0)
        self.predecessors_ended = 0
        self.clients_within_reach = True
        self.closed = False
        self._random = Random(seed)
        self.faults = Faults(self._random, chances or {})
        self._agenda = Agenda(clock)
        self._job_managers: dict[ClusterId, FakeJobManager] = {}
        self._cut_off: dict[ClusterId, tuple[float, bool]] = {}
        self._client_life = 0

    # The port: looks

    def sweep(self, cluster: Cluster) -> Sweep:
        def look(manager: FakeJobManager, drawn: Drawn) -> Sweep:
            jobs = {job_id: _show(job) for job_id, job in manager.jobs.items()}
            return Sweep(manager.incarnation, jobs, manager.high_availability, manager.identity)

        return self._call("sweep", cluster, look)

    def find_job(self, cluster: Cluster, flink_job_id: FlinkJobId) -> JobSeen | None:
        def look(manager: FakeJobManager, drawn: Drawn) -> JobSeen | None:
            job = manager.jobs.get(flink_job_id)
            if job is not None:
                if job.failure and Fault.STALE_CACHE in drawn:
                    self.faults.strike(Fault.STALE_CACHE)
                    return _show(job)
                return _show(job, job.failure)
            archived = self.disk.archive.get(flink_job_id)
            return _show(archived, archived.failure, from_archive=True) if archived else None

        return self._call("find_job", cluster, look, flink_job_id)

    def get_trigger(self, cluster: Cluster, flink_job_id: FlinkJobId, trigger_id: str, kind: IntentKind) -> TriggerSeen:
        def look(manager: FakeJobManager, drawn: Drawn) -> TriggerSeen:
            trigger = manager.find_trigger(flink_job_id, trigger_id)
            if trigger is None:
                return TriggerSeen(TriggerStatus.UNKNOWN)
            return TriggerSeen(trigger.status, trigger.location, trigger.failure)

        return self._call("get_trigger", cluster, look, flink_job_id, trigger_id)

    def find_evidence(
        self, cluster: Cluster, flink_job_id: FlinkJobId, directory: str, not_before: datetime
    ) -> Evidence:
        def look(manager: FakeJobManager, drawn: Drawn) -> Evidence:
            found = self.disk.list_below(directory) if is_readable(directory) else []
            if not found:
                found, is_stale = left.find_records(self.disk, manager, flink_job_id, directory, not_before)
                if is_stale:
                    self.faults.strike(Fault.STALE_CACHE)
            newest = max(found, key=lambda savepoint: savepoint.created_at, default=None)
            return Evidence(newest.path if newest else "")

        return self._call("find_evidence", cluster, look, flink_job_id)

    def sample_checkpoint(self, cluster: Cluster, flink_job_id: FlinkJobId) -> Kept | None:
        def look(manager: FakeJobManager, drawn: Drawn) -> Kept | None:
            job = manager.jobs.get(flink_job_id)
            newest = manager.find_checkpoint(job) if job is not None else None
            return left.keep(newest) if newest is not None else None

        return self._call("sample_checkpoint", cluster, look, flink_job_id)

    def find_remains(self, cluster: Cluster, instance: Instance, *, is_fresh: bool) -> Remains | None:
        flink_job_id = instance.flink_job_id

        def look(manager: FakeJobManager, drawn: Drawn) -> Remains | None:
            return left.find_remains(self.disk, manager, cluster, instance, is_fresh=is_fresh)

        return self._call("find_remains", cluster, look, flink_job_id)

    def list_retained(self, cluster: Cluster, instance: Instance) -> Remains:
        self._agenda.play()
        return left.list_retained(self.disk, cluster, instance)

    def find_savepoint(self, directory: str) -> str:
        self._agenda.play()
        found = self.disk.list_below(directory) if is_readable(directory) else []
        newest = max(found, key=lambda savepoint: savepoint.created_at, default=None)
        return newest.path if newest else ""

    def measure_snapshot(self, path: str) -> Measure:
        found = self.disk.savepoints.get(path)
        return Measure(1024, found.created_at) if found is not None and is_readable(path) else NOT_SEEN

    def look_at_path(self, cluster: Cluster, path: str) -> PathStatus:
        self._agenda.play()
        if not is_readable(path):
            return PathStatus.UNKNOWN
        return PathStatus.AVAILABLE if path in self.disk.savepoints else PathStatus.GONE

    def count_slots(self, cluster: Cluster) -> SlotsSeen:
        def look(manager: FakeJobManager, drawn: Drawn) -> SlotsSeen:
            used = sum(job.parallelism for job in manager.jobs.values() if job.is_live and not job.is_blocked)
            is_full = any(job.is_blocked and job.is_live for job in manager.jobs.values())
            free = 0 if is_full else max(0, manager.slots - used)
            return SlotsSeen(manager.slots, free, 1, manager.version or cluster.engine_version)

        return self._call("count_slots", cluster, look)

    def read_clock(self, cluster: Cluster) -> ClockSeen | None:
        """Flink's clock is ahead of the server's by `clock_gap`; without a running job it is known less exactly."""

        def look(manager: FakeJobManager, drawn: Drawn) -> ClockSeen | None:
            is_exact = any(job.is_live for job in manager.jobs.values())
            at = self.clock.now() + self.clock_gap
            return ClockSeen(at) if is_exact else ClockSeen(at - FLINK_HEARTBEAT / 2, FLINK_HEARTBEAT)

        return self._call("read_clock", cluster, look)

    # The port: calls that change something

    def submit(self, cluster: Cluster, submission: Submission) -> None:
        flink_job_id = submission.instance.flink_job_id

        def act(manager: FakeJobManager, drawn: Drawn) -> None:
            if Fault.SQL_INVALID in drawn:
                self.faults.strike(Fault.SQL_INVALID)
                raise Invalid("sql_invalid", problems=[Problem("spec.sql", "sql_syntax", message="on purpose", line=1)])
            for fault in (Fault.LATE_SUBMISSION, Fault.ORPHAN_CLIENT):
                if fault in drawn:
                    self._submit_late(manager, submission, fault, drawn[fault] or 4.0)
            manager.accept(submission, drawn)

        self._call("submit", cluster, act, flink_job_id, flink_job_id)

    def stop_with_savepoint(self, cluster: Cluster, order: SavepointOrder) -> None:
        def act(manager: FakeJobManager, drawn: Drawn) -> None:
            manager.stop(order, drawn)

        self._call("stop_with_savepoint", cluster, act, order.flink_job_id, order.trigger_id)

    def trigger_savepoint(self, cluster: Cluster, order: SavepointOrder) -> None:
        def act(manager: FakeJobManager, drawn: Drawn) -> None:
            manager.savepoint(order, drawn)

        self._call("trigger_savepoint", cluster, act, order.flink_job_id, order.trigger_id)

    def cancel(self, cluster: Cluster, flink_job_id: FlinkJobId) -> None:
        def act(manager: FakeJobManager, drawn: Drawn) -> None:
            manager.cancel(flink_job_id)

        self._call("cancel", cluster, act, flink_job_id, flink_job_id)

    def end_predecessors(self, holder: str | None) -> bool:
        """The client JVMs of a dead server die: what they had not sent is never sent."""
        self.predecessors_ended += 1
        if self.clients_within_reach:
            self._client_life += 1
        return self.clients_within_reach

    def close(self) -> None:
        self.closed = True

    # What the test makes happen

    def inject(self, fault: Fault, call: str | None = None, seconds: float | None = None) -> None:
        """`fault` strikes the next call it fits."""
        self.faults.append(Injection(fault, call, seconds))

    def job_manager(self, cluster: Cluster) -> FakeJobManager:
        """The JobManager of `cluster`: one begins to run when it is first asked for."""
        manager = self._job_managers.get(cluster.id)
        if manager is None:
            manager = FakeJobManager(cluster.id, self._agenda, self.disk, self._random, self.history)
            self._job_managers[cluster.id] = manager
        manager.high_availability = cluster.high_availability
        manager.checkpoint_dir = cluster.checkpoint_dir
        return manager

    def restart_job_manager(self, cluster: Cluster, down_s: float = 1.0) -> None:
        self._agenda.play()
        self.job_manager(cluster).restart(down_s)
        self.faults.strike(Fault.JOB_MANAGER_RESTART)

    def replace_cluster(self, cluster: Cluster) -> None:
        """Another cluster answers at the address from now on; the old one's jobs go on where nobody sees them."""
        self._agenda.play()
        old = self._job_managers.pop(cluster.id)
        self.job_manager(cluster).life = old.life + 1
        self.job_manager(cluster).identity = "another"

    def share_job_manager(self, cluster: Cluster, twin: Cluster) -> None:
        """Both registrations lead to the same Flink."""
        self._job_managers[twin.id] = self.job_manager(cluster)

    def cut_off(self, cluster: Cluster, seconds: float, *, hangs: bool = False) -> None:
        """For a spell nothing gets through: refused at once, or hanging until the time-out."""
        self._cut_off[cluster.id] = (self.clock.monotonic() + seconds, hangs)

    def fail_job(self, flink_job_id: FlinkJobId, failure: str = words.START_FAILED) -> None:
        manager, job = self._find_live(flink_job_id)
        manager.end(job, FlinkStatus.FAILED, failure)

    def finish_job(self, flink_job_id: FlinkJobId) -> None:
        manager, job = self._find_live(flink_job_id)
        manager.end(job, FlinkStatus.FINISHED)

    def cancel_outside(self, flink_job_id: FlinkJobId) -> None:
        """Somebody cancels the job in Flink's own console."""
        manager, job = self._find_live(flink_job_id)
        manager.cancel(job.flink_job_id)

    def stop_outside(self, flink_job_id: FlinkJobId) -> None:
        """Somebody stops the job with a savepoint through Flink itself."""
        manager, job = self._find_live(flink_job_id)
        trigger = f"{self._random.getrandbits(128):032x}"
        manager.stop(SavepointOrder(job.flink_job_id, trigger, ELSEWHERE), {})

    def restart_tasks(self, flink_job_id: FlinkJobId, seconds: float = 5.0, failure: str = "") -> None:
        manager, job = self._find_live(flink_job_id)
        manager.restart_tasks(job, seconds)
        job.failure = failure

    def free_slots(self) -> None:
        """Every job that waits for slots gets them."""
        self._agenda.play()
        for manager in self._job_managers.values():
            for job in list(manager.jobs.values()):
                manager.unblock(job)

    def delete_path(self, path: str) -> None:
        self.disk.savepoints.pop(path, None)

    # What the oracle knows

    def live_jobs(self, platform_job: str | None = None) -> list[FakeJob]:
        """The jobs whose tasks may run now."""
        self._agenda.play()
        now = self.clock.now()
        live = [job for job in self.history if job.ended_at is None or job.ended_at > now]
        return [job for job in live if platform_job in (None, job.platform_job)]

    def overlaps(self) -> list[tuple[FakeJob, FakeJob]]:
        """Pairs of jobs of one platform job that were alive at the same time."""
        self._agenda.play()
        return find_overlaps(self.history, self.clock.now())

    # How a call goes

    def _call(
        self,
        name: str,
        cluster: Cluster,
        act: Callable[[FakeJobManager, Drawn], T],
        flink_job_id: str = "",
        key: str = "",
    ) -> T:
        answer = "ok"
        try:
            return self._carry(name, cluster, act)
        except BaseException as error:
            answer = type(error).__name__
            raise
        finally:
            self.calls.append(Call(name, self.clock.now(), cluster.id, flink_job_id, key, answer))

    def _carry(self, name: str, cluster: Cluster, act: Callable[[FakeJobManager, Drawn], T]) -> T:
        self._agenda.play()
        drawn = self.faults.draw(name)
        if Fault.CRASH_BEFORE in drawn:
            self._crash(Fault.CRASH_BEFORE)
        timeout_s = RUN_S if name == "submit" else READ_S
        self._lose_request(cluster, drawn, timeout_s)
        manager = self.job_manager(cluster)
        manager.answer_or_fail()
        refusal: FlinkError | None = None
        try:
            answer = act(manager, drawn)
        except FlinkError as error:
            refusal = error
        for fault in drawn:
            if fault not in LOUD and (refusal is None or fault in REFUSING):
                self.faults.strike(fault)
        self._lose_reply(manager, drawn)
        if refusal is not None:
            raise refusal
        return answer

    def _lose_request(self, cluster: Cluster, drawn: Drawn, timeout_s: float) -> None:
        until, hangs = self._cut_off.get(cluster.id, (0.0, False))
        is_cut = self.clock.monotonic() < until
        if Fault.HANG in drawn or (is_cut and hangs):
            self.faults.strike(Fault.HANG)
            self.clock.sleep(timeout_s)
            self._agenda.play()
            raise FlinkOutcomeUnknown(words.TIMED_OUT)
        if Fault.REFUSED in drawn or is_cut:
            self.faults.strike(Fault.REFUSED)
            raise FlinkUnavailable(words.REFUSED)
        if Fault.LOST_REQUEST in drawn:
            self.faults.strike(Fault.LOST_REQUEST)
            raise FlinkOutcomeUnknown(words.LOST)

    def _lose_reply(self, manager: FakeJobManager, drawn: Drawn) -> None:
        if Fault.JOB_MANAGER_RESTART in drawn:
            self.faults.strike(Fault.JOB_MANAGER_RESTART)
            manager.restart(drawn[Fault.JOB_MANAGER_RESTART] or 1.0)
            raise FlinkOutcomeUnknown(words.LOST)
        if Fault.CRASH_AFTER in drawn:
            self._crash(Fault.CRASH_AFTER)
        if Fault.LOST_REPLY in drawn:
            self.faults.strike(Fault.LOST_REPLY)
            raise FlinkOutcomeUnknown(words.LOST)

    def _crash(self, fault: Fault) -> None:
        self.faults.strike(fault)
        raise SimulatedCrash(fault.name)

    def _submit_late(self, manager: FakeJobManager, submission: Submission, fault: Fault, seconds: float) -> None:
        """A client time-out does not stop a submission. One in the JobManager dies with it, one in an
        orphaned client only with the client.
        """
        self.faults.strike(fault)
        client_life = self._client_life

        def arrive() -> None:
            try:
                if fault is Fault.LATE_SUBMISSION or self._client_life == client_life:
                    manager.answer_or_fail()
                    manager.accept(submission, {})
            except FlinkError:
                return  # nobody hears this answer

        if fault is Fault.ORPHAN_CLIENT:
            self._agenda.add(seconds, arrive)
            raise SimulatedCrash(fault.name)
        manager.later(RUN_S + seconds, arrive)
        self.clock.sleep(RUN_S)
        self._agenda.play()
        raise FlinkOutcomeUnknown(words.TIMED_OUT)

    def _find_live(self, flink_job_id: FlinkJobId) -> tuple[FakeJobManager, FakeJob]:
        self._agenda.play()
        for manager in self._job_managers.values():
            if flink_job_id in manager.jobs:
                return manager, manager.jobs[flink_job_id]
        raise KeyError(flink_job_id)


def _show(job: FakeJob, failure: str = "", *, from_archive: bool = False) -> JobSeen:
    return JobSeen(job.status, job.tasks_running, failure, job.ended_at, from_archive)
