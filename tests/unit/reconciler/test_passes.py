"""What one pass takes from the one before it and hands on to the next: looks, rows, and when it is due again."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from headgate.domain.decisions import AwaitOutcome, Decision, Nothing, Submit
from headgate.domain.events import EventType
from headgate.domain.instances import FlinkStatus, InstanceEnd
from headgate.domain.intents import Answer, Intent, IntentKind
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.observation import Seen
from headgate.domain.operations import Finding, Options, RestoreFrom, StopSnapshot
from headgate.domain.snapshots import PathStatus
from headgate.domain.spec import Restore, RestoreStrategy
from headgate.ports.flink import Submission
from headgate.reconciler.points import Point
from headgate.reconciler.reconcile import Reconciler, choose_next, concludes_from_absence
from tests.fakes.clock import FakeClock
from tests.fakes.flink import FakeFlink
from tests.unit.domain.facts import JOB, NOW, SAVEPOINT, SPEC, ago, intent, missing, seen
from tests.unit.reconciler.house import CLUSTER, House

FROM_NONE = Options(restore_from=RestoreFrom.NONE)


@pytest.fixture
def reconciler(house: House) -> Reconciler:
    return Reconciler(house.tools)


def names(house: House) -> list[str]:
    return [call.name for call in house.flink.calls]


def test_a_look_is_shared_for_a_moment_but_not_across_an_act(house: House, reconciler: Reconciler) -> None:
    reconciler.look(CLUSTER, timedelta(0), None)
    house.clock.advance(0.1)
    house.ask(Verb.RUN, FROM_NONE)
    reconciler.pass_over(JOB, Lane.MAIN, None)
    assert names(house) == ["sweep", "submit"]
    reconciler.pass_over(JOB, Lane.MAIN, None)
    assert names(house) == ["sweep", "submit", "sweep"]


def test_a_watch_goes_on_from_its_own_cluster_s_row(house: House) -> None:
    house.flink.cut_off(CLUSTER, 600)
    Reconciler(house.tools).look(CLUSTER, timedelta(0), None)
    house.clock.advance(60)
    look = Reconciler(house.tools).look(CLUSTER, timedelta(0), None)
    assert look.unreachable_total == timedelta(seconds=60)


def test_what_the_clock_has_skipped_is_no_wait_for_old_tasks(house: House) -> None:
    class Skipping(FakeClock):
        def skipped_to(self) -> datetime | None:
            return NOW

    own = House(house.store, FakeFlink(Skipping(NOW)))
    own.add_instance(end=InstanceEnd.LOST)
    own.save_state(Settled.FAILED, lost_at=ago(hours=1))
    own.ask(Verb.RUN, FROM_NONE)
    decision = Reconciler(own.tools).pass_over(JOB, Lane.MAIN, None).decision
    assert isinstance(decision, Nothing)
    assert decision.waits_for == Finding("waits_for_heartbeat")


def test_what_was_seen_in_a_pass_stays_in_the_row_that_its_settling_writes(
    house: House, reconciler: Reconciler
) -> None:
    life = house.flink.job_manager(CLUSTER).incarnation
    house.add_instance(absence=missing(1, life, hours=1))
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    reconciler.pass_over(JOB, Lane.MAIN, None)
    [lost] = house.list_instances()
    assert lost.absence is not None
    assert (lost.end, lost.absence.sweeps) == (InstanceEnd.LOST, 2)


class TestVanishedFiles:
    def test_of_a_path_that_has_no_row_are_a_refusal_alone(self, house: House, reconciler: Reconciler) -> None:
        own = Restore(RestoreStrategy.CUSTOM, SAVEPOINT)
        with house.store.write() as work:
            version = work.jobs.get_version(JOB, 1)
            work.jobs.add_version(replace(version, number=2, spec=replace(SPEC, restore=own)))
        run = house.ask(Verb.RUN, Options(restore_from=RestoreFrom.DEFAULT), version=2)
        reconciler.pass_over(JOB, Lane.MAIN, None)
        assert house.get_operation(run).result == Finding("snapshot_gone", {"path": SAVEPOINT})

    def test_of_another_snapshot_leave_a_suspended_job_its_own(self, house: House, reconciler: Reconciler) -> None:
        house.add_instance(end=InstanceEnd.SUSPENDED)
        kept, other = house.add_snapshot(1), house.add_snapshot(2)
        house.save_state(Settled.SUSPENDED, suspended_on=kept.id)
        house.ask(Verb.RUN, Options(restore_from=RestoreFrom.SNAPSHOT, snapshot_id=other.id))
        reconciler.pass_over(JOB, Lane.MAIN, None)
        assert {row.id: row.path_status for row in house.list_snapshots()}[other.id] is PathStatus.GONE
        assert (house.get_state().settled, house.get_state().suspended_on) == (Settled.SUSPENDED, kept.id)


class TestEachCommitIsTold:
    def test_of_what_is_seen_and_settled(self, house: House) -> None:
        points: list[Point] = []
        reconciler = Reconciler(replace(house.tools, reached=points.append))
        run = house.add_instance()
        house.flink.submit(CLUSTER, Submission(run, "orders"))
        house.clock.advance(5)
        house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
        reconciler.pass_over(JOB, Lane.MAIN, None)
        assert points == [Point.SEEN_WRITTEN]
        house.flink.finish_job(run.flink_job_id)
        house.clock.advance(5)
        reconciler.pass_over(JOB, Lane.MAIN, None)
        assert points[1:] == [Point.SEEN_WRITTEN, Point.SETTLED]

    @pytest.mark.parametrize("why", ["nobody can answer for it", "a person says so"])
    def test_of_what_is_given_up(self, house: House, why: str) -> None:
        points: list[Point] = []
        house.add_instance()
        house.add_intent(intent(IntentKind.CANCEL, operation_id=None))
        if why == "a person says so":
            house.ask(Verb.DECLARE_LOST, Options(reason="the machine burnt"))
        with house.store.write() as work:
            work.clusters.delete(CLUSTER.id)
        Reconciler(replace(house.tools, reached=points.append)).pass_over(JOB, Lane.MAIN, None)
        assert points == [Point.GIVEN_UP]


SUBMITTED = intent(IntentKind.SUBMIT, None)


@pytest.mark.parametrize(
    ("decision", "act", "look", "concludes"),
    [
        pytest.param(Submit("again", repeat=True), SUBMITTED, seen(), True, id="it is sent again"),
        pytest.param(AwaitOutcome("wait"), SUBMITTED, seen(), False, id="it is waited for"),
        pytest.param(
            Submit("again", repeat=True),
            replace(SUBMITTED, answer=Answer.REJECTED),
            seen(),
            False,
            id="answered",
        ),
        pytest.param(Submit("go"), intent(IntentKind.CANCEL, None), seen(), False, id="it is no submission"),
        pytest.param(Submit("go"), SUBMITTED, seen(FlinkStatus.RUNNING), False, id="Flink shows the job"),
        pytest.param(Submit("go"), None, seen(), False, id="nothing is open"),
    ],
)
def test_what_is_concluded_from_a_job_that_is_not_shown(
    decision: Decision, act: Intent | None, look: Seen, concludes: bool
) -> None:
    assert concludes_from_absence(decision, act, look) is concludes


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("lane", "asks", "acts", "due", "again"),
    [
        pytest.param(Lane.MAIN, False, False, None, None, id="nothing is open"),
        pytest.param(Lane.MAIN, True, False, None, SECOND, id="an operation"),
        pytest.param(Lane.MAIN, False, True, None, SECOND / 5, id="an act"),
        pytest.param(Lane.MAIN, False, False, NOW + 40 * SECOND, 40 * SECOND, id="a recovery later"),
        pytest.param(Lane.MAIN, False, False, NOW - SECOND, SECOND, id="a recovery now"),
        pytest.param(Lane.SAVEPOINT, False, False, NOW, None, id="a recovery is not the other lane's"),
    ],
)
def test_when_the_next_pass_is_due(
    house: House, lane: Lane, asks: bool, acts: bool, due: datetime | None, again: timedelta | None
) -> None:
    house.add_instance()
    house.save_state(Settled.FAILED, recovery_at=due)
    if asks:
        house.ask(Verb.STOP, Options(snapshot=StopSnapshot.NONE))
    if acts:
        house.add_intent(intent(IntentKind.CANCEL, operation_id=None, sent_at=NOW))
    assert choose_next(house.load(lane), NOW) == again


def test_a_wait_is_told_with_its_reason_and_looked_at_again_in_a_second(house: House, reconciler: Reconciler) -> None:
    house.ask(Verb.RUN, FROM_NONE)
    house.flink.cut_off(CLUSTER, 30)
    assert reconciler.pass_over(JOB, Lane.MAIN, None).again_in == SECOND
    [told] = house.list_events()
    assert (told.type, told.facts["code"]) == (EventType.OPERATION_WAITING, "waits_for_cluster")


def test_an_idle_savepoint_lane_leaves_a_run_to_the_main_one(house: House, reconciler: Reconciler) -> None:
    house.add_instance()
    assert reconciler.pass_over(JOB, Lane.SAVEPOINT, None).again_in is None
    assert names(house) == []
