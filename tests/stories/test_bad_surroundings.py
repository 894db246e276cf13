"""A server that cannot start: its folder, its port or its Flink is wrong, and one sentence says so."""

import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.services.world import make_jar
from tests.small_disk import small_disk
from tests.stories.house import House, run_headgate
from tests.stories.people import WORKSPACE, Person
from tests.stories.specs import endless

pytestmark = pytest.mark.real

FAILED = 1
USAGE = 2
CONFLICT = 4


def fill(disk: Path) -> Path:
    """A file that takes all the room that is left."""
    file = disk / "fill"
    with suppress(OSError), file.open("wb", buffering=0) as filling:
        while True:
            filling.write(bytes(4096))
    return file


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


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with small_disk(tmp_path / "tiny", "1m") as disk:
        done = run_headgate(tmp_path, "dev", "--data", str(disk), "--port", "0")
    assert_refused(done, FAILED, str(disk), "MB")


def test_a_disk_that_fills_up_under_a_working_server_is_named_and_no_more(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "80m") as disk:
        house = House(disk, command="serve")
        try:
            house.start()
            person = Person(house)
            person.create("before", endless())
            filling = fill(disk)
            long = {"name": "too much", "spec": {"type": "SQL", "sql": "SELECT 1;" + " " * 30_000}}
            problem = person.refused("POST", f"{WORKSPACE}/jobs", 503, json=long)
            assert problem["code"] == "database_unavailable"
            assert str(house.data) in problem["detail"]
            assert "disk" in problem["hint"]
            jar = {"file": ("demo.jar", make_jar())}
            problem = person.refused("POST", f"{WORKSPACE}/artifacts", 503, files=jar)
            assert problem["code"] == "artifact_disk_full"
            assert str(house.data) in problem["detail"]
            assert person.get(f"{WORKSPACE}/jobs")["total"] == 1, "what was kept can be read"
            filling.unlink()
            person.create("afterwards", endless())
            assert "Traceback" not in house.read_output()
            person.leave()
        finally:
            house.end_all()


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
