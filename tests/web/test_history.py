"""What happened, over HTTP: instances, snapshots and events, of one job and of all."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from headgate.domain.clusters import Reachability
from headgate.domain.events import Event, EventLevel, EventType
from headgate.domain.jobs import Job
from headgate.domain.lifecycle import Settled
from tests.services.world import SQL, World
from tests.web import shapes

DEFAULT = "/api/v1/workspaces/default"


@pytest.fixture
def job(world: World) -> Job:
    """It ran twice: the first run failed, the second one is paused."""
    world.see_cluster(world.add_cluster(), Reachability.REACHABLE)
    job = world.add_published()
    world.settle(job, Settled.RUNNING)
    world.clock.advance(60)
    world.settle(job, Settled.FAILED)
    world.settle(job, Settled.RUNNING)
    world.clock.advance(30)
    world.settle(job, Settled.SUSPENDED)
    return job


@pytest.mark.requirement("U-14")
def test_every_run_is_an_instance_of_its_own(client: TestClient, job: Job) -> None:
    second, first = client.get(f"/api/v1/jobs/{job.id}/instances").json()["items"]
    assert set(first) == set(second) == shapes.INSTANCE
    assert (first["number"], second["number"]) == (1, 2)
    assert (first["end"], second["end"]) == ("FAILED", "SUSPENDED")
    assert (first["flink_status"], second["flink_status"]) == ("FAILED", "FINISHED")
    assert first["flink_job_id"] != second["flink_job_id"]
    assert len(second["flink_job_id"]) == 32
    assert first["duration_s"] > 60
    assert first["cu"] == 2


@pytest.mark.requirement("D-02")
def test_all_jobs_show_the_newest_run_and_earlier_ones_on_demand(client: TestClient, job: Job) -> None:
    current = client.get(f"{DEFAULT}/instances").json()["items"]
    earlier = client.get(f"{DEFAULT}/instances?current=false").json()["items"]
    assert ([item["number"] for item in current], [item["number"] for item in earlier]) == ([2], [2, 1])
    assert {item["job_id"] for item in earlier} == {job.id}


def test_an_instance_keeps_the_configuration_that_it_ran_with(client: TestClient, job: Job) -> None:
    client.put(f"/api/v1/jobs/{job.id}/draft", json={"type": "SQL", "sql": "other"}, headers={"If-Match": "*"})
    listed = client.get(f"/api/v1/jobs/{job.id}/instances").json()["items"][0]
    shown = client.get(f"/api/v1/instances/{listed['id']}").json()
    assert set(shown) == shapes.INSTANCE | {"spec"}
    assert shown == listed | {"spec": shown["spec"]}
    assert shown["spec"]["sql"] == SQL


@pytest.mark.requirement("U-11")
def test_a_snapshot_says_what_it_is_and_where_it_came_from(client: TestClient, job: Job) -> None:
    (snapshot,) = client.get(f"/api/v1/jobs/{job.id}/snapshots").json()["items"]
    assert set(snapshot) == shapes.SNAPSHOT
    assert (snapshot["instance"], snapshot["job_version"], snapshot["flink_version"]) == (2, 1, "2.2.1")
    assert (snapshot["kind"], snapshot["origin"], snapshot["status"], snapshot["path_status"]) == (
        "SAVEPOINT",
        "STOP_WITH_SAVEPOINT",
        "COMPLETED",
        "AVAILABLE",
    )
    assert (snapshot["size"], snapshot["duration_s"]) == (1234, 2.0)
    assert client.get(f"/api/v1/snapshots/{snapshot['id']}").json() == snapshot
    assert client.get(f"/api/v1/jobs/{job.id}").json()["restore_point"]["snapshot_id"] == snapshot["id"]


@pytest.mark.requirement("A-20")
def test_events_can_be_narrowed_to_one_instance(world: World, client: TestClient, job: Job) -> None:
    with world.store.write() as unit:
        instance = unit.instances.list_of_job(job.id)[1]
        event = Event(job.id, job.workspace, world.clock.now(), EventType.INSTANCE_RUNNING)
        unit.events.record(replace(event, instance_id=instance.id))
    path = f"/api/v1/jobs/{job.id}/events"
    whole = client.get(path).json()["items"]
    assert [set(event) for event in whole] == [shapes.EVENT | shapes.EXTRA["event"]] * len(whole)
    assert client.get(f"{path}?instance=1").json()["items"] == [whole[0]]
    assert whole[0]["instance"] == 1
    assert client.get(f"{path}?instance=2").json()["items"] == []
    assert client.get(f"{DEFAULT}/events").json()["items"] == whole


def test_events_are_told_in_the_reader_s_language_with_the_same_facts(client: TestClient, job: Job) -> None:
    path = f"/api/v1/jobs/{job.id}/events"
    english = client.get(path).json()["items"]
    chinese = client.get(path, headers={"Accept-Language": "zh-CN"}).json()["items"]
    assert [{**event, "message": ""} for event in english] == [{**event, "message": ""} for event in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert one["message"] != other["message"]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in other["message"])


@pytest.mark.requirement("T0-17")
def test_an_event_tells_its_reason_in_the_reason_s_own_facts(world: World, client: TestClient, job: Job) -> None:
    facts = {"verb": "run", "status": "FAIL", "code": "start_timed_out", "cause": "", "reason_status": "CREATED"}
    with world.store.write() as unit:
        unit.events.record(
            Event(job.id, job.workspace, world.clock.now(), EventType.OPERATION_FAILED, EventLevel.ERROR, facts)
        )
    told = client.get(f"/api/v1/jobs/{job.id}/events").json()["items"][0]
    assert (told["level"], "CREATED" in told["message"]) == ("ERROR", True)


@pytest.mark.requirement("T0-17")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_declaration_that_a_job_is_lost_keeps_its_name_and_its_reason(
    world: World, client: TestClient, job: Job, language: str
) -> None:
    facts = {"actor": "mei", "flink_job_id": "f" * 32, "reason": "the machine burnt down"}
    with world.store.write() as unit:
        unit.events.record(
            Event(job.id, job.workspace, world.clock.now(), EventType.DECLARED_LOST, EventLevel.WARNING, facts)
        )
    told = client.get(f"/api/v1/jobs/{job.id}/events", headers={"Accept-Language": language}).json()["items"][0]
    assert all(said in told["message"] for said in facts.values())


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999"])
def test_an_instance_number_that_is_none(client: TestClient, job: Job, number: str) -> None:
    response = client.get(f"/api/v1/jobs/{job.id}/events?instance={number}")
    assert (response.status_code, response.json()["problems"][0]["path"]) == (422, "instance")


@pytest.mark.requirement("U-08", "U-09", "D-08", "A-30")
def test_a_cluster_that_does_not_answer_leaves_the_state_and_takes_flink_s_word_away(
    world: World, client: TestClient
) -> None:
    cluster = world.add_cluster()
    job = world.add_settled(Settled.RUNNING)
    world.see_cluster(cluster, Reachability.UNREACHABLE)
    shown = client.get(f"/api/v1/jobs/{job.id}").json()
    assert (shown["phase"], shown["flink_status"]) == ("RUNNING", "UNKNOWN")
    reach = shown["reachability"]
    assert (reach["state"], reach["last_known"]) == ("UNREACHABLE", "RUNNING")
    assert reach["since"]
    assert reach["as_of"]
