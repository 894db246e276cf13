"""The refusals that take a special world: broken storage, a dead compiler, nothing to go back to."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import Unavailable
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Settled, Wanted
from headgate.domain.snapshots import SnapshotStatus
from headgate.services.clusters import LocalRegistration
from tests.services.world import World, make_jar

API = "/api/v1"
LOCAL = LocalRegistration("http://127.0.0.1:40001", EngineVersion("2.2.1"), "file:///sp", "file:///cp")
ANY = {"If-Match": "*"}


def test_an_edit_is_judged_as_a_new_job_is(world: World, client: TestClient) -> None:
    path = f"{API}/jobs/{world.add_job().id}"
    response = client.patch(path, json={"name": "a/b", "folder": "x/../y"}, headers=ANY)
    assert (response.status_code, response.json()["code"]) == (422, "job_invalid")
    assert [part["path"] for part in response.json()["problems"]] == ["name", "folder"]


@pytest.mark.requirement("U-15")
def test_a_job_that_may_still_run_somewhere_is_not_deleted(world: World, client: TestClient) -> None:
    world.add_cluster()
    job = world.add_settled(Settled.RUNNING)
    with world.store.write() as unit:
        unit.jobs.save_state(JobState(job.id, Settled.FAILED, Wanted.RUNNING))
    response = client.delete(f"{API}/jobs/{job.id}")
    assert (response.status_code, response.json()["code"]) == (409, "job_may_still_run")


def test_a_compiler_that_does_not_start_is_told_apart_from_a_faulty_script(
    world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("sql_client_failed", cause="no memory", version="2.2.1")

    monkeypatch.setattr(world.compiler, "check", fail)
    world.add_cluster()
    response = client.post(f"{API}/jobs/{world.add_job().id}/draft/check")
    assert (response.status_code, response.json()["code"]) == (503, "sql_client_failed")


class TestNothingToGoBackTo:
    def test_a_run_from_the_latest_of_a_job_that_kept_nothing(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        path = f"{API}/jobs/{world.add_settled(Settled.CANCELLED).id}/operations"
        response = client.post(path, json={"verb": "run", "options": {"from": "LATEST"}})
        assert (response.status_code, response.json()["code"]) == (409, "no_restore_point")
        assert response.json()["hint"]

    def test_a_snapshot_that_was_never_completed(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED)
        with world.store.write() as unit:
            (snapshot,) = unit.snapshots.list_of_job(job.id)
            unit.snapshots.save(replace(snapshot, status=SnapshotStatus.FAILED))
        for verb in ({"verb": "resume"}, {"verb": "run", "options": {"from": "SNAPSHOT", "snapshot_id": snapshot.id}}):
            response = client.post(f"{API}/jobs/{job.id}/operations", json=verb)
            assert (response.status_code, response.json()["code"]) == (409, "snapshot_not_usable")


class TestEmbeddedCluster:
    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"name": "mine"}, 409, "cluster_is_local"),
            ({"url": "http://elsewhere:8081"}, 409, "cluster_is_local"),
            ({"savepoint_dir": "nowhere"}, 422, "cluster_invalid"),
            ({"zone": "a"}, 200, None),
        ],
        ids=str,
    )
    def test_its_name_and_address_are_headgate_s(
        self, world: World, client: TestClient, change: dict[str, Any], status: int, code: str | None
    ) -> None:
        world.clusters.register_local("default", LOCAL)
        response = client.patch(f"{API}/clusters/local", json=change, headers=ANY)
        assert (response.status_code, response.json().get("code")) == (status, code)

    def test_it_is_not_forgotten(self, world: World, client: TestClient) -> None:
        world.clusters.register_local("default", LOCAL)
        response = client.delete(f"{API}/clusters/local")
        assert (response.status_code, response.json()["code"]) == (409, "cluster_is_local")


@pytest.mark.parametrize(
    ("change", "code"),
    [({"name": "west"}, "cluster_name_taken"), ({"url": "http://west:8081"}, "cluster_url_taken")],
    ids=["name", "address"],
)
def test_a_cluster_does_not_become_another(world: World, client: TestClient, change: dict[str, str], code: str) -> None:
    world.add_cluster("east")
    world.add_cluster("west")
    response = client.patch(f"{API}/clusters/east", json=change, headers=ANY)
    assert (response.status_code, response.json()["code"]) == (409, code)


class TestStorage:
    """A folder of jars that cannot be used is no fault of the jar."""

    @pytest.fixture
    def blocked(self, tmp_path: Path) -> None:
        (tmp_path / "artifacts").write_text("a file where the folder should be", encoding="utf-8")

    @pytest.mark.usefixtures("blocked")
    def test_nothing_is_kept_where_nothing_can_be_written(self, client: TestClient) -> None:
        path = f"{API}/workspaces/default/artifacts"
        response = client.post(path, files={"file": ("a.jar", make_jar())})
        assert (response.status_code, response.json()["code"]) == (503, "artifact_folder_unusable")
        assert client.get(path).json()["items"] == []

    def test_a_foreign_workspace_takes_no_jar(self, client: TestClient) -> None:
        response = client.post(f"{API}/workspaces/elsewhere/artifacts", files={"file": ("a.jar", make_jar())})
        assert (response.status_code, response.json()["code"]) == (404, "workspace_not_found")
