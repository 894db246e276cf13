"""Instances and intents: what `decide` rests on, and the guards behind it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.clusters import ClusterId, Incarnation
from headgate.domain.errors import Conflict, NotFound
from headgate.domain.instances import Absence, FlinkJobId, FlinkStatus, InstanceEnd
from headgate.domain.intents import Answer, IntentKind, IntentStatus
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Lane, Settled
from headgate.domain.operations import OperationId
from headgate.ports.store import Store
from tests.adapters.db.samples import NOW, add_job, instance, intent


def test_an_instance_comes_back_as_written(store: Store) -> None:
    with store.write() as unit:
        made = instance(add_job(unit))
        unit.instances.add(made)
        assert unit.instances.get(made.id) == made
        changed = replace(
            made,
            incarnation=Incarnation("jm-1"),
            restored_from="file:///savepoints/a b/é",
            restored_snapshot_id="snap-1",
            flink_status=FlinkStatus.FAILED,
            absence=Absence(None, NOW, timedelta(days=2, microseconds=3), 2),
            running_at=NOW,
            ended_at=NOW,
            end=InstanceEnd.FAILED,
        )
        unit.instances.save(changed)
    with store.read() as unit:
        assert unit.instances.get(made.id) == changed
        assert unit.instances.find_by_flink_id(made.flink_job_id) == changed
        assert unit.instances.find_by_flink_id(FlinkJobId("0" * 32)) is None
        with pytest.raises(NotFound, match="instance_not_found"):
            unit.instances.get("ins-none")


def test_instances_are_listed_newest_first_and_by_cluster_while_live(store: Store) -> None:
    with store.write() as unit:
        one, two = add_job(unit, "one"), add_job(unit, "two")
        for number in (1, 2, 10):
            unit.instances.add(instance(one, number, end=InstanceEnd.FINISHED if number < 10 else None))
        unit.instances.add(instance(two, 1, cluster_id=ClusterId("clu-2")))
    with store.read() as unit:
        assert [found.number for found in unit.instances.list_of_job(one.id)] == [10, 2, 1]
        assert unit.instances.find_newest(one.id) == instance(one, 10)
        assert unit.instances.find_newest("job-none") is None
        assert unit.instances.list_live(ClusterId("clu-1")) == [instance(one, 10)]
        assert unit.instances.list_live(ClusterId("clu-3")) == []


def test_the_database_refuses_a_second_live_instance(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        unit.instances.add(instance(made, 1))
    with pytest.raises(Conflict) as caught, store.write() as unit:
        unit.instances.add(instance(made, 2))
    assert (caught.value.code, caught.value.facts["job"]) == ("instance_already_live", made.id)
    with store.write() as unit:
        unit.instances.save(instance(made, 1, end=InstanceEnd.CANCELLED))
        unit.instances.add(instance(made, 2))


def test_the_database_refuses_to_bring_an_old_instance_back_beside_a_live_one(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        unit.instances.add(instance(made, 1, end=InstanceEnd.LOST))
        unit.instances.add(instance(made, 2))
    with pytest.raises(Conflict, match="instance_already_live"), store.write() as unit:
        unit.instances.save(instance(made, 1))


@pytest.mark.parametrize("same", ["id", "number", "flink_job_id"])
def test_the_database_refuses_an_instance_that_repeats_another(store: Store, same: str) -> None:
    with store.write() as unit:
        made = add_job(unit)
        first = instance(made, 1, end=InstanceEnd.FINISHED)
        unit.instances.add(first)
    with pytest.raises(Conflict, match="row_refused"), store.write() as unit:
        unit.instances.add(replace(instance(made, 2), **{same: getattr(first, same)}))


def test_an_intent_comes_back_as_written(store: Store) -> None:
    with store.write() as unit:
        of = instance(add_job(unit))
        unit.instances.add(of)
        made = intent(of, directory="file:///savepoints/job/int", operation_id=OperationId("op-1"))
        unit.intents.add(made)
        assert unit.intents.find_open(made.job_id, Lane.MAIN) == made
        assert unit.intents.find_open(made.job_id, Lane.SAVEPOINT) is None
        changed = replace(
            made,
            status=IntentStatus.GIVEN_UP,
            answer=Answer.OUTCOME_UNKNOWN,
            cause="Read timed out",
            attempts=3,
            sent_at=NOW,
            answered_at=NOW,
            retry_at=NOW + timedelta(seconds=30),
            closed_at=NOW,
            incarnation=Incarnation("jm-2"),
        )
        unit.intents.save(changed)
    with store.read() as unit:
        assert unit.intents.list_of_job(made.job_id) == [changed]
        assert unit.intents.find_open(made.job_id, Lane.MAIN) is None


def test_the_database_refuses_a_second_open_intent_in_a_lane(store: Store) -> None:
    with store.write() as unit:
        of = instance(add_job(unit))
        unit.instances.add(of)
        unit.intents.add(intent(of, "1"))
        unit.intents.add(intent(of, "2", lane=Lane.SAVEPOINT, kind=IntentKind.SAVEPOINT))
    with pytest.raises(Conflict) as caught, store.write() as unit:
        unit.intents.add(intent(of, "3"))
    assert (caught.value.code, caught.value.facts["lane"]) == ("intent_already_open", "MAIN")
    with store.write() as unit:
        unit.intents.save(intent(of, "1", status=IntentStatus.DONE, closed_at=NOW))
        unit.intents.add(intent(of, "3"))
        assert [found.id[-1] for found in unit.intents.list_of_job(of.job_id)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("status", "closed"),
    [(IntentStatus.DONE, False), (IntentStatus.OPEN, True)],
    ids=["closed without a date", "open with a date"],
)
def test_the_database_refuses_an_intent_whose_status_contradicts_its_date(
    store: Store, status: IntentStatus, closed: bool
) -> None:
    with store.write() as unit:
        of = instance(add_job(unit))
        unit.instances.add(of)
    with pytest.raises(Conflict, match="row_refused"), store.write() as unit:
        unit.intents.add(intent(of, status=status, closed_at=NOW if closed else None))


def test_an_intent_may_be_written_before_its_instance_but_not_without_it(store: Store) -> None:
    with store.write() as unit:
        of = instance(add_job(unit))
        unit.intents.add(intent(of))
        unit.instances.add(of)
        orphan = intent(instance(add_job(unit, "other")))
    with pytest.raises(Conflict, match="row_refused"), store.write() as unit:
        unit.intents.add(orphan)
    with store.read() as unit:
        assert unit.intents.list_of_job(orphan.job_id) == []


def test_the_database_refuses_suspended_without_a_snapshot(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
    with pytest.raises(Conflict, match="row_refused"), store.write() as unit:
        unit.jobs.save_state(JobState(made.id, Settled.SUSPENDED))


def test_the_state_of_a_deleted_job_is_refused(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        unit.jobs.delete(made.id)
    with pytest.raises(Conflict, match="row_refused"), store.write() as unit:
        unit.jobs.save_state(JobState(made.id))
