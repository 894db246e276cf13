"""JAR jobs: uploaded, run, paused and resumed; and the many ways in which a program can be wrong."""

from pathlib import Path

import pytest

from tests.jars.build import pack_without_main_class
from tests.stories.flink import Flink
from tests.stories.people import WORKSPACE, Person
from tests.stories.specs import jar

pytestmark = pytest.mark.real


@pytest.mark.requirement("T1-08", "T0-11", "T0-27")
def test_a_jar_job_runs_pauses_and_resumes(person: Person, flink: Flink, artifact: str) -> None:
    uploaded = next(item for item in person.get(f"{WORKSPACE}/artifacts")["items"] if item["name"] == artifact)
    assert uploaded["entry_class"] == "CountingJob"
    job = person.start("a jar", jar(artifact, parallelism=2))
    assert flink.list_live(job.name) == [job.show()["instance"]["flink_job_id"]]

    job.succeed("pause")
    job.succeed("resume")
    assert job.show()["instance"]["restored_from"] == job.list("snapshots")[0]["path"]
    assert person.refused("DELETE", f"/artifacts/{uploaded['id']}", 409)["code"] == "artifact_in_use"


@pytest.mark.requirement("A-29", "T1-11")
def test_arguments_reach_main_and_a_job_that_fails_by_itself_is_shown_as_failed(person: Person, artifact: str) -> None:
    job = person.publish("fails by itself", jar(artifact, "CountingJob", "--then", "fail"))

    job.do("run")
    failed = job.await_phase("FAILED")
    assert failed["flink_status"] == "FAILED"
    assert "on purpose: the job fails by itself" in failed["warning"]["cause"]
    assert "run" in failed["allowed_verbs"]


@pytest.mark.requirement("A-27")
def test_a_bounded_job_ends_as_finished(person: Person, artifact: str) -> None:
    job = person.start("bounded", jar(artifact, "BoundedJob"))
    assert job.await_phase("FINISHED")["desired_state"] == "CANCELLED"


@pytest.mark.requirement("T0-15", "T0-18", "A-29")
@pytest.mark.parametrize(
    ("main_class", "reason", "cause"),
    [
        ("NoMain", "flink_no_main_method", "main(String[]) method"),
        ("NotThere", "flink_entry_class_missing", "NotThere"),
        ("NeverExecutes", "flink_nothing_executed", ""),
        ("ThrowsBeforeExecute", "flink_main_threw", "on purpose: main fails before execute"),
        ("ThrowsAfterExecute", "flink_main_threw", "on purpose: main fails after execute"),
        ("ExecutesTwice", "flink_execute_twice", "execute"),
    ],
)
def test_a_program_that_is_wrong_fails_with_its_cause_and_leaves_no_job(
    person: Person, flink: Flink, artifact: str, main_class: str, reason: str, cause: str
) -> None:
    before = flink.count_live()
    job = person.publish(f"wrong {main_class}", jar(artifact, main_class))

    run = job.fail("run")
    assert run["reason"] == reason
    assert run["advice"]
    assert cause in run["cause"]
    shown = job.show()
    assert (shown["phase"], shown["warning"]["code"]) == ("FAILED", reason)
    assert flink.count_live() == before
    assert "run" in shown["allowed_verbs"]


def test_a_jar_without_a_main_class_says_so(person: Person, test_jar: Path, tmp_path: Path) -> None:
    artifact = person.upload(pack_without_main_class(test_jar, tmp_path / "no-main-class.jar"))
    job = person.publish("no main class", jar(artifact))
    assert job.fail("run")["reason"] == "flink_no_main_class"

    job.change(jar(artifact, "BoundedJob"))
    job.publish("says which")
    job.succeed("run")


def test_what_is_no_jar_is_not_kept(person: Person) -> None:
    before = person.get(f"{WORKSPACE}/artifacts")
    files = {"file": ("notes.jar", b"these are no classes")}
    problem = person.refused("POST", f"{WORKSPACE}/artifacts", 422, files=files)
    assert problem["code"] == "artifact_not_a_jar"
    assert person.get(f"{WORKSPACE}/artifacts") == before


def test_a_jar_that_was_never_uploaded_is_named(person: Person) -> None:
    job = person.create("no jar", jar("missing.jar"))
    checked = job.check()
    assert not checked["ok"]
    assert checked["problems"][0]["path"] == "spec.artifact"
    assert "missing.jar" in checked["problems"][0]["message"]
