"""The calls to Flink behind a job, over HTTP."""

from starlette.testclient import TestClient

from headgate.domain.calls import CallSubject
from headgate.domain.lifecycle import Settled
from headgate.ports.calls import CallAnswer
from tests.services.world import World
from tests.web import shapes


def test_the_calls_of_a_job_are_listed_newest_first_page_by_page(world: World, client: TestClient) -> None:
    job = world.add_published()
    world.settle(job, Settled.RUNNING)
    with world.store.read() as unit:
        instance = unit.instances.find_newest(job.id)
    assert instance is not None
    with world.calls.about(CallSubject(job.id, instance.id, "int-1")):
        for status in (202, 404, 200):
            call = world.calls.begin("POST", f"/jobs/{instance.flink_job_id}/stop", {"drain": False})
            world.calls.end(call, CallAnswer(status, "{}"))

    path = f"/api/v1/jobs/{job.id}/trace"
    first = client.get(path, params={"limit": 2}).json()
    second = client.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["status"] for item in (*first["items"], *second["items"])] == [200, 404, 202]
    assert second["next_cursor"] is None
    (item,) = second["items"]
    assert set(item) == shapes.CALL
    assert (item["instance"], item["intent_id"], item["request"]) == (1, "int-1", '{"drain": false}')


def test_a_deleted_job_leaves_no_record(world: World, client: TestClient) -> None:
    job = world.add_published()
    with world.calls.about(CallSubject(job.id)):
        world.calls.end(world.calls.begin("GET", "/overview", None), CallAnswer(200, "{}"))
    assert client.get(f"/api/v1/jobs/{job.id}/trace").json()["items"]
    assert client.delete(f"/api/v1/jobs/{job.id}", headers={"If-Match": "*"}).status_code == 200
    assert world.calls.list_of_job(job.id) == []
