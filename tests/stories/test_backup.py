"""A copy made while the server works, and a new server on that copy: what was open is continued by what Flink shows."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.postgresql import PostgreSql
from tests.stories.flink import Flink
from tests.stories.house import House
from tests.stories.people import JobHandle, Person
from tests.stories.specs import endless

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


class SqliteCopies:
    """The database lies in the data folder; SQLite's own online copy is complete at any moment."""

    def __init__(self, folder: Path) -> None:
        self._copy = folder / "copy.sqlite"

    def choose_settings(self, house: House) -> dict[str, str]:
        return {}

    def copy(self, house: House) -> None:
        with closing(sqlite3.connect(house.data / "headgate.sqlite")) as source:
            source.execute("VACUUM INTO ?", (str(self._copy),))

    def restore(self, house: House) -> dict[str, str]:
        house.data.mkdir(parents=True)
        self._copy.rename(house.data / "headgate.sqlite")
        return {}


class PostgresqlCopies:
    """A dump of PostgreSQL's own, which shows one moment."""

    def __init__(self, folder: Path, postgresql: PostgreSql) -> None:
        self._postgresql = postgresql
        self._copy = folder / "copy.dump"
        self._databases = [postgresql.make_database(), postgresql.make_database()]

    def choose_settings(self, house: House) -> dict[str, str]:
        return {"database_url": self._postgresql.name_url(self._databases[0])}

    def copy(self, house: House) -> None:
        url = self._postgresql.name_url(self._databases[0])
        self._copy.write_bytes(self._postgresql.run_tool("pg_dump", "--format=custom", f"--dbname={url}"))

    def restore(self, house: House) -> dict[str, str]:
        url = self._postgresql.name_url(self._databases[1])
        self._postgresql.run_tool("pg_restore", f"--dbname={url}", str(self._copy))
        return {"database_url": url}

    def drop(self) -> None:
        for database in self._databases:
            self._postgresql.drop(database)


Copies = SqliteCopies | PostgresqlCopies


@pytest.fixture(params=["sqlite", "postgresql"])
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copies]:
    if request.param == "sqlite":
        yield SqliteCopies(tmp_path)
        return
    copies = PostgresqlCopies(tmp_path, request.getfixturevalue("postgresql"))
    yield copies
    copies.drop()


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[Callable[[str], House]]:
    made: list[House] = []

    def make(name: str) -> House:
        made.append(House(tmp_path / name, command="serve"))
        return made[-1]

    yield make
    for house in made:
        house.end_all()


@pytest.mark.requirement("T0-26", "U-14")
def test_a_new_server_on_an_old_copy_ends_what_was_open_when_it_was_made(
    house: House, flink: Flink, copies: Copies, make_house: Callable[[str], House]
) -> None:
    before, after = make_house("before"), make_house("after")
    before.start(**copies.choose_settings(before))
    person = Person(before)
    person.register("shared", house.flink.rest_url, savepoint_dir=f"file://{house.data}/savepoints")
    job = person.start(f"copied {type(copies).__name__}", endless(cluster="shared"))
    job.ask_and_see_it_sent("pause")
    copies.copy(before)
    job.await_phase("SUSPENDED")
    (snapshot,) = job.list("snapshots")
    person.leave()
    assert before.end() == 0

    after.start(**copies.restore(after))
    successor = Person(after)
    restored = JobHandle(successor, job.id, job.name)
    restored.await_phase("SUSPENDED")
    assert [found["path"] for found in restored.list("snapshots")] == [snapshot["path"]]
    restored.succeed("resume")
    assert len(flink.list_live(job.name)) == 1
    assert len(flink.list_jobs(job.name)) == 2
    restored.end()
    assert flink.list_live(job.name) == []
    successor.leave()
