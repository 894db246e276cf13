"""The local cluster on real JVMs: one story from the first start to the last process, with its figures."""

import json
import logging
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.local_cluster import EmbeddedCluster, find_running, stop_cluster
from headgate.adapters.engine.probe import find_incarnation, find_slots
from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import EngineFailed
from headgate.ports.engines import Engine, LocalClusterFacts, LocalClusterShape
from tests.adapters.engine.conftest import wait_until

pytestmark = pytest.mark.real

CLOCK = SystemClock()
LOG = logging.getLogger(__name__)
MEGABYTE = 1 << 20

# What a server does, and then dies without a word.
START_AND_DIE = """
import os, signal, sys
from pathlib import Path
from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.local_cluster import EmbeddedCluster
from headgate.domain.clusters import EngineVersion
from headgate.ports.engines import Engine, LocalClusterShape
data, home, java = map(Path, sys.argv[1:])
engine = Engine(EngineVersion("2.2.1"), home, java)
EmbeddedCluster(data, engine, LocalClusterShape(), SystemClock()).ensure_running()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("数据 folder")
    yield folder
    stop_cluster(folder, CLOCK)


@pytest.fixture
def cluster(data: Path, engine_221: Engine) -> EmbeddedCluster:
    return _cluster(data, engine_221)


@pytest.fixture
def facts(cluster: EmbeddedCluster) -> LocalClusterFacts:
    """The running cluster, started by the first test that needs it."""
    return cluster.ensure_running()


def _cluster(data: Path, engine: Engine) -> EmbeddedCluster:
    return EmbeddedCluster(data, engine, LocalClusterShape(), CLOCK)


class HastyClock(SystemClock):
    """A clock on which waiting costs no time: twenty seconds of patience end after a few questions."""

    _skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        self._skipped += 100 * seconds


def _keep_alive_until_ready(cluster: EmbeddedCluster, facts: LocalClusterFacts) -> float:
    """Look every 0.2 s, as a server does, until all slots are back; the seconds that it took."""
    began = CLOCK.monotonic()

    def is_ready() -> bool:
        cluster.keep_alive()
        CLOCK.sleep(0.2)
        return find_slots(facts.rest_url) == 4

    wait_until(is_ready, seconds=60)
    return CLOCK.monotonic() - began


def test_a_start_ends_with_all_slots(data: Path, cluster: EmbeddedCluster) -> None:
    began = CLOCK.monotonic()
    facts = cluster.ensure_running()
    seconds = CLOCK.monotonic() - began
    processes = [psutil.Process(pid) for pid in (facts.job_manager_pid, *facts.task_manager_pids)]
    resident = [process.memory_info().rss // MEGABYTE for process in processes]
    LOG.info("ready after %.1f s; JobManager %d MB, TaskManager %d MB resident", seconds, *resident)
    assert find_slots(facts.rest_url) == 4
    assert find_incarnation(facts.rest_url) == facts.incarnation
    assert find_running(data) == facts
    assert max(resident) < 400


def test_flink_has_the_settings_that_were_written(data: Path, facts: LocalClusterFacts) -> None:
    with urllib.request.urlopen(f"{facts.rest_url}/jobmanager/config", timeout=5) as answer:
        read = {entry["key"]: entry["value"] for entry in json.load(answer)}
    assert read["execution.checkpointing.savepoint-dir"] == f"file://{data}/savepoints"
    assert read["rest.async.store-duration"] == "86400 s"
    assert "JVM: OpenJDK" in (data / "local/log/jobmanager.log").read_text(encoding="utf-8")


def test_nothing_listens_beyond_the_loopback_address(facts: LocalClusterFacts) -> None:
    for pid in (facts.job_manager_pid, *facts.task_manager_pids):
        listening = [c.laddr.ip for c in psutil.Process(pid).net_connections() if c.status == psutil.CONN_LISTEN]
        assert listening
        assert set(listening) <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_a_second_server_adopts_the_running_cluster(data: Path, engine_221: Engine, facts: LocalClusterFacts) -> None:
    assert _cluster(data, engine_221).ensure_running() == facts


def test_two_servers_at_once_share_one_cluster(data: Path, engine_221: Engine) -> None:
    stop_cluster(data, CLOCK)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: _cluster(data, engine_221).ensure_running(), range(2))
    assert first == second


def test_the_cluster_outlives_the_server_that_started_it(data: Path, engine_221: Engine, python: list[str]) -> None:
    stop_cluster(data, CLOCK)
    arguments = [str(data), str(engine_221.home), str(engine_221.java)]
    died = subprocess.run([*python, START_AND_DIE, *arguments], timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    running = find_running(data)
    assert running is not None
    assert _cluster(data, engine_221).ensure_running() == running


def test_a_server_of_another_engine_does_not_take_it(data: Path, engine_221: Engine, facts: LocalClusterFacts) -> None:
    other = replace(engine_221, version=EngineVersion("2.3.0"))
    with pytest.raises(EngineFailed) as caught:
        _cluster(data, other).ensure_running()
    assert caught.value.code == "local_cluster_other_version"
    assert find_running(data) == facts


def test_nothing_is_restarted_while_all_is_well(data: Path, cluster: EmbeddedCluster, facts: LocalClusterFacts) -> None:
    for _ in range(3):
        cluster.keep_alive()
    assert find_running(data) == facts


def test_a_dead_task_manager_is_replaced(data: Path, cluster: EmbeddedCluster, facts: LocalClusterFacts) -> None:
    os.kill(facts.task_manager_pids[0], signal.SIGKILL)
    # The dead one stays registered until its heartbeat is missed: wait for the new process first.
    wait_until(lambda: _has_other_task_manager(data, cluster, facts), seconds=20)
    LOG.info("slots back %.1f s after a new TaskManager was started", _keep_alive_until_ready(cluster, facts))
    found = find_running(data)
    assert found is not None
    assert found.incarnation == facts.incarnation
    assert len(found.task_manager_pids) == 1


def test_a_dead_job_manager_comes_back_at_the_same_address(
    data: Path, cluster: EmbeddedCluster, facts: LocalClusterFacts
) -> None:
    task_manager = psutil.Process(facts.task_manager_pids[0])
    os.kill(facts.job_manager_pid, signal.SIGKILL)
    LOG.info("slots back %.1f s after the JobManager was killed", _keep_alive_until_ready(cluster, facts))
    found = find_running(data)
    assert found is not None
    assert found.rest_url == facts.rest_url
    assert found.incarnation not in ("", facts.incarnation)
    assert find_incarnation(found.rest_url) == found.incarnation
    assert not task_manager.is_running(), "tasks of the lost JobManager do not live on"


def test_a_job_manager_that_hangs_is_left_alone(data: Path, engine_221: Engine, facts: LocalClusterFacts) -> None:
    job_manager = psutil.Process(facts.job_manager_pid)
    job_manager.suspend()
    try:
        with pytest.raises(EngineFailed) as caught:
            EmbeddedCluster(data, engine_221, LocalClusterShape(), HastyClock()).ensure_running()
    finally:
        job_manager.resume()
    assert caught.value.code == "local_cluster_hangs"
    assert find_running(data) == facts


def test_stopping_leaves_no_process(data: Path, cluster: EmbeddedCluster, facts: LocalClusterFacts) -> None:
    began = CLOCK.monotonic()
    assert cluster.stop()
    LOG.info("stopped within %.1f s", CLOCK.monotonic() - began)
    # Whatever adopted the orphans of this machine may take a moment to reap them.
    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in (facts.job_manager_pid, *facts.task_manager_pids)))
    assert find_running(data) is None
    assert not (data / "local" / "tmp").exists()
    assert not cluster.stop()
    cluster.keep_alive()
    assert find_running(data) is None, "what was stopped on purpose stays stopped"


def test_a_stopped_cluster_comes_back_at_the_same_address(cluster: EmbeddedCluster, facts: LocalClusterFacts) -> None:
    cluster.stop()
    again = cluster.ensure_running()
    assert again.rest_url == facts.rest_url
    assert again.incarnation != facts.incarnation


def test_processes_read_the_classes_that_earlier_ones_have_archived(
    cluster: EmbeddedCluster, engine_221: Engine, facts: LocalClusterFacts
) -> None:
    job_manager, task_manager = facts.job_manager_pid, facts.task_manager_pids[0]
    for pid, kind in ((job_manager, "jobmanager"), (task_manager, "taskmanager")):
        read = {Path(part.path) for part in psutil.Process(pid).memory_maps() if part.path.endswith(".jsa")}
        java_home = engine_221.java.parent.parent
        own = engine_221.home / "classes" / java_home.name / f"{kind}.jsa"
        assert read == {java_home / "lib" / "server" / "classes.jsa", own}


def _has_other_task_manager(data: Path, cluster: EmbeddedCluster, facts: LocalClusterFacts) -> bool:
    cluster.keep_alive()
    found = find_running(data)
    return found is not None and bool(set(found.task_manager_pids) - set(facts.task_manager_pids))
