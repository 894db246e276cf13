"""The document says everything: every endpoint, every refusal, no name twice."""

import json
import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from headgate.domain.catalogue import texts
from headgate.domain.lifecycle import Verb
from headgate.domain.operations import VERB_OPTIONS
from headgate.domain.spec import JobSpec, JobType, dump_spec
from headgate.web.declared import ALWAYS, CODES
from headgate.web.models.drafts import SPEC_SCHEMA
from headgate.web.models.operations import (
    DeclareLostOptions,
    PauseOptions,
    RestartOptions,
    ResumeOptions,
    RunOptions,
    SavepointOptions,
    StopOptions,
)
from tests.web.witness import Witness

# The contract of the interface: what stands there keeps its name.
CONTRACT = """
POST /workspaces/{workspace}/jobs
GET /workspaces/{workspace}/jobs
GET /jobs/{job_id}
PATCH /jobs/{job_id}
DELETE /jobs/{job_id}
GET /jobs/{job_id}/draft
PUT /jobs/{job_id}/draft
POST /jobs/{job_id}/draft/check
POST /jobs/{job_id}/versions
GET /jobs/{job_id}/versions
GET /jobs/{job_id}/versions/{number}
POST /jobs/{job_id}/operations
GET /operations/{operation_id}
DELETE /operations/{operation_id}
GET /workspaces/{workspace}/operations
GET /workspaces/{workspace}/instances
GET /workspaces/{workspace}/events
GET /jobs/{job_id}/operations
GET /jobs/{job_id}/instances
GET /jobs/{job_id}/snapshots
GET /jobs/{job_id}/events
GET /jobs/{job_id}/trace
POST /jobs/{job_id}/refresh
GET /snapshots/{snapshot_id}
GET /clusters
POST /clusters
GET /clusters/{cluster_id}
PATCH /clusters/{cluster_id}
DELETE /clusters/{cluster_id}
POST /clusters/{cluster_id}/check
GET /engines
POST /engines
GET /engines/{version}
DELETE /engines/{version}
GET /tasks/{task_id}
GET /workspaces/{workspace}/artifacts
POST /workspaces/{workspace}/artifacts
GET /artifacts/{artifact_id}
DELETE /artifacts/{artifact_id}
GET /instances/{instance_id}
GET /me
"""


@pytest.fixture
def document(witness: Witness) -> dict[str, Any]:
    return witness.document


def test_the_document_needs_no_token(server: TestClient, document: dict[str, Any]) -> None:
    assert server.get("/api/v1/openapi.json").json() == json.loads(json.dumps(document))


def entries(document: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}": entry
        for path, methods in document["paths"].items()
        for method, entry in methods.items()
    }


def test_every_call_of_the_contract_exists(document: dict[str, Any]) -> None:
    assert set(CONTRACT.strip().splitlines()) <= set(entries(document))


def test_every_call_has_a_name_of_its_own_and_a_sentence(document: dict[str, Any]) -> None:
    names = Counter(entry["operationId"] for entry in entries(document).values())
    assert [name for name, count in names.items() if count > 1] == []
    assert [name for name, entry in entries(document).items() if not entry.get("description")] == []


def test_every_call_of_the_api_declares_what_any_may_answer(document: dict[str, Any]) -> None:
    for name, entry in entries(document).items():
        if name.split()[1] not in {"/healthz", "/readyz", "/metrics"}:
            assert {str(status) for status in ALWAYS} <= set(entry["responses"]), name


def test_every_declared_refusal_has_words_and_the_shape_of_a_problem(document: dict[str, Any]) -> None:
    for name, entry in entries(document).items():
        for status, answer in entry["responses"].items():
            if CODES in answer:
                assert answer["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
                assert [code for code in answer[CODES] if code not in texts()] == [], (name, status)
                assert answer["description"]


def test_every_acting_call_takes_an_idempotency_key(document: dict[str, Any]) -> None:
    looks = {"/jobs/{job_id}/draft/check", "/jobs/{job_id}/refresh", "/clusters/{cluster_id}/check"}
    for name, entry in entries(document).items():
        method, path = name.split()
        if method == "POST" and path not in looks:
            assert "Idempotency-Key" in [parameter["name"] for parameter in entry["parameters"]], name


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    pending: list[Any] = [document]
    seen = 0
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if "$ref" in item:
                seen += 1
                assert item["$ref"].removeprefix("#/components/schemas/") in schemas
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    assert seen


BODIES: dict[Verb, type[BaseModel]] = {
    Verb.RUN: RunOptions,
    Verb.PAUSE: PauseOptions,
    Verb.RESUME: ResumeOptions,
    Verb.STOP: StopOptions,
    Verb.RESTART: RestartOptions,
    Verb.SAVEPOINT: SavepointOptions,
    Verb.DECLARE_LOST: DeclareLostOptions,
}


@pytest.mark.parametrize("verb", list(Verb))
def test_the_bodies_of_verbs_have_the_options_of_the_table(document: dict[str, Any], verb: Verb) -> None:
    assert set(BODIES[verb].model_fields) == VERB_OPTIONS[verb]
    order = document["components"]["schemas"][f"{verb.title().replace('_', '')}Order"]
    assert order["properties"]["options"]["$ref"].endswith(f"/{BODIES[verb].__name__}")
    assert order["properties"]["verb"]["const"] == verb


def test_the_schema_of_a_specification_has_the_fields_of_one() -> None:
    spec = dump_spec(
        JobSpec(
            JobType.SQL,
            sql="x",
            artifact="x",
            main_class="x",
            args=("x",),
            checkpoint_interval=timedelta(seconds=1),
            savepoint_dir="file:///x",
            flink_config={"a": "b"},
        )
    )
    assert set(SPEC_SCHEMA["properties"]) == set(spec)


def test_the_page_for_people_loads_nothing_from_elsewhere(server: TestClient) -> None:
    page = server.get("/api/v1/docs")
    assert page.status_code == 200
    assert "/jobs/{job_id}/operations" in page.text
    assert "<script" not in page.text
    assert "://" not in page.text.partition("<body>")[0]
    assert not re.search(r"(src|href)=.(?!/)", page.text)
