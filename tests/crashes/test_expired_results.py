"""The server is down in the middle of a pause until Flink has forgotten how it ended; once with a new JobManager."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from headgate.ports.engines import Engine
from headgate.reconciler.points import Point
from tests.crashes.doomed import doom
from tests.stories.flink import Flink, find_folder
from tests.stories.house import House
from tests.stories.ledger import find_start, list_saved, read_ledger
from tests.stories.patience import await_that
from tests.stories.people import Person
from tests.stories.specs import ledger

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

STORE_DURATION_S = 5
FORGOTTEN_S = 60.0


@pytest.fixture
def house(engine_221: Engine, tmp_path: Path) -> Iterator[House]:
    """A server whose Flink remembers the results of savepoints for five seconds only."""
    house = House(tmp_path / "house")
    try:
        yield house
    finally:
        house.end_all()


def start(house: House) -> None:
    file = str(house.folder / "DIES_AT")
    house.start("tests.crashes.doomed", crash_file=file, rest_store_duration_s=str(STORE_DURATION_S))


@pytest.mark.requirement("T0-15", "T0-16", "A-32", "A-36", "U-05")
@pytest.mark.parametrize("is_struck", [False, True], ids=["plain", "jobmanager"])
def test_a_pause_whose_result_has_expired_is_suspended_on_its_savepoint(
    house: House, test_jar: Path, tmp_path: Path, is_struck: bool
) -> None:
    book = tmp_path / "ledger"
    start(house)
    person = Person(house)
    job = person.start("forgotten", ledger(person.upload(test_jar), book))
    first = job.show()["instance"]["flink_job_id"]
    flink = Flink(house.flink.rest_url)
    doom(house.folder / "DIES_AT", Point.STOP_CALLED)
    job.ask("pause")
    assert house.await_death(30) == -signal.SIGKILL
    await_that(lambda: flink.list_live(job.name) == [], 30)
    trigger = _find_trigger(house, job.id)
    await_that(lambda: not flink.knows(f"/jobs/{first}/savepoints/{trigger}"), FORGOTTEN_S)
    if is_struck:
        psutil.Process(house.flink.job_manager_pid).kill()

    doom(house.folder / "DIES_AT", None)
    start(house)
    person.sign_in()
    job.await_phase("SUSPENDED")
    (operation,) = [item for item in job.list("operations") if item["verb"] == "pause"]
    assert operation["status"] == "SUCCESS"
    (snapshot,) = job.list("snapshots")
    assert snapshot["trigger_id"] == trigger
    assert (find_folder(snapshot["path"]) / "_metadata").is_file()
    job.succeed("resume")
    second = job.show()["instance"]["flink_job_id"]
    await_that(lambda: find_start(read_ledger(book), second) is not None, 30)
    assert [find_start(read_ledger(book), second)] == list_saved(read_ledger(book), first)
    job.end()
    person.leave()


def _find_trigger(house: House, job_id: str) -> str:
    """The id of the stop's trigger, as the killed server has recorded its call."""
    text = (house.data / "trace" / f"{job_id}.jsonl").read_text(encoding="utf-8")
    return text.partition('\\"triggerId\\": \\"')[2][:32]
