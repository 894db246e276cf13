"""Idempotency keys: a request that comes twice acts once, also when both come at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from headgate.adapters.db.connect import connect
from headgate.adapters.db.migrate import upgrade
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.domain.lifecycle import Settled
from headgate.web.app import create_app
from tests.services.world import World, make_jar
from tests.web.conftest import TOKEN, build_context

KEY = {"Idempotency-Key": "deploy-42"}
JOBS = "/api/v1/workspaces/default/jobs"
JOB = {"name": "orders", "spec": {"type": "SQL", "sql": "INSERT INTO b SELECT 1"}}
CLUSTER = {"name": "east", "url": "http://east:8081", "engine_version": "2.2.1"}

Call = Callable[[World], tuple[str, dict[str, Any], dict[str, Any]]]


def _create_job(_: World) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return JOBS, JOB, {**JOB, "name": "other"}


def _publish(world: World) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return f"/api/v1/jobs/{world.add_job().id}/versions", {"description": "a"}, {"description": "b"}


def _operate(world: World) -> tuple[str, dict[str, Any], dict[str, Any]]:
    world.add_cluster()
    path = f"/api/v1/jobs/{world.add_settled(Settled.RUNNING).id}/operations"
    return path, {"verb": "savepoint"}, {"verb": "pause"}


def _create_cluster(_: World) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return "/api/v1/clusters", CLUSTER, {**CLUSTER, "name": "west"}


CALLS = pytest.mark.parametrize("call", [_create_job, _publish, _operate, _create_cluster])


@CALLS
def test_the_same_request_is_answered_the_same_and_acts_once(world: World, client: TestClient, call: Call) -> None:
    path, body, _ = call(world)
    first = client.post(path, json=body, headers=KEY)
    again = client.post(path, json=body, headers=KEY)
    assert first.status_code in {201, 202}
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    listed = client.get(path).json()["items"]
    assert len(listed) == 1


@CALLS
def test_another_request_under_the_same_key_is_refused(world: World, client: TestClient, call: Call) -> None:
    path, body, other = call(world)
    client.post(path, json=body, headers=KEY)
    refused = client.post(path, json=other, headers=KEY)
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused")
    assert len(client.get(path).json()["items"]) == 1


def test_the_same_body_to_another_address_is_another_request(world: World, client: TestClient) -> None:
    paths = [f"/api/v1/jobs/{world.add_job(name).id}/versions" for name in ("a", "b")]
    answers = [client.post(path, json={"description": "x"}, headers=KEY).status_code for path in paths]
    assert answers == [201, 409]


def test_a_refusal_is_not_kept(world: World, client: TestClient) -> None:
    job = world.add_published()
    path = f"/api/v1/jobs/{job.id}/operations"
    body = {"verb": "run", "options": {"from": "NONE"}}
    assert client.post(path, json=body, headers=KEY).json()["code"] == "cluster_missing"
    world.add_cluster()
    assert client.post(path, json=body, headers=KEY).status_code == 202


def test_a_key_is_good_for_a_day(world: World, client: TestClient) -> None:
    path = f"/api/v1/jobs/{world.add_job().id}/versions"
    client.post(path, json={"description": "x"}, headers=KEY)
    world.clock.advance(timedelta(hours=23, minutes=59).total_seconds())
    assert client.post(path, json={"description": "x"}, headers=KEY).json()["version"]["number"] == 1
    world.clock.advance(61)
    assert client.post(path, json={"description": "x"}, headers=KEY).json()["version"]["number"] == 2


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "a\tb", "\x7f"], ids=["empty", "blank", "long", "tab", "control"])
def test_a_key_is_a_short_printable_text(world: World, client: TestClient, key: str) -> None:
    path = f"/api/v1/jobs/{world.add_job().id}/versions"
    response = client.post(path, json={"description": "x"}, headers={"Idempotency-Key": key})
    assert (response.status_code, response.json()["problems"][0]["path"]) == (422, "Idempotency-Key")
    assert client.get(path).json()["items"] == []


def test_an_upload_is_told_apart_by_its_content(client: TestClient) -> None:
    path = "/api/v1/workspaces/default/artifacts"
    first = client.post(path, files={"file": ("a.jar", make_jar())}, headers=KEY)
    again = client.post(path, files={"file": ("a.jar", make_jar())}, headers=KEY)
    # As long as the first one.
    other = client.post(path, files={"file": ("a.jar", make_jar("demo.Niam"))}, headers=KEY)
    assert (first.status_code, again.json()) == (201, first.json())
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


@pytest.fixture
def busy(tmp_path: Path) -> World:
    """A world on a database file, where requests really meet."""
    engine = connect(tmp_path / "headgate.sqlite")
    upgrade(engine)
    return World(DatabaseStore(engine), tmp_path)


@pytest.mark.parametrize("headers", [KEY, {}], ids=["with a key", "as a double click"])
def test_requests_at_the_same_moment_act_once(busy: World, headers: dict[str, str]) -> None:
    path, body, _ = _operate(busy)
    app = create_app(build_context(busy))
    with TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        with ThreadPoolExecutor(8) as threads:
            sent = [threads.submit(client.post, path, json=body, headers=headers) for _ in range(16)]
            answers = [future.result() for future in sent]
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert len(client.get(path).json()["items"]) == 1
    busy.store.close()


def test_of_many_who_take_a_name_at_the_same_moment_one_has_it(busy: World) -> None:
    app = create_app(build_context(busy))
    with TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: client.post(JOBS, json=JOB).status_code, range(16)))
        assert sorted(answers) == [201] + [409] * 15
    busy.store.close()
