"""Lists over HTTP: pages that neither repeat nor skip, filters, counts, orders."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.operations import OperationStatus, Options, StopSnapshot
from headgate.domain.spec import JobSpec, JobType
from tests.services.world import SPEC, World, make_jar
from tests.web import shapes

DEFAULT = "/api/v1/workspaces/default"
JOBS = f"{DEFAULT}/jobs"


@pytest.fixture
def filled(world: World) -> str:
    """Every list has five entries; gives the path of the job that they belong to."""
    for name in ("local", "a", "b", "c", "d"):
        world.add_cluster(name)
    job = world.add_settled(Settled.RUNNING)
    for number in range(4):
        world.add_job(f"job-{number}")
        world.publish(job)
        world.settle(job, Settled.FAILED)
        world.settle(job, Settled.RUNNING)
    for number in range(5):
        with world.store.read() as unit:
            instance = unit.instances.find_newest(job.id)
        assert instance is not None
        world.add_snapshot(job, instance)
        world.clock.advance(1)
        world.artifacts.add(world.actor, "default", f"{number}.jar", make_jar())
        options = Options(snapshot=StopSnapshot.NONE)
        world.close(
            world.operations.request(world.actor, job.id, Verb.STOP, options), OperationStatus.TASK_STATUS_NO_DONE
        )
    return f"/api/v1/jobs/{job.id}"


LISTS = {
    "jobs": JOBS,
    "operations": f"{DEFAULT}/operations",
    "instances": f"{DEFAULT}/instances?current=false",
    "events": f"{DEFAULT}/events",
    "artifacts": f"{DEFAULT}/artifacts",
    "clusters": "/api/v1/clusters",
    "operations of a job": "{job}/operations",
    "instances of a job": "{job}/instances",
    "snapshots of a job": "{job}/snapshots",
    "events of a job": "{job}/events",
    "versions of a job": "{job}/versions",
}
EACH_LIST = pytest.mark.parametrize("path", LISTS.values(), ids=LISTS.keys())


@EACH_LIST
@pytest.mark.parametrize("limit", [1, 3])
def test_pages_together_are_the_whole_list(client: TestClient, filled: str, path: str, limit: int) -> None:
    address = path.format(job=filled) + ("&" if "?" in path else "?")
    whole = client.get(f"{address}limit=200").json()
    assert whole["next_cursor"] is None
    assert len(whole["items"]) >= 5
    assert set(whole) == (shapes.JOB_PAGE if path == JOBS else shapes.PAGE)
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"{address}limit={limit}" + (f"&cursor={quote(cursor)}" if cursor else "")).json()
        assert len(page["items"]) <= limit
        found += page["items"]
        cursor = page["next_cursor"]
    assert found == whole["items"]


@EACH_LIST
@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=-1", "limit=all", "limit=", "cursor=", "cursor=nonsense", "cursor=dHJ1ZQ",
     "cursor=W251bGwsMV0", "cursor=LTE", "cursor=" + "9" * 2001, "cursor=%E6%97%A5", "cursor=%00"],
    ids=str,
)  # fmt: skip
def test_a_window_that_is_none_is_refused(world: World, client: TestClient, path: str, query: str) -> None:
    job = f"/api/v1/jobs/{world.add_job().id}"
    response = client.get(path.format(job=job) + ("&" if "?" in path else "?") + query)
    assert response.status_code == 422
    assert [part["path"] for part in response.json()["problems"]] in (["limit"], ["cursor"], [""])


def test_a_cursor_stays_good_while_rows_come_and_go(world: World, client: TestClient, filled: str) -> None:
    first = client.get(f"{JOBS}?limit=2").json()
    seen = [job["id"] for job in first["items"]]
    world.add_job("newer than the first page")
    world.jobs.delete(world.actor, seen[-1])
    rest = [job["id"] for job in client.get(f"{JOBS}?cursor={first['next_cursor']}").json()["items"]]
    assert len(rest) == 3
    assert set(rest).isdisjoint(seen)


@pytest.fixture
def mixed(world: World) -> None:
    """Jobs of all sorts: `running` and `jar` on east, `paused` and `draft` on local."""
    world.add_cluster("local")
    world.add_cluster("east")
    world.add_settled(Settled.RUNNING, "running", replace(SPEC, cluster="east"))
    world.add_settled(Settled.SUSPENDED, "paused")
    world.add_job("draft")
    jar = world.add_job("jar", JobSpec(JobType.JAR, artifact="a.jar", cluster="east"))
    with world.store.write() as unit:
        unit.jobs.update(replace(jar, folder="etl/daily", labels={"team": "ops"}, revision=2))


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "draft jar paused running"),
        ("q=RUN", "running"),
        ("q=%25", ""),
        ("folder=etl", ""),
        ("folder=etl&recursive=true", "jar"),
        ("folder=/etl/daily/", "jar"),
        ("folder=&recursive=false", "draft paused running"),
        ("phase=running", "running"),
        ("phase=Suspended&phase=DRAFT", "draft jar paused"),
        ("flink_status=running", "running"),
        ("flink_status=unknown", "draft jar"),
        ("lifecycle=online", "running"),
        ("lifecycle=developing", "draft jar"),
        ("type=jar", "jar"),
        ("cluster=east", "jar running"),
        ("cluster=EAST", ""),
        ("label=team", "jar"),
        ("label=team=ops", "jar"),
        ("label=team=dev", ""),
        ("label=team&type=sql", ""),
        ("sort=name&limit=2", "draft jar"),
    ],
    ids=str,
)
@pytest.mark.requirement("D-04")
def test_a_list_is_narrowed(client: TestClient, query: str, names: str) -> None:
    page = client.get(f"{JOBS}?{query}").json()
    assert sorted(job["name"] for job in page["items"]) == names.split()
    for job in page["items"]:
        assert set(job) == (shapes.JOB - shapes.ONLY_OF_ONE_JOB) | shapes.EXTRA["job"]


@pytest.mark.usefixtures("mixed")
@pytest.mark.requirement("D-03")
def test_counts_are_of_all_states_whatever_state_is_asked_for(client: TestClient) -> None:
    page = client.get(f"{JOBS}?phase=RUNNING&limit=1").json()
    assert (page["total"], set(page["counts"])) == (1, shapes.COUNTS)
    assert page["counts"] == {
        "phase": {"RUNNING": 1, "SUSPENDED": 1, "DRAFT": 2},
        "flink_status": {"RUNNING": 1, "FINISHED": 1, "UNKNOWN": 2},
        "lifecycle": {"ONLINE": 1, "PUBLISHED": 1, "DEVELOPING": 2},
    }


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("name", ["draft", "jar", "paused", "running"]),
        ("-name", ["running", "paused", "jar", "draft"]),
        ("created_at", ["running", "paused", "draft", "jar"]),
        ("-created_at", ["jar", "draft", "paused", "running"]),
        ("-folder", ["jar"]),
    ],
    ids=str,
)
def test_a_list_is_sorted(client: TestClient, order: str, names: list[str]) -> None:
    items = client.get(f"{JOBS}?sort={order}").json()["items"]
    assert [job["name"] for job in items][: len(names)] == names


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("phase=asleep", "phase.0"),
        ("flink_status=asleep", "flink_status.0"),
        ("lifecycle=asleep", "lifecycle.0"),
        ("type=python", "type"),
        ("recursive=perhaps", "recursive"),
        ("sort=size", "sort"),
        ("sort=--name", "sort"),
        ("q=" + "x" * 201, "q"),
    ],
    ids=str,
)
def test_a_filter_that_is_none_names_what_is_possible(client: TestClient, query: str, fault: str) -> None:
    response = client.get(f"{JOBS}?{query}")
    (part,) = response.json()["problems"]
    assert (response.status_code, part["path"]) == (422, fault)
    assert part["hint"]
