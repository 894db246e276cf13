"""What one pass asks Flink about one job: enough to decide, and nothing that it does not need."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.clusters import Reachability
from headgate.domain.instances import FlinkStatus, Instance, InstanceEnd, new_flink_job_id
from headgate.domain.intents import Answer, Intent, IntentKind
from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.observation import Evidence, Seen, TriggerStatus
from headgate.domain.policy import Policy
from headgate.domain.snapshots import PathStatus
from headgate.ports.flink import SavepointOrder, Submission
from headgate.reconciler.observe import ask_trigger, observe
from headgate.reconciler.watch import ClusterLook, ClusterWatch
from tests.fakes.faults import Fault
from tests.unit.domain.facts import JOB, NOW, SAVEPOINT, ago, completed, failed, instance, intent, missing
from tests.unit.reconciler.house import CLUSTER, House

STOP = IntentKind.STOP_WITH_SAVEPOINT
DIRECTORY = "file:///savepoints/job-1/int-1"


def look_at(house: House, watch: ClusterWatch | None = None) -> ClusterLook:
    house.clock.advance(0.001)
    watch = watch or ClusterWatch(house.store, house.flink, house.clock, CLUSTER.id)
    return watch.look(CLUSTER, house.clock.now(), None)


def observed(house: House, trigger: TriggerStatus | None = None, watch: ClusterWatch | None = None) -> Seen:
    fates = {None: None, TriggerStatus.FAILED: failed(), TriggerStatus.COMPLETED: completed()}
    given = fates[trigger] if trigger in fates else replace(failed(), status=trigger or TriggerStatus.UNKNOWN)
    return observe(house.flink, house.load(), look_at(house, watch), given, Policy())


def names(house: House) -> list[str]:
    return [call.name for call in house.flink.calls]


@pytest.fixture
def runs(house: House) -> Instance:
    """An instance that runs in Flink too."""
    made = house.add_instance()
    house.flink.submit(CLUSTER, Submission(made, "orders"))
    house.clock.advance(5)
    house.flink.calls.clear()
    return made


class TestTheJob:
    def test_a_running_one_is_told_by_the_sweep_alone(self, house: House, runs: Instance) -> None:
        seen = observed(house)
        assert seen.job is not None
        assert (seen.job.status, seen.job.tasks_running) == (FlinkStatus.RUNNING, True)
        assert names(house) == ["sweep"], "one call a sweep, whatever the number of jobs"

    def test_how_long_the_cluster_has_answered_goes_with_it(self, house: House, runs: Instance) -> None:
        look = look_at(house)
        assert observe(house.flink, house.load(), look, None, Policy()).answers_since == look.answers_since is not None

    @pytest.mark.requirement("T0-17")
    def test_why_a_failed_one_failed_is_looked_up(self, house: House, runs: Instance) -> None:
        house.flink.fail_job(runs.flink_job_id, "boom")
        seen = observed(house)
        assert seen.job is not None
        assert (seen.job.status, seen.job.failure) == (FlinkStatus.FAILED, "boom")

    @pytest.mark.requirement("U-09")
    def test_one_that_the_jobmanager_forgot_is_looked_up_in_the_archive(self, house: House, runs: Instance) -> None:
        house.flink.cancel_outside(runs.flink_job_id)
        house.clock.advance(5)
        house.flink.live_jobs()
        house.flink.job_manager(CLUSTER).jobs.clear()
        seen = observed(house)
        assert seen.job is not None
        assert (seen.job.status, seen.job.from_archive, seen.absence) == (FlinkStatus.CANCELED, True, None)

    @pytest.mark.requirement("A-30", "U-09")
    def test_one_that_only_the_list_lacks_is_there(self, house: House, runs: Instance) -> None:
        """Flink leaves a job out of its list while the job's own JobMaster does not answer it."""
        seen = observe(house.flink, house.load(), replace(look_at(house), jobs={}), None, Policy())
        assert seen.job is not None
        assert (seen.job.status, seen.absence) == (FlinkStatus.RUNNING, None)

    def test_one_that_nobody_knows_is_counted_as_missing(self, house: House) -> None:
        house.add_instance(absence=missing(1, house.flink.job_manager(CLUSTER).incarnation, seconds=5))
        seen = observed(house)
        assert seen.job is None
        assert seen.absence is not None
        assert seen.absence.sweeps == 2

    def test_an_ended_one_without_an_open_act_is_not_asked_for(self, house: House, runs: Instance) -> None:
        with house.store.write() as work:
            work.instances.save(replace(runs, end=InstanceEnd.CANCELLED))
        assert observed(house).job is None


