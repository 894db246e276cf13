"""Jars over HTTP: uploaded, refused, listed, deleted; nothing else is taken for one."""

import errno
import io
import os
import tempfile
from typing import Any

import pytest
from starlette.formparsers import MultiPartParser
from starlette.testclient import TestClient

from headgate.domain.spec import JobSpec, JobType
from tests.services.world import World, make_jar
from tests.web import shapes

ARTIFACTS = "/api/v1/workspaces/default/artifacts"
TOO_LARGE = 100_001


def upload(client: TestClient, content: Any = None, file_name: str = "demo.jar", **fields: str) -> Any:
    return client.post(ARTIFACTS, files={"file": (file_name, content or make_jar())}, data=fields)


def test_a_jar_is_kept_under_the_digest_of_its_content(client: TestClient) -> None:
    response = upload(client)
    jar = response.json()
    assert (response.status_code, set(jar)) == (201, shapes.ARTIFACT)
    assert (jar["name"], jar["entry_class"], jar["created_by"]) == ("demo.jar", "demo.Main", "mei")
    assert (jar["size"], len(jar["digest"])) == (len(make_jar().getvalue()), 64)
    assert client.get(f"/api/v1/artifacts/{jar['id']}").json() == jar
    assert client.get(ARTIFACTS).json() == {"items": [jar], "next_cursor": None}


def test_the_same_content_under_the_same_name_is_the_same_jar(client: TestClient) -> None:
    first, again = upload(client).json(), upload(client).json()
    other, renamed = upload(client, make_jar("demo.Other")).json(), upload(client, file_name="b.jar").json()
    assert again == first
    assert len({first["id"], other["id"], renamed["id"]}) == 3
    assert renamed["digest"] == first["digest"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("../../evil.jar", "evil.jar"), ("C:\\jars\\a.jar", "a.jar"), ("流.jar", "流.jar")],
    ids=["path", "windows path", "chinese"],
)
def test_only_the_last_part_of_a_file_name_counts(client: TestClient, sent: str, kept: str) -> None:
    assert upload(client, file_name=sent).json()["name"] == kept


def test_a_name_can_be_given(client: TestClient) -> None:
    assert upload(client, name="mine.jar").json()["name"] == "mine.jar"


@pytest.mark.parametrize(
    "name", ["a/b.jar", "a\x00.jar", "x" * 201, "a\nb"], ids=["path", "null", "long", "line break"]
)
def test_a_name_that_nobody_could_write_is_refused(client: TestClient, name: str) -> None:
    response = upload(client, name=name)
    assert (response.status_code, response.json()["code"]) == (422, "artifact_invalid")
    assert client.get(ARTIFACTS).json()["items"] == []


@pytest.mark.parametrize(
    "content",
    [b"hello", b"", b"PK\x03\x04 and then nothing", make_jar().getvalue()[:-40]],
    ids=["text", "empty", "only the mark", "cut off"],
)
def test_what_is_no_jar_is_refused(client: TestClient, content: bytes) -> None:
    response = upload(client, io.BytesIO(content))
    assert (response.status_code, response.json()["code"]) == (422, "artifact_not_a_jar")
    assert response.json()["hint"]
    assert client.get(ARTIFACTS).json()["items"] == []


def test_a_jar_that_is_too_large_is_refused(client: TestClient) -> None:
    response = upload(client, io.BytesIO(b"x" * TOO_LARGE))
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert client.get(ARTIFACTS).json()["items"] == []


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"maven": "g:a:1"}},
        {"data": {"file": "text"}},
        {"data": {"name": "a.jar"}, "files": {"other": ("a.jar", b"x")}},
        {"content": b"junk", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"junk", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    ],
    ids=["json", "text field", "another field", "no boundary", "no parts"],
)
def test_a_request_without_a_file_says_so(client: TestClient, sent: dict[str, Any]) -> None:
    response = client.post(ARTIFACTS, **sent)
    assert (response.status_code, response.json()["code"]) == (422, "body_malformed")
    assert response.json()["problems"]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "artifact_disk_full"),
        (errno.EDQUOT, "artifact_disk_full"),
        (errno.EROFS, "artifact_folder_unusable"),
    ],
    ids=["full", "quota", "read only"],
)
def test_a_temporary_disk_that_takes_no_upload_is_named(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(MultiPartParser, "spool_max_size", 10)
    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    response = upload(client)
    problem = response.json()
    assert (response.status_code, problem["code"], problem["problems"]) == (503, code, [])
    assert tempfile.gettempdir() in problem["detail"]
    assert os.strerror(number) in problem["detail"]
    assert problem["hint"]


def test_a_jar_is_deleted_unless_a_job_means_it(world: World, client: TestClient) -> None:
    used, free = upload(client, file_name="used.jar").json(), upload(client, file_name="free.jar").json()
    world.add_published("jar", JobSpec(JobType.JAR, artifact="used.jar"))
    refused = client.delete(f"/api/v1/artifacts/{used['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "artifact_in_use")
    deleted = client.delete(f"/api/v1/artifacts/{free['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [jar["id"] for jar in client.get(ARTIFACTS).json()["items"]] == [used["id"]]
