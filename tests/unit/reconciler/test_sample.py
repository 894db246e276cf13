"""Checkpoints of running jobs are asked for in turn, one a sweep, and written where they differ."""

from dataclasses import replace
from datetime import timedelta

from headgate.domain.instances import FlinkStatus, InstanceEnd, InstanceId, new_flink_job_id
from headgate.domain.jobs import JobId
from headgate.domain.snapshots import Kept
from headgate.ports.flink import Submission
from headgate.reconciler.sample import EVERY, Sampler
from tests.fakes.faults import Fault
from tests.unit.domain.facts import SPEC, instance
from tests.unit.reconciler.house import House


def run(house: House, *names: str) -> None:
    """A job of each name that runs on a cluster with checkpoints."""
    house.cluster = replace(house.cluster, checkpoint_dir="file:///checkpoints")
    for number, name in enumerate(names, 1):
        house.add_job(JobId(name), SPEC)
        made = instance(
            number,
            id=InstanceId(f"ins-{name}"),
            job_id=JobId(name),
            flink_job_id=new_flink_job_id(name, number),
            flink_status=FlinkStatus.RUNNING,
        )
        with house.store.write() as work:
            work.instances.add(made)
        house.flink.submit(house.cluster, Submission(made, name))


def sweep(house: House, sampler: Sampler) -> list[str]:
    """The Flink jobs that were asked about after as many sweeps as have one look together."""
    before = len(house.flink.calls)
    for _ in range(EVERY):
        with house.store.read() as work:
            live = work.instances.list_live(house.cluster.id)
        sampler.sample(house.cluster, live, None)
    return [call.flink_job_id for call in house.flink.calls[before:] if call.name == "sample_checkpoint"]


def test_each_has_its_turn_and_two_sweeps_cost_one_call(house: House) -> None:
    run(house, "a", "b", "c")
    sampler = Sampler(house.store, house.flink)
    asked = [sweep(house, sampler) for _ in range(4)]
    assert asked == [[new_flink_job_id(name, number)] for name, number in [("a", 1), ("b", 2), ("c", 3), ("a", 1)]]
    assert [call.name for call in house.flink.calls].count("sample_checkpoint") == 4


def test_the_newest_is_kept_with_its_run(house: House) -> None:
    run(house, "a")
    sampler = Sampler(house.store, house.flink)
    house.clock.advance(15)
    sweep(house, sampler)
    with house.store.read() as work:
        [kept] = work.instances.list_live(house.cluster.id)
    assert kept.checkpoint is not None
    assert kept.checkpoint.path == f"file:///checkpoints/{kept.flink_job_id}/chk-1"
    assert house.clock.now() - kept.checkpoint.at < timedelta(seconds=10)


def test_a_look_that_goes_unanswered_changes_nothing(house: House) -> None:
    run(house, "a", "b")
    sampler = Sampler(house.store, house.flink)
    house.clock.advance(15)
    house.flink.inject(Fault.REFUSED, "sample_checkpoint")
    assert sweep(house, sampler) == [new_flink_job_id("a", 1)]
    assert sweep(house, sampler) == [new_flink_job_id("b", 2)]


def test_what_does_not_run_is_not_asked_for(house: House) -> None:
    run(house, "a")
    with house.store.write() as work:
        [made] = work.instances.list_live(house.cluster.id)
        work.instances.save(replace(made, end=InstanceEnd.CANCELLED))
    house.flink.calls.clear()
    Sampler(house.store, house.flink).sample(house.cluster, [], None)
    assert house.flink.calls == []


def test_a_job_without_a_checkpoint_keeps_the_one_that_was_seen_before(house: House) -> None:
    run(house, "a")
    with house.store.write() as work:
        [made] = work.instances.list_live(house.cluster.id)
        known = replace(made, checkpoint=Kept("file:///checkpoints/chk-9", house.clock.now()))
        work.instances.save(known)
    assert sweep(house, Sampler(house.store, house.flink)) == [made.flink_job_id]
    with house.store.read() as work:
        assert work.instances.list_live(house.cluster.id) == [known]
