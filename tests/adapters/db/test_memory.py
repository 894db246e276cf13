"""The store in memory: as a file, without the file, and as new after every restart."""

import pytest

from headgate.adapters.db.memory import MemoryStore
from headgate.domain.errors import Conflict
from headgate.ports.store import JobFilter
from tests.adapters.db.samples import add_job, event, instance


def test_a_restart_forgets_everything_and_keeps_the_guards() -> None:
    store = MemoryStore()
    for _ in range(3):
        with store.write() as unit:
            assert unit.operations.next_number() == 1
            made = add_job(unit)
            unit.instances.add(instance(made))
            unit.events.record(event(made))
            assert unit.events.list_of_job(made.id, 1, None)[0].number == 1
        with pytest.raises(Conflict, match="instance_already_live"), store.write() as unit:
            unit.instances.add(instance(made, 2))
        with store.write() as unit:
            unit.jobs.delete(made.id)
            assert unit.instances.list_of_job(made.id) == []
            add_job(unit)
        store.restart()
        with store.read() as unit:
            assert unit.jobs.list_rows(JobFilter("default")) == []
    store.close()


def test_two_stores_know_nothing_of_each_other() -> None:
    one, two = MemoryStore(), MemoryStore()
    with one.write() as unit:
        add_job(unit)
    with two.read() as unit:
        assert unit.jobs.list_rows(JobFilter("default")) == []
    one.close()
    two.close()
