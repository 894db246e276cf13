"""One JobManager in memory: jobs, triggers, lives. Every behaviour is one that was measured.

Faults of the transport are not here (`flink.py`); an answer here is what Flink itself would say.
"""

from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from headgate.domain.clusters import ClusterId, Incarnation
from headgate.domain.errors import FlinkMissing, FlinkOutcomeUnknown, FlinkRejected, FlinkUnavailable
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.intents import IntentKind
from headgate.domain.observation import TriggerStatus
from headgate.domain.operations import ClaimMode
from headgate.ports.flink import SavepointOrder, Submission
from tests.fakes import words
from tests.fakes.disk import Agenda, FakeDisk
from tests.fakes.faults import Fault
from tests.fakes.history import FakeJob, FakeSavepoint, FakeTrigger

Drawn = Mapping[Fault, float | None]
CLAIMED_AFTER_S = 10.0  # about one checkpoint
HA_TAKEOVER_S = 9.0
CHECKPOINT_EVERY_S = 10.0
BOTH_STOPS_FAIL = 10 / 17
STOP_FAILS_LATE = 0.3  # seen when the checkpoint expires, not when its directory cannot be made


class FakeJobManager:
    """A session cluster with the default scheduler."""

    def __init__(
        self, cluster_id: ClusterId, agenda: Agenda, disk: FakeDisk, random: Random, history: list[FakeJob]
    ) -> None:
        self.cluster_id = cluster_id
        self.agenda = agenda
        self.disk = disk
        self.random = random
        self.high_availability = False
        self.checkpoint_dir: str | None = None
        self.archives = True
        self.identity = "one and the same"
        self.life = 1
        self.jobs: dict[FlinkJobId, FakeJob] = {}
        self.triggers: dict[tuple[FlinkJobId, str], FakeTrigger] = {}
        self.history = history
        self.slots = 8
        self.version = ""  # that which its cluster is registered with
        self.store_duration_s = 300.0
        self.task_linger_s = 0.0
        self._refused_until = 0.0
        self._electing_until = 0.0

    @property
    def incarnation(self) -> Incarnation:
        return Incarnation(f"{self.cluster_id}-life-{self.life}")

    def answer_or_fail(self) -> None:
        """Raise what a caller gets while this JobManager starts again."""
        if self.agenda.now < self._refused_until:
            raise FlinkUnavailable(words.REFUSED)
        if self.agenda.now < self._electing_until:
            raise FlinkOutcomeUnknown(words.ELECTION, status=503)

    # Calls

    def accept(self, submission: Submission, drawn: Drawn) -> None:
        """Take a job under its own id, or refuse it."""
        flink_job_id = submission.instance.flink_job_id
        if flink_job_id in self.jobs:
            raise FlinkRejected(words.duplicate(flink_job_id), status=400)
        if Fault.MAIN_THROWS in drawn:
            raise FlinkRejected(words.MAIN_THREW, status=400)
        path = submission.instance.restored_from
        savepoint = self.disk.savepoints.get(path) if path else None
        job = self._enter(submission, savepoint)
        if path and savepoint is None:
            self.end(job, FlinkStatus.FAILED, words.restore_path_missing(path))
            raise FlinkRejected(job.failure, status=400)
        self._start(job, drawn)
        if savepoint is not None and submission.claim_mode is ClaimMode.CLAIM:
            self.later(CLAIMED_AFTER_S, lambda: self._delete_claimed(job, savepoint.path))
        if Fault.MAIN_THROWS_AFTER_EXECUTE in drawn:
            raise FlinkRejected(words.MAIN_THREW, status=400)

    def stop(self, order: SavepointOrder, drawn: Drawn) -> None:
        """Accepted always; what came of it is in the trigger."""
        trigger = self._enter_trigger(order, IntentKind.STOP_WITH_SAVEPOINT)
        job = self.jobs.get(order.flink_job_id)
        if trigger is None or job is None:
            return
        first = job.stopping
        if first is not None:
            self._fail_trigger(first, words.STOP_BROKEN)
            if self.random.random() < BOTH_STOPS_FAIL:
                self._fail_trigger(trigger, words.STOP_BROKEN)
                self.restart_tasks(job, 1.0)
                return
        for other in self._open_triggers(job):
            if other is not trigger:
                self._fail_trigger(other, words.SAVEPOINT_KILLED)
        job.stopping = trigger
        self._begin_savepoint(job, trigger, drawn)

    def savepoint(self, order: SavepointOrder, drawn: Drawn) -> None:
        trigger = self._enter_trigger(order, IntentKind.SAVEPOINT)
        job = self.jobs.get(order.flink_job_id)
        if trigger is None or job is None:
            return
        self._begin_savepoint(job, trigger, drawn)

    def cancel(self, flink_job_id: FlinkJobId) -> None:
        job = self.jobs.get(flink_job_id)
        if job is None:
            raise FlinkMissing(words.job_missing(flink_job_id), status=404)
        if job.status in {FlinkStatus.FINISHED, FlinkStatus.FAILED}:
            raise FlinkRejected(words.already_ended(job.status), status=409)
        if job.status in {FlinkStatus.CANCELED, FlinkStatus.CANCELLING}:
            return
        self._quiet(job, FlinkStatus.CANCELLING)
        self._fail_triggers(job, words.SAVEPOINT_KILLED)
        self.later(self.random.uniform(0.1, 1.0), lambda: self.end(job, FlinkStatus.CANCELED))

    def find_trigger(self, flink_job_id: FlinkJobId, trigger_id: str) -> FakeTrigger | None:
        """The trigger, unless this life does not know it or has forgotten it."""
        trigger = self.triggers.get((flink_job_id, trigger_id))
        done = trigger.completed_at if trigger else None
        if done is not None and self.agenda.now - done > self.store_duration_s:
            return None
        return trigger

    # What happens by itself

    def end(self, job: FakeJob, status: FlinkStatus, failure: str = "") -> None:
        """A job reaches its terminal state; its open triggers fail with it; it is archived."""
        if not job.is_live:
            return
        self._fail_triggers(job, words.job_ended(status))
        self._quiet(job, status)
        # Flink counts tasks that finished as well; those of a job that failed or was cancelled did not.
        job.tasks_running = status is FlinkStatus.FINISHED
        job.failure = failure
        job.ended_at = self.agenda.clock.at(self.agenda.now)
        if status is not FlinkStatus.FINISHED:
            self._retain(job)
        if self.archives:
            self.disk.archive[job.flink_job_id] = job

    def restart_tasks(self, job: FakeJob, seconds: float) -> None:
        """A failover: RESTARTING, then running again. A savepoint in flight dies."""
        if not job.is_live:
            return
        self._fail_triggers(job, words.job_ended(FlinkStatus.RESTARTING))
        self._quiet(job, FlinkStatus.RESTARTING)
        self.later(seconds, lambda: self._run_if(job, FlinkStatus.RESTARTING))

    def unblock(self, job: FakeJob) -> None:
        """Slots became free."""
        if job.is_blocked and job.is_live:
            job.is_blocked = False
            self._start(job, {})

    def restart(self, down_s: float) -> None:
        """The JobManager dies and comes back. Without high availability it knows nothing any more."""
        for job in list(self.jobs.values()):
            if job.stopping is not None and self.random.random() < 0.5:
                self._write(job, job.stopping.directory)
            job.stopping = None
        self.life += 1
        self.triggers.clear()
        self._refused_until = self.agenda.now + down_s
        if self.high_availability:
            self._take_over()
        else:
            self._lose_all()

    def _lose_all(self) -> None:
        died = self.agenda.clock.at(self.agenda.now + self.task_linger_s)
        for job in self.jobs.values():
            if job.is_live:
                self._quiet(job, FlinkStatus.UNKNOWN)
                self._retain(job)
                job.is_lost, job.ended_at = True, died
        self.jobs.clear()

    def _take_over(self) -> None:
        self._electing_until = self._refused_until + HA_TAKEOVER_S - 3.0
        for job in self.jobs.values():
            if job.is_live:
                self._quiet(job, FlinkStatus.INITIALIZING)
                self.later(HA_TAKEOVER_S, partial(self._begin_again, job))

    def _begin_again(self, job: FakeJob) -> None:
        """A job that was taken over: nobody remembers its cancellation, and its slots are still not there."""
        if job.is_blocked and job.status is FlinkStatus.INITIALIZING:
            self._quiet(job, FlinkStatus.RUNNING)
        else:
            self._run_if(job, FlinkStatus.INITIALIZING)

    def find_checkpoint(self, job: FakeJob) -> FakeSavepoint | None:
        """The newest completed checkpoint of a job: one every so many seconds of running."""
        if self.checkpoint_dir is None:
            return None
        running = self.agenda.now - job.running_since if job.running_since is not None else 0.0
        ran = job.counter + running - job.started_with
        number = int(ran // CHECKPOINT_EVERY_S)
        if number == 0:
            return None
        since = ran - number * CHECKPOINT_EVERY_S if job.running_since is not None else 0.0
        path = f"{self.checkpoint_dir}/{job.flink_job_id}/chk-{number}"
        counter = job.started_with + number * CHECKPOINT_EVERY_S
        at = self.agenda.clock.at(self.agenda.now - since)
        return FakeSavepoint(path, job.flink_job_id, job.lineage, counter, at, is_checkpoint=True)

    def _retain(self, job: FakeJob) -> None:
        """Flink keeps the newest checkpoint of what did not finish."""
        checkpoint = self.find_checkpoint(job)
        if checkpoint is not None:
            self.disk.savepoints[checkpoint.path] = checkpoint
            job.records.append(checkpoint)

    # Steps

    def later(self, seconds: float, event: Callable[[], None]) -> None:
        """An event of this life: it does not happen when the JobManager dies before."""
        life = self.life

        def happen() -> None:
            if self.life == life:
                event()

        self.agenda.add(seconds, happen)

    def _enter(self, submission: Submission, savepoint: FakeSavepoint | None) -> FakeJob:
        instance = submission.instance
        job = FakeJob(
            flink_job_id=instance.flink_job_id,
            platform_job=instance.job_id,
            instance_id=instance.id,
            cluster_id=self.cluster_id,
            version=instance.version,
            accepted_at=self.agenda.clock.at(self.agenda.now),
            restored_from=instance.restored_from,
            lineage=(*(savepoint.lineage if savepoint else ()), instance.flink_job_id),
            counter=savepoint.counter if savepoint else 0.0,
            started_with=savepoint.counter if savepoint else 0.0,
            parallelism=instance.spec.parallelism,
        )
        self.jobs[job.flink_job_id] = job
        self.history.append(job)
        return job

    def _start(self, job: FakeJob, drawn: Drawn) -> None:
        if Fault.NO_SLOTS in drawn:
            # Flink calls it RUNNING all the same; its tasks only wait.
            job.is_blocked = True
            self.later(0.2, lambda: self._advance(job))
            return
        if Fault.START_FAILS in drawn:
            self.later(0.5, lambda: self.end(job, FlinkStatus.FAILED, words.START_FAILED))
            return
        self.later(0.2, lambda: self._advance(job))
        self.later(self.random.uniform(0.5, 3.0), lambda: self._run_if(job, FlinkStatus.RUNNING))

    def _advance(self, job: FakeJob) -> None:
        if job.status is FlinkStatus.CREATED:
            job.status = FlinkStatus.RUNNING

    def _run_if(self, job: FakeJob, status: FlinkStatus) -> None:
        if job.is_live and job.status is status:
            job.status, job.tasks_running, job.running_since = FlinkStatus.RUNNING, True, self.agenda.now

    def _quiet(self, job: FakeJob, status: FlinkStatus) -> None:
        if job.running_since is not None:
            job.counter += self.agenda.now - job.running_since
        job.status, job.tasks_running, job.running_since = status, False, None

    def _enter_trigger(self, order: SavepointOrder, kind: IntentKind) -> FakeTrigger | None:
        """A new trigger; None when this id is known already, or has failed at once."""
        key = (order.flink_job_id, order.trigger_id)
        if key in self.triggers:
            return None
        trigger = FakeTrigger(order.trigger_id, order.flink_job_id, kind, order.directory)
        self.triggers[key] = trigger
        job = self.jobs.get(order.flink_job_id)
        if job is None or not job.is_live:
            self._fail_trigger(trigger, words.job_missing(order.flink_job_id))
        elif not job.tasks_running:
            self._fail_trigger(trigger, words.TASKS_NOT_RUNNING)
        return trigger if trigger.status is TriggerStatus.IN_PROGRESS else None

    def _begin_savepoint(self, job: FakeJob, trigger: FakeTrigger, drawn: Drawn) -> None:
        seconds = self.random.uniform(0.1, 0.8)
        if Fault.SLOW_SAVEPOINT in drawn:
            seconds = drawn[Fault.SLOW_SAVEPOINT] or 30.0
        if Fault.SAVEPOINT_FAILS in drawn:
            self.later(seconds, lambda: self._fail_savepoint(job, trigger))
            return
        fails = Fault.FAILS_WHILE_STOPPING in drawn
        self.later(seconds, lambda: self._complete(job, trigger, fails))

    def _fail_savepoint(self, job: FakeJob, trigger: FakeTrigger) -> None:
        """A stop that fails late has stopped tasks already: Flink then restarts the job."""
        if trigger.status is not TriggerStatus.IN_PROGRESS:
            return
        self._fail_trigger(trigger, words.SAVEPOINT_FAILED)
        if trigger.kind is IntentKind.STOP_WITH_SAVEPOINT and self.random.random() < STOP_FAILS_LATE:
            self.restart_tasks(job, 1.0)

    def _complete(self, job: FakeJob, trigger: FakeTrigger, fails: bool) -> None:
        if trigger.status is not TriggerStatus.IN_PROGRESS:
            return
        trigger.status, trigger.location = (
            TriggerStatus.COMPLETED,
            self._write(job, trigger.directory, is_stop=trigger.kind is IntentKind.STOP_WITH_SAVEPOINT),
        )
        trigger.completed_at = self.agenda.now
        if trigger.kind is IntentKind.STOP_WITH_SAVEPOINT:
            job.stopping = None
            trigger.failure = words.failed_while_stopping(trigger.location) if fails else ""
            self.end(job, FlinkStatus.FAILED if fails else FlinkStatus.FINISHED, trigger.failure)

    def _write(self, job: FakeJob, directory: str, *, is_stop: bool = False) -> str:
        running = self.agenda.now - job.running_since if job.running_since is not None else 0.0
        path = f"{directory.rstrip('/')}/savepoint-{job.flink_job_id[:6]}-{self.random.getrandbits(48):012x}"
        now = self.agenda.clock.at(self.agenda.now)
        savepoint = FakeSavepoint(path, job.flink_job_id, job.lineage, job.counter + running, now, is_stop=is_stop)
        self.disk.savepoints[path] = savepoint
        job.records.append(savepoint)
        return path

    def _open_triggers(self, job: FakeJob) -> list[FakeTrigger]:
        return [
            trigger
            for trigger in self.triggers.values()
            if trigger.flink_job_id == job.flink_job_id and trigger.status is TriggerStatus.IN_PROGRESS
        ]

    def _fail_triggers(self, job: FakeJob, failure: str) -> None:
        for trigger in self._open_triggers(job):
            self._fail_trigger(trigger, failure)

    def _fail_trigger(self, trigger: FakeTrigger, failure: str) -> None:
        if trigger.status is not TriggerStatus.IN_PROGRESS:
            return
        trigger.status, trigger.failure, trigger.completed_at = TriggerStatus.FAILED, failure, self.agenda.now
        job = self.jobs.get(trigger.flink_job_id)
        if job is not None and job.stopping is trigger:
            job.stopping = None

    def _delete_claimed(self, job: FakeJob, path: str) -> None:
        if job.is_live:
            self.disk.savepoints.pop(path, None)
