"""The whole demo as a newcomer runs it: its verdict, and nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from headgate.ports.engines import Engine

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def folder(engine_221: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo lives; the engine is installed already."""
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture(scope="module")
def ended(folder: Path) -> subprocess.CompletedProcess[str]:
    """The demo, run once to its end."""
    environment = {
        **{name: value for name, value in os.environ.items() if name == "HEADGATE_CACHE" or "HEADGATE" not in name},
        "DEMO_EXIT": "1",
        "HEADGATE_CONFIG": str(folder.parent / "config"),
    }
    command = [sys.executable, "-m", "headgate", "demo", "--data", str(folder), "--output", "json"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=360, check=False)


@pytest.mark.requirement("T0-23")
@pytest.mark.requirement("T0-24")
@pytest.mark.requirement("T0-27")
@pytest.mark.requirement("T1-05")
def test_pause_crash_and_resume_lose_and_repeat_nothing(ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.returncode == 0, ended.stderr
    verdict = json.loads(ended.stdout)
    assert verdict["equal"] is True
    assert verdict["committed"] == verdict["expected"] == 11901


def test_the_story_says_what_a_user_would_type(ended: subprocess.CompletedProcess[str]) -> None:
    for command in ("job create -f", "job check", "job publish", "job run", "job pause", "job resume"):
        assert f"$ headgate {command}" in ended.stderr
    assert "$ kill -9 " in ended.stderr


def test_no_process_is_left(ended: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert ended.returncode == 0
    left = []
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in word for word in process.info["cmdline"] or []):
            left.append(process.info["cmdline"])
    assert not left


def test_later_commands_do_not_look_for_its_server(ended: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert ended.returncode == 0
    assert not (folder.parent / "config" / "last-context").exists()


def test_no_file_but_the_context_holds_the_token(ended: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert ended.returncode == 0
    token = json.loads((folder / "context.json").read_text())["token"].encode()
    holders = [file.name for file in folder.rglob("*") if file.is_file() and token in file.read_bytes()]
    assert holders == ["context.json"]
