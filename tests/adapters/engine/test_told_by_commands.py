"""An engine that cannot be installed, as the person at the command line is told of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.engine.conftest import VERSION, WHEEL, Index

PINNED = "2.2.1"
FAILED = 1
INSTALL = f"engine install {PINNED}"
DEV = f"dev --data {{data}} --port 0 --flink-version {PINNED}"


@pytest.fixture
def other_index(index: Index) -> Index:
    """An index that serves a file of its own under the name of a pinned version."""
    index.wheel = WHEEL.replace(VERSION, PINNED)
    return index


def run(command: str, index: Index, cache: Path, language: str) -> str:
    """What is said on the error output; the command must fail in good order."""
    environment = {name: value for name, value in index.environment().items() if not name.startswith("HEADGATE_")}
    environment |= {"HEADGATE_CACHE": str(cache), "HEADGATE_CONFIG": str(cache / "config"), "HEADGATE_LANG": language}
    words = [word.format(data=cache / "data") for word in command.split()]
    done = subprocess.run(
        [sys.executable, "-m", "headgate", *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == FAILED, done.stderr
    assert "Traceback" not in done.stderr
    assert not (cache / "engines" / PINNED).exists()
    return done.stderr


@pytest.mark.parametrize(
    ("command", "language", "said", "advice"),
    [
        (INSTALL, "en", "broke off before it was complete", "run the same command again"),
        (DEV, "zh", "中断", "重新执行同一命令"),
    ],
    ids=["engine install", "dev"],
)
def test_a_download_that_is_cut_off(
    command: str, language: str, other_index: Index, cache: Path, said: str, advice: str
) -> None:
    other_index.cut_at = 1000
    told = run(command, other_index, cache, language)
    assert f"apache-flink-libraries=={PINNED}" in told
    assert said in told
    assert advice in told


@pytest.mark.parametrize(
    ("command", "language", "said", "advice"),
    [(DEV, "en", "its SHA-256 differs", "mirror"), (INSTALL, "zh", "SHA-256 摘要不一致", "镜像")],
    ids=["dev", "engine install"],
)
def test_a_download_that_is_another_file(
    command: str, language: str, other_index: Index, cache: Path, said: str, advice: str
) -> None:
    told = run(command, other_index, cache, language)
    assert f"apache-flink-libraries=={PINNED}" in told
    assert said in told
    assert advice in told
