"""Every row that the reconciler writes is written under its lease's fence: a server that lost it changes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.clusters import ClusterId
from headgate.domain.instances import FlinkStatus, InstanceEnd
from headgate.domain.intents import INTENT_FORMAT, Answer, IntentKind
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import Options, RestoreFrom, StopSnapshot
from headgate.ports.flink import Submission
from headgate.ports.store import Store, UnitOfWork
from headgate.reconciler.fault import record_fault
from headgate.reconciler.reconcile import Reconciler
from tests.fakes.faults import Fault
from tests.unit.domain.facts import JOB, SAVEPOINT, ago, intent
from tests.unit.reconciler.house import House, pass_until_it_rests

FROM_NONE = Options(RestoreFrom.NONE)
STOP_NONE = Options(snapshot=StopSnapshot.NONE)
FENCE = 1


class Witness:
    """The store, and under which fence each write to it was made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.fences: list[int | None] = []

    @contextmanager
    def write(self, fence: int | None = None) -> Iterator[UnitOfWork]:
        self.fences.append(fence)
        with self._store.write(fence) as work:
            yield work

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        with self._store.read() as work:
            yield work

    def close(self) -> None:
        raise NotImplementedError


def live(house: House, reconciler: Reconciler, seconds: float = 30) -> None:
    """What the loop does, for so long."""
    end = house.clock.now() + timedelta(seconds=seconds)
    while house.clock.now() < end:
        for lane in Lane:
            pass_until_it_rests(reconciler, lane, FENCE)
        house.clock.advance(1)


def a_life(house: House, reconciler: Reconciler) -> None:
    for verb, options in ((Verb.RUN, FROM_NONE), (Verb.SAVEPOINT, Options()), (Verb.PAUSE, Options())):
        house.ask(verb, options)
        live(house, reconciler)


def what_is_withdrawn_and_what_waits_its_turn(house: House, reconciler: Reconciler) -> None:
    house.ask(Verb.RUN, FROM_NONE)
    reconciler.pass_over(JOB, Lane.MAIN, FENCE)
    house.ask(Verb.STOP, STOP_NONE)
    reconciler.pass_over(JOB, Lane.MAIN, FENCE)
    house.withdraw(house.ask(Verb.SAVEPOINT))
    live(house, reconciler)


def a_cluster_that_is_silent(house: House, reconciler: Reconciler) -> None:
    house.flink.cut_off(house.cluster, 20)
    house.ask(Verb.RUN, FROM_NONE)
    live(house, reconciler)


def an_answer_that_is_lost(house: House, reconciler: Reconciler) -> None:
    house.flink.inject(Fault.LOST_REQUEST, "submit")
    house.ask(Verb.RUN, FROM_NONE)
    live(house, reconciler, 120)


def a_start_that_dies_with_its_jobmanager(house: House, reconciler: Reconciler) -> None:
    house.flink.inject(Fault.LATE_SUBMISSION, "submit")
    house.ask(Verb.RUN, FROM_NONE)
    reconciler.pass_over(JOB, Lane.MAIN, FENCE)
    house.flink.restart_job_manager(house.cluster)
    live(house, reconciler, 120)


def a_cluster_that_is_registered_no_more(house: House, reconciler: Reconciler) -> None:
    house.add_instance(1, end=InstanceEnd.CANCELLED, ended_at=ago(minutes=9))
    house.add_intent(intent(IntentKind.CANCEL))
    house.ask(Verb.RUN, FROM_NONE)
    with house.store.write() as work:
        work.clusters.delete(house.cluster.id)
    live(house, reconciler, 5)


def an_act_of_a_newer_release(house: House, reconciler: Reconciler) -> None:
    house.add_instance(1)
    run = house.ask(Verb.RUN, FROM_NONE, sent=1)
    house.add_intent(intent(IntentKind.SUBMIT, format=INTENT_FORMAT + 1, operation_id=run.id))
    with house.store.write() as work:
        work.clusters.delete(house.cluster.id)
    live(house, reconciler, 5)


