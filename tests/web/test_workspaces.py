"""What lies in a workspace of others is not there: not to be read, not to be changed, not to be guessed at."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.operations import Options, StopSnapshot
from headgate.services.clusters import ClusterOrder
from headgate.services.jobs import NewJob
from tests.services.world import SPEC, World, make_jar

BODIES: dict[str, object] = {
    "PATCH /jobs/{job}": {"folder": "mine"},
    "PUT /jobs/{job}/draft": {"type": "SQL", "sql": "mine"},
    "POST /jobs/{job}/versions": {"description": "mine"},
    "POST /jobs/{job}/operations": {"verb": "pause"},
    "PATCH /clusters/{cluster}": {"zone": "mine"},
}
CALLS = [
    "GET /jobs/{job}",
    "DELETE /jobs/{job}",
    "POST /jobs/{job}/refresh",
    "GET /jobs/{job}/draft",
    "POST /jobs/{job}/draft/check",
    "GET /jobs/{job}/versions",
    "GET /jobs/{job}/versions/1",
    "GET /jobs/{job}/operations",
    "GET /jobs/{job}/instances",
    "GET /jobs/{job}/snapshots",
    "GET /jobs/{job}/events",
    "GET /jobs/{job}/trace",
    "GET /operations/{operation}",
    "DELETE /operations/{operation}",
    "GET /instances/{instance}",
    "GET /snapshots/{snapshot}",
    "GET /artifacts/{artifact}",
    "DELETE /artifacts/{artifact}",
    "GET /clusters/{cluster}",
    "GET /clusters/east",
    "POST /clusters/{cluster}/check",
    "DELETE /clusters/{cluster}",
    *BODIES,
]


@pytest.fixture
def foreign(world: World) -> dict[str, str]:
    """One of everything, in a workspace that the caller may not enter."""
    cluster = world.clusters.create(
        world.stranger, "elsewhere", ClusterOrder("east", "http://east:8081", "2.2.1", "file:///savepoints")
    )
    job = world.jobs.create(world.stranger, "elsewhere", NewJob("orders", replace(SPEC, cluster="east")))
    world.versions.publish(world.stranger, job.id, "first")
    instance = world.settle(job, Settled.RUNNING)
    assert instance is not None
    options = Options(snapshot=StopSnapshot.NONE)
    return {
        "job": job.id,
        "cluster": cluster.id,
        "instance": instance.id,
        "snapshot": world.add_snapshot(job, instance).id,
        "artifact": world.artifacts.add(world.stranger, "elsewhere", "a.jar", make_jar()).id,
        "operation": world.operations.request(world.stranger, job.id, Verb.STOP, options).id,
    }


@pytest.mark.parametrize("call", CALLS)
def test_it_is_not_found(world: World, client: TestClient, foreign: dict[str, str], call: str) -> None:
    method, path = call.format(**foreign).split()
    response = client.request(method, f"/api/v1{path}", json=BODIES.get(call), headers={"If-Match": "*"})
    assert response.status_code == 404
    assert response.json()["code"].endswith("_not_found")
    assert "elsewhere" not in response.text
    with world.store.read() as unit:
        row = unit.jobs.get_row(foreign["job"])
        assert (row.job.revision, row.draft.revision, len(row.open_operations)) == (1, 1, 1)
        assert not unit.operations.is_withdrawal_requested(row.open_operations[0].id)


def test_a_name_that_is_taken_elsewhere_is_free_here(client: TestClient, foreign: dict[str, str]) -> None:
    body = {"name": "orders", "spec": {"type": "SQL", "sql": "x"}}
    assert client.post("/api/v1/workspaces/default/jobs", json=body).status_code == 201


@pytest.mark.parametrize("concept", ["jobs", "operations", "instances", "events", "artifacts"])
def test_its_lists_are_not_there_and_ours_do_not_show_it(
    client: TestClient, foreign: dict[str, str], concept: str
) -> None:
    refused = client.get(f"/api/v1/workspaces/elsewhere/{concept}")
    assert (refused.status_code, refused.json()["code"]) == (404, "workspace_not_found")
    assert client.get(f"/api/v1/workspaces/default/{concept}").json()["items"] == []
    assert client.get("/api/v1/clusters").json()["items"] == []
