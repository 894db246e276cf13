"""The life of a SQL job, told through the API on a real Flink."""

import pytest

from tests.stories.flink import Flink, find_folder, read_printed
from tests.stories.house import House
from tests.stories.patience import await_that
from tests.stories.people import Json, Person
from tests.stories.specs import counted, endless, jar

pytestmark = pytest.mark.real


@pytest.mark.requirement(
    "T0-04", "T0-14", "T0-23", "T0-24", "T0-25", "T0-26", "T0-27", "T0-30", "T1-03", "T1-05", "A-25", "A-27", "A-34"
)
def test_a_count_goes_on_exactly_where_the_pause_left_it(house: House, person: Person, flink: Flink) -> None:
    rows = 300
    job = person.create("exact count", counted("exact", rows, per_second=50))

    checked = job.check()
    assert checked["ok"], checked
    assert {(table["name"], table["role"]) for table in checked["tables"]} == {("numbers", "SOURCE"), ("sums", "SINK")}
    assert (job.show()["phase"], job.show()["lifecycle"]) == ("DRAFT", "DEVELOPING")
    assert job.publish("first")["number"] == 1
    assert (job.show()["phase"], job.show()["lifecycle"]) == ("PUBLISHED", "PUBLISHED")

    job.succeed("run")
    assert (job.show()["phase"], job.show()["lifecycle"]) == ("RUNNING", "ONLINE")
    await_that(lambda: len(read_printed(house.data, "exact")) > 60, 30)
    job.succeed("pause")
    paused = job.show()
    assert (paused["phase"], paused["desired_state"]) == ("SUSPENDED", "SUSPENDED")
    assert paused["restore_point"]["snapshot_id"] == job.list("snapshots")[0]["id"]
    assert flink.list_live(job.name) == []
    before = len(read_printed(house.data, "exact"))

    job.succeed("resume")
    job.await_phase("FINISHED")
    printed = read_printed(house.data, "exact")
    assert 0 < before < len(printed)
    sums = [values for kind, values in printed if kind in {"+I", "+U"}]
    assert sums == [(n, n * (n + 1) // 2) for n in range(1, rows + 1)]
    assert job.show()["warning"] is None


@pytest.mark.requirement(
    "T0-11",
    "T0-13",
    "T0-31",
    "T0-33",
    "T1-02",
    "T1-10",
    "T2-15",
    "A-24",
    "A-37",
    "D-16",
    "D-17",
    "U-03",
    "U-04",
    "U-14",
)
def test_stopping_starting_and_restarting_with_and_without_state(person: Person, flink: Flink) -> None:
    job = person.start("ends and beginnings", endless())

    stop = job.succeed("stop", snapshot="CREATE")
    assert [step["name"] for step in stop["steps"]] == ["stop_with_savepoint"]
    assert (job.show()["phase"], job.show()["desired_state"]) == ("CANCELLED", "CANCELLED")
    kept = job.list("snapshots")[0]
    assert (kept["origin"], kept["status"], kept["path_status"]) == ("STOP_WITH_SAVEPOINT", "COMPLETED", "AVAILABLE")
    assert job.refuse("run")["code"] == "from_required"

    job.succeed("run", **{"from": "LATEST"})
    assert job.show()["instance"]["restored_from"] == kept["path"]

    job.succeed("restart", keep_state=True)
    assert job.show()["instance"]["restored_snapshot_id"] == job.list("snapshots")[0]["id"] != kept["id"]
    job.succeed("restart", keep_state=False)
    assert job.show()["instance"]["restored_from"] is None

    job.succeed("stop", snapshot="NONE")
    assert (job.show()["phase"], job.show()["desired_state"]) == ("CANCELLED", "CANCELLED")
    assert flink.list_live(job.name) == []
    assert len(job.list("snapshots")) == 2, "a stop without a snapshot deletes none"
    job.succeed("run", **{"from": "SNAPSHOT", "snapshot_id": kept["id"]})
    assert job.show()["instance"]["restored_snapshot_id"] == kept["id"]

    instances = job.list("instances")
    assert [instance["number"] for instance in instances] == [5, 4, 3, 2, 1]
    assert len({instance["flink_job_id"] for instance in instances}) == 5
    assert {entry["jid"] for entry in flink.list_jobs(job.name)} == {entry["flink_job_id"] for entry in instances}
    assert flink.list_live(job.name) == [instances[0]["flink_job_id"]]


@pytest.mark.requirement("A-22", "A-23", "A-26", "A-28", "A-31", "A-32", "A-33", "A-39", "D-04", "D-20", "U-01", "U-06")
def test_clicks_that_are_doubled_and_minds_that_change(person: Person, flink: Flink) -> None:
    job = person.publish("changing minds", endless())

    run = job.ask_and_see_it_sent("run")
    assert (job.show()["phase"], job.show()["desired_state"]) == ("TRANSITIONING", "RUNNING")
    assert job.ask("run")["id"] == run["id"], "a double click is one operation"
    pause = job.ask("pause")
    assert job.ask("pause")["id"] == pause["id"]
    assert job.show()["desired_state"] == "SUSPENDED"

    assert person.await_end(run["id"])["status"] == "SUCCESS"
    assert person.await_end(pause["id"])["status"] == "SUCCESS"
    assert (job.show()["phase"], job.show()["desired_state"]) == ("SUSPENDED", "SUSPENDED")
    assert job.list("instances")[0]["number"] == 1

    job.succeed("resume")
    savepoint = job.succeed("savepoint")
    assert savepoint["steps"][0]["name"] == "savepoint"
    shown = job.show()
    assert (shown["phase"], shown["flink_status"]) == ("RUNNING", "RUNNING")
    assert [snapshot["origin"] for snapshot in job.list("snapshots")] == ["USER_REQUEST", "STOP_WITH_SAVEPOINT"]
    assert len(flink.list_jobs(job.name)) == 2
    types = [event["type"] for event in reversed(job.list("events"))]
    assert types[:3] == ["JOB_CREATED", "VERSION_PUBLISHED", "OPERATION_REQUESTED"]
    assert types.count("OPERATION_JOINED") == 2
    assert types.count("OPERATION_SUCCEEDED") == 4
    assert types.count("INSTANCE_RUNNING") == 2


@pytest.mark.requirement("U-06", "A-33")
def test_what_is_asked_for_and_not_wanted_any_more_is_an_event(person: Person, flink: Flink, artifact: str) -> None:
    job = person.publish("second thoughts", jar(artifact, "SleepsBeforeExecute", "3000"))

    run = job.ask_and_see_it_sent("run")
    pause = job.ask("pause")
    stop = job.ask("stop", snapshot="NONE")
    assert person.await_end(stop["id"])["status"] == "SUCCESS"
    assert person.await_end(run["id"])["status"] == "SUCCESS", "what was sent is finished first"
    assert person.await_end(pause["id"])["status"] == "CANCELLED"
    superseded = next(event for event in job.list("events") if event["type"] == "OPERATION_SUPERSEDED")
    assert superseded["operation_id"] == pause["id"]
    assert job.show()["phase"] == "CANCELLED"
    assert (len(flink.list_jobs(job.name)), flink.list_live(job.name)) == (1, [])


@pytest.mark.requirement("T0-01", "T0-06", "T2-01", "T2-03", "T2-04", "T2-05", "T2-06", "T2-08", "T2-16")
def test_a_new_version_is_published_beside_the_one_that_runs(person: Person) -> None:
    job = person.start("two versions", endless())
    frozen = job.list("versions")[0]

    job.change(endless(parallelism=2))
    assert job.show()["draft_changed"]
    problem = person.refused("POST", f"/jobs/{job.id}/versions", 422, json={"description": " "})
    assert problem["problems"][0]["path"] == "description"
    assert job.publish("wider")["number"] == 2
    shown = job.show()
    assert (shown["newest_version"], shown["online_version"], shown["phase"]) == (2, 1, "RUNNING")
    assert job.list("versions")[1] == frozen

    refusal = job.refuse("run")
    assert (refusal["code"], refusal["phase"]) == ("verb_not_allowed", "RUNNING")
    assert refusal["allowed_verbs"] == shown["allowed_verbs"] == ["pause", "stop", "restart", "savepoint"]
    job.succeed("stop", snapshot="NONE")
    assert "run" in job.show()["allowed_verbs"]
    job.succeed("run")
    assert job.show()["online_version"] == 2


@pytest.mark.requirement("T0-26", "T0-30", "T0-32", "T1-01", "T1-04", "T1-06", "T2-17", "D-09", "D-13", "D-14")
def test_what_is_offered_and_shown_in_each_state(person: Person, flink: Flink) -> None:
    job = person.create("shown well", endless())
    assert job.refuse("run")["code"] == "job_not_published"
    job.publish("first")
    assert _offers(job.show()) == {"run"}

    job.succeed("run")
    running = job.show()
    assert _offers(running) == {"pause", "stop", "restart", "savepoint"}
    seen = flink.list_jobs(job.name)[0]
    instance = running["instance"]
    assert (instance["flink_job_id"], instance["number"]) == (seen["jid"], 1)
    assert instance["started_at"]
    assert instance["duration_s"] >= 0
    assert instance["cu"] >= 1
    assert job.refuse("resume")["code"] == "verb_not_allowed"

    plan = person.post(f"/jobs/{job.id}/operations?dry_run=true", {"verb": "pause"})
    assert [step["name"] for step in plan["steps"]] == ["stop_with_savepoint"]
    plan = person.post(f"/jobs/{job.id}/operations?dry_run=true", {"verb": "stop", "options": {"snapshot": "NONE"}})
    (risk,) = plan["risks"]
    assert "pause" in risk["advice"], "beside stop stands that pause keeps the state"
    assert job.show()["phase"] == "RUNNING", "a dry run changes nothing"
    assert person.refused("DELETE", f"/jobs/{job.id}", 409)["allowed_verbs"]
    job.succeed("pause")
    assert _offers(job.show()) == {"run", "resume", "stop"}
    assert job.refuse("pause")["code"] == "verb_not_allowed"
    assert job.refuse("run")["code"] == "from_required"
    snapshot = job.list("snapshots")[0]
    assert (find_folder(snapshot["path"]) / "_metadata").is_file()
    assert job.show()["restore_point"]["size"] == snapshot["size"]
    assert snapshot["size"] == sum(f.stat().st_size for f in find_folder(snapshot["path"]).rglob("*") if f.is_file())

    job.succeed("stop", snapshot="NONE")
    assert _offers(job.show()) == {"run"}
    counts = person.get("/workspaces/default/jobs?q=shown&phase=cancelled")
    assert (counts["total"], counts["items"][0]["id"]) == (1, job.id)


def _offers(job: Json) -> set[str]:
    return set(job["allowed_verbs"])
