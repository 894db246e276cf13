"""A server that took over from one it cannot end: nothing is concluded from what Flink does not show."""

from dataclasses import replace

import pytest

from headgate.domain.decisions import AwaitOutcome
from headgate.domain.errors import FlinkUnavailable
from headgate.domain.instances import FlinkJobId
from headgate.domain.intents import Answer
from headgate.domain.lifecycle import Lane, Verb
from headgate.domain.operations import OperationStatus, Options, RestoreFrom
from headgate.ports.flink import Submission
from headgate.reconciler.reconcile import Reconciler
from tests.fakes.faults import Fault, SimulatedCrash
from tests.unit.domain.facts import JOB
from tests.unit.reconciler.house import CLUSTER, House

RUN = Options(restore_from=RestoreFrom.NONE)
LATE_S = 60


class Clients:
    """Whether those of the earlier server may still submit, and whether this one holds the lease."""

    def __init__(self) -> None:
        self.may_come = True
        self.holds = True


@pytest.fixture
def clients() -> Clients:
    return Clients()


@pytest.fixture
def reconciler(house: House, clients: Clients) -> Reconciler:
    tools = replace(house.tools, awaits_predecessor=lambda: clients.may_come, may_send=lambda fence: clients.holds)
    return Reconciler(tools)


def _die_while_submitting(house: House) -> None:
    """An earlier server's client JVM lives on and will submit after a minute."""
    house.flink.inject(Fault.ORPHAN_CLIENT, seconds=LATE_S)
    with pytest.raises(SimulatedCrash):
        Reconciler(house.tools).pass_over(JOB, Lane.MAIN, None)
    assert house.flink.live_jobs() == []


def _pass_for(house: House, reconciler: Reconciler, seconds: float) -> None:
    end = house.clock.monotonic() + seconds
    while house.clock.monotonic() < end:
        again = reconciler.pass_over(JOB, Lane.MAIN, None).again_in
        house.clock.advance(max(again.total_seconds() if again is not None else 1.0, 0.01))


def test_a_submission_that_may_still_come_is_neither_repeated_nor_given_up(
    house: House, reconciler: Reconciler, clients: Clients
) -> None:
    run = house.ask(Verb.RUN, RUN)
    _die_while_submitting(house)
    sent = len(house.flink.calls)
    house.flink.restart_job_manager(CLUSTER, 0)
    _pass_for(house, reconciler, LATE_S - 5)
    assert len([call for call in house.flink.calls[sent:] if call.name == "submit"]) == 0
    waits = house.get_operation(run).waits_for
    assert waits is not None
    assert waits.code == "waits_for_predecessor"
    awaited = AwaitOutcome("an earlier server may still be submitting", waits)
    assert reconciler.pass_over(JOB, Lane.MAIN, None).decision == awaited
    clients.may_come = False
    _pass_for(house, reconciler, 120)
    assert house.flink.overlaps() == []


def test_one_that_comes_after_all_is_taken_for_what_it_is(house: House, reconciler: Reconciler) -> None:
    run = house.ask(Verb.RUN, RUN)
    _die_while_submitting(house)
    _pass_for(house, reconciler, LATE_S + 20)
    assert house.get_operation(run).status is OperationStatus.SUCCESS
    assert len(house.list_instances()) == len(house.flink.history) == 1


def test_nothing_is_sent_by_a_server_that_has_lost_its_lease(
    house: House, reconciler: Reconciler, clients: Clients
) -> None:
    clients.holds = False
    house.ask(Verb.RUN, RUN)
    reconciler.pass_over(JOB, Lane.MAIN, None)
    assert {call.name for call in house.flink.calls} == {"sweep"}
    written = house.find_intent()
    assert written is not None
    assert written.answer is Answer.UNAVAILABLE, "surely not done: the next holder sends the same key"


def test_the_permission_goes_along_with_a_submission(
    house: House, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes before the sending, such as the start of a client JVM, takes long: it is asked again there."""
    seen: list[FlinkJobId] = []

    def submit(_: object, submission: Submission) -> None:
        clients.holds = False
        if not submission.may_send():
            raise FlinkUnavailable("lost meanwhile")
        seen.append(submission.instance.flink_job_id)

    monkeypatch.setattr(house.flink, "submit", submit)
    house.ask(Verb.RUN, RUN)
    Reconciler(replace(house.tools, may_send=lambda fence: clients.holds)).pass_over(JOB, Lane.MAIN, None)
    assert seen == []
