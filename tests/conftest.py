"""What all tests share: their limits, how many histories Hypothesis generates, the engine and PostgreSQL of real tests.

Fixtures of one area live in the conftest of that area.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from headgate.adapters.db.connect import connect
from headgate.adapters.db.migrate import upgrade
from headgate.adapters.engine.install import EngineFolder
from headgate.domain.clusters import EngineVersion
from headgate.ports.engines import Engine
from headgate.settings import load_settings
from tests.postgresql import PostgreSql
from tests.sharing import Sharing
from tests.telling import Telling

# Many histories of middle length find more than a few long ones. No deadline for one example: a busy
# machine is no failure. `headgate` plays the same histories every time, so that a commit is judged by
# what it changed; `make test-long` takes the other profile, which seeks new ones.
settings.register_profile(
    "headgate", max_examples=500, stateful_step_count=25, deadline=None, derandomize=True, print_blob=True
)
settings.register_profile("long", max_examples=10_000, stateful_step_count=25, deadline=None, print_blob=True)
settings.load_profile("headgate")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that are marked `long` as well")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Telling(), "telling")
    config.pluginmanager.register(Sharing(), "sharing")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless it was asked for; whatever -m says of other marks still holds."""
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in set(long)]


@pytest.fixture(scope="session")
def engine_221() -> Engine:
    """Flink 2.2.1, installed once into the cache that the program itself uses."""
    return EngineFolder(load_settings().cache_dir).install(EngineVersion("2.2.1"), lambda _: None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """One PostgreSQL for all tests; each has databases of its own in it."""
    server = PostgreSql()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def migrated_template(postgresql: PostgreSql) -> str:
    """The name of a database that the migrations made, to be copied."""
    name = postgresql.make_database()
    engine = connect(postgresql.name_url(name))
    upgrade(engine)
    engine.dispose()
    return name


@pytest.fixture
def postgresql_url(postgresql: PostgreSql, migrated_template: str) -> Iterator[str]:
    """A PostgreSQL database with its tables."""
    name = postgresql.make_database(migrated_template)
    yield postgresql.name_url(name)
    postgresql.drop(name)


@pytest.fixture
def empty_postgresql_url(postgresql: PostgreSql) -> Iterator[str]:
    """A PostgreSQL database without tables."""
    name = postgresql.make_database()
    yield postgresql.name_url(name)
    postgresql.drop(name)
