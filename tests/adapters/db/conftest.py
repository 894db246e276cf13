"""A store on every kind of database that Headgate keeps its rows in: one more URL, and all tests run there too.

Each test has a copy of a database that the migrations made; the tables in memory are made from their definition.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from headgate.adapters.db.connect import connect, is_in_memory
from headgate.adapters.db.migrate import upgrade
from headgate.adapters.db.tables import metadata
from headgate.adapters.db.unit_of_work import DatabaseStore


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "headgate.sqlite"
    engine = connect(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def file_url(migrated_file: Path, tmp_path: Path) -> str:
    """A SQLite file with its tables, for what only a file can show: processes, locks, crashes."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'headgate.sqlite')}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database with its tables that several processes can use."""
    url: str = request.getfixturevalue("file_url" if request.param == "sqlite" else "postgresql_url")
    return url


@pytest.fixture(params=["sqlite", "sqlite-in-memory", pytest.param("postgresql", marks=pytest.mark.real)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database with its tables."""
    urls = {"sqlite": "file_url", "postgresql": "postgresql_url"}
    url = request.getfixturevalue(urls[request.param]) if request.param in urls else "sqlite://"
    engine = connect(url)
    if is_in_memory(engine):
        with engine.begin() as connection:
            metadata.create_all(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> DatabaseStore:
    return DatabaseStore(engine)
