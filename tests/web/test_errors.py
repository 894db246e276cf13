"""The shape of every refusal, in both languages, on every route."""

import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from headgate.domain import errors
from headgate.domain.errors import FlinkRejected, HeadgateError, NotFound
from headgate.web.context import WebContext
from headgate.web.errors import STATUSES, find_status
from tests.services.world import World
from tests.web.conftest import TOKEN

API = "/api/v1"
UNKNOWN = [
    ("GET", "/jobs/job-0", "job_not_found"),
    ("PATCH", "/jobs/job-0", "job_not_found"),
    ("DELETE", "/jobs/job-0", "job_not_found"),
    ("GET", "/jobs/job-0/draft", "job_not_found"),
    ("PUT", "/jobs/job-0/draft", "job_not_found"),
    ("POST", "/jobs/job-0/draft/check", "job_not_found"),
    ("POST", "/jobs/job-0/versions", "job_not_found"),
    ("GET", "/jobs/job-0/versions", "job_not_found"),
    ("GET", "/jobs/job-0/versions/1", "job_not_found"),
    ("POST", "/jobs/job-0/operations", "job_not_found"),
    ("GET", "/jobs/job-0/operations", "job_not_found"),
    ("GET", "/jobs/job-0/instances", "job_not_found"),
    ("GET", "/jobs/job-0/snapshots", "job_not_found"),
    ("GET", "/jobs/job-0/events", "job_not_found"),
    ("GET", "/jobs/job-0/trace", "job_not_found"),
    ("POST", "/jobs/job-0/refresh", "job_not_found"),
    ("GET", "/operations/op-0", "operation_not_found"),
    ("DELETE", "/operations/op-0", "operation_not_found"),
    ("GET", "/instances/inst-0", "instance_not_found"),
    ("GET", "/snapshots/snap-0", "snapshot_not_found"),
    ("GET", "/clusters/none", "cluster_not_found"),
    ("PATCH", "/clusters/none", "cluster_not_found"),
    ("DELETE", "/clusters/none", "cluster_not_found"),
    ("POST", "/clusters/none/check", "cluster_not_found"),
    ("GET", "/artifacts/art-0", "artifact_not_found"),
    ("DELETE", "/artifacts/art-0", "artifact_not_found"),
    ("GET", "/workspaces/none/jobs", "workspace_not_found"),
    ("POST", "/workspaces/none/jobs", "workspace_not_found"),
    ("GET", "/workspaces/none/operations", "workspace_not_found"),
    ("GET", "/workspaces/none/instances", "workspace_not_found"),
    ("GET", "/workspaces/none/events", "workspace_not_found"),
    ("GET", "/workspaces/none/artifacts", "workspace_not_found"),
    ("GET", "/nothing/here", "route_not_found"),
]
BODIES: dict[str, Any] = {
    "/jobs/job-0": {},
    "/jobs/job-0/draft": {"type": "SQL", "sql": "x"},
    "/jobs/job-0/versions": {"description": "x"},
    "/jobs/job-0/operations": {"verb": "pause"},
    "/clusters/none": {},
    "/workspaces/none/jobs": {"name": "a", "spec": {"type": "SQL", "sql": "x"}},
}
CASES = pytest.mark.parametrize(("method", "path", "code"), UNKNOWN, ids=lambda case: str(case))


@CASES
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_does_not_exist_is_said_in_the_reader_s_language(
    client: TestClient, method: str, path: str, code: str, language: str
) -> None:
    response = client.request(
        method,
        API + path,
        json=BODIES.get(path) if method in {"POST", "PUT", "PATCH"} else None,
        headers={"Accept-Language": language, "If-Match": '"1"'},
    )
    problem = response.json()
    assert (response.status_code, problem["code"]) == (404, code)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in problem["detail"]) == (language == "zh")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in problem["hint"]) == (language == "zh")
    assert problem["type"] == f"urn:headgate:problem:{code}"


