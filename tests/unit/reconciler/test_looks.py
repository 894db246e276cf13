"""What each look is asked for, and when the dearer ones are taken at all."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from headgate.domain.clusters import Cluster
from headgate.domain.instances import FlinkJobId, FlinkStatus, Instance, InstanceEnd, new_flink_job_id
from headgate.domain.intents import IntentKind
from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.observation import Evidence, JobSeen, Remains, TriggerSeen, TriggerStatus
from headgate.domain.policy import Policy
from headgate.domain.snapshots import PathStatus
from headgate.ports.flink import Submission
from headgate.reconciler.observe import ask_trigger, describe_cluster, find_live, observe
from headgate.reconciler.watch import ClusterWatch
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Fault
from tests.fakes.flink import FakeFlink
from tests.unit.domain.facts import FIRST, NOW, SAVEPOINT, ago, intent, missing
from tests.unit.reconciler.house import CLUSTER, House
from tests.unit.reconciler.test_observe import STOP, look_at, names, observed


class Listening(FakeFlink):
    """It keeps what each look was asked for."""

    def __init__(self) -> None:
        super().__init__(FakeClock(NOW))
        self.asked: list[object] = []

    def get_trigger(self, cluster: Cluster, flink_job_id: FlinkJobId, trigger_id: str, kind: IntentKind) -> TriggerSeen:
        self.asked.append((cluster, flink_job_id, trigger_id, kind))
        return super().get_trigger(cluster, flink_job_id, trigger_id, kind)

    def find_evidence(
        self, cluster: Cluster, flink_job_id: FlinkJobId, directory: str, not_before: datetime
    ) -> Evidence:
        self.asked.append((cluster, flink_job_id, directory, not_before))
        return super().find_evidence(cluster, flink_job_id, directory, not_before)

    def find_remains(self, cluster: Cluster, instance: Instance, *, is_fresh: bool) -> Remains | None:
        self.asked.append((cluster, instance.id, is_fresh))
        return super().find_remains(cluster, instance, is_fresh=is_fresh)

    def look_at_path(self, cluster: Cluster, path: str) -> PathStatus:
        self.asked.append((cluster, path))
        return super().look_at_path(cluster, path)


class TestWhatALookIsAskedFor:
    @pytest.fixture
    def own(self, house: House) -> House:
        return House(house.store, Listening())

    def asked(self, own: House) -> list[object]:
        assert isinstance(own.flink, Listening)
        return own.flink.asked

    def test_a_trigger_by_the_kind_of_its_act(self, own: House) -> None:
        act = intent(STOP)
        ask_trigger(own.flink, CLUSTER, act)
        assert self.asked(own) == [(CLUSTER, act.flink_job_id, act.key, STOP)]

    def test_evidence_since_the_act_began(self, own: House) -> None:
        run = own.add_instance()
        own.flink.submit(CLUSTER, Submission(run, "orders"))
        act = own.add_intent(intent(STOP))
        observed(own, TriggerStatus.UNKNOWN)
        assert self.asked(own) == [(CLUSTER, run.flink_job_id, act.directory, act.created_at)]

    def test_a_snapshot_on_the_cluster_of_the_start(self, own: House) -> None:
        own.add_instance(end=InstanceEnd.SUSPENDED)
        kept = own.add_snapshot(path=SAVEPOINT)
        own.save_state(Settled.SUSPENDED, suspended_on=kept.id)
        own.ask(Verb.RESUME)
        observed(own)
        assert self.asked(own) == [(CLUSTER, SAVEPOINT)]

    def test_what_an_ended_run_has_left_as_long_as_flink_s_word_may_be_old(self, own: House) -> None:
        run = own.add_instance()
        own.flink.submit(CLUSTER, Submission(run, "orders"))
        own.flink.finish_job(run.flink_job_id)
        watch = ClusterWatch(own.store, own.flink, own.clock, CLUSTER.id)
        observed(own, watch=watch)
        own.clock.advance(3.3)
        observed(own, watch=watch)
        assert self.asked(own) == [(CLUSTER, run.id, True), (CLUSTER, run.id, False)]


class TestWhatTheRunHasLeft:
    """It is looked for once the run has ended, and only where nobody knows it already."""

    @pytest.mark.parametrize(
        ("end", "trigger", "kind", "looked"),
        [
            pytest.param("cancelled", None, None, True, id="cancelled"),
            pytest.param("cancelled", TriggerStatus.COMPLETED, STOP, False, id="its savepoint is known"),
            pytest.param("cancelled", TriggerStatus.FAILED, STOP, True, id="its savepoint has failed"),
            pytest.param("finished", None, None, True, id="finished"),
            pytest.param("finished", None, STOP, False, id="finished while it was being stopped"),
            pytest.param("", None, None, False, id="it runs"),
            pytest.param("forgotten", None, None, True, id="gone with its JobManager"),
        ],
    )
    def test_when_it_is_looked_for(
        self, house: House, end: str, trigger: TriggerStatus | None, kind: IntentKind | None, looked: bool
    ) -> None:
        life = house.flink.job_manager(CLUSTER).incarnation
        gone = missing(2, life, hours=1) if end == "forgotten" else None
        run = house.add_instance(incarnation=FIRST, absence=gone)
        if kind is not None:
            house.add_intent(intent(kind))
        if end != "forgotten":
            house.flink.submit(CLUSTER, Submission(run, "orders"))
        if end == "cancelled":
            house.flink.cancel_outside(run.flink_job_id)
        if end == "finished":
            house.flink.finish_job(run.flink_job_id)
        house.clock.advance(5)
        observed(house, trigger)
        assert ("find_remains" in names(house)) is looked


class TestFreeSlots:
    """They are counted where a start that Flink has taken does not get going."""

    LONG = Policy().slow_start

    @pytest.mark.parametrize(
        ("kind", "age", "is_blocked", "counted"),
        [
            pytest.param(IntentKind.SUBMIT, LONG + timedelta(seconds=1), True, True, id="a slow start"),
            pytest.param(IntentKind.SUBMIT, LONG, True, False, id="one that is not slow yet"),
            pytest.param(IntentKind.SUBMIT, LONG * 2, False, False, id="one whose tasks run"),
            pytest.param(IntentKind.CANCEL, LONG * 2, True, False, id="no start"),
        ],
    )
    def test_when_they_are_counted(
        self, house: House, kind: IntentKind, age: timedelta, is_blocked: bool, counted: bool
    ) -> None:
        run = house.add_instance()
        if is_blocked:
            house.flink.inject(Fault.NO_SLOTS)
        house.flink.submit(CLUSTER, Submission(run, "orders"))
        house.clock.advance(5)
        look = look_at(house)
        house.add_intent(intent(kind, sent_at=look.at - age))
        seen = observe(house.flink, house.load(), look, None, Policy())
        assert (seen.free_slots is not None) is counted

    def test_a_start_that_has_ended_waits_for_none(self, house: House) -> None:
        run = house.add_instance()
        house.flink.inject(Fault.NO_SLOTS)
        house.flink.submit(CLUSTER, Submission(run, "orders"))
        house.flink.fail_job(run.flink_job_id)
        house.add_intent(intent(IntentKind.SUBMIT, sent_at=ago(hours=1)))
        assert observed(house).free_slots is None


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize("told", [False, True])
def test_high_availability_is_what_either_the_registration_or_flink_says(
    house: House, registered: bool, told: bool
) -> None:
    cluster = replace(CLUSTER, high_availability=registered)
    look = replace(look_at(house), high_availability=told)
    assert describe_cluster(cluster, look).high_availability is (registered or told)
    assert describe_cluster(None, look).high_availability is told
    own = replace(house.load(), cluster=cluster)
    assert observe(house.flink, own, look, None, Policy()).high_availability is (registered or told)


def test_of_a_cluster_that_does_not_answer_the_absence_stays_what_it_was(house: House) -> None:
    run = house.add_instance(absence=missing(1, seconds=5))
    house.flink.cut_off(CLUSTER, 60)
    assert observed(house).absence == run.absence is not None


def test_a_live_one_is_found_behind_those_that_are_nobody_s(house: House) -> None:
    stray = house.add_instance(1, end=InstanceEnd.GIVEN_UP)
    jobs = {
        new_flink_job_id("job-2", 7): JobSeen(FlinkStatus.RUNNING),
        stray.flink_job_id: JobSeen(FlinkStatus.RUNNING),
    }
    assert find_live(house.load(), replace(look_at(house), jobs=jobs), known=True) == stray.flink_job_id
