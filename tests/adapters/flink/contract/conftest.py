"""The worlds that the contract is kept in. The real cluster lives for the whole session.

`HEADGATE_CONTRACT_ENGINE=1.20.5 pytest tests/adapters/flink/contract` asks another version of Flink.
"""

import os
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
from headgate.ports.engines import Engine, LocalClusterShape
from headgate.settings import load_settings
from tests.adapters.flink.contract.worlds import Asked, FakeWorld, RealWorld, World
from tests.jars.build import build_test_jar


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Engine:
    version = os.environ.get("HEADGATE_CONTRACT_ENGINE")
    if version is None:
        found: Engine = request.getfixturevalue("engine_221")
        return found
    return EngineFolder(load_settings().cache_dir).install(EngineVersion(version), lambda _: None)


@pytest.fixture(scope="session")
def test_jar(engine: Engine) -> Path:
    return build_test_jar(engine, load_settings().cache_dir)


@pytest.fixture(scope="session")
def real_world(engine: Engine, test_jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWorld]:
    clock = SystemClock()
    embedded = EmbeddedCluster(tmp_path_factory.mktemp("contract"), engine, LocalClusterShape(), clock)
    sql = SqlClient(lambda _: engine, tmp_path_factory.mktemp("contract-sql"))
    gateway = RestGateway(FlinkRest(clock), sql, ClientEnds(close=sql.close))
    try:
        yield RealWorld(embedded, gateway, test_jar, engine.version)
    finally:
        gateway.close()
        embedded.stop()


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.real)])
def flink(request: pytest.FixtureRequest) -> Iterator[Asked]:
    world: World = FakeWorld() if request.param == "fake" else request.getfixturevalue("real_world")
    asked = Asked(world)
    yield asked
    asked.clean()


@pytest.fixture
def real_flink(real_world: RealWorld) -> Iterator[Asked]:
    asked = Asked(real_world)
    yield asked
    asked.clean()
