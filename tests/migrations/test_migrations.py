"""The migrations lead to the very tables of the code, may be run again, and leave a newer database alone."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from tests.postgresql import PostgreSql


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def make_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes empty databases of one kind."""
    made: list[Engine] = []

    def make() -> Engine:
        if request.param == "sqlite":
            made.append(connect(tmp_path / f"headgate{len(made)}.sqlite"))
        else:
            server: PostgreSql = request.getfixturevalue("postgresql")
            made.append(connect(server.name_url(server.make_database())))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()
        if request.param == "postgresql":
            request.getfixturevalue("postgresql").drop(engine.url.database)


@pytest.fixture
def engine(make_engine: Callable[[], Engine]) -> Engine:
    return make_engine()


_POSTGRESQL_SCHEMA = """
SELECT 'column', table_name || '.' || column_name,
    concat_ws(chr(10), data_type, is_nullable, column_default, is_identity, character_maximum_length::text)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname, concat_ws(chr(10), conrelid::regclass::text, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


# SQLite writes a column that was added later into the line of the one before it.
_ADDED_COLUMN = re.compile(r"\n|, (?=\w+ [A-Z]+(?:,|\s*$))", re.MULTILINE)


def _schema(engine: Engine) -> dict[tuple[str, str], list[str]]:
    """Every table, index and constraint as the database keeps it, its lines in any order."""
    ask = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(ask if engine.dialect.name == "sqlite" else _POSTGRESQL_SCHEMA).fetchall()
    # SQLite quotes the name of a table that was renamed, as one whose columns were altered is.
    return {
        (kind, name): sorted(
            re.sub(r"\s+", " ", line).strip(" ,") for line in _ADDED_COLUMN.split(sql.replace(f'"{name}"', name))
        )
        for kind, name, sql in rows
        if not name.startswith(("alembic_version", "sqlite_sequence"))
    }


def test_migrations_and_tables_agree(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrations_and_tables_agree_to_the_letter(engine: Engine, make_engine: Callable[[], Engine]) -> None:
    """Checks, conditions of partial indexes and rules of deletion too, which the comparison above leaves out."""
    upgrade(engine)
    other = make_engine()
    with other.begin() as connection:
        metadata.create_all(connection)
    assert _schema(engine) == _schema(other) != {}


def test_servers_that_start_at_once_upgrade_one_after_another(make_engine: Callable[[], Engine]) -> None:
    url = make_engine().url.render_as_string(hide_password=False)
    engines = [connect(url) for _ in range(4)]
    with ThreadPoolExecutor(len(engines)) as pool:
        list(pool.map(upgrade, engines))
    assert {current_revision(engine) for engine in engines} == {newest_revision()}
    for engine in engines:
        engine.dispose()


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
    names = {name.partition(".")[0] for _, name in _schema(engine)}
    assert names == {"operations"}
    assert current_revision(engine) is None


def test_foreign_keys_are_on_again_after_an_upgrade() -> None:
    engine = connect("sqlite://")
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()
