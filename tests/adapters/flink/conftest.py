"""A gateway and a scripted server for it to talk to."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.flink.gateway import RestGateway
from headgate.adapters.flink.rest import FlinkRest
from headgate.domain.clusters import Cluster
from headgate.ports.sql import SqlSubmission
from tests.adapters.flink.contract.worlds import CLUSTER
from tests.fakes.http_server import ScriptedServer


class SqlLog:
    """Keeps what it is given to submit."""

    def __init__(self) -> None:
        self.sent: list[SqlSubmission] = []

    def submit(self, request: SqlSubmission) -> None:
        self.sent.append(request)


@pytest.fixture
def sql() -> SqlLog:
    return SqlLog()


@pytest.fixture
def gateway(sql: SqlLog) -> Iterator[RestGateway]:
    found = RestGateway(FlinkRest(SystemClock()), sql)
    yield found
    found.close()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer({}) as running:
        yield running


@pytest.fixture
def cluster(server: ScriptedServer) -> Cluster:
    return replace(CLUSTER, url=server.url)
