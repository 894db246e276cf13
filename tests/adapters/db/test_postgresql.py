"""What can be wrong with a PostgreSQL: said with where and why, nothing lost, and it goes on by itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from headgate.adapters.db.connect import connect, describe
from headgate.adapters.db.migrate import upgrade
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.domain.catalogue import Language, advice, message
from headgate.domain.errors import Unavailable
from headgate.ports.store import JobFilter, Store
from tests.adapters.db.samples import add_job, artifact
from tests.postgresql import PASSWORD, PostgreSql
from tests.small_disk import small_disk
from tools.sources import ROOT

pytestmark = pytest.mark.real

SHORT = timedelta(milliseconds=60)


@pytest.fixture
def engine(postgresql_url: str) -> Iterator[Engine]:
    engine = connect(postgresql_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> DatabaseStore:
    return DatabaseStore(engine)


@contextmanager
def refused(where: str, cause: str, code: str = "database_unavailable") -> Iterator[None]:
    """The block ends with words for people that name the place and the cause, and no secret."""
    with pytest.raises(Unavailable) as caught:
        yield
    error = caught.value
    texts = [message(error.code, error.facts, language) for language in Language]
    assert error.code == code, error
    assert all(where in text for text in texts)
    assert all(advice(error.code, error.facts, language) for language in Language)
    assert cause in error.cause + " ".join(texts)
    for secret in (PASSWORD, "s3cret"):
        assert secret not in f"{error!r} {error} {error.cause} {texts}"


def _names(store: Store) -> list[str]:
    with store.read() as unit:
        return [row.job.name for row in unit.jobs.list_rows(JobFilter("default"))]


def _add(store: Store, name: str) -> None:
    with store.write() as unit:
        add_job(unit, name)


def test_nothing_listens_there() -> None:
    engine = connect("postgresql://ann:s3cret@127.0.0.1:1/headgate")
    for act in (
        lambda: upgrade(engine),
        DatabaseStore(engine).write().__enter__,
        DatabaseStore(engine).read().__enter__,
    ):
        with refused("127.0.0.1:1/headgate", "refused"):
            act()
    engine.dispose()


@pytest.mark.parametrize(
    ("wrong", "right", "cause"),
    [("wrong", "s3cret%3A%2F%40%C3%A4", "password authentication failed"), ("/nowhere", "/db_", "does not exist")],
    ids=["password", "database"],
)
def test_it_lets_nobody_in(postgresql_url: str, wrong: str, right: str, cause: str) -> None:
    engine = connect(postgresql_url.replace(right, wrong))
    with refused(describe(engine), cause), DatabaseStore(engine).read():
        pass
    engine.dispose()


def test_a_database_without_tables_and_one_without_rights(postgresql: PostgreSql, empty_postgresql_url: str) -> None:
    engine = connect(empty_postgresql_url)
    database = str(engine.url.database)
    with refused(database, "does not exist"), DatabaseStore(engine).read() as unit:
        unit.clusters.list_all()
    postgresql.say("CREATE ROLE guest LOGIN PASSWORD 's3cret'")
    guest = connect(engine.url.set(username="guest", password="s3cret").render_as_string(hide_password=False))
    with refused(database, "permission denied"):
        upgrade(guest)
    for used in (engine, guest):
        used.dispose()
    postgresql.say("DROP ROLE guest")


def test_a_database_that_cannot_keep_all_letters_is_refused(postgresql: PostgreSql) -> None:
    name = postgresql.make_database(more="ENCODING 'LATIN1' LOCALE 'C'")
    engine = connect(postgresql.name_url(name))
    with refused(name, "LATIN1", "database_encoding"):
        upgrade(engine)
    engine.dispose()
    postgresql.drop(name)


def test_another_writer_that_does_not_end(postgresql_url: str, store: DatabaseStore) -> None:
    impatient = DatabaseStore(connect(postgresql_url, busy_timeout=SHORT))
    with store.write() as unit:
        add_job(unit)
        with refused("127.0.0.1", "lock timeout"):
            _add(impatient, "second")
        assert _names(impatient) == [], "readers do not wait"
    _add(impatient, "second")
    assert _names(store) == ["second", "orders"]
    impatient.close()


def test_a_writer_that_falls_asleep_in_its_turn_loses_it(postgresql_url: str, store: DatabaseStore) -> None:
    """A process that is stopped in the middle of a transaction: the others wait for it less than their patience."""
    command = [sys.executable, "-m", "tests.adapters.db.writer", postgresql_url, "middle"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as asleep:
        assert asleep.stdout is not None
        assert asleep.stdout.readline() == "written\n"
        os.kill(asleep.pid, signal.SIGSTOP)
        try:
            _add(store, "of the others")
        finally:
            asleep.kill()
    assert _names(store) == ["of the others"]


def test_a_write_of_one_who_slept_too_long_is_refused_whole(postgresql: PostgreSql, store: DatabaseStore) -> None:
    with refused("127.0.0.1", "idle-in-transaction"), store.write() as unit:
        add_job(unit)
        postgresql.say("SELECT pg_sleep(3.2)")
        add_job(unit, "second")
    assert _names(store) == []


def test_it_may_only_be_read(postgresql: PostgreSql, store: DatabaseStore, engine: Engine) -> None:
    postgresql.say(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = on")
    with refused("127.0.0.1", "read-only transaction"):
        _add(store, "refused")
    assert _names(store) == []
    postgresql.say(f"ALTER DATABASE {engine.url.database} RESET default_transaction_read_only")
    store.close()
    _add(store, "afterwards")
    assert _names(store) == ["afterwards"]


def test_a_full_disk_refuses_the_write_keeps_the_rest_and_recovers(
    postgresql: PostgreSql, migrated_template: str
) -> None:
    with small_disk(postgresql.home / "disk", "24m") as disk:
        postgresql.give(disk)
        postgresql.say(f"CREATE TABLESPACE small LOCATION '{disk}'")
        name = postgresql.make_database(migrated_template, "TABLESPACE small")
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(8 * 1024 * 1024))
        store = DatabaseStore(connect(postgresql.name_url(name)))
        with refused(name, "No space left"):
            _fill(store)
        kept = _count(store)
        assert kept > 0
        ballast.unlink()
        with store.write() as unit:
            unit.artifacts.add(artifact("after.jar"))
        assert _count(store) == kept + 1
        store.close()
        postgresql.drop(name)
        postgresql.say("DROP TABLESPACE small")


def _fill(store: Store) -> None:
    """Write until nothing more fits."""
    for number in range(50_000):
        with store.write() as unit:
            unit.artifacts.add(artifact(f"{number}.jar", entry_class=os.urandom(30_000).hex()))


def _count(store: Store) -> int:
    with store.read() as unit:
        return len(unit.artifacts.list_all("default"))


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_loses_nothing_that_was_committed_and_the_store_goes_on(
    postgresql: PostgreSql, store: DatabaseStore, end: str
) -> None:
    for number in range(20):
        _add(store, f"job-{number}")
    with refused("127.0.0.1", ""), store.write() as unit:
        add_job(unit, "half")
        {"stop": postgresql.stop, "kill": postgresql.kill}[end]()
        add_job(unit, "other half")
    with refused("127.0.0.1", "refused"), store.read():
        pass
    postgresql.start()
    assert len(_names(store)) == 20
    _add(store, "afterwards")
    assert _names(store)[0] == "afterwards"


def test_a_text_with_a_character_that_postgresql_cannot_keep(store: DatabaseStore) -> None:
    """Flink's own words may have any; SQLite keeps them all."""
    with store.write() as unit:
        unit.artifacts.add(artifact("odd.jar", entry_class="a\x00b"))
    with store.read() as unit:
        assert [one.entry_class for one in unit.artifacts.list_all("default")] == ["a\ufffdb"]


def test_the_url_may_name_the_driver_and_say_how_to_connect(postgresql: PostgreSql, postgresql_url: str) -> None:
    url = postgresql_url.replace("postgresql://", "postgresql+psycopg://") + "?application_name=mine&connect_timeout=2"
    engine = connect(url)
    with closing(DatabaseStore(engine)) as store:
        assert _names(store) == []
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW application_name").scalar() == "mine"
