"""Engines over HTTP: listed, installed by a task that tells how far it is, removed unless a cluster runs them."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from headgate.domain.errors import EngineFailed
from tests.fakes.engines import PATIENCE_S, FakeEngines
from tests.services.world import World

ENGINES = "/api/v1/engines"
TASK = {
    "id", "version", "status", "progress", "message", "code", "cause", "advice", "requested_by", "requested_at",
    "ended_at",
}  # fmt: skip


def end_of(world: World, client: TestClient, task: dict[str, Any]) -> dict[str, Any]:
    world.await_started()
    found: dict[str, Any] = client.get(f"/api/v1/tasks/{task['id']}").json()
    return found


@pytest.fixture
def engines(world: World) -> FakeEngines:
    return world.engines


def test_what_is_installed_is_listed_newest_first(world: World, client: TestClient) -> None:
    for version in ("2.10.0", "1.20.5", "2.9.3"):
        end_of(world, client, client.post(ENGINES, json={"version": version}).json())
    listed = client.get(ENGINES).json()["items"]
    assert [engine["version"] for engine in listed] == ["2.10.0", "2.9.3", "2.2.1", "1.20.5"]
    assert client.get(f"{ENGINES}/2.2.1").json() == {"version": "2.2.1", "home": "/engines/2.2.1"}


def test_an_installation_tells_how_far_it_is(world: World, client: TestClient, engines: FakeEngines) -> None:
    engines.gate.clear()
    response = client.post(ENGINES, json={"version": "2.3.0"})
    task = response.json()
    assert (response.status_code, set(task), task["status"]) == (202, TASK, "RUNNING")
    assert engines.reached.wait(PATIENCE_S)
    half = client.get(f"/api/v1/tasks/{task['id']}").json()
    assert (half["status"], half["progress"], half["message"]) == ("RUNNING", 0.25, "Downloading Flink")
    assert client.get(f"{ENGINES}/2.3.0").status_code == 404
    engines.gate.set()
    end = end_of(world, client, task)
    assert (end["status"], end["progress"], end["code"]) == ("SUCCESS", 1.0, None)
    assert "2.3.0" in end["message"]
    assert end["ended_at"]
    assert client.get(f"{ENGINES}/2.3.0").status_code == 200


def test_asked_twice_it_is_installed_once(world: World, client: TestClient, engines: FakeEngines) -> None:
    engines.gate.clear()
    tasks = [client.post(ENGINES, json={"version": "2.3.0"}).json()["id"] for _ in range(3)]
    engines.gate.set()
    end_of(world, client, {"id": tasks[0]})
    assert (len(set(tasks)), engines.installs) == (1, 1)


def test_a_failed_installation_says_why_and_what_to_do(world: World, client: TestClient, engines: FakeEngines) -> None:
    engines.failure = EngineFailed("engine_download_cut", cause="IncompleteRead", requirement="flink==2.3.0")
    end = end_of(world, client, client.post(ENGINES, json={"version": "2.3.0"}).json())
    assert (end["status"], end["code"], end["cause"]) == ("FAIL", "engine_download_cut", "IncompleteRead")
    assert end["advice"]
    chinese = client.get(f"/api/v1/tasks/{end['id']}", headers={"Accept-Language": "zh"}).json()
    assert chinese["message"] != end["message"]
    engines.failure = None
    assert end_of(world, client, client.post(ENGINES, json={"version": "2.3.0"}).json())["status"] == "SUCCESS"


@pytest.mark.parametrize("version", ["..", "2", "latest", "2.2.1/..", "2.2.1\n", "", "99999.0.0"], ids=repr)
def test_a_version_is_three_numbers(client: TestClient, engines: FakeEngines, version: str) -> None:
    response = client.post(ENGINES, json={"version": version})
    assert (response.status_code, response.json()["problems"][0]["path"]) == (422, "version")
    assert engines.installs == 0


@pytest.mark.parametrize("version", ["%2e%2e", "x", "2.2.1%0A"])
def test_no_other_folder_is_removed(client: TestClient, version: str) -> None:
    assert client.delete(f"{ENGINES}/{version}").status_code in {404, 405, 422}
    assert client.get(f"{ENGINES}/2.2.1").status_code == 200


def test_a_version_that_a_cluster_runs_stays(world: World, client: TestClient) -> None:
    world.add_cluster("east")
    refused = client.delete(f"{ENGINES}/2.2.1")
    assert (refused.status_code, refused.json()["code"]) == (409, "engine_in_use")
    assert "east" in refused.json()["detail"]
    client.delete("/api/v1/clusters/east")
    assert client.delete(f"{ENGINES}/2.2.1").status_code == 204
    assert client.delete(f"{ENGINES}/2.2.1").json()["code"] == "engine_not_installed"


def test_a_task_that_is_not_known(client: TestClient) -> None:
    response = client.get("/api/v1/tasks/task-0")
    assert (response.status_code, response.json()["code"]) == (404, "task_not_found")


def test_a_key_makes_no_second_installation(world: World, client: TestClient, engines: FakeEngines) -> None:
    headers = {"Idempotency-Key": "one"}
    first = client.post(ENGINES, json={"version": "2.3.0"}, headers=headers).json()
    end_of(world, client, first)
    again = client.post(ENGINES, json={"version": "2.3.0"}, headers=headers).json()
    assert (again["id"], engines.installs) == (first["id"], 1)
