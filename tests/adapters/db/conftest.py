"""A store on every kind of database that Headgate keeps its rows in: one more URL, and all tests run there too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from headgate.adapters.db.connect import connect
from headgate.adapters.db.migrate import upgrade
from headgate.adapters.db.unit_of_work import DatabaseStore


@pytest.fixture(params=["sqlite file", "sqlite in memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'headgate.sqlite'}" if request.param == "sqlite file" else "sqlite://"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """The database with its tables, made by the migrations."""
    engine = connect(url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> DatabaseStore:
    return DatabaseStore(engine)


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """A SQLite file with its tables, for what only a file can show: processes, locks, crashes."""
    url = f"sqlite:///{tmp_path / 'headgate.sqlite'}"
    engine = connect(url)
    upgrade(engine)
    engine.dispose()
    return url
