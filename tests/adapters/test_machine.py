"""The server's own machine, as it is: a real disk, real processes, the clock of every kind of database."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from headgate.adapters.db.connect import connect
from headgate.adapters.db.migrate import newest_revision, upgrade
from headgate.adapters.flink.sql.client_jvm import list_left_over
from headgate.adapters.machine import ServerMachine
from headgate.domain.diagnosis import LeftOverClient
from headgate.domain.errors import Unavailable


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[ServerMachine]:
    engine = connect(tmp_path / "headgate.sqlite")
    upgrade(engine)
    yield ServerMachine(tmp_path, engine)
    engine.dispose()


@pytest.fixture
def process() -> Iterator[psutil.Process]:
    """One that lives for as long as the test."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield psutil.Process(started.pid)
        started.communicate(b"\n", timeout=20)


def leave_client(run_dir: Path, process: psutil.Process, owner: str, started: float | None = None) -> None:
    folder = run_dir / f"client-jvm-2.2.1-{owner}-abcd"
    folder.mkdir(parents=True)
    record = {"pid": process.pid, "started": started or process.create_time(), "version": "2.2.1"}
    (folder / "process.json").write_text(json.dumps(record))


def test_a_look(machine: ServerMachine, tmp_path: Path) -> None:
    seen = machine.look()
    assert abs(seen.database_clock - datetime.now(UTC)) < timedelta(seconds=5)
    assert seen.schema == seen.known_schema == newest_revision()
    assert 0 < seen.free_bytes < seen.total_bytes
    assert (seen.folder, seen.clients) == (str(tmp_path), ())


def test_a_database_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    engine = connect(tmp_path / "no-such-folder" / "headgate.sqlite")
    with pytest.raises(Unavailable):
        ServerMachine(tmp_path, engine).look()
    engine.dispose()


def test_a_client_that_outlived_its_server(machine: ServerMachine, process: psutil.Process, tmp_path: Path) -> None:
    leave_client(tmp_path / "run", process, "4000000.1")
    assert machine.look().clients == (LeftOverClient(process.pid, "2.2.1"),)


def test_a_client_of_a_living_server_is_none(process: psutil.Process, tmp_path: Path) -> None:
    own = psutil.Process()
    leave_client(tmp_path, process, f"{own.pid}.{round(own.create_time())}")
    assert list_left_over(tmp_path) == []


def test_a_process_that_only_has_the_number_is_none(process: psutil.Process, tmp_path: Path) -> None:
    leave_client(tmp_path, process, "4000000.1", started=process.create_time() - 100)
    (tmp_path / "client-jvm-2.2.1-1.1-torn").mkdir()
    assert list_left_over(tmp_path) == []
