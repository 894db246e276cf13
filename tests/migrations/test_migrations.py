"""The migrations lead to the very tables of the code, may be run again, and leave a newer database alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from headgate.adapters.db.connect import connect
from headgate.adapters.db.migrate import current_revision, newest_revision, upgrade
from headgate.adapters.db.tables import metadata
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.domain.errors import Unavailable
from headgate.ports.store import JobFilter
from tests.adapters.db.samples import add_job


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'headgate.sqlite'}")
    yield engine
    engine.dispose()


def _schema(engine: Engine) -> dict[tuple[str, str], list[str]]:
    """Every table and index as SQLite keeps it, its lines in any order."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {
        (kind, name): sorted(re.sub(r"\s+", " ", line).strip(" ,") for line in sql.splitlines())
        for kind, name, sql in rows
        if name not in ("alembic_version", "sqlite_sequence")
    }


def test_migrations_and_tables_agree(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrations_and_tables_agree_to_the_letter(engine: Engine) -> None:
    """Checks, conditions of partial indexes and rules of deletion too, which the comparison above leaves out."""
    upgrade(engine)
    other = connect("sqlite://")
    with other.begin() as connection:
        metadata.create_all(connection)
    assert _schema(engine) == _schema(other)
    other.dispose()


def test_an_upgrade_may_be_repeated_and_keeps_what_is_there(engine: Engine) -> None:
    assert current_revision(engine) is None
    upgrade(engine)
    with DatabaseStore(engine).write() as unit:
        add_job(unit)
    before = _schema(engine)
    upgrade(engine)
    assert _schema(engine) == before
    assert current_revision(engine) == newest_revision() is not None
    with DatabaseStore(engine).read() as unit:
        assert len(unit.jobs.list_rows(JobFilter("default"))) == 1


def test_an_upgrade_works_from_any_folder(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    upgrade(engine)
    assert current_revision(engine) == newest_revision()


def test_a_database_of_a_newer_release_is_left_alone(engine: Engine) -> None:
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = _schema(engine)
    with pytest.raises(Unavailable) as caught:
        upgrade(engine)
    assert caught.value.code == "database_newer"
    assert caught.value.facts["revision"] == "9999"
    assert _schema(engine) == before
    assert current_revision(engine) == "9999"


def test_a_step_that_fails_leaves_nothing_behind(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE operations (in_the_way INTEGER)")
    with pytest.raises(Unavailable, match="already exists"):
        upgrade(engine)
    assert set(_schema(engine)) == {("table", "operations")}
    assert current_revision(engine) is None


def test_foreign_keys_are_on_again_after_an_upgrade() -> None:
    engine = connect("sqlite://")
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()
