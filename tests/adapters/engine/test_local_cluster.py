"""The local cluster before any JVM is started: what is refused, and what is left alone."""

import json
import socket
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.configuration import ClusterFolder, Ports
from headgate.adapters.engine.local_cluster import EmbeddedCluster, find_running, stop_cluster
from headgate.adapters.engine.loopback import is_free
from headgate.adapters.engine.state_file import LocalState, find_state, write_state
from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import EngineFailed
from headgate.ports.engines import Engine, LocalClusterShape

CLOCK = SystemClock()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine whose Java says that memory is short, and ends."""
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'Could not reserve enough space for object heap'; exit 1\n")
    java.chmod(0o755)
    return Engine(EngineVersion("2.2.1"), tmp_path / "engine", java)


def _cluster(data_dir: Path, engine: Engine, rest_port: int = 0) -> EmbeddedCluster:
    return EmbeddedCluster(data_dir, engine, LocalClusterShape(rest_port=rest_port), CLOCK)


def test_a_jvm_that_ends_at_once_is_reported_in_its_own_words(data_dir: Path, engine: Engine) -> None:
    with pytest.raises(EngineFailed) as caught:
        _cluster(data_dir, engine).ensure_running()
    assert caught.value.code == "local_cluster_did_not_start"
    assert "Could not reserve enough space" in caught.value.cause
    assert caught.value.facts["process"] == "jobmanager"
    assert find_running(data_dir) is None


def test_a_missing_java_is_reported(data_dir: Path, engine: Engine) -> None:
    engine.java.unlink()
    with pytest.raises(EngineFailed) as caught:
        _cluster(data_dir, engine).ensure_running()
    assert str(engine.java) in caught.value.cause


def test_a_fixed_port_in_use_is_named(data_dir: Path, engine: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(EngineFailed) as caught:
            _cluster(data_dir, engine, rest_port=port).ensure_running()
    assert caught.value.code == "local_port_in_use"
    assert caught.value.facts["port"] == str(port)


def test_a_port_that_a_stranger_took_is_given_up(data_dir: Path, engine: Engine) -> None:
    folder = ClusterFolder(data_dir)
    folder.make()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        write_state(folder.state_file, LocalState(engine.version, Ports(port, 20001)))
        with pytest.raises(EngineFailed):
            _cluster(data_dir, engine).ensure_running()
    state = find_state(folder.state_file)
    assert state is not None
    assert state.ports.rest not in (0, port)


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "taken").write_text("not a folder")
    with pytest.raises(EngineFailed) as caught:
        _cluster(tmp_path / "taken", engine).ensure_running()
    assert caught.value.code == "engine_folder_failed"


def test_nothing_is_kept_alive_that_was_never_started(data_dir: Path, engine: Engine) -> None:
    _cluster(data_dir, engine).keep_alive()
    assert find_running(data_dir) is None


def test_keeping_alive_does_not_wait_for_another_that_is_at_it(data_dir: Path, engine: Engine) -> None:
    ClusterFolder(data_dir).make()
    with FileLock(data_dir / "local" / ".lock"):
        _cluster(data_dir, engine).keep_alive()


def test_stopping_what_never_ran_says_so(data_dir: Path) -> None:
    assert stop_cluster(data_dir, CLOCK) is False
    assert not data_dir.exists()


def test_stopping_leaves_a_stranger_with_a_remembered_pid_alone(
    data_dir: Path, engine: Engine, python: list[str]
) -> None:
    folder = ClusterFolder(data_dir)
    folder.make()
    with subprocess.Popen([*python, "import signal; signal.pause()"]) as stranger:
        state = {"token": "not-its-mark", "pid": stranger.pid}
        text = {"engine": "2.2.1", "ports": {"rest": 1, "rpc": 2}, "incarnation": "x"}
        folder.state_file.write_text(json.dumps(text | {"job_manager": state, "task_managers": [state]}))
        assert find_running(data_dir) is None
        assert stop_cluster(data_dir, CLOCK) is False
        assert stranger.poll() is None
        stranger.kill()