@pytest.mark.requirement("A-30", "U-09")
class TestHalfAPictureIsNoPicture:
    def test_a_failed_sweep(self, house: House, runs: Instance) -> None:
        house.flink.cut_off(CLUSTER, 60)
        seen = observed(house, TriggerStatus.COMPLETED)
        assert (seen.reachability, seen.job) == (Reachability.UNREACHABLE, None)

    def test_a_failed_closer_look(self, house: House, runs: Instance) -> None:
        house.flink.fail_job(runs.flink_job_id)
        house.flink.inject(Fault.REFUSED, "find_job")
        seen = observed(house, TriggerStatus.COMPLETED)
        assert (seen.reachability, seen.job, seen.trigger) == (Reachability.UNREACHABLE, None, None)


class TestTheTrigger:
    def ask(self, house: House, act: Intent | None) -> TriggerStatus | None:
        trigger = ask_trigger(house.flink, CLUSTER, act)
        return trigger.status if trigger else None

    def test_flink_is_asked_under_our_own_id(self, house: House, runs: Instance) -> None:
        act = intent(STOP, key="a" * 32)
        assert self.ask(house, act) is TriggerStatus.UNKNOWN
        house.flink.stop_with_savepoint(CLUSTER, SavepointOrder(runs.flink_job_id, act.key, DIRECTORY))
        assert self.ask(house, act) is TriggerStatus.IN_PROGRESS
        house.clock.advance(3)
        assert self.ask(house, act) is TriggerStatus.COMPLETED

    @pytest.mark.parametrize("kind", [IntentKind.SUBMIT, IntentKind.CANCEL])
    def test_an_act_without_a_trigger_asks_nothing(self, house: House, kind: IntentKind) -> None:
        assert self.ask(house, intent(kind)) is None
        assert self.ask(house, None) is None
        assert house.flink.calls == []

    def test_an_answer_that_does_not_come_is_not_one_that_says_unknown(self, house: House, runs: Instance) -> None:
        house.flink.cut_off(CLUSTER, 60)
        assert self.ask(house, intent(STOP)) is None


class TestTheEvidence:
    """In the act's own directory, else in Flink's records; looked for where the trigger does not tell."""

    @pytest.mark.parametrize("trigger", [TriggerStatus.COMPLETED, TriggerStatus.IN_PROGRESS, None])
    def test_a_trigger_that_tells_needs_none(self, house: House, runs: Instance, trigger: TriggerStatus | None) -> None:
        house.add_intent(intent(STOP))
        assert observed(house, trigger).evidence is None
        assert "find_evidence" not in names(house)

    @pytest.mark.requirement("T0-16")
    @pytest.mark.parametrize("trigger", [TriggerStatus.UNKNOWN, TriggerStatus.FAILED])
    def test_what_lies_in_the_act_s_own_directory(self, house: House, runs: Instance, trigger: TriggerStatus) -> None:
        house.add_intent(intent(STOP, created_at=ago(seconds=-5)))
        house.flink.stop_with_savepoint(CLUSTER, SavepointOrder(runs.flink_job_id, "a" * 32, DIRECTORY))
        house.clock.advance(3)
        evidence = observed(house, trigger).evidence
        assert evidence is not None
        assert evidence.savepoint.startswith(DIRECTORY)

    @pytest.mark.parametrize("trigger", [TriggerStatus.UNKNOWN, TriggerStatus.FAILED])
    def test_nothing_is_there_that_is_known_at_once_while_the_job_lives(
        self, house: House, runs: Instance, trigger: TriggerStatus
    ) -> None:
        house.add_intent(intent(STOP))
        assert observed(house, trigger).evidence == Evidence()

    def test_nothing_is_there_that_proves_nothing_within_three_seconds_of_the_end(
        self, house: House, runs: Instance
    ) -> None:
        house.add_intent(intent(STOP))
        house.flink.finish_job(runs.flink_job_id)
        watch = ClusterWatch(house.store, house.flink, house.clock, CLUSTER.id)
        assert observed(house, TriggerStatus.UNKNOWN, watch).evidence is None
        house.clock.advance(3.3)
        assert observed(house, TriggerStatus.UNKNOWN, watch).evidence == Evidence()

    def test_the_end_is_dated_by_our_own_clock(self, house: House, runs: Instance) -> None:
        """The JobManager's may be an hour ahead of ours, or behind it."""
        house.add_intent(intent(STOP))
        house.flink.finish_job(runs.flink_job_id)
        watch = ClusterWatch(house.store, house.flink, house.clock, CLUSTER.id)
        for job in house.flink.history:
            job.ended_at = ago(hours=1)
        assert observed(house, TriggerStatus.UNKNOWN, watch).evidence is None
        for job in house.flink.history:
            job.ended_at = NOW + timedelta(hours=1)
        house.clock.advance(3.3)
        assert observed(house, TriggerStatus.UNKNOWN, watch).evidence == Evidence()


