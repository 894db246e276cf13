"""A server that cannot start: its folder, its port or its Flink is wrong, and one sentence says so."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.house import House, run_headgate

pytestmark = pytest.mark.real

FAILED = 1
USAGE = 2
CONFLICT = 4


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this system does not let us mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def assert_refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_data_folder_below_a_regular_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory", encoding="utf-8")
    folder = tmp_path / "file" / "data"
    done = run_headgate(tmp_path, "dev", "--data", str(folder), "--port", "0")
    assert_refused(done, FAILED, str(folder), "--data")


def test_a_full_disk_is_named(tiny_disk: Path, tmp_path: Path) -> None:
    done = run_headgate(tmp_path, "dev", "--data", str(tiny_disk), "--port", "0")
    assert_refused(done, FAILED, str(tiny_disk), "MB")


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_headgate(tmp_path, "serve", "--data", str(tmp_path / "data"), "--port", port)
    assert_refused(done, CONFLICT, port, "--port")


def test_a_second_server_on_the_same_folder_is_refused(house: House, tmp_path: Path) -> None:
    done = run_headgate(tmp_path, "dev", "--data", str(house.data), "--port", "0", lang="zh")
    assert_refused(done, CONFLICT, str(house.data), "数据目录")


def test_a_flink_version_that_does_not_exist_is_named(tmp_path: Path) -> None:
    done = run_headgate(tmp_path, "dev", "--data", str(tmp_path / "data"), "--port", "0", "--flink-version", "newest")
    assert_refused(done, USAGE, "--flink-version", "2.2.1")


@pytest.mark.parametrize(("name", "value"), [("port", "many"), ("start_deadline_s", "-1"), ("log_level", "LOUD")])
def test_a_setting_that_cannot_be_is_named(tmp_path: Path, name: str, value: str) -> None:
    done = run_headgate(tmp_path, "serve", "--data", str(tmp_path / "data"), **{name: value})
    assert_refused(done, USAGE, f"HEADGATE_{name.upper()}")
