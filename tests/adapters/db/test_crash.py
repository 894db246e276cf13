"""A writer that is killed with SIGKILL: what was committed is there, what was not is not."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import Engine

from headgate.adapters.db.connect import connect
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.domain.lifecycle import Lane
from headgate.ports.store import JobFilter
from tests.adapters.db.samples import add_job

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def _writer(url: str, mode: str) -> Iterator[IO[str]]:
    """The output of a writer, which is killed at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.db.writer", url, mode], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _names(url: str) -> set[str]:
    store = DatabaseStore(connect(url))
    with store.read() as unit:
        names = {row.job.name for row in unit.jobs.list_rows(JobFilter("default"))}
    store.close()
    return names


def test_nothing_is_left_of_a_transaction_that_was_killed(database_url: str) -> None:
    with _writer(database_url, "middle") as output:
        assert output.readline() == "written\n"
    assert _names(database_url) == set()
    store = DatabaseStore(connect(database_url))
    with store.write() as unit:
        add_job(unit)
    store.close()


def test_an_intent_that_was_committed_survives_the_kill(database_url: str) -> None:
    with _writer(database_url, "committed") as output:
        assert output.readline() == "committed\n"
    store = DatabaseStore(connect(database_url))
    with store.read() as unit:
        found = unit.intents.find_open("job-orders", Lane.MAIN)
        assert found is not None
        assert unit.instances.get(found.instance_id).flink_job_id == found.key
    store.close()


@pytest.mark.parametrize("commits", [1, 40, 200])
def test_every_commit_that_was_reported_survives_a_kill_at_any_moment(database_url: str, commits: int) -> None:
    with _writer(database_url, "stream") as output:
        reported = {output.readline().strip() for _ in range(commits)}
    found = _names(database_url)
    assert reported <= found
    assert found == {f"job-{number}" for number in range(len(found))}, "a gap: a later commit without an earlier one"
    if database_url.startswith("sqlite"):
        connection = sqlite3.connect(database_url.removeprefix("sqlite:///"))
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()


def test_a_commit_reaches_the_disk_before_it_returns(engine: Engine) -> None:
    """Also in a PostgreSQL that was told not to wait for the disk, as the one of these tests."""
    ask, answer = {
        "sqlite": ("PRAGMA synchronous", 2),
        "postgresql": ("SHOW synchronous_commit", "on"),
    }[engine.dialect.name]
    with engine.connect() as connection:
        assert connection.exec_driver_sql(ask).scalar() == answer


def test_a_copy_of_a_file_that_is_being_written_is_whole(file_url: str, tmp_path: Path) -> None:
    """As `VACUUM INTO` makes it: without the server being ended, and without a gap."""
    with _writer(file_url, "stream") as output:
        for number in range(5):
            reported = {output.readline().strip() for _ in range(10)}
            copy = tmp_path / f"copy{number}.sqlite"
            with closing(sqlite3.connect(file_url.removeprefix("sqlite:///"))) as source:
                source.execute("VACUUM INTO ?", (str(copy),))
            found = _names(f"sqlite:///{copy}")
            assert reported <= found
            assert found == {f"job-{written}" for written in range(len(found))}
