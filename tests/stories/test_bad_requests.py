"""Requests that are wrong: each is refused with what is wrong, where, and what to do, in both languages."""

from typing import Any

import pytest

from tests.stories.people import WORKSPACE, Person
from tests.stories.specs import endless

pytestmark = pytest.mark.real

JOBS = f"{WORKSPACE}/jobs"


@pytest.mark.requirement("T0-18")
@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        pytest.param(("GET", "/jobs/job-nobody0000", {}), 404, "job_not_found", id="unknown job"),
        pytest.param(("GET", "/operations/op-none", {}), 404, "operation_not_found", id="unknown operation"),
        pytest.param(("GET", "/clusters/atlantis", {}), 404, "cluster_not_found", id="unknown cluster"),
        pytest.param(("GET", "/nothing/here", {}), 404, "route_not_found", id="unknown address"),
        pytest.param(("GET", "/workspaces/other/jobs", {}), 404, "workspace_not_found", id="unknown workspace"),
        pytest.param(("POST", JOBS, {"content": b"{broken"}), 422, "body_malformed", id="malformed body"),
        pytest.param(("POST", JOBS, {"json": {"name": "x"}}), 422, "body_malformed", id="a field is missing"),
        pytest.param(
            ("POST", JOBS, {"json": {"name": "x", "spec": {"type": "SQL", "sql": "x", "color": 1}}}),
            422,
            "spec_invalid",
            id="unknown field of the specification",
        ),
        pytest.param(("GET", f"{JOBS}?cursor=nonsense", {}), 422, "query_invalid", id="a cursor that is none"),
    ],
)
def test_a_wrong_request_is_refused_in_both_languages(
    person: Person, request_: tuple[str, str, dict[str, Any]], status: int, code: str
) -> None:
    method, path, more = request_
    texts = set()
    for language in ("en", "zh"):
        headers = {"Accept-Language": language, "Content-Type": "application/json"}
        problem = person.refused(method, path, status, headers=headers, **more)
        assert problem["code"] == code
        texts.add(problem["detail"])
        assert any("\u4e00" <= character <= "\u9fff" for character in problem["hint"]) is (language == "zh")
    assert len(texts) == 2


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param({"Authorization": ""}, "token_missing", id="no token"),
        pytest.param({"Authorization": "Bearer wrong-token-0123456789"}, "token_not_known", id="wrong token"),
    ],
)
def test_without_the_token_nothing_is_told(person: Person, headers: dict[str, str], code: str) -> None:
    problem = person.refused("GET", JOBS, 401, headers=headers)
    assert problem["code"] == code
    assert "wrong-token" not in str(problem)
    problem = person.refused("GET", "/jobs/job-nobody0000", 401, headers=headers)
    assert problem["code"] == code, "nobody unknown learns what exists"


def test_edits_need_the_revision_that_they_are_made_on(person: Person) -> None:
    job = person.create("edited by two", endless())
    path = f"/jobs/{job.id}"
    first = person.ask("GET", path).headers["ETag"]

    assert person.refused("PATCH", path, 428, json={"folder": "a"})["code"] == "revision_required"
    edited = person.ask("PATCH", path, json={"folder": "a"}, headers={"If-Match": first})
    assert edited.status_code == 200
    stale = person.refused("PATCH", path, 412, json={"folder": "b"}, headers={"If-Match": first})
    assert stale["code"] == "stale_revision"
    assert job.show()["folder"] == "a"

    draft = f"{path}/draft"
    assert person.refused("PUT", draft, 428, json=endless())["code"] == "revision_required"
    assert person.refused("PUT", draft, 412, json=endless(), headers={"If-Match": '"99"'})["code"] == "stale_revision"


def test_an_idempotency_key_means_one_request(person: Person) -> None:
    body = {"name": "only once", "spec": endless()}
    key = {"Idempotency-Key": "story-key-1"}

    first = person.ask("POST", JOBS, json=body, headers=key)
    second = person.ask("POST", JOBS, json=body, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    problem = person.refused("POST", JOBS, 409, json={**body, "name": "something else"}, headers=key)
    assert problem["code"] == "idempotency_key_reused"
    assert "story-key-1" in problem["detail"]
    assert "new key" in problem["hint"]
    assert person.get(f"{JOBS}?q=something%20else")["total"] == 0
    assert person.refused("POST", JOBS, 409, json=body)["code"] == "job_name_taken"


@pytest.mark.requirement("U-10")
def test_both_spellings_of_cancelled_are_understood(person: Person) -> None:
    for spelling in ("CANCELED", "cancelled", "Canceled"):
        assert person.ask("GET", f"{JOBS}?phase={spelling}").status_code == 200
    for spelling in ("CANCELING", "cancelling", "CANCELED", "CANCELLED"):
        assert person.ask("GET", f"{JOBS}?flink_status={spelling}").status_code == 200


def test_verbs_with_wrong_options_are_refused_with_the_field(person: Person) -> None:
    job = person.publish("wrong options", endless())
    assert job.refuse("stop", 422)["problems"][0]["path"].endswith("snapshot")
    assert job.refuse("explode", 422)["code"] == "body_malformed"
    assert job.refuse("pause", 422, drain=True)["problems"][0]["path"].endswith("drain")
    assert job.list("operations") == []
