"""Detached processes: found by their mark, never mistaken for a stranger, ended for certain."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.configuration import process_mark
from headgate.adapters.engine.processes import DetachedProcess, end, find_process, is_alive, launch
from tests.adapters.engine.conftest import wait_until

CLOCK = SystemClock()
WAIT = "import signal; signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


@pytest.fixture
def token() -> Iterator[str]:
    mark = uuid4().hex
    yield mark
    end([DetachedProcess(mark)], CLOCK, grace_s=0)


def _launch(python: list[str], code: str, token: str, folder: Path) -> DetachedProcess:
    command = [*python, code, process_mark(token)]
    return DetachedProcess(token, launch(command, {"HEADGATE_TEST": "a b"}, folder, folder / "out"))


def test_a_process_lives_in_a_session_of_its_own(python: list[str], token: str, tmp_path: Path) -> None:
    started = _launch(python, WAIT, token, tmp_path)
    assert is_alive(started)
    assert os.getsid(started.pid) != os.getsid(0)
    process = psutil.Process(started.pid)
    assert process.ppid() != os.getpid()
    wait_until(lambda: process.environ().get("HEADGATE_TEST") == "a b")


def test_a_process_is_found_by_its_mark_where_its_pid_was_lost(python: list[str], token: str, tmp_path: Path) -> None:
    started = _launch(python, WAIT, token, tmp_path)
    found = find_process(DetachedProcess(token))
    assert found is not None
    assert found.pid == started.pid


def test_a_stranger_with_the_same_pid_is_left_alone(token: str) -> None:
    stranger = DetachedProcess(token, os.getpid())
    assert not is_alive(stranger)
    assert not end([stranger], CLOCK, grace_s=0)


def test_a_process_is_ended(python: list[str], token: str, tmp_path: Path) -> None:
    started = _launch(python, WAIT, token, tmp_path)
    assert end([started], CLOCK, grace_s=10)
    assert not is_alive(started)
    assert not end([started], CLOCK, grace_s=10)


def test_a_process_that_ignores_the_request_is_killed(python: list[str], token: str, tmp_path: Path) -> None:
    started = _launch(python, STUBBORN, token, tmp_path)
    wait_until(lambda: (tmp_path / "out").read_text() == "deaf\n")
    assert end([started], CLOCK, grace_s=0.1)
    assert not is_alive(started)


def test_a_command_that_does_not_start_leaves_its_words(token: str, tmp_path: Path) -> None:
    command = ["/no/such/java", process_mark(token)]
    started = DetachedProcess(token, launch(command, {}, tmp_path, tmp_path / "out"))
    wait_until(lambda: not is_alive(started))
    assert "/no/such/java" in (tmp_path / "out").read_text()
