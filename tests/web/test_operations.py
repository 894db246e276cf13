"""Verbs over HTTP: asked for, looked at beforehand, awaited, withdrawn, refused."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from headgate.domain.clusters import Reachability
from headgate.domain.jobs import Job
from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.operations import OperationStatus, Options, RestoreFrom, StopSnapshot
from tests.services.world import World
from tests.web import shapes

# Every verb from a state that allows it, with the steps that it takes.
ASKED: dict[Verb, tuple[Settled, dict[str, Any], list[str]]] = {
    Verb.RUN: (Settled.CANCELLED, {"from": "none"}, ["submit"]),
    Verb.PAUSE: (Settled.RUNNING, {}, ["stop_with_savepoint"]),
    Verb.RESUME: (Settled.SUSPENDED, {}, ["submit"]),
    Verb.STOP: (Settled.RUNNING, {"snapshot": "NONE"}, ["cancel"]),
    Verb.RESTART: (Settled.RUNNING, {"keep_state": True}, ["stop_with_savepoint", "submit"]),
    Verb.SAVEPOINT: (Settled.RUNNING, {"format": "native"}, ["savepoint"]),
}
VERBS = pytest.mark.parametrize("verb", ASKED, ids=str)


def path_of(job: Job) -> str:
    return f"/api/v1/jobs/{job.id}/operations"


@pytest.fixture
def running(world: World) -> Job:
    world.add_cluster()
    return world.add_settled(Settled.RUNNING)


@VERBS
@pytest.mark.requirement("T0-01", "U-03")
def test_a_verb_is_answered_with_its_operation(world: World, client: TestClient, verb: Verb) -> None:
    world.add_cluster()
    settled, options, steps = ASKED[verb]
    job = world.add_settled(settled)
    response = client.post(path_of(job), json={"verb": verb.upper(), "options": options})
    operation = response.json()
    assert response.status_code == 202
    assert set(operation) == shapes.OPERATION | shapes.EXTRA["operation"]
    assert [set(step) for step in operation["steps"]] == [shapes.STEP] * len(steps)
    assert [step["name"] for step in operation["steps"]] == steps
    assert (operation["verb"], operation["status"], operation["code"]) == (verb, "INIT", None)
    assert (operation["requested_by"], operation["job_id"], operation["ended_at"]) == ("mei", job.id, None)
    assert client.get(f"/api/v1/operations/{operation['id']}").json() == operation
    assert client.get(path_of(job)).json()["items"] == [operation]
    assert client.get("/api/v1/workspaces/default/operations").json()["items"] == [operation]
    assert (world.wakes, world.sweeps) == (1, 0)


@VERBS
def test_a_dry_run_says_what_would_be_done_and_does_nothing(world: World, client: TestClient, verb: Verb) -> None:
    world.add_cluster()
    settled, options, steps = ASKED[verb]
    job = world.add_settled(settled)
    response = client.post(f"{path_of(job)}?dry_run=true", json={"verb": verb, "options": options})
    plan = response.json()
    assert response.status_code == 200
    assert set(plan) == shapes.PLAN | shapes.EXTRA["plan"]
    assert [step["name"] for step in plan["steps"]] == steps
    assert (plan["restore_point"] is not None) == (verb is Verb.RESUME)
    assert client.get(path_of(job)).json()["items"] == []
    assert world.wakes == 0


@VERBS
@pytest.mark.requirement("T0-12")
def test_a_double_click_is_one_operation(world: World, client: TestClient, verb: Verb) -> None:
    world.add_cluster()
    settled, options, _ = ASKED[verb]
    job = world.add_settled(settled)
    body = {"verb": verb, "options": options}
    assert client.post(path_of(job), json=body).json() == client.post(path_of(job), json=body).json()
    assert len(client.get(path_of(job)).json()["items"]) == 1


@pytest.mark.requirement("U-15")
def test_a_job_out_of_sight_is_declared_lost(world: World, client: TestClient, running: Job) -> None:
    body = {"verb": "declare_lost", "options": {"reason": "the machine burnt"}}
    assert client.post(path_of(running), json=body).json()["code"] == "not_out_of_sight"
    with world.store.read() as unit:
        [cluster] = unit.clusters.list_all()
    world.see_cluster(cluster, Reachability.UNREACHABLE)
    world.clock.advance(61)
    assert "declare_lost" in client.get(f"/api/v1/jobs/{running.id}").json()["allowed_verbs"]
    response = client.post(path_of(running), json=body)
    assert response.status_code == 202
    assert response.json()["options"] == {"reason": "the machine burnt"}


@pytest.mark.requirement("T0-26", "T0-30", "T0-33", "T2-08")
@pytest.mark.parametrize(
    ("settled", "verb", "options"),
    [
        (Settled.RUNNING, "run", {"from": "LATEST"}),
        (Settled.RUNNING, "resume", {}),
        (Settled.SUSPENDED, "pause", {}),
        (Settled.CANCELLED, "pause", {}),
        (Settled.CANCELLED, "resume", {}),
        (Settled.CANCELLED, "stop", {"snapshot": "NONE"}),
        (Settled.FINISHED, "restart", {"keep_state": False}),
        (Settled.FAILED, "savepoint", {}),
    ],
    ids=str,
)
def test_a_verb_at_the_wrong_time_says_what_may_be_done(
    world: World, client: TestClient, settled: Settled, verb: str, options: Mapping[str, Any]
) -> None:
    world.add_cluster()
    job = world.add_settled(settled)
    response = client.post(path_of(job), json={"verb": verb, "options": options})
    problem = response.json()
    assert (response.status_code, problem["code"]) == (409, "verb_not_allowed")
    assert (problem["phase"], problem["expected_phase"]) == (settled, settled)
    assert problem["detail"] == f"{verb} is not possible: the job is {settled}.", "nothing is under way"
    assert problem["allowed_verbs"] == client.get(f"/api/v1/jobs/{job.id}").json()["allowed_verbs"]
    assert verb not in problem["allowed_verbs"]


@pytest.mark.parametrize(
    ("body", "fault", "code"),
    [
        ({}, "verb", "field_missing"),
        ({"verb": "launch"}, "verb", "field_choice"),
        ({"verb": 3}, "verb", "field_choice"),
        ({"verb": "stop"}, "options.snapshot", "stop_snapshot_required"),
        ({"verb": "stop", "options": {"snapshot": "maybe"}}, "options.snapshot", "field_choice"),
        ({"verb": "stop", "options": {"snapshot": "NONE", "force": "yes"}}, "options.force", "field_type"),
        ({"verb": "restart"}, "options.keep_state", "keep_state_required"),
        ({"verb": "declare_lost"}, "options.reason", "reason_required"),
        ({"verb": "pause", "options": {"drain": True}}, "options.drain", "field_not_known"),
        ({"verb": "pause", "options": []}, "options", "field_type"),
        ({"verb": "run", "options": {"from": "NONE", "version": 0}}, "options.version", "field_bounds"),
        ({"verb": "run", "options": {"from": "NONE", "version": 1e300}}, "options.version", "field_type"),
        ({"verb": "resume", "options": {"snapshot_id": 7}}, "options.snapshot_id", "field_type"),
        ({"verb": "pause", "extra": 1}, "extra", "field_not_known"),
    ],
    ids=str,
)
@pytest.mark.requirement("U-04")
def test_an_order_that_nobody_understands_names_the_field(
    client: TestClient, running: Job, body: dict[str, Any], fault: str, code: str
) -> None:
    response = client.post(path_of(running), json=body)
    assert (response.status_code, response.json()["code"]) == (422, "body_malformed")
    assert [(part["path"], part["code"]) for part in response.json()["problems"]] == [(fault, code)]
    assert client.get(path_of(running)).json()["items"] == []


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({}, 409, "from_required"),
        ({"from": "SNAPSHOT"}, 422, "options_invalid"),
        ({"from": "SNAPSHOT", "snapshot_id": "snap-0"}, 404, "snapshot_not_found"),
        ({"from": "NONE", "version": 9}, 404, "version_not_found"),
    ],
    ids=["no choice", "no snapshot named", "unknown snapshot", "unknown version"],
)
def test_what_a_run_starts_from_must_be_there(
    world: World, client: TestClient, options: dict[str, Any], status: int, code: str
) -> None:
    world.add_cluster()
    job = world.add_settled(Settled.SUSPENDED)
    response = client.post(path_of(job), json={"verb": "run", "options": options})
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.requirement("A-35", "A-39", "U-05")
@pytest.mark.parametrize("verb", ["pause", "savepoint"])
def test_without_a_savepoint_directory_nothing_is_stopped(world: World, client: TestClient, verb: str) -> None:
    world.add_cluster(savepoint_dir=None)
    job = world.add_settled(Settled.RUNNING)
    response = client.post(path_of(job), json={"verb": verb})
    assert (response.status_code, response.json()["code"]) == (409, "savepoint_dir_missing")
    assert response.json()["hint"]
    lossy = client.post(path_of(job), json={"verb": "pause", "options": {"allow_state_loss": True}})
    assert lossy.status_code == 202


def test_a_job_without_a_version_is_not_run(world: World, client: TestClient) -> None:
    world.add_cluster()
    response = client.post(path_of(world.add_job()), json={"verb": "run", "options": {"from": "NONE"}})
    assert (response.status_code, response.json()["code"]) == (409, "job_not_published")


def test_a_job_of_a_forgotten_cluster_is_not_run(world: World, client: TestClient) -> None:
    response = client.post(path_of(world.add_published()), json={"verb": "run"})
    assert (response.status_code, response.json()["code"]) == (409, "cluster_missing")


class TestWaiting:
    """The answer comes with the end of the operation, or when the time is up."""

    def _ask(self, world: World, job: Job) -> str:
        options = Options(snapshot=StopSnapshot.NONE)
        return world.operations.request(world.actor, job.id, Verb.STOP, options).id

    def test_the_end_is_told_when_it_comes(self, world: World, client: TestClient, running: Job) -> None:
        name = self._ask(world, running)
        asked = threading.Event()
        answers: list[dict[str, Any]] = []

        def wait() -> None:
            asked.set()
            answers.append(client.get(f"/api/v1/operations/{name}?wait=30").json())

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert asked.wait(10)
        world.close(world.operations.get(world.actor, name), OperationStatus.SUCCESS)
        waiting.join(20)
        assert [(answer["status"], answer["code"]) for answer in answers] == [("SUCCESS", 0)]

    def test_the_time_being_up_is_no_error(self, world: World, client: TestClient, running: Job) -> None:
        response = client.get(f"/api/v1/operations/{self._ask(world, running)}?wait=0.01")
        assert (response.status_code, response.json()["status"]) == (200, "INIT")

    @pytest.mark.parametrize("wait", ["61", "-1", "nan", "inf", "soon", ""])
    def test_a_time_is_a_number_of_seconds_up_to_sixty(
        self, world: World, client: TestClient, running: Job, wait: str
    ) -> None:
        response = client.get(f"/api/v1/operations/{self._ask(world, running)}?wait={wait}")
        assert (response.status_code, response.json()["problems"][0]["path"]) == (422, "wait")


class TestWithdrawing:
    def test_a_waiting_operation_can_be_taken_back(self, world: World, client: TestClient, running: Job) -> None:
        operation = client.post(path_of(running), json={"verb": "pause"}).json()
        response = client.delete(f"/api/v1/operations/{operation['id']}")
        assert (response.status_code, response.json()["id"]) == (202, operation["id"])
        assert "withdrawn" in response.json()["message"], "nobody reconciles here, so it is still open"
        with world.store.read() as unit:
            assert unit.operations.is_withdrawal_requested(operation["id"])

    def test_the_answer_tells_its_end_where_that_comes_soon(
        self, world: World, client: TestClient, running: Job
    ) -> None:
        operation = client.post(path_of(running), json={"verb": "pause"}).json()
        with world.store.read() as unit:
            row = unit.operations.get(operation["id"])
        close = threading.Timer(0.2, world.close, (row, OperationStatus.CANCELLED))
        close.start()
        try:
            assert client.delete(f"/api/v1/operations/{row.id}").json()["status"] == "CANCELLED"
        finally:
            close.join()

    def test_a_closed_one_cannot(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        job = world.add_published()
        operation = world.operations.request(world.actor, job.id, Verb.RUN, Options(restore_from=RestoreFrom.NONE))
        world.close(operation, OperationStatus.FAIL)
        response = client.delete(f"/api/v1/operations/{operation.id}")
        assert (response.status_code, response.json()["code"]) == (409, "operation_not_withdrawable")


@pytest.mark.requirement("A-31")
def test_the_state_follows_at_once(world: World, client: TestClient) -> None:
    world.add_cluster()
    job = world.add_published()
    client.post(path_of(job), json={"verb": "run"})
    shown = client.get(f"/api/v1/jobs/{job.id}").json()
    assert (shown["phase"], shown["desired_state"]) == ("TRANSITIONING", "RUNNING")
    assert set(shown["operation"] or shown["waiting"]) == shapes.OPERATION | shapes.EXTRA["operation"]
