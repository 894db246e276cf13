"""Versions over HTTP: numbered by the system, described by people, never changed."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from headgate.domain.errors import Problem
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.sql import CheckedScript
from tests.services.world import SPEC, World
from tests.web import shapes


@pytest.mark.requirement("T0-06", "T2-03", "T2-05")
def test_publishing_makes_the_next_version_and_starts_nothing(world: World, client: TestClient) -> None:
    world.add_cluster()
    path = f"/api/v1/jobs/{world.add_job().id}"
    first = client.post(f"{path}/versions", json={"description": "one"})
    client.put(f"{path}/draft", json={"type": "SQL", "sql": "INSERT INTO c SELECT 2"}, headers={"If-Match": "*"})
    second = client.post(f"{path}/versions", json={"description": "  two  "})
    assert (first.status_code, second.status_code) == (201, 201)
    assert set(first.json()) == {"version", "notices"}
    assert set(first.json()["version"]) == shapes.VERSION
    assert (second.json()["version"]["number"], second.json()["version"]["description"]) == (2, "two")
    assert client.get(f"{path}/versions/1").json() == first.json()["version"]
    assert client.get(f"{path}/versions/1").json()["spec"]["sql"] == SPEC.sql
    job = client.get(path).json()
    assert (job["phase"], job["lifecycle"], job["newest_version"], job["draft_changed"]) == (
        "PUBLISHED",
        "PUBLISHED",
        2,
        False,
    )
    assert client.get(f"{path}/operations").json()["items"] == []


@pytest.mark.requirement("T0-18")
def test_publishing_says_whether_the_text_was_checked(world: World, client: TestClient) -> None:
    world.add_cluster()
    path = f"/api/v1/jobs/{world.add_job().id}"

    def publish() -> list[str]:
        return [
            notice["code"] for notice in client.post(f"{path}/versions", json={"description": "x"}).json()["notices"]
        ]

    assert publish() == ["draft_not_checked", "draft_without_restarts"]
    client.post(f"{path}/draft/check")
    assert publish() == ["draft_without_restarts"]
    world.compiler.found = CheckedScript((Problem("spec.sql", "sql_syntax"),))
    client.post(f"{path}/draft/check")
    assert publish() == ["draft_check_failed", "draft_without_restarts"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"description": ""}, "description_required"),
        ({"description": " \n"}, "description_required"),
        ({}, "body_malformed"),
        ({"description": None}, "body_malformed"),
        ({"description": "x", "number": 7}, "body_malformed"),
    ],
    ids=["empty", "blank", "missing", "null", "a number of one's own"],
)
@pytest.mark.requirement("T0-06", "T2-05")
def test_a_description_is_required_and_a_number_not_taken(
    world: World, client: TestClient, body: dict[str, object], code: str
) -> None:
    path = f"/api/v1/jobs/{world.add_job().id}/versions"
    response = client.post(path, json=body)
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert client.get(path).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [("2", 404, "version_not_found"), ("0", 422, "body_malformed"), ("x", 422, "body_malformed"), ("9" * 30, 422, "")],
    ids=["not there", "zero", "no number", "too large"],
)
def test_a_version_that_is_not_there(world: World, client: TestClient, number: str, status: int, code: str) -> None:
    response = client.get(f"/api/v1/jobs/{world.add_published().id}/versions/{number}")
    assert response.status_code == status
    assert response.json()["code"] in {code, "body_malformed"}


def test_a_draft_of_an_earlier_release_is_judged_when_it_is_published(world: World, client: TestClient) -> None:
    job = world.add_job()
    with world.store.write() as unit:
        draft = unit.jobs.get_draft(job.id)
        owned = replace(SPEC, flink_config={"pipeline.name": "mine"})
        unit.jobs.update_draft(replace(draft, spec=owned, revision=draft.revision + 1))
    assert client.get(f"/api/v1/jobs/{job.id}").status_code == 200
    assert client.get(f"/api/v1/jobs/{job.id}/draft").json()["flink_config"] == {"pipeline.name": "mine"}
    problem = client.post(f"/api/v1/jobs/{job.id}/versions", json={"description": "x"}).json()
    assert (problem["code"], problem["problems"][0]["path"]) == ("spec_invalid", "spec.flink_config.pipeline.name")


def test_a_jar_that_is_not_there_is_not_published(world: World, client: TestClient) -> None:
    job = world.add_job("jar", JobSpec(JobType.JAR, artifact="gone.jar"))
    response = client.post(f"/api/v1/jobs/{job.id}/versions", json={"description": "x"})
    assert (response.status_code, response.json()["problems"][0]["path"]) == (422, "spec.artifact")
