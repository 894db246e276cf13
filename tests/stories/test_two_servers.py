"""Two servers, killed in turn while twenty jobs are paused and resumed: nothing runs twice, nothing is lost.

One minute here, five in `make test-long SUITES=servers`.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.local_cluster import EmbeddedCluster
from headgate.ports.engines import Engine, LocalClusterShape
from tests.postgresql import PostgreSql
from tests.stories.conftest import Say
from tests.stories.flink import ENDED, Flink, find_folder
from tests.stories.patience import await_that, let_pass
from tests.stories.people import JobHandle, Person
from tests.stories.riders import Rider
from tests.stories.servers import Servers
from tests.stories.specs import endless, jar

JOBS = 20
SQL_JOBS = 2  # the others are jars: a client JVM for each start would measure this machine
RIDERS = 4
RIDE_S, LONG_RIDE_S = 60.0, 300.0
ENOUGH_OPERATIONS = 100
"""What the long ride must have succeeded in, so that it has tried something."""
KILL_EVERY_S = 20.0
DOWN_S = 3.0
SETTLED_WITHIN_S = 30.0

pytestmark = [pytest.mark.real, pytest.mark.timeout(300 + 2 * LONG_RIDE_S)]


@pytest.fixture
def roomy_flink(engine_221: Engine, tmp_path: Path) -> Iterator[tuple[Flink, Path]]:
    """A Flink with a slot for every job, and where its savepoints go."""
    folder = tmp_path / "flink"
    cluster = EmbeddedCluster(folder, engine_221, LocalClusterShape(slots=JOBS + 2), SystemClock())
    try:
        yield Flink(cluster.ensure_running().rest_url), folder / "savepoints"
    finally:
        cluster.stop()


@pytest.fixture
def servers(postgresql: PostgreSql, tmp_path: Path) -> Iterator[Servers]:
    database = postgresql.make_database()
    servers = Servers(tmp_path, postgresql, database, artifact_dir=str(tmp_path / "jars"))
    try:
        servers.start()
        yield servers
    finally:
        servers.end_all()
        postgresql.drop(database)


@pytest.mark.requirement("A-29", "U-04", "U-14")
def test_twenty_jobs_survive_two_servers_that_are_killed_in_turn(
    request: pytest.FixtureRequest,
    roomy_flink: tuple[Flink, Path],
    servers: Servers,
    test_jar: Path,
    say: Say,
) -> None:
    flink, savepoints = roomy_flink
    is_long = bool(request.config.getoption("--long"))
    names = _start_jobs(servers, flink, savepoints, test_jar)
    riders = [Rider(servers, sorted(names)[number::RIDERS], Random(number)) for number in range(RIDERS)]
    enough, clock = threading.Event(), SystemClock()
    with ThreadPoolExecutor(RIDERS) as pool:
        rides = [pool.submit(rider.ride, enough) for rider in riders]
        kills = _kill_in_turn(servers, LONG_RIDE_S if is_long else RIDE_S)
        enough.set()
        began = clock.monotonic()
        for ride in rides:
            ride.result()
        settled_s = clock.monotonic() - began
    done = [operation for rider in riders for operation in rider.done]
    ends = Counter((operation["verb"], operation["status"]) for operation in done)
    told = ", ".join(f"{number} x {verb} {status}" for (verb, status), number in sorted(ends.items()))
    say(f"two servers: {kills} kills, {told}; all settled {settled_s:.1f} s after the last kill")
    person = Person(servers.one if servers.one.is_running else servers.other)
    for job_id, name in names.items():
        _assert_whole(JobHandle(person, job_id, name), flink)
    person.leave()
    assert all(status == "SUCCESS" for _, status in ends), ends
    assert settled_s <= SETTLED_WITHIN_S
    assert len(done) >= ENOUGH_OPERATIONS or not is_long


def _start_jobs(servers: Servers, flink: Flink, savepoints: Path, test_jar: Path) -> dict[str, str]:
    """Twenty running jobs, by id."""
    person = Person(servers.one)
    cluster = person.register("roomy", flink.url, savepoint_dir=f"file://{savepoints}")
    program = person.upload(test_jar)
    specs: list[dict[str, Any]] = [endless(cluster=cluster) for _ in range(SQL_JOBS)]
    specs += [jar(program, cluster=cluster) for _ in range(JOBS - SQL_JOBS)]
    jobs = [person.publish(f"job {number}", spec) for number, spec in enumerate(specs)]
    for asked in [job.ask("run") for job in jobs]:
        assert person.await_end(asked["id"])["status"] == "SUCCESS"
    person.leave()
    return {job.id: job.name for job in jobs}


def _kill_in_turn(servers: Servers, ride_s: float) -> int:
    """Kill whoever reconciles, every twenty seconds, and start it again a little later; how often."""
    clock = SystemClock()
    end, kills = clock.monotonic() + ride_s, 0
    while True:
        let_pass(KILL_EVERY_S - DOWN_S)
        holder = servers.await_holder(SETTLED_WITHIN_S)
        holder.kill()
        kills += 1
        is_last = clock.monotonic() >= end - KILL_EVERY_S / 2
        if is_last:
            return kills
        let_pass(DOWN_S)
        servers.start(holder)


def _assert_whole(job: JobHandle, flink: Flink) -> None:
    """At most one Flink job at any time, the one that is shown; every pause's savepoint is there and was used."""
    runs = flink.list_jobs(job.name)
    for earlier, later in pairwise(runs):
        assert 0 < earlier["end-time"] <= later["start-time"], (job.name, runs)
    live = [run["jid"] for run in runs if run["state"] not in ENDED]
    shown = await_that(lambda: found if (found := job.show())["phase"] != "TRANSITIONING" else None, SETTLED_WITHIN_S)
    instances, snapshots = job.list("instances"), job.list("snapshots")
    assert len(instances) == len(runs)
    assert [one["restored_snapshot_id"] for one in instances[:-1]] == [
        snapshot["id"] for snapshot in snapshots[len(snapshots) - len(instances) + 1 :]
    ]
    for snapshot in snapshots:
        assert (find_folder(snapshot["path"]) / "_metadata").is_file()
    if shown["phase"] == "SUSPENDED":
        assert live == []
        assert shown["restore_point"]["snapshot_id"] == snapshots[0]["id"]
    else:
        assert shown["phase"] == "RUNNING"
        assert live == [shown["instance"]["flink_job_id"]]
