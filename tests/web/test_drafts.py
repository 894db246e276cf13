"""Drafts over HTTP: JSON and YAML, the revision that is edited, and the check that runs nothing."""

from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from headgate.domain.errors import Problem
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.sql import CheckedScript, PlanNode, ScriptTable, TableRole
from tests.services.world import World, make_jar
from tests.web import shapes

SPEC = {"type": "SQL", "sql": "INSERT INTO b\nSELECT '数'", "parallelism": 2, "flink_config": {"a.b": "c"}}
JSON = {"If-Match": "*", "Content-Type": "application/json"}
YAML = {"If-Match": "*", "Content-Type": "application/yaml"}


@pytest.fixture
def path(world: World) -> str:
    world.add_cluster()
    return f"/api/v1/jobs/{world.add_job().id}/draft"


def test_a_draft_is_saved_and_read_as_json(client: TestClient, path: str) -> None:
    saved = client.put(path, json=SPEC, headers={"If-Match": '"1"'})
    assert (saved.status_code, saved.headers["etag"]) == (200, '"2"')
    assert SPEC.items() <= saved.json().items()
    read = client.get(path)
    assert (read.headers["content-type"], read.headers["etag"]) == ("application/json", '"2"')
    assert read.json() == saved.json()


@pytest.mark.parametrize("kind", ["application/yaml", "application/x-yaml; charset=utf-8", "text/yaml"])
def test_a_draft_is_saved_and_read_as_yaml(client: TestClient, path: str, kind: str) -> None:
    text = yaml.safe_dump(SPEC, allow_unicode=True).encode()
    assert client.put(path, content=text, headers={"If-Match": '"1"', "Content-Type": kind}).status_code == 200
    read = client.get(path, headers={"Accept": "application/yaml"})
    assert read.headers["content-type"].startswith("application/yaml")
    assert "sql: |-\n  INSERT INTO b\n  SELECT '数'\n" in read.text
    assert yaml.safe_load(read.text) == client.get(path).json()


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [({}, 428, "revision_required"), ({"If-Match": '"9"'}, 412, "stale_revision")],
    ids=["missing", "stale"],
)
def test_a_draft_that_somebody_else_saved_is_not_overwritten(
    client: TestClient, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    before = client.get(path).json()
    response = client.put(path, json=SPEC, headers=headers)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert client.get(path).json() == before


@pytest.mark.parametrize(
    ("text", "code", "fault", "line"),
    [
        ("a: &x 1\nb: *x", "yaml_invalid", "yaml_alias", 2),
        ("a: 1\na: 2", "yaml_invalid", "yaml_key_twice", 2),
        ("type: SQL\nsql: [", "yaml_invalid", "yaml_fault", 2),
        ("!!python/object/apply:os.system ['x']", "yaml_invalid", "yaml_fault", 1),
        ("? [a]\n: 1", "yaml_invalid", "yaml_fault", 1),
        ("---\na: 1\n---\nb: 2", "yaml_invalid", "yaml_fault", 3),
        ("a: " + "[" * 3000 + "]" * 3000, "yaml_invalid", "yaml_fault", 1),
        ("type: SQL\nsql: 2001-99-99", "yaml_invalid", "yaml_fault", 2),
        ("parallelism: 0x" + "f" * 9000, "yaml_invalid", "yaml_fault", 1),
        ("- 1", "body_malformed", "field_type", None),
        ("", "body_malformed", "field_type", None),
        ('sql: "\\0"', "body_malformed", "text_characters", None),
    ],
    ids=[
        "alias", "key twice", "broken off", "code", "list as key", "two documents", "too deep", "no such day",
        "too large a number", "a list", "nothing", "null character",
    ],
)  # fmt: skip
def test_yaml_that_is_not_taken_names_the_place(
    client: TestClient, path: str, text: str, code: str, fault: str, line: int | None
) -> None:
    response = client.put(path, content=text.encode(), headers=YAML)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, code)
    (part,) = problem["problems"]
    assert (part["code"], part.get("line")) == (fault, line)


