"""Whom the contract's questions are put to: the fake, and Flink of every line that Headgate knows.

One version is asked everything in every run, the others only what is marked `smoke`; the rest is `long`.
`pytest tests/adapters/flink/contract --long -k 1.20.5` asks one version everything.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.install import EngineFolder
from headgate.adapters.engine.local_cluster import EmbeddedCluster
from headgate.adapters.flink.gateway import ClientEnds, RestGateway
from headgate.adapters.flink.rest import FlinkRest
from headgate.adapters.flink.sql.client import SqlClient
from headgate.domain.clusters import EngineVersion
from headgate.ports.engines import Engine
from headgate.settings import load_settings
from tests.adapters.flink.contract.fake_world import FakeWorld
from tests.adapters.flink.contract.real_world import SHAPE, RealWorld
from tests.adapters.flink.contract.worlds import Asked
from tests.adapters.flink.versions import OTHERS, WHOLE
from tests.jars.build import build_test_jar

FAKE = "fake"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each Flink that the question is for; `flink` asks the fake too, `real_flink` does not."""
    if "asked_of" not in metafunc.fixturenames:
        return
    is_smoke = metafunc.definition.get_closest_marker("smoke") is not None
    others = [pytest.mark.real] if is_smoke else [pytest.mark.real, pytest.mark.long]
    found = [pytest.param(WHOLE, marks=pytest.mark.real), *(pytest.param(each, marks=others) for each in OTHERS)]
    if "flink" in metafunc.fixturenames:
        found.insert(0, pytest.param(FAKE))
    metafunc.parametrize("asked_of", found, indirect=True, scope="session")


@pytest.fixture(scope="session")
def asked_of(request: pytest.FixtureRequest) -> str:
    """The fake, or a version of Flink."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def engine(asked_of: str) -> Engine:
    return EngineFolder(load_settings().cache_dir).install(EngineVersion(asked_of), lambda _: None)


@pytest.fixture(scope="session")
def test_jar(engine: Engine) -> Path:
    return build_test_jar(engine, load_settings().cache_dir)


@pytest.fixture(scope="session")
def real_world(engine: Engine, test_jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWorld]:
    """A cluster of this version, for as long as tests ask it."""
    clock = SystemClock()
    embedded = EmbeddedCluster(tmp_path_factory.mktemp("contract"), engine, SHAPE, clock)
    sql = SqlClient(lambda _: engine, tmp_path_factory.mktemp("contract-sql"))
    gateway = RestGateway(FlinkRest(clock), sql, ClientEnds(close=sql.close))
    try:
        yield RealWorld(embedded, gateway, test_jar, engine.version)
    finally:
        gateway.close()
        embedded.stop()


@pytest.fixture
def flink(asked_of: str, request: pytest.FixtureRequest) -> Iterator[Asked]:
    asked = Asked(FakeWorld() if asked_of == FAKE else request.getfixturevalue("real_world"))
    yield asked
    asked.clean()


@pytest.fixture
def real_flink(real_world: RealWorld) -> Iterator[Asked]:
    asked = Asked(real_world)
    yield asked
    asked.clean()
