"""Starts that cannot work: a snapshot that is gone or broken, no free slots, a version that is none."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stories.flink import Flink, find_folder
from tests.stories.house import House
from tests.stories.ledger import Entry, find_start, list_saved, read_ledger
from tests.stories.patience import await_that
from tests.stories.people import JobHandle, Person
from tests.stories.specs import endless, jar, ledger

pytestmark = pytest.mark.real


@contextmanager
def moved_away(folder: Path) -> Iterator[None]:
    """The folder is not there for a while."""
    elsewhere = folder.rename(folder.with_name(f"{folder.name}.away"))
    try:
        yield
    finally:
        elsewhere.rename(folder)


@contextmanager
def broken(file: Path) -> Iterator[None]:
    """The file holds rubbish for a while."""
    content = file.read_bytes()
    file.write_bytes(b"this was a savepoint")
    try:
        yield
    finally:
        file.write_bytes(content)


def pause(job: JobHandle) -> Path:
    """The folder of the savepoint that the job is paused on."""
    job.succeed("pause")
    return find_folder(job.list("snapshots")[0]["path"])


@pytest.mark.requirement("T0-15", "T0-18", "T0-27", "T0-30")
def test_a_resume_without_its_savepoint_submits_nothing_and_says_what_is_gone(
    person: Person, flink: Flink, artifact: str
) -> None:
    job = person.start("savepoint gone", jar(artifact))
    folder = pause(job)

    with moved_away(folder):
        resume = job.fail("resume")
        assert resume["reason"] == "snapshot_gone"
        assert "gone" in resume["message"]
        assert folder.name in resume["message"]
        assert "directory back" in resume["advice"]
        shown = job.show()
        # SUSPENDED would promise a savepoint that is not there.
        assert (shown["phase"], shown["warning"]["code"]) == ("FAILED", "snapshot_gone")
        assert shown["desired_state"] == "RUNNING"
        assert job.list("snapshots")[0]["path_status"] == "GONE"
        assert len(flink.list_jobs(job.name)) == 1, "nothing was submitted"
    job.succeed("run", **{"from": "LATEST"})
    shown = job.show()
    assert shown["warning"] is None
    assert shown["instance"]["restored_snapshot_id"] == job.list("snapshots")[0]["id"]


@pytest.mark.requirement("T0-15", "T0-27")
def test_an_id_burnt_by_a_broken_savepoint_is_not_taken_for_success(
    person: Person, flink: Flink, artifact: str
) -> None:
    job = person.start("savepoint broken", jar(artifact))
    folder = pause(job)
    snapshot = job.list("snapshots")[0]

    with broken(folder / "_metadata"):
        resume = job.fail("resume")
        assert resume["reason"] == "flink_restore_not_a_savepoint"
        assert job.show()["phase"] == "SUSPENDED"
        again = job.fail("run", **{"from": "SNAPSHOT", "snapshot_id": snapshot["id"]})
        assert again["reason"] == "flink_restore_not_a_savepoint"
        assert job.show()["phase"] == "SUSPENDED"
        assert flink.list_live(job.name) == []
    job.succeed("resume")
    assert job.show()["instance"]["restored_snapshot_id"] == snapshot["id"]
    ids = [instance["flink_job_id"] for instance in job.list("instances")]
    assert len(set(ids)) == len(ids) == 4, "a burnt id is never used again"
    assert flink.list_live(job.name) == [ids[0]]


def delete(folder: Path) -> None:
    shutil.rmtree(folder)


def cut_in_half(folder: Path) -> None:
    """As a disk that was full leaves it, or a copy that was broken off."""
    file = folder / "_metadata"
    with file.open("r+b") as content:
        content.truncate(file.stat().st_size // 2)


def empty(folder: Path) -> None:
    with (folder / "_metadata").open("r+b") as content:
        content.truncate(0)


@pytest.mark.requirement("T0-15", "T0-18", "T0-27", "T0-30")
@pytest.mark.parametrize(
    ("damage", "reason", "phase"),
    [
        pytest.param(delete, "snapshot_gone", "FAILED", id="deleted"),
        pytest.param(cut_in_half, "flink_restore_not_a_savepoint", "SUSPENDED", id="cut in half"),
        pytest.param(empty, "flink_restore_not_a_savepoint", "SUSPENDED", id="empty"),
    ],
)
def test_a_job_whose_pause_is_spoilt_for_ever_goes_on_from_an_older_savepoint(
    person: Person, artifact: str, tmp_path: Path, damage: Callable[[Path], None], reason: str, phase: str
) -> None:
    book = tmp_path / "ledger"
    job = person.start(f"spoilt: {damage.__name__}", ledger(artifact, book))
    await_that(lambda: any(entry.count > 10 for entry in read_ledger(book)), 30, job.show)
    job.succeed("savepoint")
    damage(pause(job))
    newest, older = job.list("snapshots")
    resume = job.plan("resume")
    assert ("risk_snapshot_gone" in [risk["code"] for risk in resume["risks"]]) is (reason == "snapshot_gone")

    failed = job.fail("resume")
    assert failed["reason"] == reason, failed["cause"]
    assert job.show()["phase"] == phase
    assert job.fail("run", **{"from": "LATEST"})["reason"] == reason
    shown = job.show()
    assert (shown["phase"], shown["restore_point"]["snapshot_id"]) == (phase, newest["id"]), "no silent step back"
    job.succeed("run", **{"from": "SNAPSHOT", "snapshot_id": older["id"]})
    shown = job.show()
    assert (shown["phase"], shown["warning"]) == ("RUNNING", None)
    assert shown["instance"]["restored_from"] == older["path"]
    entries = await_that(lambda: _find_entries(book, shown["instance"]["flink_job_id"]), 30, job.show)
    saved = list_saved(entries, job.list("instances")[-1]["flink_job_id"])
    assert find_start(entries, shown["instance"]["flink_job_id"]) == saved[0] < saved[1]


def _find_entries(book: Path, flink_job_id: str) -> list[Entry] | None:
    """The ledger, once this run has begun."""
    entries = read_ledger(book)
    return entries if find_start(entries, flink_job_id) is not None else None


def test_a_custom_start_from_a_directory_that_is_no_savepoint_fails(
    person: Person, flink: Flink, artifact: str, tmp_path: Path
) -> None:
    restore = {"strategy": "CUSTOM", "path": f"file://{tmp_path}"}
    job = person.publish("no savepoint there", jar(artifact, restore=restore))

    run = job.fail("run", **{"from": "DEFAULT"})
    assert run["reason"] in {"snapshot_gone", "flink_restore_path_missing"}
    assert run["advice"]
    assert job.show()["phase"] in {"PUBLISHED", "FAILED"}
    assert flink.list_live(job.name) == []


@pytest.mark.requirement("A-29", "D-06", "T0-15", "T0-18")
def test_a_start_without_free_slots_is_given_up_and_says_so(house: House, hasty: Person, test_jar: Path) -> None:
    flink = Flink(house.flink.rest_url)
    cluster = hasty.register("shared", house.flink.rest_url)
    job = hasty.publish("too wide", jar(hasty.upload(test_jar), cluster=cluster, parallelism=32))

    run = job.fail("run")
    assert run["reason"] in {"start_timed_out", "flink_no_slots"}
    shown = job.show()
    assert shown["phase"] == "FAILED"
    assert "slot" in shown["warning"]["message"] + shown["warning"]["advice"]
    assert flink.list_live(job.name) == [], "the attempt was cancelled"

    job.change(jar("jobs.jar", cluster=cluster))
    job.publish("narrower")
    job.succeed("run")


@pytest.mark.requirement("T0-15", "D-17")
def test_a_start_that_gets_no_slots_can_be_cut_short(person: Person, flink: Flink, artifact: str) -> None:
    job = person.publish("cut short", jar(artifact, parallelism=32))

    run = job.ask("run")
    await_that(lambda: flink.list_live(job.name), 30)
    await_that(lambda: (job.show()["operation"].get("waiting") or {}).get("code") == "waits_for_slots", 30)
    job.succeed("stop", snapshot="NONE", force=True)
    cut = person.await_end(run["id"])
    assert (cut["status"], cut["reason"]) == ("CANCELLED", "overridden_by_force")
    assert job.show()["phase"] == "CANCELLED"
    assert flink.list_live(job.name) == []


def test_a_version_or_a_snapshot_that_does_not_exist_is_named(person: Person) -> None:
    job = person.publish("no such thing", endless())
    problem = job.refuse("run", 404, version=7)
    assert problem["code"] == "version_not_found"
    assert "7" in problem["detail"]
    problem = job.refuse("run", 404, **{"from": "SNAPSHOT", "snapshot_id": "snap-none"})
    assert problem["code"] == "snapshot_not_found"
    assert "snap-none" in problem["detail"]
    assert job.refuse("run", 422, **{"from": "SNAPSHOT"})["problems"][0]["path"] == "options.snapshot_id"
    assert job.refuse("run", **{"from": "LATEST"})["code"] == "no_restore_point"


def test_a_cluster_that_does_not_exist_is_named(person: Person) -> None:
    job = person.publish("nowhere", endless(cluster="atlantis"))
    problem = job.refuse("run")
    assert problem["code"] == "cluster_missing"
    assert "atlantis" in problem["detail"]
