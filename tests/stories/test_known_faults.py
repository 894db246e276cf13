"""Six ordinary faults in which other platforms lost state or started a job twice; docs/reliability.md has the table.

The sixth, a JobManager that is restarted without high availability, is told in `test_lost_jobmanager.py`.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stories.flink import Flink, find_folder
from tests.stories.house import House
from tests.stories.ledger import find_start, list_runs, list_saved, read_ledger
from tests.stories.patience import await_that, let_pass
from tests.stories.people import JobHandle, Json, Person
from tests.stories.specs import endless, ledger
from tests.stories.wire import wire_to

pytestmark = pytest.mark.real

ROUNDS = 4
SNAPSHOT_MS = 3000


@pytest.mark.requirement("T2-15", "D-19", "A-24")
def test_a_stop_on_a_savepoint_is_recorded_and_a_start_from_latest_goes_on_from_it(
    person: Person, artifact: str, tmp_path: Path
) -> None:
    book = tmp_path / "ledger"
    job = person.start("stopped well", ledger(artifact, book))
    _await_count(job, book)
    job.succeed("stop", snapshot="CREATE")
    (snapshot,) = job.list("snapshots")
    assert (find_folder(snapshot["path"]) / "_metadata").is_file()

    job.succeed("run", **{"from": "LATEST"})
    assert job.show()["instance"]["restored_from"] == snapshot["path"]
    _assert_goes_on(job, book)


@pytest.mark.requirement("T0-16", "A-36", "U-05")
def test_a_savepoint_that_cannot_be_written_leaves_the_one_job_running(
    person: Person, flink: Flink, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no directory", encoding="utf-8")
    job = person.start("cannot be saved", endless(savepoint_dir=f"file://{tmp_path}/file/savepoints"))
    alive = flink.list_live(job.name)

    assert job.fail("stop", snapshot="CREATE")["reason"] == "flink_savepoint_dir_unusable"
    assert job.show()["phase"] == "RUNNING"
    assert job.refuse("run", **{"from": "NONE"})["code"] == "verb_not_allowed"
    assert flink.list_live(job.name) == alive
    assert len(flink.list_jobs(job.name)) == 1


@pytest.mark.requirement("T0-15", "A-32", "D-19")
@pytest.mark.parametrize("verb", ["stop", "savepoint"])
def test_a_server_killed_during_a_savepoint_finds_it_again(
    house: House, person: Person, artifact: str, tmp_path: Path, verb: str
) -> None:
    book = tmp_path / "ledger"
    job = person.start(f"killed while saving for {verb}", ledger(artifact, book, SNAPSHOT_MS))
    _await_count(job, book)
    operation = job.ask_and_see_it_sent(verb, **({"snapshot": "CREATE"} if verb == "stop" else {}))
    house.kill()
    assert list_saved(read_ledger(book), job_id(job, book)) == [], "it was killed in the middle"
    house.start()
    person.sign_in()

    assert person.await_end(operation["id"])["status"] == "SUCCESS"
    (snapshot,) = job.list("snapshots")
    if verb == "savepoint":
        assert job.show()["phase"] == "RUNNING"
        job.succeed("stop", snapshot="NONE")
    job.succeed("run", **{"from": "LATEST"})
    assert job.show()["instance"]["restored_from"] == snapshot["path"]
    _assert_goes_on(job, book)


@pytest.mark.requirement("A-30", "D-08", "U-09")
@pytest.mark.parametrize(
    "seconds",
    [pytest.param(10.0, id="10-s"), pytest.param(90.0, id="90-s", marks=[pytest.mark.long, pytest.mark.timeout(300)])],
)
def test_a_jobmanager_out_of_reach_is_looked_at_until_it_is_back(
    house: House, annex: Person, test_jar: Path, tmp_path: Path, seconds: float
) -> None:
    book = tmp_path / "ledger"
    savepoints = tmp_path / "savepoints"
    with wire_to(house.flink.rest_url) as wire:
        cluster = annex.register("behind-a-wire", wire.url, savepoint_dir=f"file://{savepoints}")
        job = annex.start(f"out of reach for {seconds:g} s", ledger(annex.upload(test_jar), book, cluster=cluster))
        before = job.show()
        wire.cut()
        hidden = await_that(lambda: _in_reach(job, "UNREACHABLE"), 30, job.show)
        assert (hidden["phase"], hidden["flink_status"]) == ("RUNNING", "UNKNOWN")
        let_pass(seconds)
        assert _in_reach(job, "UNREACHABLE"), "time alone decides nothing"
        wire.mend()
        back = await_that(lambda: _in_reach(job, "REACHABLE"), 30, job.show)
        assert (back["phase"], back["flink_status"]) == ("RUNNING", "RUNNING")
        assert back["instance"]["flink_job_id"] == before["instance"]["flink_job_id"]
        job.succeed("pause")
        job.succeed("resume")
        _assert_goes_on(job, book)
        job.end()


@pytest.mark.requirement("T0-12", "A-26", "U-06")
def test_two_starts_at_once_are_one_flink_job_and_a_running_job_is_not_started_again(
    house: House, person: Person, flink: Flink
) -> None:
    other = Person(house)
    try:
        for number in range(ROUNDS):
            job = person.publish(f"started twice {number}", endless())
            both = [job, JobHandle(other, job.id, job.name)]
            together = threading.Barrier(len(both))

            def start(handle: JobHandle, together: threading.Barrier = together) -> Json:
                together.wait(10)
                return handle.ask("run")

            with ThreadPoolExecutor(len(both)) as people:
                first, second = people.map(start, both)
            assert first["id"] == second["id"], "the same answer for both"
            assert person.await_end(first["id"])["status"] == "SUCCESS"
            assert job.refuse("run", **{"from": "NONE"})["code"] == "verb_not_allowed"
            assert len(flink.list_jobs(job.name)) == 1
            job.succeed("stop", snapshot="NONE")
    finally:
        other.leave()


def job_id(job: JobHandle, book: Path) -> str:
    """The Flink job that wrote last."""
    runs = list_runs(read_ledger(book))
    assert runs, job.show()
    return runs[-1][0]


def _await_count(job: JobHandle, book: Path) -> None:
    """It has counted something that could be lost."""
    await_that(lambda: any(entry.word == "count" and entry.count > 10 for entry in read_ledger(book)), 30, job.show)


def _assert_goes_on(job: JobHandle, book: Path) -> None:
    """The newest run began with what the one before it had saved, and nothing was counted wrongly."""
    newest = job.show()["instance"]["flink_job_id"]
    await_that(lambda: find_start(read_ledger(book), newest) is not None, 30, job.show)
    entries = read_ledger(book)
    before = list_runs(entries)[-2][0]
    assert find_start(entries, newest) == list_saved(entries, before)[-1] > 0
    assert not [entry for entry in entries if entry.word == "wrong"]


def _in_reach(job: JobHandle, state: str) -> Json | None:
    shown = job.show()
    return shown if shown["reachability"]["state"] == state else None
