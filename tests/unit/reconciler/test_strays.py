"""A given-up run that lives after all is cancelled where it lives, wherever its job has gone meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.clusters import ClusterId
from headgate.domain.decisions import Cancel
from headgate.domain.events import EventType
from headgate.domain.instances import FlinkStatus, Instance, InstanceEnd
from headgate.domain.intents import IntentKind, IntentStatus
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import Operation, Options, RestoreFrom
from headgate.ports.flink import Submission
from headgate.reconciler.reconcile import PassResult, Reconciler
from tests.unit.domain.facts import JOB, NOW, missing
from tests.unit.reconciler.house import CLUSTER, House, pass_until_it_rests

AWAY = replace(CLUSTER, id=ClusterId("clu-2"), name="away", url="http://127.0.0.1:2")
FROM_NONE = Options(restore_from=RestoreFrom.NONE)


@pytest.fixture
def reconciler(house: House) -> Reconciler:
    with house.store.write() as work:
        work.clusters.add(AWAY)
    return Reconciler(house.tools)


def live_on_away(house: House) -> Instance:
    """A given-up run that lives on the cluster `away`."""
    life = house.flink.job_manager(AWAY).incarnation
    gone = missing(2, life, hours=1)
    stray = house.add_instance(1, cluster_id=AWAY.id, incarnation=life, end=InstanceEnd.GIVEN_UP, absence=gone)
    house.flink.submit(AWAY, Submission(stray, "orders"))
    return stray


def pass_for(house: House, reconciler: Reconciler, seconds: float) -> None:
    """What the loop does: both clusters are swept, and the job is passed over."""
    end = house.clock.now() + timedelta(seconds=seconds)
    while house.clock.now() < end:
        for cluster in (CLUSTER, AWAY):
            reconciler.look(cluster, timedelta(seconds=1), None)
        pass_until_it_rests(reconciler)
        house.clock.advance(1)


def is_closed(house: House, operation: Operation) -> bool:
    return not house.get_operation(operation).is_open


def test_it_is_cancelled_on_its_own_cluster_and_the_run_elsewhere_goes_on(house: House, reconciler: Reconciler) -> None:
    stray = live_on_away(house)
    runs = house.add_instance(2, flink_status=FlinkStatus.RUNNING)
    house.flink.submit(CLUSTER, Submission(runs, "orders"))
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    pass_for(house, reconciler, 10)
    assert [job.flink_job_id for job in house.flink.live_jobs()] == [runs.flink_job_id]
    assert [(i.kind, i.cluster_id, i.status) for i in house.list_intents()] == [
        (IntentKind.CANCEL, AWAY.id, IntentStatus.DONE)
    ]
    assert EventType.STRAY_CANCELLED in house.list_event_types()
    newest, given_up = house.list_instances()
    assert (newest.is_live, newest.absence, given_up.end) == (True, None, InstanceEnd.GIVEN_UP)
    assert (newest.number, given_up.flink_job_id) == (2, stray.flink_job_id)
    assert house.get_state().settled is Settled.RUNNING


def test_no_run_starts_elsewhere_before_it_has_ended(house: House, reconciler: Reconciler) -> None:
    live_on_away(house)
    reconciler.look(AWAY, timedelta(0), None)
    asked = house.ask(Verb.RUN, FROM_NONE)
    pass_for(house, reconciler, 20)
    assert is_closed(house, asked)
    assert [call.name for call in house.flink.calls if call.name in {"submit", "cancel"}][1:] == ["cancel", "submit"]
    assert house.flink.overlaps() == []


def test_it_is_cancelled_under_the_name_by_which_its_flink_is_registered_now(
    house: House, reconciler: Reconciler
) -> None:
    stray = live_on_away(house)
    with house.store.write() as work:
        work.instances.save(replace(stray, cluster_id=ClusterId("clu-removed")))
    pass_for(house, reconciler, 10)
    assert house.flink.live_jobs() == []
    assert [intent.cluster_id for intent in house.list_intents()] == [AWAY.id]


def test_what_was_known_of_its_absence_before_says_nothing_about_the_cancellation(
    house: House, reconciler: Reconciler
) -> None:
    live_on_away(house)
    reconciler.look(AWAY, timedelta(0), None)
    assert reconciler.pass_over(JOB, Lane.MAIN, None).again_in == timedelta(0)
    assert house.list_instances()[0].absence is None
    assert house.clock.now() == NOW


def run_away(house: House) -> Instance:
    """A given-up run lives on `away`, and the job's newest run has ended here."""
    stray = live_on_away(house)
    house.add_instance(2, end=InstanceEnd.CANCELLED)
    return stray


def test_a_pass_that_cancels_one_elsewhere_is_followed_by_the_next_at_once(
    house: House, reconciler: Reconciler
) -> None:
    run_away(house)
    reconciler.look(AWAY, timedelta(0), None)
    assert reconciler.pass_over(JOB, Lane.MAIN, None) == PassResult(None, timedelta(0))


def test_one_on_the_cluster_of_the_job_itself_is_decided_as_all_else_is(house: House, reconciler: Reconciler) -> None:
    stray = house.add_instance(1, end=InstanceEnd.GIVEN_UP)
    house.flink.submit(CLUSTER, Submission(stray, "orders"))
    house.add_instance(2, end=InstanceEnd.CANCELLED)
    reconciler.look(CLUSTER, timedelta(0), None)
    assert isinstance(reconciler.pass_over(JOB, Lane.MAIN, None).decision, Cancel)


def test_a_look_at_a_cluster_that_was_removed_since_hides_no_other_one(house: House, reconciler: Reconciler) -> None:
    run_away(house)
    gone = replace(AWAY, id=ClusterId("clu-3"), name="gone")
    with house.store.write() as work:
        work.clusters.add(gone)
    house.flink.share_job_manager(AWAY, gone)
    reconciler.look(gone, timedelta(0), None)
    with house.store.write() as work:
        work.clusters.delete(gone.id)
    reconciler.look(AWAY, timedelta(0), None)
    assert reconciler.pass_over(JOB, Lane.MAIN, None) == PassResult(None, timedelta(0))
    assert [intent.cluster_id for intent in house.list_intents()] == [AWAY.id]
