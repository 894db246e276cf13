"""What each turn of the loop begins and in which order, how long it then rests, and what a pass does alone."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.errors import Unavailable
from headgate.domain.events import EventType
from headgate.domain.instances import InstanceEnd, InstanceId, new_flink_job_id
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.operations import Finding, OperationStatus, Options, StopSnapshot
from headgate.domain.recovery import Recovery, RecoveryPolicy
from headgate.ports.flink import Submission
from headgate.reconciler.loop import AFTER_FAULT, FAULTS_BORNE, FOR_SWEEPS, TICK
from headgate.reconciler.reconcile import LONGEST_POLL
from tests.fakes.faults import Fault
from tests.unit.domain.facts import JOB
from tests.unit.reconciler.house import CLUSTER
from tests.unit.reconciler.turns import OTHER, ROOMY, SWEEP, THIRD, Turns, name_pass


def stumble(*_: object) -> Any:
    """What is put in the place of a function that has a bug."""
    raise ZeroDivisionError("a bug of ours")


@pytest.fixture
def turns(memory_store: MemoryStore) -> Turns:
    return Turns(memory_store)


# What a turn begins


def test_what_is_under_way_is_not_begun_again(turns: Turns) -> None:
    turns.ask()
    assert turns.turn() == [SWEEP, name_pass(JOB)]
    turns.house.clock.advance(6)
    assert turns.turn() == []


def test_an_idle_cluster_is_swept_when_its_pace_says_so(turns: Turns) -> None:
    assert turns.turn_and_run() == [SWEEP]
    assert turns.turn_and_run(timedelta(seconds=4.9)) == []
    assert turns.turn_and_run(timedelta(seconds=0.1)) == [SWEEP]


def test_what_has_been_due_longest_goes_first(turns: Turns) -> None:
    turns.flink.inject(Fault.NO_SLOTS)
    asked = turns.ask(OTHER)
    turns.turn_and_run()
    turns.flink.inject(Fault.NO_SLOTS)
    turns.ask(JOB)
    assert turns.turn_and_run(timedelta(seconds=0.1)) == [name_pass(JOB)]
    turns.house.clock.advance(3)
    assert turns.turn() == [name_pass(OTHER), name_pass(JOB)]
    assert turns.house.get_operation(asked).is_open


def test_who_asks_later_begins_beside_what_is_under_way(memory_store: MemoryStore) -> None:
    turns = Turns(memory_store, replace(ROOMY, workers=FOR_SWEEPS + 2))
    turns.ask(JOB)
    assert turns.turn() == [SWEEP, name_pass(JOB)]
    turns.ask(OTHER)
    turns.ask(THIRD)
    assert turns.turn() == [name_pass(OTHER)], "the third would take a thread from the sweeps"


def test_threads_are_left_to_the_sweeps(memory_store: MemoryStore) -> None:
    turns = Turns(memory_store, replace(ROOMY, workers=FOR_SWEEPS + 2))
    for job_id in (JOB, OTHER, THIRD):
        turns.ask(job_id)
    assert turns.turn() == [SWEEP, name_pass(JOB), name_pass(OTHER)]


@pytest.mark.parametrize(("is_silent", "count"), [(False, 2), (True, 1)], ids=["answers", "silent"])
def test_one_cluster_takes_only_so_many_threads(memory_store: MemoryStore, is_silent: bool, count: int) -> None:
    turns = Turns(memory_store, replace(ROOMY, per_cluster=2, per_silent_cluster=1))
    turns.make_three_known()
    if is_silent:
        turns.flink.cut_off(CLUSTER, 1000)
        turns.reconciler.look(CLUSTER, timedelta(0), None)
    assert len([name for name in turns.turn() if name != SWEEP]) == count
    assert turns.rest == TICK, "who has no room does not keep the loop awake"


def test_who_learns_on_the_way_that_its_silent_cluster_is_full_gives_way(memory_store: MemoryStore) -> None:
    turns = Turns(memory_store, replace(ROOMY, per_silent_cluster=1))
    turns.flink.cut_off(CLUSTER, 1000)
    assert turns.turn_and_run() == [SWEEP]
    first, second = turns.ask(JOB), turns.ask(OTHER)
    turns.house.clock.advance(1)
    assert turns.turn() == [name_pass(JOB), name_pass(OTHER)]
    turns.flink.meanwhile["sweep"] = lambda: turns.pool.run(name_pass(OTHER))
    turns.pool.run(name_pass(JOB))
    assert turns.pool.waiting == []
    assert turns.house.get_operation(first).waits_for is not None
    assert turns.house.get_operation(second).waits_for is None, "nothing was tried for it"


def test_a_recovery_that_is_due_begins(turns: Turns) -> None:
    with turns.house.store.write() as work:
        job = work.jobs.get(JOB)
        work.jobs.update(replace(job, recovery=Recovery(RecoveryPolicy.RESTORE), revision=job.revision + 1))
    turns.run_job()
    turns.flink.fail_job(turns.house.list_instances()[0].flink_job_id)
    turns.turn_until(lambda: turns.house.get_state().recovery_at is not None)
    due_at = turns.house.get_state().recovery_at
    assert due_at is not None
    begun: list[str] = []
    while turns.house.clock.now() < due_at:
        assert name_pass(JOB) not in begun
        turns.house.clock.advance(0.5)
        begun = turns.turn_and_run()
    assert name_pass(JOB) in begun


# How far a pass goes, and when the next one is due


def test_one_pass_goes_as_far_as_it_can_without_waiting(turns: Turns, caplog: pytest.LogCaptureFixture) -> None:
    turns.run_job()
    turns.house.clock.advance(10)
    asked = turns.house.ask(Verb.STOP, Options(snapshot=StopSnapshot.NONE))
    assert name_pass(JOB) in turns.turn_and_run()
    assert [call.name for call in turns.flink.calls].count("cancel") == 1
    assert name_pass(JOB) not in turns.turn(), "the cancellation has its time"
    turns.turn_until(lambda: not turns.house.get_operation(asked).is_open)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_is_done_in_one_pass_leaves_nothing_due(turns: Turns, caplog: pytest.LogCaptureFixture) -> None:
    turns.house.save_state(Settled.CANCELLED, wanted=Wanted.CANCELLED)
    asked = turns.house.ask(Verb.STOP, Options(snapshot=StopSnapshot.NONE))
    turns.turn_and_run()
    turns.house.clock.advance(1)
    assert turns.turn() == []
    assert not turns.house.get_operation(asked).is_open
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_nothing_is_due_before_its_poll(turns: Turns) -> None:
    turns.flink.inject(Fault.NO_SLOTS)
    turns.ask()
    turns.turn_and_run()
    turns.house.clock.advance(60)
    turns.pass_next()
    assert (turns.turn(), turns.rest) == ([], LONGEST_POLL.total_seconds())
    turns.house.clock.advance(0.7)
    assert turns.turn() == []
    assert turns.rest == pytest.approx(LONGEST_POLL.total_seconds() - 0.7, abs=0.01)
    turns.house.clock.advance(0.3)
    assert turns.turn() == [name_pass(JOB)]
    assert turns.rest == TICK, "the end of what is under way wakes the loop by itself"


def test_what_stops_before_its_pass_has_begun_sends_nothing(turns: Turns) -> None:
    turns.ask()
    turns.turn()
    turns.loop.stop()
    turns.pool.run(name_pass(JOB))
    assert turns.flink.calls == []


def test_what_loses_its_lease_before_its_pass_has_begun_sends_nothing(turns: Turns) -> None:
    turns.ask()
    turns.turn()
    turns.lease.drop()
    turns.pool.run(name_pass(JOB))
    assert turns.flink.calls == []


# Bugs of our own


def test_a_pass_that_goes_well_ends_the_count_of_bugs(turns: Turns) -> None:
    turns.flink.inject(Fault.NO_SLOTS)
    asked = turns.ask()
    real = turns.reconciler.pass_over

    with pytest.MonkeyPatch.context() as broken:
        for way in (stumble, stumble, real, stumble, stumble, real):
            broken.setattr(turns.reconciler, "pass_over", way)
            turns.pass_next()
    assert turns.house.get_operation(asked).is_open
    assert EventType.OPERATION_OVERDUE not in turns.house.list_event_types()


def test_a_bug_before_any_lane_counts_for_the_main_one(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = turns.ask()
    monkeypatch.setattr(turns.reconciler, "find_place", stumble)
    turns.turn_until(lambda: not turns.house.get_operation(asked).is_open)
    closed = turns.house.get_operation(asked)
    assert (closed.status, closed.result) == (
        OperationStatus.EXCEPTION,
        Finding("operation_broken", {}, "ZeroDivisionError: a bug of ours"),
    )
    again = turns.ask()
    for _ in range(FAULTS_BORNE - 1):
        turns.pass_next()
    assert turns.house.get_operation(again).is_open, "what was told counts no more"


def test_a_bug_is_told_on_the_operation_of_its_own_lane(turns: Turns) -> None:
    turns.run_job()
    turns.flink.buggy.add("trigger_savepoint")
    asked = turns.house.ask(Verb.SAVEPOINT)
    turns.turn_until(lambda: turns.house.get_operation(asked).is_overdue, timedelta(milliseconds=100))
    excerpt = "ZeroDivisionError: a bug of ours"
    assert turns.house.get_operation(asked).waits_for == Finding("still_waiting", {"act": "SAVEPOINT"}, excerpt)


# Another server has taken over meanwhile


def test_a_bug_is_not_told_by_who_reconciles_no_more(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = turns.ask()
    monkeypatch.setattr(turns.reconciler, "find_place", stumble)
    for _ in range(FAULTS_BORNE):
        assert name_pass(JOB) in turns.turn_and_run(AFTER_FAULT)
    turns.house.clock.advance(AFTER_FAULT.total_seconds())
    assert name_pass(JOB) in turns.turn()
    turns.take_over()
    turns.pool.run(name_pass(JOB))
    assert turns.house.get_operation(asked).is_open
    assert turns.lease.fence is None


def test_what_a_sweep_shows_is_not_written_by_who_reconciles_no_more(turns: Turns) -> None:
    assert turns.turn() == [SWEEP]
    turns.take_over()
    turns.pool.run(SWEEP)
    with turns.house.store.read() as work:
        assert work.clusters.find_state(CLUSTER.id) is None
    assert turns.lease.fence is None


def test_a_checkpoint_is_not_written_by_who_reconciles_no_more(memory_store: MemoryStore) -> None:
    turns = Turns(memory_store)
    with turns.house.store.write() as work:
        work.clusters.update(replace(CLUSTER, checkpoint_dir="file:///checkpoints", revision=2))
    turns.run_job()
    turns.turn_until(lambda: turns.house.list_instances()[0].checkpoint is not None, timedelta(seconds=5))
    before = turns.house.list_instances()[0].checkpoint
    turns.house.clock.advance(30)
    turns.flink.meanwhile["sample_checkpoint"] = turns.take_over
    turns.turn_until(lambda: turns.lease.fence is None, timedelta(seconds=5))
    assert turns.flink.meanwhile == {}
    assert turns.house.list_instances()[0].checkpoint == before


# What a sweep shows


@pytest.mark.parametrize("lives", [False, True], ids=["ended", "lives after all"])
def test_a_closed_run_that_lives_is_passed_over(turns: Turns, lives: bool, caplog: pytest.LogCaptureFixture) -> None:
    closed = turns.house.add_instance(1, end=InstanceEnd.CANCELLED)
    turns.house.save_state(Settled.CANCELLED)
    strange = replace(closed, id=InstanceId("ins-strange"), flink_job_id=new_flink_job_id("somebody", 1))
    for made in (closed, strange):
        turns.flink.submit(CLUSTER, Submission(made, "orders"))
    if not lives:
        turns.flink.cancel_outside(closed.flink_job_id)
        turns.house.clock.advance(10)
    assert turns.turn_and_run() == [SWEEP]
    assert turns.turn() == ([name_pass(JOB)] if lives else [])
    assert not [record for record in caplog.records if record.exc_info]


def test_who_owns_a_run_that_has_ended_is_asked_once(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = turns.house.add_instance(1, end=InstanceEnd.CANCELLED)
    turns.house.save_state(Settled.CANCELLED)
    turns.flink.submit(CLUSTER, Submission(closed, "orders"))
    turns.flink.cancel_outside(closed.flink_job_id)
    turns.house.clock.advance(10)
    asked: list[str] = []
    with turns.house.store.read() as work:
        rows = type(work.instances)
    find = rows.find_by_flink_id

    def count(self: Any, flink_job_id: Any) -> Any:
        asked.append(flink_job_id)
        return find(self, flink_job_id)

    monkeypatch.setattr(rows, "find_by_flink_id", count)
    for _ in range(3):
        assert turns.turn_and_run(timedelta(seconds=5)) == [SWEEP]
    assert asked == [closed.flink_job_id]


# The end


def test_the_end_waits_for_what_is_under_way_and_drops_the_rest(turns: Turns) -> None:
    turns.loop.stop()
    turns.loop.run()
    assert turns.pool.shutdowns == [(True, True)]
    assert turns.turn() == [], "nothing begins any more"


def test_a_lease_that_cannot_be_given_back_is_logged(
    turns: Turns, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise Unavailable(cause="refused")

    monkeypatch.setattr(turns.lease, "release", refuse)
    turns.loop.stop()
    turns.loop.run()
    assert [record.getMessage() for record in caplog.records] == ["release: unavailable(): refused"]