def a_declaration(house: House, reconciler: Reconciler) -> None:
    house.save_state(Settled.RUNNING, wanted=Wanted.RUNNING)
    house.add_instance()
    house.ask(Verb.DECLARE_LOST, Options(reason="the machine burnt"))
    house.flink.cut_off(house.cluster, 600)
    live(house, reconciler, 5)


def a_submission_that_nobody_can_answer_for(house: House, reconciler: Reconciler) -> None:
    house.add_instance()
    run = house.ask(Verb.RUN, FROM_NONE, sent=1)
    house.add_intent(intent(IntentKind.SUBMIT, Answer.OUTCOME_UNKNOWN, operation_id=run.id))
    live(house, reconciler, 60)


def a_sweep_with_its_sample(house: House, reconciler: Reconciler) -> None:
    cluster = replace(house.cluster, checkpoint_dir="file:///checkpoints")
    run = house.add_instance(flink_status=FlinkStatus.RUNNING)
    house.flink.submit(cluster, Submission(run, "orders"))
    house.clock.advance(15)
    reconciler.look(cluster, timedelta(0), FENCE)
    reconciler.sampler.sample(cluster, [run], FENCE)
    assert house.list_instances()[0].checkpoint is not None


def a_fault_of_our_own(house: House, reconciler: Reconciler) -> None:
    house.ask(Verb.RUN, FROM_NONE)
    record_fault(reconciler.tools, JOB, Lane.MAIN, "a bug of ours", FENCE)


def a_stray_elsewhere(house: House, reconciler: Reconciler) -> None:
    away = replace(house.cluster, id=ClusterId("clu-2"), name="away")
    with house.store.write() as work:
        work.clusters.add(away)
    stray = house.add_instance(1, cluster_id=away.id, end=InstanceEnd.GIVEN_UP)
    house.flink.submit(away, Submission(stray, "orders"))
    house.add_instance(2, end=InstanceEnd.CANCELLED)
    reconciler.look(away, timedelta(0), FENCE)
    live(house, reconciler, 5)
    assert [act.cluster_id for act in house.list_intents()] == [away.id]


def files_that_have_vanished(house: House, reconciler: Reconciler) -> None:
    house.add_instance(end=InstanceEnd.SUSPENDED)
    kept = house.add_snapshot(path=SAVEPOINT)
    house.save_state(Settled.SUSPENDED, suspended_on=kept.id)
    house.ask(Verb.RESUME)
    live(house, reconciler, 5)
    assert house.list_snapshots() != [kept]


def a_cluster_that_was_replaced(house: House, reconciler: Reconciler) -> None:
    house.flink.submit(house.cluster, Submission(house.add_instance(), "orders"))
    reconciler.look(house.cluster, timedelta(0), FENCE)
    house.flink.replace_cluster(house.cluster)
    house.clock.advance(1)
    assert not reconciler.look(house.cluster, timedelta(0), FENCE).is_reachable


@pytest.mark.parametrize(
    "story",
    [
        a_life,
        what_is_withdrawn_and_what_waits_its_turn,
        a_cluster_that_is_silent,
        an_answer_that_is_lost,
        a_start_that_dies_with_its_jobmanager,
        a_cluster_that_is_registered_no_more,
        an_act_of_a_newer_release,
        a_declaration,
        a_submission_that_nobody_can_answer_for,
        a_sweep_with_its_sample,
        a_fault_of_our_own,
        a_stray_elsewhere,
        files_that_have_vanished,
        a_cluster_that_was_replaced,
    ],
    ids=lambda story: story.__name__.replace("_", " "),
)
def test_nothing_is_written_without_the_fence(house: House, story: Callable[[House, Reconciler], None]) -> None:
    lease = house.make_lease()
    assert lease.keep()
    assert lease.fence == FENCE
    witness = Witness(house.store)
    story(house, Reconciler(replace(house.tools, store=witness)))
    assert set(witness.fences) == {FENCE}
