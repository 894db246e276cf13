"""The server itself over HTTP: where the documents are, whether it is well, and how it takes any method."""

import json
import re

import pytest
from starlette.testclient import TestClient

from headgate.domain.clusters import Reachability
from headgate.domain.lifecycle import Settled
from headgate.domain.operations import Finding
from headgate.services.health import Check
from headgate.web.app import create_app
from headgate.web.context import WebContext
from tests.services.world import World
from tests.web.conftest import TOKEN, build_context

API = "/api/v1"


def test_the_front_says_where_the_documents_are(server: TestClient) -> None:
    front = server.get("/").json()
    assert {"name", "version", "api", "openapi", "documentation"} <= set(front)
    for link in (value for name, value in front.items() if value.startswith("/") and name != "api"):
        assert server.get(link).status_code in {200, 503}, link


@pytest.mark.parametrize(("language", "chinese"), [("en", False), ("zh-CN", True)])
def test_a_browser_gets_pages_that_need_nothing_from_elsewhere(
    server: TestClient, language: str, chinese: bool
) -> None:
    headers = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": language}
    for path in ("/", f"{API}/docs"):
        page = server.get(path, headers=headers)
        assert page.headers["content-type"].startswith("text/html")
        assert "<script" not in page.text
        assert not re.search(r"(src|href)=.(?!/)", page.text)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in page.text) == chinese


def test_the_page_of_the_api_has_every_endpoint(server: TestClient) -> None:
    page = server.get(f"{API}/docs").text
    for path in server.get(f"{API}/openapi.json").json()["paths"]:
        assert path in page


def test_health_needs_no_token_and_no_database(server: TestClient) -> None:
    assert server.get("/healthz").json() == {"status": "ok", "version": "0"}


def test_readiness_lists_what_must_be_well(server: TestClient) -> None:
    ready = server.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert [set(check) for check in ready.json()["checks"]] == [{"name", "ok", "code", "message", "advice"}]


def test_a_reconciler_that_stands_still_makes_the_server_not_ready(world: World) -> None:
    context = build_context(world)
    silent = WebContext(
        **{name: getattr(context, name) for name in WebContext.__slots__ if name != "readiness"},
        readiness=lambda: [Check("reconciler", Finding("reconciler_silent"))],
    )
    with TestClient(create_app(silent), base_url="http://localhost") as server:
        ready = server.get("/readyz", headers={"Accept-Language": "zh"})
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    broken = next(check for check in ready.json()["checks"] if not check["ok"])
    assert (broken["name"], broken["code"]) == ("reconciler", "reconciler_silent")
    assert broken["message"]
    assert broken["advice"]


def test_metrics_count_what_is_there(world: World, server: TestClient) -> None:
    world.see_cluster(world.add_cluster(), Reachability.UNREACHABLE)
    world.add_settled(Settled.RUNNING)
    text = server.get("/metrics")
    assert text.headers["content-type"].startswith("text/plain")
    assert 'headgate_jobs{phase="RUNNING"} 1\n' in text.text
    assert 'headgate_cluster_up{cluster="local"} 0\n' in text.text
    assert all(re.fullmatch(r'# .+|\w+(\{(\w+="[^"]*",?)+\})? \d+', line) for line in text.text.splitlines())


def test_me_tells_who_the_token_belongs_to(client: TestClient) -> None:
    me = client.get(f"{API}/me")
    assert me.json() == {"name": "mei", "token_id": "token-1", "workspaces": ["default"]}
    assert TOKEN not in me.text


READ = ["/", "/healthz", "/readyz", "/metrics", f"{API}/me", f"{API}/openapi.json", f"{API}/docs", f"{API}/clusters"]


@pytest.mark.parametrize("path", READ)
def test_head_is_answered_as_get_without_the_body(client: TestClient, path: str) -> None:
    read, head = client.get(path), client.head(path)
    assert (head.status_code, head.headers["content-type"]) == (read.status_code, read.headers["content-type"])
    assert head.content == b""


def test_head_of_what_is_not_there(client: TestClient) -> None:
    assert client.head(f"{API}/jobs/job-0").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("OPTIONS", "/jobs/{job}", "GET HEAD PATCH DELETE"),
        ("POST", "/jobs/{job}", "GET HEAD PATCH DELETE"),
        ("PUT", "/workspaces/default/jobs", "GET HEAD POST"),
        ("GET", "/jobs/{job}/refresh", "POST"),
        ("TRACE", "/me", "GET HEAD"),
        ("BREW", "/clusters", "GET HEAD POST"),
        ("POST", "/openapi.json", "GET HEAD"),
    ],
    ids=str,
)
def test_a_wrong_method_names_all_right_ones(
    world: World, client: TestClient, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, API + path.format(job=world.add_job().id))
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert set(response.headers["allow"].split(", ")) == set(allowed.split())


@pytest.mark.parametrize("path", ["/nothing", f"{API}/nothing", f"{API}/jobs/a/b/c", f"{API}/", "/static/x", "//x"])
def test_an_unknown_address_is_told_so(client: TestClient, path: str) -> None:
    response = client.get(f"http://localhost{path}")
    assert (response.status_code, response.json()["code"]) == (404, "route_not_found")


@pytest.mark.parametrize("path", ["/jobs/%00", "/jobs/a%00b/draft", "/workspaces/default/jobs?q=%00", "/clusters/%00"])
def test_a_null_character_in_an_address_reaches_no_database(client: TestClient, path: str) -> None:
    response = client.get(API + path)
    assert (response.status_code, response.json()["problems"][0]["code"]) == (422, "text_characters")


@pytest.mark.parametrize("name", ["%ED%A0%80", "%FF", "..%2f..%2fetc", "x" * 5000, "%E6%97%A5", "%27%3B--", "%25"])
def test_an_odd_name_is_only_not_found(client: TestClient, name: str) -> None:
    assert client.get(f"{API}/jobs/{name}").status_code == 404
    assert client.get(f"{API}/clusters/{name}").status_code == 404


def test_nothing_is_stored_by_browsers_and_no_kind_of_text_is_guessed(client: TestClient) -> None:
    headers = client.get(f"{API}/me").headers
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_the_document_is_json_that_other_programs_read(server: TestClient) -> None:
    document = server.get(f"{API}/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert "NaN" not in json.dumps(document)
