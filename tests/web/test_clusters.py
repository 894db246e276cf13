"""Clusters over HTTP: registered, shown with their health, changed, removed, and asked right now."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from headgate.domain.clusters import Reachability
from headgate.domain.lifecycle import Settled
from tests.services.world import World
from tests.web import shapes

CLUSTERS = "/api/v1/clusters"
NEW: dict[str, Any] = {
    "name": "east",
    "url": "http://flink-east:8081/",
    "engine_version": "2.2.1",
    "savepoint_dir": "s3://bucket/savepoints",
    "region": "cn-east",
    "zone": "a",
}


def test_a_cluster_is_registered_and_found_by_id_and_name(client: TestClient) -> None:
    response = client.post(CLUSTERS, json=NEW)
    cluster = response.json()
    assert (response.status_code, set(cluster)) == (201, shapes.CLUSTER)
    assert NEW.items() - {("url", NEW["url"])} <= cluster.items()
    assert (cluster["kind"], cluster["url"], cluster["reachability"]) == ("SESSION", "http://flink-east:8081", None)
    for name in (cluster["id"], "east"):
        read = client.get(f"{CLUSTERS}/{name}")
        assert (read.json(), read.headers["etag"]) == (cluster, '"1"')
    assert client.get(CLUSTERS).json() == {"items": [cluster], "next_cursor": None}


@pytest.mark.parametrize(
    ("change", "code", "fault"),
    [
        ({"name": "two words"}, "cluster_invalid", "name"),
        ({"url": "flink:8081"}, "cluster_invalid", "url"),
        ({"url": "http://me:secret@flink"}, "cluster_invalid", "url"),
        ({"engine_version": "latest"}, "cluster_invalid", "engine_version"),
        ({"engine_version": "1.18.1"}, "cluster_invalid", "engine_version"),
        ({"savepoint_dir": "/data"}, "cluster_invalid", "savepoint_dir"),
        ({"kind": "YARN"}, "body_malformed", "kind"),
        ({"high_availability": "yes"}, "body_malformed", "high_availability"),
        ({"colour": "red"}, "body_malformed", "colour"),
        ({"name": 7}, "body_malformed", "name"),
    ],
    ids=str,
)
def test_a_registration_that_will_not_do_names_the_field(
    client: TestClient, change: dict[str, Any], code: str, fault: str
) -> None:
    response = client.post(CLUSTERS, json=NEW | change)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, code)
    assert [part["path"] for part in problem["problems"]] == [fault]
    assert "secret" not in response.text


def test_an_old_flink_is_refused_with_what_it_lacks(client: TestClient) -> None:
    response = client.post(CLUSTERS, json=NEW | {"engine_version": "1.18.1"}, headers={"Accept-Language": "en"})
    (problem,) = response.json()["problems"]
    assert problem["code"] == "flink_too_old"
    assert "claimMode" in problem["message"]
    assert "1.20" in problem["hint"]


@pytest.mark.parametrize(
    ("version", "line", "is_known"),
    [
        pytest.param("1.20.5", "1.20", True, id="oldest"),
        pytest.param("2.3.0", "2.3", True, id="newest"),
        pytest.param("2.1.0", "2.2", False, id="between"),
        pytest.param("2.9.0", "2.3", False, id="newer than all"),
    ],
)
def test_a_cluster_shows_what_its_flink_can_do(client: TestClient, version: str, line: str, is_known: bool) -> None:
    cluster = client.post(CLUSTERS, json=NEW | {"engine_version": version}).json()
    capabilities = cluster["capabilities"]
    assert capabilities["line"] == line
    assert "CLAIM_MODE" in capabilities["features"]
    assert ("APPLICATIONS" in capabilities["features"]) is (line == "2.3")
    assert (capabilities["notice"] is None) is is_known
    if not is_known:
        assert capabilities["notice"]["code"] == "flink_line_unknown"
        assert version in capabilities["notice"]["message"]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"url": "http://other"}, "cluster_name_taken"), ({"name": "other"}, "cluster_url_taken")],
    ids=["name", "address"],
)
def test_a_cluster_is_registered_once(client: TestClient, change: dict[str, Any], code: str) -> None:
    client.post(CLUSTERS, json=NEW)
    response = client.post(CLUSTERS, json=NEW | change)
    assert (response.status_code, response.json()["code"]) == (409, code)


def test_a_cluster_is_not_registered_in_a_foreign_workspace(client: TestClient) -> None:
    response = client.post(CLUSTERS, json=NEW | {"workspace": "elsewhere"})
    assert (response.status_code, response.json()["code"]) == (404, "workspace_not_found")


class TestEditing:
    def test_what_is_given_changes(self, client: TestClient) -> None:
        cluster = client.post(CLUSTERS, json=NEW).json()
        changed = client.patch(f"{CLUSTERS}/east", json={"zone": "b", "savepoint_dir": ""}, headers={"If-Match": "1"})
        assert changed.json() == cluster | {"zone": "b", "savepoint_dir": None, "revision": 2}

    @pytest.mark.parametrize(
        ("headers", "status", "code"),
        [({}, 428, "revision_required"), ({"If-Match": '"2"'}, 412, "stale_revision")],
        ids=["missing", "stale"],
    )
    def test_a_change_names_the_revision_that_was_read(
        self, client: TestClient, headers: dict[str, str], status: int, code: str
    ) -> None:
        client.post(CLUSTERS, json=NEW)
        response = client.patch(f"{CLUSTERS}/east", json={"zone": "b"}, headers=headers)
        assert (response.status_code, response.json()["code"]) == (status, code)

    def test_the_address_stays_while_something_runs_there(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        world.add_settled(Settled.RUNNING)
        body = {"url": "http://moved:8081"}
        response = client.patch(f"{CLUSTERS}/local", json=body, headers={"If-Match": "*"})
        assert (response.status_code, response.json()["code"]) == (409, "cluster_in_use")


class TestRemoving:
    def test_a_cluster_is_forgotten(self, client: TestClient) -> None:
        client.post(CLUSTERS, json=NEW)
        response = client.delete(f"{CLUSTERS}/east")
        assert (response.status_code, response.content) == (204, b"")
        assert client.get(f"{CLUSTERS}/east").status_code == 404

    def test_not_while_an_instance_is_not_known_to_have_ended(self, world: World, client: TestClient) -> None:
        world.see_cluster(world.add_cluster(), Reachability.UNREACHABLE)
        world.add_settled(Settled.RUNNING)
        response = client.delete(f"{CLUSTERS}/local")
        assert (response.status_code, response.json()["code"]) == (409, "cluster_in_use")

    def test_a_revision_may_be_demanded(self, client: TestClient) -> None:
        client.post(CLUSTERS, json=NEW)
        assert client.delete(f"{CLUSTERS}/east", headers={"If-Match": '"5"'}).json()["code"] == "stale_revision"


class TestCheck:
    def test_a_cluster_that_answers(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        check = client.post(f"{CLUSTERS}/local/check").json()
        assert set(check) == shapes.CLUSTER_CHECK
        assert (check["ok"], check["problem"], check["live_jobs"]) == (True, None, 0)
        assert set(check["slots"]) == {"total", "free", "task_managers"}
        assert check["slots"]["total"] > 0
        assert check["incarnation"]

    def test_what_is_wrong_is_part_of_the_answer(self, world: World, client: TestClient) -> None:
        cluster = world.add_cluster()
        world.see_cluster(cluster, Reachability.REACHABLE)
        last_good = client.get(f"{CLUSTERS}/local").json()["reachability"]["as_of"]
        world.clock.advance(3)
        world.flink.cut_off(cluster, 60)
        response = client.post(f"{CLUSTERS}/local/check")
        check = response.json()
        assert set(check) == shapes.CLUSTER_CHECK
        assert (check["live_jobs"], check["slots"], check["incarnation"]) == (None, None, None)
        assert (check["reachability"]["state"], check["reachability"]["as_of"]) == ("UNREACHABLE", last_good)
        assert check["cause"] == check["problem"]["cause"]
        assert (response.status_code, check["ok"]) == (200, False)
        assert set(check["problem"]) == {"code", "message", "advice", "cause"}
        assert check["problem"]["advice"]