def test_yaml_in_another_encoding_is_told_so(client: TestClient, path: str) -> None:
    response = client.put(path, content=b"sql: \xe9", headers=YAML)
    assert response.json()["problems"][0]["code"] == "text_not_utf8"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"flink_config": {1: "x"}}, "spec.flink_config.1"),
        ({"flink_config": {None: "x"}}, "spec.flink_config.None"),
        ({"flink_config": {"a": float("inf")}}, "spec.flink_config.a"),
        ({"flink_config": {"a": ["x"]}}, "spec.flink_config.a"),
        ({"parallelism": float("nan")}, "spec.parallelism"),
        ({"parallelism": True}, "spec.parallelism"),
        ({"checkpointing": {"interval": "99999999999999999999 d"}}, "spec.checkpointing.interval"),
        ({"checkpointing": {"interval": "soon"}}, "spec.checkpointing.interval"),
        ({"checkpointing": []}, None),
        ({"restore": {"strategy": "YESTERDAY"}}, "spec.restore.strategy"),
        ({"restore": {"strategy": "CUSTOM"}}, "spec.restore.path"),
        ({"args": "--x"}, "spec.args"),
        ({"sql": "  "}, "spec.sql"),
        ({"type": "PYTHON"}, "spec.type"),
        ({2: 3}, "spec.2"),
    ],
    ids=str,
)
def test_a_field_that_cannot_be_is_named(
    client: TestClient, path: str, change: dict[Any, Any], fault: str | None
) -> None:
    response = client.put(path, content=yaml.safe_dump(SPEC | change).encode(), headers=YAML)
    if fault is None:
        assert response.status_code == 200
    else:
        assert (response.status_code, response.json()["code"]) == (422, "spec_invalid")
        assert [part["path"] for part in response.json()["problems"]] == [fault]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x"])
def test_another_kind_of_text_is_not_guessed_at(client: TestClient, path: str, kind: str) -> None:
    response = client.put(path, content=b'{"type": "SQL", "sql": "x"}', headers={"If-Match": "*", "Content-Type": kind})
    assert (response.status_code, response.json()["code"]) == (415, "media_type_not_supported")


class TestCheck:
    def test_a_good_draft_shows_its_graph_and_tables(self, world: World, client: TestClient, path: str) -> None:
        world.compiler.found = CheckedScript(
            (),
            graph=(PlanNode(1, "Source: a", "TableSourceScan", ()), PlanNode(2, "Sink: b", "Sink", (1,))),
            tables=(ScriptTable("a", "datagen", TableRole.SOURCE, {"connector": "datagen"}),),
            bounded=True,
        )
        check = client.post(f"{path}/check").json()
        assert set(check) == shapes.CHECK | shapes.EXTRA["check"]
        assert (check["ok"], check["problems"], check["bounded"]) == (True, [], True)
        assert set(check["tables"][0]) == shapes.TABLE
        assert check["tables"][0]["role"] == "SOURCE"
        assert check["graph"][1]["inputs"] == [1]

    def test_a_faulty_draft_shows_the_place_in_the_user_s_script(
        self, world: World, client: TestClient, path: str
    ) -> None:
        world.compiler.found = CheckedScript((Problem("spec.sql", "sql_invalid", (), "Encountered x", 3, 7),))
        check = client.post(f"{path}/check").json()
        (part,) = check["problems"]
        assert (check["ok"], part["path"], part["line"], part["column"]) == (False, "spec.sql", 3, 7)
        assert "Encountered x" in part["message"]
        assert world.compiler.asked[0][0] == "2.2.1"

    @pytest.mark.parametrize(("cluster", "fault"), [("nowhere", "spec.cluster"), ("local", "spec.artifact")])
    def test_the_cluster_and_the_jar_are_looked_for(
        self, world: World, client: TestClient, cluster: str, fault: str
    ) -> None:
        world.add_cluster()
        spec = JobSpec(JobType.JAR, artifact="gone.jar", cluster=cluster)
        check = client.post(f"/api/v1/jobs/{world.add_job('jar', spec).id}/draft/check").json()
        assert (check["ok"], [part["path"] for part in check["problems"]]) == (False, [fault])

    def test_a_jar_that_is_there_is_fine(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        world.artifacts.add(world.actor, "default", "a.jar", make_jar())
        job = world.add_job("jar", JobSpec(JobType.JAR, artifact="a.jar"))
        assert client.post(f"/api/v1/jobs/{job.id}/draft/check").json()["ok"] is True
