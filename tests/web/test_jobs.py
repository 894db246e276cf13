"""Jobs over HTTP: created, shown, listed, changed and deleted, with the members that the contract names."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from headgate.domain.clusters import Reachability
from headgate.domain.jobs import JobState, Warning
from headgate.domain.lifecycle import Phase, Settled, Verb, Wanted
from headgate.domain.operations import Finding
from headgate.domain.recovery import Recovery, RecoveryPolicy, RecoveryState
from tests.services.world import World
from tests.web import shapes

JOBS = "/api/v1/workspaces/default/jobs"
NEW: dict[str, Any] = {
    "name": "orders",
    "folder": "/etl/daily/",
    "labels": {"team": "ops", "level": "高"},
    "recovery": {"policy": "none"},
    "spec": {"type": "sql", "sql": "INSERT INTO b SELECT 1", "checkpointing": {"interval": "10 s"}},
}


def test_a_new_job_is_answered_whole(client: TestClient) -> None:
    response = client.post(JOBS, json=NEW)
    job = response.json()
    assert response.status_code == 201
    assert set(job) == shapes.JOB | shapes.EXTRA["job"]
    assert {name: job[name] for name in ("name", "folder", "labels", "type", "lifecycle", "phase")} == {
        "name": "orders",
        "folder": "etl/daily",
        "labels": {"team": "ops", "level": "高"},
        "type": "SQL",
        "lifecycle": "DEVELOPING",
        "phase": "DRAFT",
    }
    assert (job["desired_state"], job["flink_status"], job["draft_changed"], job["revision"]) == (
        None,
        "UNKNOWN",
        True,
        1,
    )
    assert (job["instance"], job["restore_point"], job["warning"], job["total_run_s"]) == (None, None, None, 0)
    assert client.get(f"/api/v1/jobs/{job['id']}").json() == job


def test_a_new_job_has_defaults(client: TestClient) -> None:
    job = client.post(JOBS, json={"name": "a", "spec": {"type": "SQL", "sql": "x"}}).json()
    assert (job["folder"], job["labels"], job["recovery"]["policy"], job["cluster"]) == ("", {}, "NONE", "local")


def test_every_fault_of_a_new_job_is_listed_with_its_place(client: TestClient) -> None:
    spec = {"type": "JAR", "parallelism": 0, "colour": "red", "flink_config": {"pipeline.name": "x"}}
    problem = client.post(JOBS, json={"name": "a", "spec": spec}).json()
    assert problem["code"] == "spec_invalid"
    assert {part["path"] for part in problem["problems"]} == {
        "spec.artifact",
        "spec.parallelism",
        "spec.colour",
        "spec.flink_config.pipeline.name",
    }


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"name": "a/b\n"}, {"name": "x" * 500}, {"folder": "a//b"}, {"labels": {"": "x"}}],
    ids=["no name", "line break", "long name", "empty folder", "empty label"],
)
def test_a_name_that_nobody_could_use_is_refused(client: TestClient, change: dict[str, Any]) -> None:
    response = client.post(JOBS, json=NEW | change)
    assert (response.status_code, response.json()["code"]) == (422, "job_invalid")


def test_a_name_is_given_once(client: TestClient) -> None:
    first = client.post(JOBS, json=NEW).json()
    again = client.post(JOBS, json=NEW)
    assert (again.status_code, again.json()["code"]) == (409, "job_name_taken")
    other = client.post(JOBS, json=NEW | {"name": "other"}).json()
    renamed = client.patch(f"/api/v1/jobs/{other['id']}", json={"name": "orders"}, headers={"If-Match": "*"})
    assert (renamed.status_code, renamed.json()["code"]) == (409, "job_name_taken")
    assert client.get(f"/api/v1/jobs/{first['id']}").json() == first


@pytest.mark.requirement("A-22")
@pytest.mark.parametrize(
    ("settled", "phase", "desired"),
    [
        (Settled.RUNNING, Phase.RUNNING, Wanted.RUNNING),
        (Settled.SUSPENDED, Phase.SUSPENDED, Wanted.SUSPENDED),
        (Settled.CANCELLED, Phase.CANCELLED, Wanted.CANCELLED),
        (Settled.FINISHED, Phase.FINISHED, Wanted.CANCELLED),
        (Settled.FAILED, Phase.FAILED, Wanted.RUNNING),
    ],
    ids=str,
)
def test_a_job_shows_where_it_is_and_where_it_should_be(
    world: World, client: TestClient, settled: Settled, phase: Phase, desired: Wanted
) -> None:
    world.see_cluster(world.add_cluster(), Reachability.REACHABLE)
    job = client.get(f"/api/v1/jobs/{world.add_settled(settled).id}").json()
    assert (job["phase"], job["desired_state"]) == (phase, desired)
    assert set(job["instance"]) == shapes.INSTANCE
    assert set(job["reachability"]) == shapes.REACHABILITY | shapes.EXTRA["reachability"]
    assert set(job["allowed_verbs"]) <= set(Verb)
    if settled is Settled.SUSPENDED:
        assert set(job["restore_point"]) == shapes.RESTORE_POINT | shapes.EXTRA["restore_point"]
        assert job["online_version"] == 1


def test_a_warning_is_shown_with_cause_and_advice_in_the_reader_s_language(world: World, client: TestClient) -> None:
    world.add_cluster()
    job = world.add_settled(Settled.RUNNING)
    finding = Finding("savepoint_dir_missing", {}, "java.lang.IllegalStateException: no directory")
    with world.store.write() as unit:
        state = JobState(job.id, Settled.RUNNING, Wanted.RUNNING, Warning(finding, world.clock.now(), None))
        unit.jobs.save_state(state)
    english = client.get(f"/api/v1/jobs/{job.id}").json()["warning"]
    chinese = client.get(f"/api/v1/jobs/{job.id}", headers={"Accept-Language": "zh"}).json()["warning"]
    assert set(english) == shapes.WARNING
    assert (english["code"], english["cause"]) == (chinese["code"], chinese["cause"])
    assert english["advice"] != chinese["advice"]
    assert english["message"] != chinese["message"]


class TestEditing:
    def test_what_is_given_changes_and_the_rest_stays(self, client: TestClient) -> None:
        job = client.post(JOBS, json=NEW).json()
        path = f"/api/v1/jobs/{job['id']}"
        read = client.get(path)
        assert read.headers["etag"] == '"1"'
        body = {"folder": "", "protected": True, "labels": {}}
        changed = client.patch(path, json=body, headers={"If-Match": read.headers["etag"]}).json()
        assert changed == job | body | {"revision": 2}
        assert client.get(path).headers["etag"] == '"2"'

    @pytest.mark.parametrize(
        ("headers", "status", "code"),
        [
            ({}, 428, "revision_required"),
            ({"If-Match": '"7"'}, 412, "stale_revision"),
            ({"If-Match": "nonsense"}, 422, "body_malformed"),
            ({"If-Match": '"1", "2"'}, 422, "body_malformed"),
            ({"If-Match": ""}, 422, "body_malformed"),
        ],
        ids=["missing", "stale", "nonsense", "several", "empty"],
    )
    def test_nobody_overwrites_what_they_have_not_read(
        self, world: World, client: TestClient, headers: dict[str, str], status: int, code: str
    ) -> None:
        path = f"/api/v1/jobs/{world.add_job().id}"
        response = client.patch(path, json={"folder": "x"}, headers=headers)
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert client.get(path).json()["folder"] == ""

    @pytest.mark.parametrize("tag", ['"1"', "1", 'W/"1"', "*"])
    def test_the_revision_is_read_in_every_usual_form(self, world: World, client: TestClient, tag: str) -> None:
        path = f"/api/v1/jobs/{world.add_job().id}"
        assert client.patch(path, json={"folder": "x"}, headers={"If-Match": tag}).status_code == 200


class TestDeleting:
    def test_a_job_that_does_not_run_goes_and_says_what_stays(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.CANCELLED)
        with world.store.read() as unit:
            instance = unit.instances.find_newest(job.id)
        assert instance is not None
        world.add_snapshot(job, instance)
        answer = client.delete(f"/api/v1/jobs/{job.id}")
        assert (answer.status_code, answer.json()["snapshots_left"]) == (200, 1)
        assert client.get(f"/api/v1/jobs/{job.id}").status_code == 404

    @pytest.mark.requirement("U-15")
    def test_one_that_runs_stays(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        answer = client.delete(f"/api/v1/jobs/{world.add_settled(Settled.RUNNING).id}")
        assert (answer.status_code, answer.json()["code"]) == (409, "job_not_deletable")

    def test_a_protected_one_stays(self, world: World, client: TestClient) -> None:
        path = f"/api/v1/jobs/{world.add_job().id}"
        client.patch(path, json={"protected": True}, headers={"If-Match": "*"})
        assert client.delete(path).json()["code"] == "job_protected"

    def test_a_revision_may_be_demanded(self, world: World, client: TestClient) -> None:
        path = f"/api/v1/jobs/{world.add_job().id}"
        assert client.delete(path, headers={"If-Match": '"2"'}).status_code == 412
        assert client.delete(path, headers={"If-Match": '"1"'}).status_code == 200


def test_refreshing_has_the_clusters_looked_at(world: World, client: TestClient) -> None:
    response = client.post(f"/api/v1/jobs/{world.add_job().id}/refresh")
    assert response.status_code == 202
    assert set(response.json()) == shapes.JOB | shapes.EXTRA["job"]
    assert (world.wakes, world.sweeps) == (0, 1)


class TestRecovery:
    def test_it_is_set_and_shown(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        job = world.add_job()
        wanted = {"policy": "restore", "max_age": "2h", "attempts": 3}
        path, revision = f"/api/v1/jobs/{job.id}", {"If-Match": '"1"'}
        shown = client.patch(path, json={"recovery": wanted}, headers=revision).json()["recovery"]
        assert (shown["policy"], shown["max_age"], shown["attempts"]) == ("RESTORE", "2 h", 3)
        assert (shown["attempts_made"], shown["next_attempt_at"], shown["held"]) == (0, None, None)

    def test_where_it_stands_is_shown(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.FAILED)
        held = RecoveryState((world.clock.now(),), Finding("recovery_exhausted", {"attempts": "1"}))
        with world.store.write() as unit:
            unit.jobs.save_state(replace(unit.jobs.get_state(job.id), recovery=held))
        shown = client.get(f"/api/v1/jobs/{job.id}").json()["recovery"]
        assert (shown["attempts_made"], shown["held"]["code"]) == (1, "recovery_exhausted")

    @pytest.mark.requirement("T0-18", "A-36")
    def test_whoever_waits_for_it_is_not_told_to_start_the_job(self, world: World, client: TestClient) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.FAILED)
        warning = Warning(Finding("lost_with_cluster"), world.clock.now(), None)

        def advise(**state: Any) -> str:
            with world.store.write() as unit:
                unit.jobs.save_state(replace(unit.jobs.get_state(job.id), warning=warning, **state))
            shown: str = client.get(f"/api/v1/jobs/{job.id}").json()["warning"]["advice"]
            return shown

        assert "Run it again" in advise()
        assert "starts the job again by itself at 20" in advise(recovery_at=world.clock.now())
        world.change_instance(job, lambda instance: replace(instance, end=None, ended_at=None))
        assert "Run it again" in advise(recovery_at=None), "no recovery is set: nobody else starts it"
        with world.store.write() as unit:
            known = unit.jobs.get(job.id)
            unit.jobs.update(replace(known, recovery=Recovery(RecoveryPolicy.RESTORE), revision=known.revision + 1))
        assert "is starting the job again by itself" in advise()

    def test_a_job_whose_attempt_is_due_is_looked_after(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.FAILED)
        with world.store.write() as unit:
            unit.jobs.save_state(replace(unit.jobs.get_state(job.id), recovery_at=world.clock.now()))
            assert unit.operations.list_busy_jobs() == [job.id]

    @pytest.mark.parametrize(
        ("recovery", "field"),
        [
            ({"policy": "RESTORE", "max_age": "soon"}, "recovery.max_age"),
            ({"policy": "RESTORE", "attempts": 0}, "recovery.attempts"),
            ({"policy": "SOMETIMES"}, "recovery.policy"),
        ],
        ids=str,
    )
    def test_what_makes_no_sense_names_the_field(
        self, world: World, client: TestClient, recovery: dict[str, Any], field: str
    ) -> None:
        job = world.add_job()
        response = client.patch(f"/api/v1/jobs/{job.id}", json={"recovery": recovery}, headers={"If-Match": '"1"'})
        assert response.status_code == 422
        assert [problem["path"] for problem in response.json()["problems"]] == [field]