@CASES
def test_nobody_gets_further_without_a_token(server: TestClient, method: str, path: str, code: str) -> None:
    for headers, expected in (
        ({}, "token_missing"),
        ({"Authorization": "Bearer wrong"}, "token_not_known"),
        ({"Authorization": f"Basic {TOKEN}"}, "token_not_known"),
        ({"Authorization": "Bearer "}, "token_missing"),
    ):
        response = server.request(method, API + path, headers=headers, content=b"{" * 10)
        assert (response.status_code, response.json()["code"]) == (401, expected)
        assert response.headers["www-authenticate"] == 'Bearer realm="headgate"'
        assert "wrong" not in response.text


def test_every_class_of_errors_has_a_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HeadgateError)]
    for kind in kinds:
        if kind is not HeadgateError:
            assert any(parent in STATUSES for parent in kind.__mro__), kind
    assert find_status(FlinkRejected("no")) == 502


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB, zh;q=0.5", "en"),
        ("fr, zh;q=0.2", "zh"),
        ("fr", "en"),
        ("zh;q=nonsense", "en"),
        ("zh;q=0", "en"),
        ("", "en"),
    ],
    ids=str,
)
def test_the_best_language_that_there_is(client: TestClient, accepted: str, language: str) -> None:
    detail = client.get(f"{API}/jobs/job-0", headers={"Accept-Language": accepted}).json()["detail"]
    assert ("作业" in detail) == (language == "zh")


def test_a_wrong_method_names_the_right_ones(client: TestClient) -> None:
    response = client.put(f"{API}/me")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD"


def test_a_request_keeps_its_own_id(client: TestClient) -> None:
    given = client.get(f"{API}/jobs/job-0", headers={"X-Request-Id": "deploy-42"})
    assert (given.json()["request_id"], given.headers["x-request-id"]) == ("deploy-42", "deploy-42")
    silly = client.get(f"{API}/me", headers={"X-Request-Id": "two words\t"})
    assert len(silly.headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8110", 200),
        ("127.0.0.1:8110", 200),
        ("[::1]:8110", 200),
        ("::1", 200),
        ("192.168.1.5", 200),
        ("flink.example.org:443", 200),
        ("evil.example.com", 421),
        ("localhost.evil.example.com", 421),
        ("", 421),
    ],
    ids=str,
)
def test_a_foreign_host_name_is_refused(server: TestClient, host: str, status: int) -> None:
    response = server.get("/healthz", headers={"Host": host})
    assert response.status_code == status
    if status != 200:
        assert response.json()["code"] == "host_not_allowed"


class TestBug:
    @pytest.fixture
    def broken(self, world: World, monkeypatch: pytest.MonkeyPatch) -> World:
        def fail(*_: object) -> None:
            raise ZeroDivisionError("secret inside")

        monkeypatch.setattr(world.compiler, "check", fail)
        return world

    def test_it_becomes_a_problem_and_stands_in_the_log(
        self, broken: World, client: TestClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken.add_cluster()
        job = broken.add_job()
        with caplog.at_level(logging.ERROR):
            response = client.post(f"{API}/jobs/{job.id}/draft/check", headers={"X-Request-Id": "here"})
        assert (response.status_code, response.json()["code"]) == (500, "internal_error")
        assert "secret inside" not in response.text
        assert "ZeroDivisionError" in caplog.text
        assert "here" in caplog.text


class TestOutside:
    def test_a_missing_engine_is_told_with_its_words(self, world: World, client: TestClient) -> None:
        def fail(*_: object) -> None:
            raise NotFound("engine_not_installed", version="2.2.1")

        world.compiler.check = fail  # type: ignore[assignment]  # the world's compiler meets a missing engine
        world.add_cluster()
        response = client.post(f"{API}/jobs/{world.add_job().id}/draft/check")
        assert (response.status_code, response.json()["code"]) == (404, "engine_not_installed")


def test_a_database_that_does_not_answer_is_unavailable(
    context: WebContext, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise errors.Unavailable("database_unavailable", where="sqlite", cause="disk I/O error")

    monkeypatch.setattr(context.store, "read", fail)
    response = client.get(f"{API}/jobs/job-0")
    assert (response.status_code, response.json()["code"]) == (503, "database_unavailable")
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert ready.json()["checks"][0]["code"] == "database_unavailable"
    assert client.get("/healthz").status_code == 200
