"""One transaction each: all or nothing, consistent for readers, and never one inside another by mistake."""

import pytest

from headgate.adapters.db.connect import connect
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.domain.errors import Unavailable
from headgate.ports.store import JobFilter, Store
from tests.adapters.db.samples import add_job


class _Refused(RuntimeError):
    """Any error of the caller's own."""


def _names(store: Store) -> list[str]:
    with store.read() as unit:
        return [row.job.name for row in unit.jobs.list_rows(JobFilter("default"))]


def test_leaving_by_an_error_writes_nothing(store: Store) -> None:
    with pytest.raises(_Refused), store.write() as unit:
        _add_and_fail(add_job(unit).name)
    assert _names(store) == []


def _add_and_fail(name: str) -> None:
    raise _Refused(name)


def test_a_write_sees_its_own_rows(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        assert unit.jobs.get(made.id) == made
    assert _names(store) == ["orders"]


def test_a_reading_unit_cannot_write(store: Store) -> None:
    with pytest.raises(Unavailable) as caught, store.read() as unit:
        add_job(unit)
    assert "readonly" in caught.value.cause.replace("-", "")
    assert _names(store) == []
    with store.write() as unit:
        add_job(unit)
    assert _names(store) == ["orders"]


def test_a_reader_sees_one_moment_while_others_write(database_url: str) -> None:
    store = DatabaseStore(connect(database_url))
    with store.read() as reading:
        assert reading.jobs.list_rows(JobFilter("default")) == []
        with store.write() as unit:
            add_job(unit)
        assert reading.jobs.list_rows(JobFilter("default")) == []
    assert _names(store) == ["orders"]
    store.close()


def test_a_write_within_a_write_is_a_fault_of_the_program(store: Store) -> None:
    with store.write(), pytest.raises(RuntimeError, match="within"), store.write():
        pass


def test_a_read_within_a_write_in_memory_is_a_fault_of_the_program() -> None:
    store = DatabaseStore(connect("sqlite://"))
    with store.write(), pytest.raises(RuntimeError, match="within"), store.read():
        pass
    store.close()


def test_a_closed_store_can_be_used_again(database_url: str) -> None:
    store = DatabaseStore(connect(database_url))
    with store.write() as unit:
        add_job(unit)
    store.close()
    assert _names(store) == ["orders"]
    store.close()
