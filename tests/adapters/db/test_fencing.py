"""An old holder of the lease that wakes up: real processes, a real PostgreSQL, a real SIGSTOP."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import psutil
import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.db.connect import connect
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.ports.store import JobFilter, Store
from tests.adapters.db.samples import add_job
from tests.stories.patience import await_that
from tools.sources import ROOT

pytestmark = pytest.mark.real

LENGTH = timedelta(seconds=10)
TAKEN_WITHIN_S = 15.0


@pytest.fixture
def store(postgresql_url: str) -> Iterator[Store]:
    with closing(DatabaseStore(connect(postgresql_url), own_clock=True)) as store:
        yield store


def _acquire(store: Store, holder: str, ahead: timedelta = timedelta(0)) -> int | None:
    """Under a clock that is `ahead` of the true time."""
    now = SystemClock().now() + ahead
    with store.write() as unit:
        return unit.lease.acquire(holder, now, now + LENGTH)


def _names(store: Store) -> set[str]:
    with store.read() as unit:
        return {row.job.name for row in unit.jobs.list_rows(JobFilter("default"))}


@pytest.mark.parametrize("where", ["write", "between"])
def test_a_holder_that_was_stopped_is_refused_when_it_wakes(postgresql_url: str, store: Store, where: str) -> None:
    command = [sys.executable, "-m", "tests.adapters.db.holder", postgresql_url, where]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as old:
        assert old.stdout is not None
        try:
            assert old.stdout.readline() == "fence 1\n"
            await_that(lambda: psutil.Process(old.pid).status() == psutil.STATUS_STOPPED, TAKEN_WITHIN_S)
            assert await_that(lambda: _acquire(store, "the next one"), TAKEN_WITHIN_S) == 2
            with store.write(2) as unit:
                add_job(unit, "of the next one")
        finally:
            os.kill(old.pid, signal.SIGCONT)
        said = old.stdout.read().splitlines()
    assert [line.split()[:2] for line in said] == [
        ["refused", "database_unavailable" if where == "write" else "lease_lost"],
        ["refused", "lease_lost"],
    ]
    assert _names(store) == {"before", "of the next one"}


@pytest.mark.parametrize("hours", [-1, 1])
def test_servers_whose_clocks_differ_agree_on_who_holds_the_lease(store: Store, hours: int) -> None:
    """The clock of the database counts."""
    assert _acquire(store, "one", timedelta(hours=hours)) == 1
    assert _acquire(store, "other") is None
    assert _acquire(store, "other", timedelta(hours=-hours)) is None
    with store.read() as unit:
        assert unit.lease.find_holder() == "one"
    with store.write() as unit:
        unit.lease.release("one")
    assert _acquire(store, "other", timedelta(hours=-hours)) == 2
