"""Two versions of Flink in one house: the embedded one is old, and a newer cluster is registered beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.local_cluster import EmbeddedCluster
from headgate.ports.engines import Engine, LocalClusterShape
from tests.stories.flink import read_printed
from tests.stories.house import House
from tests.stories.people import JobHandle, Person
from tests.stories.specs import counted

# Two Flinks, a server and two SQL clients: more than a small machine should run beside the other stories.
pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(600)]

OLD, NEW = "1.20.5", "2.2.1"
ROWS, PER_SECOND = 1200, 40
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def old_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with the oldest Flink that Headgate supports as its embedded one."""
    house = House(tmp_path_factory.mktemp("versions") / "old house", "--flink-version", OLD, "--slots", "2")
    try:
        house.start()
        yield house
    finally:
        house.end_all()


@pytest.fixture(scope="module")
def newer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newer")


@pytest.fixture(scope="module")
def newer(engine_221: Engine, newer_folder: Path) -> Iterator[EmbeddedCluster]:
    """A cluster of a newer version, somewhere else."""
    cluster = EmbeddedCluster(newer_folder, engine_221, LocalClusterShape(slots=2), SystemClock())
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def resident(old_house: House) -> Iterator[Person]:
    person = Person(old_house)
    yield person
    person.leave()


def newest_instance(job: JobHandle) -> tuple[str, str]:
    """The cluster of the newest instance, and what it was restored from."""
    instance = job.list("instances")[0]
    return instance["cluster"], instance["restored_from"] or ""


def test_a_paused_job_moves_to_another_flink_only_by_an_explicit_run(
    resident: Person, old_house: House, newer: EmbeddedCluster, newer_folder: Path
) -> None:
    """And it arrives with its state: each row is counted once, over both versions."""
    lines = [resident.get("/clusters/local")["capabilities"]["line"]]
    resident.register("newer", newer.ensure_running().rest_url, savepoint_dir=newer.savepoint_dir, engine_version=NEW)
    lines.append(resident.get("/clusters/newer")["capabilities"]["line"])
    assert lines == ["1.20", "2.2"]
    assert resident.post("/clusters/newer/check")["ok"]

    job = resident.start("moves", counted("moves", ROWS, PER_SECOND))
    job.succeed("pause")
    job.change({**counted("moves", ROWS, PER_SECOND), "cluster": "newer"})
    job.publish("on the newer Flink")

    job.succeed("resume")
    assert newest_instance(job)[0] == "local", "a resume goes on where the job was"
    job.succeed("pause")

    run = {"verb": "run", "options": {"from": "LATEST", "version": 2}}
    plan = resident.post(f"/jobs/{job.id}/operations?dry_run=true", run)
    assert "risk_other_flink_version" in [risk["code"] for risk in plan["risks"]]
    paused_on = plan["restore_point"]["path"]
    job.succeed("run", **{"from": "LATEST", "version": 2})
    assert newest_instance(job) == ("newer", paused_on)

    job.await_phase("FINISHED", seconds=ROWS / PER_SECOND + PATIENCE_S)
    printed = [*read_printed(old_house.data, "moves"), *read_printed(newer_folder, "moves")]
    counts = [values[0] for kind, values in printed if kind in {"+I", "+U"}]
    assert counts == list(range(1, ROWS + 1))
    assert printed[-1][1] == (ROWS, ROWS * (ROWS + 1) // 2)
