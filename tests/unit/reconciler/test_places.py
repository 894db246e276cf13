"""Where a pass takes place, what is known of that place, and what is concluded where there is none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.decisions import Decision, GiveUp, Nothing, Settle
from headgate.domain.errors import NotFound
from headgate.domain.instances import InstanceEnd
from headgate.domain.intents import INTENT_FORMAT, IntentKind
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import Finding, Operation, Options, RestoreFrom, StopSnapshot
from headgate.domain.recovery import RecoveryState
from headgate.reconciler.reconcile import PassResult, Reconciler
from tests.fakes.faults import Fault
from tests.unit.domain.facts import JOB, NOW, ago, intent
from tests.unit.domain.told import check_decision
from tests.unit.reconciler.house import CLUSTER, House

FROM_NONE = Options(RestoreFrom.NONE)


@pytest.fixture
def reconciler(house: House) -> Reconciler:
    return Reconciler(house.tools)


def remove_cluster(house: House) -> None:
    with house.store.write() as work:
        work.clusters.delete(CLUSTER.id)


class TestThePlaceOfTheNextPass:
    def test_is_the_cluster_of_the_job(self, house: House, reconciler: Reconciler) -> None:
        house.add_instance()
        assert reconciler.find_place(JOB) == CLUSTER.id

    def test_is_nowhere_once_that_is_registered_no_more(self, house: House, reconciler: Reconciler) -> None:
        remove_cluster(house)
        assert reconciler.find_place(JOB) is None

    def test_is_not_found_for_a_job_that_was_deleted(self, reconciler: Reconciler) -> None:
        with pytest.raises(NotFound):
            reconciler.find_place("job-deleted")


def test_a_cluster_is_silent_once_a_look_went_unanswered_and_until_one_is_answered(
    house: House, reconciler: Reconciler
) -> None:
    assert not reconciler.is_silent(CLUSTER.id), "nobody has looked yet"
    reconciler.get_watch(CLUSTER)
    assert not reconciler.is_silent(CLUSTER.id), "there is somebody who could look"
    for down, silent in ((5, True), (0, False)):
        house.flink.cut_off(CLUSTER, down)
        reconciler.look(CLUSTER, timedelta(0), None)
        assert reconciler.is_silent(CLUSTER.id) is silent
        assert not reconciler.is_silent("clu-other")
        house.clock.advance(6)


@pytest.mark.parametrize(("max_age_s", "sweeps"), [(5, 1), (1, 2)], ids=["young enough", "too old"])
def test_a_look_is_shared_up_to_an_age(house: House, reconciler: Reconciler, max_age_s: int, sweeps: int) -> None:
    reconciler.look(CLUSTER, timedelta(0), None)
    house.clock.advance(3)
    reconciler.look(CLUSTER, timedelta(seconds=max_age_s), None)
    assert [call.name for call in house.flink.calls].count("sweep") == sweeps


class TestWhileASavepointIsBeingWritten:
    @pytest.mark.parametrize(
        ("verb", "options", "looks"),
        [
            pytest.param(None, Options(), ["get_trigger"], id="one call is enough"),
            pytest.param(
                Verb.STOP,
                Options(snapshot=StopSnapshot.NONE, force=True),
                ["get_trigger", "sweep"],
                id="but not for force",
            ),
            pytest.param(
                Verb.DECLARE_LOST, Options(reason="it burnt"), ["get_trigger", "sweep"], id="nor for a declaration"
            ),
        ],
    )
    def test_between_two_looks(
        self, house: House, reconciler: Reconciler, verb: Verb | None, options: Options, looks: list[str]
    ) -> None:
        self.pause(house, reconciler)
        if verb is not None:
            house.ask(verb, options)
        house.clock.advance(0.9)
        reconciler.pass_over(JOB, Lane.MAIN, None)
        assert [call.name for call in house.flink.calls][: len(looks)] == looks
        assert len(house.flink.calls) >= len(looks)

    def test_the_cluster_is_looked_at_again_after_a_second(self, house: House, reconciler: Reconciler) -> None:
        self.pause(house, reconciler)
        house.clock.advance(1)
        reconciler.pass_over(JOB, Lane.MAIN, None)
        assert [call.name for call in house.flink.calls] == ["get_trigger", "sweep"]

    def test_the_next_call_is_due_by_the_age_of_the_act(self, house: House, reconciler: Reconciler) -> None:
        self.pause(house, reconciler)
        house.clock.advance(0.9)
        assert reconciler.pass_over(JOB, Lane.MAIN, None) == PassResult(None, timedelta(milliseconds=50))

    def test_one_that_is_written_is_held_against_a_look_that_is_newer(
        self, house: House, reconciler: Reconciler
    ) -> None:
        self.pause(house, reconciler)
        house.clock.advance(59.9)
        reconciler.look(CLUSTER, timedelta(0), None)
        house.clock.advance(0.2)
        house.flink.calls.clear()
        reconciler.pass_over(JOB, Lane.MAIN, None)
        assert [call.name for call in house.flink.calls][:2] == ["get_trigger", "sweep"]

    @staticmethod
    def pause(house: House, reconciler: Reconciler) -> None:
        """A pause is sent, and the cluster was looked at just now."""
        house.ask(Verb.RUN, FROM_NONE)
        for _ in range(30):
            reconciler.pass_over(JOB, Lane.MAIN, None)
            house.clock.advance(0.5)
        assert house.get_state().settled is Settled.RUNNING
        house.flink.inject(Fault.SLOW_SAVEPOINT, seconds=60)
        house.ask(Verb.PAUSE)
        reconciler.pass_over(JOB, Lane.MAIN, None)
        reconciler.look(CLUSTER, timedelta(0), None)
        house.flink.calls.clear()


class TestWithoutACluster:
    """Nobody can be asked: a pass ends at once, or waits where a newer release has to go on."""

    NOT_FOUND = Finding("cluster_not_found", {"cluster": "local"})

    def pass_over(self, house: House, reconciler: Reconciler) -> tuple[Decision, timedelta | None]:
        remove_cluster(house)
        result = reconciler.pass_over(JOB, Lane.MAIN, None)
        assert result.decision is not None
        check_decision(result.decision)
        return result.decision, result.again_in

    def test_an_act_is_given_up(self, house: House, reconciler: Reconciler) -> None:
        house.add_instance(end=InstanceEnd.CANCELLED)
        house.add_intent(intent(IntentKind.CANCEL))
        decision, again_in = self.pass_over(house, reconciler)
        assert decision == GiveUp(
            "nobody can be asked any more what became of the act", Finding("cluster_not_found", {"cluster": "-"})
        )
        assert again_in == timedelta(0)

    def test_a_start_is_refused(self, house: House, reconciler: Reconciler) -> None:
        house.ask(Verb.RUN, FROM_NONE)
        decision, again_in = self.pass_over(house, reconciler)
        assert isinstance(decision, Settle)
        assert (decision.because, decision.outcome.result) == ("the cluster is not registered", self.NOT_FOUND)
        assert again_in == timedelta(0)

    def test_what_needs_no_cluster_is_settled_as_ever(self, house: House, reconciler: Reconciler) -> None:
        house.save_state(Settled.CANCELLED, wanted=Wanted.CANCELLED)
        stop = house.ask(Verb.STOP, Options(snapshot=StopSnapshot.NONE))
        self.pass_over(house, reconciler)
        closed: Operation = house.get_operation(stop)
        assert not closed.is_open

    def test_a_recovery_that_is_due_is_held(self, house: House, reconciler: Reconciler) -> None:
        house.add_instance(end=InstanceEnd.FAILED)
        tried = RecoveryState((ago(minutes=2),))
        house.save_state(Settled.FAILED, wanted=Wanted.RUNNING, recovery=tried, recovery_at=NOW)
        decision, again_in = self.pass_over(house, reconciler)
        assert isinstance(decision, Settle)
        assert decision.because == "a recovery has no cluster to be on"
        state, found = house.get_state(), Finding("cluster_not_found", {"cluster": "local"})
        assert (state.recovery, state.recovery_at) == (replace(tried, held=found), None)
        assert state.warning is not None
        assert (state.warning.finding, again_in) == (found, timedelta(0))
        assert reconciler.pass_over(JOB, Lane.MAIN, None).again_in is None

    def test_an_act_of_a_newer_release_is_looked_at_again_in_a_second(
        self, house: House, reconciler: Reconciler
    ) -> None:
        house.add_instance()
        house.add_intent(intent(IntentKind.SUBMIT, format=INTENT_FORMAT + 1, operation_id=None))
        decision, again_in = self.pass_over(house, reconciler)
        assert not isinstance(decision, GiveUp | Settle | Nothing)
        assert again_in == timedelta(seconds=1)
