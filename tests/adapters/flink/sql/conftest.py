"""A client JVM for all tests of this area, and a real cluster to submit to."""

import json
import socket
import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.local_cluster import EmbeddedCluster
from headgate.adapters.flink.sql.client import SqlClient, SqlTimeouts
from headgate.ports.engines import Engine, LocalClusterShape
from headgate.ports.sql import CheckedScript, SqlSubmission

TABLES = """\
CREATE TABLE orders (id INT, item STRING) WITH ('connector' = 'datagen', 'rows-per-second' = '1');
CREATE TABLE sink (id INT) WITH ('connector' = 'blackhole');
"""
SCRIPT = f"{TABLES}INSERT INTO sink SELECT id FROM orders;\n"

Check = Callable[..., CheckedScript]


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sql-run")


@pytest.fixture(scope="session")
def sql_client(engine_221: Engine, run_dir: Path) -> Iterator[SqlClient]:
    """A hung JobManager is given up soon; planning may take its time on a busy machine."""
    client = SqlClient(lambda _: engine_221, run_dir, SqlTimeouts(submit_s=60, silence_s=5))
    client.warm_up(engine_221.version)
    yield client
    client.close()


@pytest.fixture(scope="session")
def check(sql_client: SqlClient, engine_221: Engine) -> Check:
    def run(script: str, settings: dict[str, str] | None = None, jars: tuple[Path, ...] = ()) -> CheckedScript:
        return sql_client.check(engine_221.version, script, settings or {}, jars)

    return run


class Cluster:
    """A cluster's REST address, and the little that these tests ask of it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
            return json.load(answer)

    def states(self) -> dict[str, str]:
        return {job["jid"]: job["state"] for job in self.get("/jobs/overview")["jobs"]}

    def cancel(self, job: str) -> None:
        request = urllib.request.Request(f"{self.url}/jobs/{job}", method="PATCH")
        with urllib.request.urlopen(request, timeout=10):
            pass


@pytest.fixture(scope="session")
def cluster(engine_221: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    embedded = EmbeddedCluster(tmp_path_factory.mktemp("sql-cluster"), engine_221, LocalClusterShape(), SystemClock())
    try:
        yield Cluster(embedded.ensure_running().rest_url)
    finally:
        embedded.stop()


@pytest.fixture
def submission(engine_221: Engine) -> Callable[..., SqlSubmission]:
    def make(url: str, script: str = SCRIPT, **configuration: str) -> SqlSubmission:
        settings = {key.replace("__", "-").replace("_", "."): value for key, value in configuration.items()}
        return SqlSubmission(engine_221.version, script, url, uuid.uuid4().hex, "a job", settings)

    return make


@pytest.fixture
def deaf_server() -> Iterator[str]:
    """A loopback address that accepts connections and never answers."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connections.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    for connection in connections:
        connection.close()


@pytest.fixture
def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"
