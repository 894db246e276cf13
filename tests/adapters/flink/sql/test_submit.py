"""A script becomes exactly one Flink job under our id, and every way to fail is told apart."""

import socket
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.adapters.flink.sql.client import SqlClient
from headgate.domain.errors import FlinkOutcomeUnknown, FlinkRejected, FlinkUnavailable, Invalid
from headgate.ports.engines import Engine
from headgate.ports.sql import SqlSubmission
from tests.adapters.flink.sql.conftest import SCRIPT, TABLES, Cluster

pytestmark = pytest.mark.real

Make = Callable[..., SqlSubmission]


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    path = tmp_path / "what's in.jar"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    return path


def test_nothing_is_sent_without_permission(
    sql_client: SqlClient, cluster: Cluster, submission: Callable[..., SqlSubmission]
) -> None:
    """A server may lose its lease while its client JVM is still being started."""
    request = replace(submission(cluster.url), may_send=lambda: False)
    with pytest.raises(FlinkUnavailable, match="lease"):
        sql_client.submit(request)
    assert request.flink_job_id not in cluster.states()


def test_the_job_runs_under_our_id_and_name(sql_client: SqlClient, cluster: Cluster, submission: Make) -> None:
    request = replace(submission(cluster.url, parallelism_default="1"), job_name="订单 2")
    sql_client.submit(request)
    try:
        job = cluster.get(f"/jobs/{request.flink_job_id}")
        assert job["name"] == "订单 2"
        assert job["vertices"][0]["parallelism"] == 1
    finally:
        cluster.cancel(request.flink_job_id)


def test_a_whole_script_is_one_job(sql_client: SqlClient, cluster: Cluster, submission: Make, jar: Path) -> None:
    before = set(cluster.states())
    quoted = str(jar).replace("'", "''")
    request = submission(
        cluster.url,
        f"SET 'table.exec.mini-batch.enabled' = 'false'; ADD JAR '{quoted}'; {TABLES}"
        "CREATE TABLE other (id INT) WITH ('connector' = 'blackhole');\n"
        "INSERT INTO sink SELECT id FROM orders; INSERT INTO other SELECT id + 1 FROM orders;",
        parallelism_default="1",
    )
    sql_client.submit(replace(request, jars=(jar,)))
    try:
        assert set(cluster.states()) - before == {request.flink_job_id}
        names = " ".join(vertex["name"] for vertex in cluster.get(f"/jobs/{request.flink_job_id}")["vertices"])
        assert "sink" in names
        assert "other" in names
    finally:
        cluster.cancel(request.flink_job_id)


def test_the_configuration_of_the_caller_wins_over_the_script(
    sql_client: SqlClient, cluster: Cluster, submission: Make
) -> None:
    request = submission(
        cluster.url,
        f"SET 'pipeline.max-parallelism' = '7'; {SCRIPT}",
        pipeline_max__parallelism="9",
        parallelism_default="1",
    )
    sql_client.submit(request)
    try:
        assert cluster.get(f"/jobs/{request.flink_job_id}")["vertices"][0]["maxParallelism"] == 9
    finally:
        cluster.cancel(request.flink_job_id)


def test_the_same_id_again_is_a_duplicate(sql_client: SqlClient, cluster: Cluster, submission: Make) -> None:
    request = submission(cluster.url, parallelism_default="1")
    sql_client.submit(request)
    try:
        with pytest.raises(FlinkRejected) as caught:
            sql_client.submit(request)
        assert caught.value.is_duplicate
    finally:
        cluster.cancel(request.flink_job_id)


def test_a_restore_point_that_is_gone_is_refused_and_burns_the_id(
    sql_client: SqlClient, cluster: Cluster, submission: Make, tmp_path: Path
) -> None:
    missing = (tmp_path / "gone").as_uri()
    request = submission(cluster.url, execution_state__recovery_path=missing, parallelism_default="1")
    with pytest.raises(FlinkRejected) as caught:
        sql_client.submit(request)
    assert not caught.value.is_duplicate
    assert missing in caught.value.cause
    assert cluster.states()[request.flink_job_id] == "FAILED"


@pytest.mark.parametrize(
    ("script", "code", "place"),
    [
        pytest.param("SELECT 1", "sql_select", (1, 1), id="refused by Headgate"),
        pytest.param(TABLES + "INSERT INTO sink SELECT nope FROM orders", "sql_column_unknown", (3, 25), id="bad SQL"),
        pytest.param(
            SCRIPT + "CREATE TABLE x (id INT) WITH ('connector' = 'nope'); INSERT INTO x SELECT id FROM orders",
            "sql_connector_unknown",
            (4, 54),
            id="only the planner finds it",
        ),
    ],
)
def test_bad_sql_is_told_before_anything_is_sent(
    sql_client: SqlClient, submission: Make, closed_port: str, script: str, code: str, place: tuple[int, int]
) -> None:
    with pytest.raises(Invalid) as caught:
        sql_client.submit(submission(closed_port, script))
    assert caught.value.code == "sql_invalid"
    (problem,) = caught.value.problems
    assert (problem.code, (problem.line, problem.column)) == (code, place)


def test_a_job_manager_that_is_gone_leaves_the_outcome_open(
    sql_client: SqlClient, submission: Make, closed_port: str
) -> None:
    with pytest.raises(FlinkOutcomeUnknown) as caught:
        sql_client.submit(submission(closed_port))
    assert "refused" in caught.value.cause


def test_an_address_that_does_not_exist_is_surely_not_reached(sql_client: SqlClient, submission: Make) -> None:
    with pytest.raises(FlinkUnavailable):
        sql_client.submit(submission("http://no-such-host.invalid:8081"))


def test_a_job_manager_that_never_answers_leaves_the_outcome_open(
    sql_client: SqlClient, engine_221: Engine, submission: Make, deaf_server: str
) -> None:
    """It ends by Flink's own idle time-out; the JVM lives, and other calls go on meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sql_client.submit, submission(deaf_server))
        assert sql_client.check(engine_221.version, SCRIPT, {}, ()).is_ok
        assert not waiting.done()
        error = waiting.exception(timeout=60)
    assert isinstance(error, FlinkOutcomeUnknown)
    assert "idle" in error.cause


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("http://h:81", ("h", "81", None, None), id="plain"),
        pytest.param("http://h/", ("h", "80", None, None), id="without a port"),
        pytest.param("https://h/flink/", ("h", "443", "/flink", "true"), id="TLS behind a path"),
        pytest.param("http://[::1]:8081", ("::1", "8081", None, None), id="IPv6"),
    ],
)
def test_an_address_becomes_flink_s_own_keys(
    sql_client: SqlClient, submission: Make, url: str, expected: tuple[str | None, ...]
) -> None:
    settings = sql_client._configure(submission(url, rest_retry_max__attempts="9"))
    keys = ("rest.address", "rest.port", "rest.path", "security.ssl.rest.enabled")
    assert tuple(settings.get(key) for key in keys) == expected
    assert settings["rest.retry.max-attempts"] == "0"


def test_a_broken_connection_is_not_tried_again(sql_client: SqlClient, submission: Make) -> None:
    """And a path before the REST API is kept."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def answer_with_silence() -> None:
            for _ in range(2):
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                with connection:
                    requests.append(connection.recv(1000).splitlines()[0])

        pool.submit(answer_with_silence)
        with pytest.raises(FlinkOutcomeUnknown):
            sql_client.submit(submission(f"http://127.0.0.1:{server.getsockname()[1]}/flink"))
        server.shutdown(socket.SHUT_RDWR)
    assert requests == [b"POST /flink/v1/jobs HTTP/1.1"]
