"""A pause that fails, or a job that ends during one: the state shown afterwards is the actual one."""

from pathlib import Path

import pytest

from tests.stories.flink import Flink
from tests.stories.house import House
from tests.stories.people import Person
from tests.stories.specs import endless, jar

pytestmark = pytest.mark.real


@pytest.mark.requirement("T0-15", "T0-16", "T0-18", "T1-11", "T2-13", "A-36")
def test_a_pause_below_a_regular_file_leaves_the_job_running(person: Person, flink: Flink, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory", encoding="utf-8")
    job = person.start("nowhere to save", endless(savepoint_dir=f"file://{tmp_path}/file/savepoints"))
    alive = flink.list_live(job.name)

    pause = job.fail("pause")
    assert pause["reason"] == "flink_savepoint_dir_unusable"
    for language, words in (("en", "directory"), ("zh", "目录")):
        shown = job.show(language)
        assert (shown["phase"], shown["desired_state"], shown["flink_status"]) == ("RUNNING", "RUNNING", "RUNNING")
        warning = shown["warning"]
        assert words in warning["message"]
        assert words in warning["advice"]
        assert str(tmp_path) in warning["cause"]
        assert warning["operation_id"] == pause["id"]
    assert flink.list_live(job.name) == alive
    assert job.list("snapshots") == []

    job.succeed("restart", keep_state=False)
    assert job.show()["warning"] is None, "the sign stays until a later operation succeeds"


@pytest.mark.requirement("T0-15", "T0-16")
def test_a_job_cancelled_behind_our_back_during_a_pause_is_shown_as_ended(
    person: Person, flink: Flink, artifact: str
) -> None:
    job = person.start("ended outside", jar(artifact, "CountingJob", "--snapshot-ms", "20000"))

    pause = job.ask_and_see_it_sent("pause")
    flink.cancel(flink.list_live(job.name)[0])
    ended = person.await_end(pause["id"])
    assert (ended["status"], ended["reason"]) == ("FAIL", "cancelled_outside")
    shown = job.show()
    assert (shown["phase"], shown["flink_status"]) == ("CANCELLED", "CANCELED")
    assert shown["warning"]["code"] == "cancelled_outside"
    assert job.list("snapshots") == []
    assert "run" in shown["allowed_verbs"]


@pytest.mark.requirement("T0-15")
def test_a_job_that_fails_while_it_stops_keeps_its_savepoint(person: Person, flink: Flink, artifact: str) -> None:
    job = person.start("fails at its end", jar(artifact, "CountingJob", "--then", "fail-on-close"))

    job.do("pause")
    shown = job.show()
    assert shown["phase"] == "SUSPENDED"
    assert shown["warning"]["code"] == "savepoint_made_job_failed"
    assert "on purpose" in shown["warning"]["cause"]
    assert flink.list_live(job.name) == []
    job.succeed("resume")
    assert job.show()["instance"]["restored_from"] == job.list("snapshots")[0]["path"]


@pytest.mark.requirement("A-35", "A-39", "U-05")
def test_without_a_savepoint_directory_only_an_accepted_loss_ends_the_job(
    house: House, annex: Person, test_jar: Path
) -> None:
    cluster = annex.register("bare", house.flink.rest_url)
    job = annex.start("no directory", jar(annex.upload(test_jar), cluster=cluster))

    for verb, options in (("pause", {}), ("savepoint", {}), ("stop", {"snapshot": "CREATE"})):
        problem = job.refuse(verb, **options)
        assert problem["code"] == "savepoint_dir_missing"
        assert "savepoint directory" in problem["detail"]
        assert "savepoint_dir" in problem["hint"]
    assert "allow_state_loss" in job.refuse("pause")["hint"]
    assert job.show()["phase"] == "RUNNING"
    job.succeed("pause", allow_state_loss=True)
    assert job.show()["phase"] == "CANCELLED"
    asked = [event["facts"].get("options", "") for event in job.list("events")]
    assert any("allow_state_loss" in options for options in asked), "the loss is on record"
