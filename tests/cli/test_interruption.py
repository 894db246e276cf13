"""Ctrl-C: one sentence on what goes on all the same, the shell's code for it, and nothing left unsaid."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from headgate.adapters.engine.local_cluster import find_running
from headgate.ports.engines import Engine
from tests.cli.conftest import Recorded, make_operation

START_S = 60.0


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command line as a process, with an environment that knows no server."""
    kept = {name: value for name, value in os.environ.items() if name == "HEADGATE_CACHE" or "HEADGATE" not in name}
    environment = {**kept, "HEADGATE_CONFIG": str(folder.parent / "config")}
    command = [sys.executable, "-m", "headgate", *arguments, "--data", str(folder), "--port", "0"]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def await_that(is_so: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_S
    while not is_so():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def interrupt(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what was said of it."""
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    return process.returncode, said


def test_a_server_that_was_ready_ends_well_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with start(folder, "serve") as process:
        await_that((folder / "context.json").exists, process)
        code, said = interrupt(process)
    assert code == 0
    assert said.splitlines()[-1] == "The server has ended. Nothing of it is left running on this machine."


@pytest.mark.real
def test_a_start_that_is_cut_short_leaves_nothing_running(engine_221: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with start(folder, "dev") as process:
        await_that(lambda: find_running(folder) is not None, process)
        code, said = interrupt(process)
    assert code == 130
    assert said.splitlines() == ["Starting ...", "Interrupted before the server was ready; nothing is left running."]
    assert not [found.pid for found in psutil.process_iter(["cmdline"]) if str(folder) in str(found.info["cmdline"])]


@pytest.mark.parametrize(
    ("language", "said"), [("en", "the operation op-1 goes on"), ("zh", "操作 op-1 仍在继续")], ids=["en", "zh"]
)
def test_a_wait_that_is_cut_short_says_how_to_look_again(
    server: Recorded, tmp_path: Path, language: str, said: str
) -> None:
    server.answer("GET", "/operations/op-1", (200, make_operation()))
    command = [sys.executable, "-m", "headgate", "operation", "show", "op-1", "--wait", "--language", language]
    environment = {"HEADGATE_URL": server.url, "HEADGATE_TOKEN": "t", "HEADGATE_CONFIG": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        await_that(lambda: len(server.requests) > 1, process)
        code, told = interrupt(process)
    assert code == 130
    assert said in told.splitlines()[-1]
    assert "headgate operation show op-1 --wait" in told.splitlines()[-1]
