"""Bodies that nobody should send, to every endpoint that takes one: each is told what is wrong, none is a fault."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from headgate.domain.lifecycle import Settled
from tests.services.world import World

WRITES = [
    ("POST", "/workspaces/default/jobs"),
    ("PATCH", "/jobs/{job}"),
    ("PUT", "/jobs/{job}/draft"),
    ("POST", "/jobs/{job}/versions"),
    ("POST", "/jobs/{job}/operations"),
    ("POST", "/clusters"),
    ("PATCH", "/clusters/local"),
    ("POST", "/engines"),
]
EACH_WRITE = pytest.mark.parametrize(("method", "path"), WRITES, ids=lambda part: str(part))

# In every field that any of these endpoints has.
TEXTS = (
    b'{"name": "%s", "description": "%s", "type": "SQL", "sql": "%s", "verb": "resume", "url": "http://x",'
    b' "engine_version": "2.2.1", "options": {"snapshot_id": "%s"}, "spec": {"type": "SQL", "sql": "%s"}}'
)
MALFORMED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", ""),
    "no json": (b"{nope", "json_invalid"),
    "broken off": (b'{"name": ', "json_invalid"),
    "a list": (b"[]", "field_type"),
    "null": (b"null", ""),
    "a number": (b"12", "field_type"),
    "a text": (b'"x"', "field_type"),
    "deep brackets": (b'{"name": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", ""),
    "another encoding": (b'{"name": "\xff\xfe"}', ""),
    "null character": (TEXTS.replace(b"%s", rb"a\u0000b"), "text_characters"),
    "half a pair": (TEXTS.replace(b"%s", rb"a\ud800b"), "text_characters"),
    "odd key": (rb'{"verb": "pause", "\udfff": 1}', "text_characters"),
    "a number of 5000 digits": (b'{"name": ' + b"9" * 5000 + b"}", ""),
}


@pytest.fixture
def job_id(world: World) -> str:
    world.add_cluster()
    return world.add_settled(Settled.RUNNING).id


@EACH_WRITE
@pytest.mark.parametrize("kind", MALFORMED)
def test_what_cannot_be_read_is_told_so(client: TestClient, job_id: str, method: str, path: str, kind: str) -> None:
    content, code = MALFORMED[kind]
    response = client.request(
        method,
        "/api/v1" + path.format(job=job_id),
        content=content,
        headers={"Content-Type": "application/json", "If-Match": "*", "Idempotency-Key": "k"},
    )
    assert (response.status_code, response.json()["code"]) == (422, "body_malformed")
    codes = [part["code"] for part in response.json()["problems"]]
    assert codes
    assert code in {"", *codes}


@EACH_WRITE
@pytest.mark.parametrize("announced", [True, False], ids=["with its length", "in pieces"])
def test_what_is_too_large_is_not_read(
    client: TestClient, job_id: str, method: str, path: str, announced: bool
) -> None:
    content = b'{"name": "' + b"x" * 60_000 + b'"}'

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    response = client.request(
        method,
        "/api/v1" + path.format(job=job_id),
        content=content if announced else pieces(),
        headers={"Content-Type": "application/json", "If-Match": "*"},
    )
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


@EACH_WRITE
@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_another_kind_of_text_is_not_taken_for_json(
    client: TestClient, job_id: str, method: str, path: str, kind: str
) -> None:
    response = client.request(
        method,
        "/api/v1" + path.format(job=job_id),
        content=b'{"name": "x"}',
        headers={"Content-Type": kind, "If-Match": "*"},
    )
    assert (response.status_code, response.json()["code"]) == (415, "media_type_not_supported")


@pytest.mark.parametrize("text", ["日本語 ñ 🎉", "‮right to left", "a" * 10_000, "{x} {0} %s", "<script>"], ids=str)
def test_any_other_text_is_kept_as_it_is(client: TestClient, job_id: str, text: str) -> None:
    path = f"/api/v1/jobs/{job_id}/draft"
    saved = client.put(path, json={"type": "SQL", "sql": text}, headers={"If-Match": "*"})
    assert (saved.json()["sql"], client.get(path).json()["sql"]) == (text, text)