class TestOtherJobsOfOurs:
    def test_a_given_up_one_that_lives_is_a_stray(self, house: House, runs: Instance) -> None:
        with house.store.write() as work:
            work.instances.save(replace(runs, end=InstanceEnd.GIVEN_UP))
        seen = observed(house)
        assert (seen.stray, seen.unknown_job) == (runs.flink_job_id, None)

    def test_one_without_a_row_is_unknown(self, house: House) -> None:
        house.flink.submit(CLUSTER, Submission(self.lone(), "orders"))
        house.add_instance(1, end=InstanceEnd.CANCELLED)
        seen = observed(house)
        assert (seen.stray, seen.unknown_job) == (None, new_flink_job_id(JOB, 7))

    def test_one_of_somebody_else_is_nothing_to_us(self, house: House) -> None:
        foreign = replace(self.lone(), flink_job_id=new_flink_job_id("job-2", 7))
        house.flink.submit(CLUSTER, Submission(foreign, "orders"))
        house.add_instance(1, end=InstanceEnd.CANCELLED)
        seen = observed(house)
        assert (seen.stray, seen.unknown_job) == (None, None)

    def test_the_live_instance_s_own_job_is_neither(self, house: House, runs: Instance) -> None:
        seen = observed(house)
        assert (seen.stray, seen.unknown_job) == (None, None)

    @staticmethod
    def lone() -> Instance:
        return instance(7)


class TestTheSnapshotToRestore:
    @pytest.fixture
    def paused(self, house: House) -> None:
        house.add_instance(end=InstanceEnd.SUSPENDED)
        kept = house.add_snapshot(path=SAVEPOINT)
        house.save_state(Settled.SUSPENDED, suspended_on=kept.id)

    @pytest.mark.requirement("T0-27")
    @pytest.mark.usefixtures("paused")
    def test_it_is_looked_for_before_a_start(self, house: House) -> None:
        house.ask(Verb.RESUME)
        assert observed(house).restore_path is PathStatus.GONE

    @pytest.mark.usefixtures("paused")
    def test_it_is_not_looked_for_where_no_start_is_next(self, house: House) -> None:
        assert observed(house).restore_path is None

    @pytest.mark.parametrize(
        ("answer", "status", "looked"),
        [(Answer.ACCEPTED, None, False), (Answer.REJECTED, None, True), (Answer.ACCEPTED, FlinkStatus.FAILED, True)],
        ids=["under way", "refused", "failed"],
    )
    def test_after_the_call_only_where_the_start_has_failed(
        self, house: House, answer: Answer, status: FlinkStatus | None, looked: bool
    ) -> None:
        made = self._resume(house, IntentKind.SUBMIT, answer)
        house.flink.submit(CLUSTER, Submission(made, "orders"))
        if status is FlinkStatus.FAILED:
            house.flink.fail_job(made.flink_job_id)
        assert (observed(house).restore_path is not None) is looked

    def test_after_an_attempt_was_cut_short_too(self, house: House) -> None:
        made = self._resume(house, IntentKind.CANCEL, Answer.ACCEPTED)
        house.flink.submit(CLUSTER, Submission(made, "orders"))
        assert observed(house).restore_path is None
        house.flink.fail_job(made.flink_job_id)
        assert observed(house).restore_path is not None

    def _resume(self, house: House, kind: IntentKind, answer: Answer) -> Instance:
        """A start out of a pause whose intent is open."""
        house.add_instance(1, end=InstanceEnd.SUSPENDED)
        kept = house.add_snapshot(path=SAVEPOINT)
        house.save_state(Settled.SUSPENDED, suspended_on=kept.id)
        made = house.add_instance(2)
        asked = house.ask(Verb.RESUME, sent=1)
        house.add_intent(
            intent(
                kind,
                answer,
                operation_id=asked.id,
                instance_id=made.id,
                flink_job_id=made.flink_job_id,
                created_at=NOW,
            )
        )
        return made
