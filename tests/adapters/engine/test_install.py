"""Whole installations: kept whole when killed, one at a time, and refused where they cannot end well."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate.adapters.engine.install import EngineFolder, check_java
from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import EngineFailed, NotFound
from headgate.ports.engines import Engine, InstallProgress
from tests.adapters.engine.conftest import VERSION, Index

FLINK = EngineVersion(VERSION)

# Installs in a process of its own and stops for ever at the first sign of the step to be killed in.
INSTALL_AND_HANG = """
import os, signal, sys
from pathlib import Path
from headgate.adapters.engine.install import EngineFolder

def on_progress(progress):
    if progress.step == sys.argv[2] and progress.done:
        os.write(1, b"here")
        signal.pause()

EngineFolder(Path(sys.argv[1]), dict(os.environ)).install("9.9.9", on_progress, sys.argv[3])
"""

# Installs into a file system of 300 kB, which holds the download but not what is in it.
INSTALL_ON_A_SMALL_DISK = """
cache="$1"; shift
mkdir -p "$cache/engines" && mount -t tmpfs -o size=200k tmpfs "$cache/engines" && exec "$@"
"""
INSTALL = """
import os, sys
from pathlib import Path
from headgate.adapters.engine.install import EngineFolder
from headgate.domain.errors import EngineFailed
folder = EngineFolder(Path(sys.argv[1]), dict(os.environ))
try:
    folder.install("9.9.9", lambda _: None, sys.argv[2])
except EngineFailed as failure:
    sys.stdout.write(f"{failure.code} {len(folder.list_engines())}")
"""


def _install(cache: Path, index: Index, steps: list[str] | None = None) -> Engine:
    def on_progress(progress: InstallProgress) -> None:
        if steps is not None and progress.step not in steps:
            steps.append(progress.step)

    return EngineFolder(cache, index.environment()).install(FLINK, on_progress, index.digest)


def test_an_installation_tells_its_steps_and_is_listed(cache: Path, index: Index) -> None:
    steps: list[str] = []
    engine = _install(cache, index, steps)
    assert steps == ["download_flink", "unpack_flink"]
    assert EngineFolder(cache).list_engines() == [engine]
    assert EngineFolder(cache).get_engine(FLINK) == engine
    assert sorted(path.name for path in engine.home.iterdir()) == [".headgate.json", "lib", "plugins"]
    assert not list((cache / "downloads").iterdir()), "the unpacked engine is enough"


def test_installing_again_does_nothing(cache: Path, index: Index) -> None:
    _install(cache, index)
    steps: list[str] = []
    _install(cache, index, steps)
    assert steps == []
    assert len(index.downloads) == 1


@pytest.mark.parametrize("step", ["download_flink", "unpack_flink"])
def test_a_killed_installation_is_never_used(cache: Path, index: Index, python: list[str], step: str) -> None:
    arguments = [*python, INSTALL_AND_HANG, str(cache), step, index.digest]
    with subprocess.Popen(arguments, env=index.environment(), stdout=subprocess.PIPE) as installing:
        assert installing.stdout is not None
        assert installing.stdout.read(4) == b"here"
        installing.kill()
    assert EngineFolder(cache).list_engines() == []
    with pytest.raises(NotFound):
        EngineFolder(cache).get_engine(FLINK)
    engine = _install(cache, index)
    assert EngineFolder(cache).list_engines() == [engine]
    assert [path.name for path in (cache / "engines").iterdir()] == [VERSION], "what was left behind is gone"
    assert len(index.downloads) == (2 if step == "download_flink" else 1), "a complete download is used again"


def test_two_installations_at_once_download_once(cache: Path, index: Index) -> None:
    with ThreadPoolExecutor(2) as pool:
        engines = list(pool.map(lambda _: _install(cache, index), range(2)))
    assert engines[0] == engines[1]
    assert len(index.downloads) == 1


def test_a_damaged_engine_is_not_listed_and_installed_again(cache: Path, index: Index) -> None:
    engine = _install(cache, index)
    next((engine.home / "lib").iterdir()).unlink()
    assert EngineFolder(cache).list_engines() == []
    _install(cache, index)
    assert EngineFolder(cache).list_engines() == [engine]


def test_a_removed_engine_is_gone(cache: Path, index: Index) -> None:
    engine = _install(cache, index)
    EngineFolder(cache).remove(FLINK)
    assert not engine.home.exists()
    with pytest.raises(NotFound) as caught:
        EngineFolder(cache).remove(FLINK)
    assert caught.value.code == "engine_not_installed"


@pytest.mark.parametrize("version", ["", ".", "..", "2.2.1/..", "no/such", "2.2.1\n", "٢.٢.١"])
def test_a_version_that_leads_elsewhere_is_not_installed(cache: Path, index: Index, version: str) -> None:
    engine = _install(cache, index)  # with it there is a folder that `..` leads out of
    with pytest.raises(NotFound):
        EngineFolder(cache).remove(EngineVersion(version))
    with pytest.raises(NotFound):
        EngineFolder(cache).get_engine(EngineVersion(version))
    assert EngineFolder(cache).list_engines() == [engine]


def test_a_disk_that_fills_up_is_named_and_nothing_is_used(cache: Path, index: Index, python: list[str]) -> None:
    unshare = ["unshare", "--map-root-user", "--mount", "sh", "-c", INSTALL_ON_A_SMALL_DISK, "sh", str(cache)]
    ended = subprocess.run(
        [*unshare, *python, INSTALL, str(cache), index.digest],
        env=index.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in ended.stderr or "mount" in ended.stderr:
        pytest.skip(f"this machine allows no small disk of our own: {ended.stderr.strip()}")
    assert ended.stdout == "engine_disk_full 0", ended.stderr


def test_a_folder_that_is_a_file_is_named(tmp_path: Path, index: Index) -> None:
    (tmp_path / "taken").write_text("not a folder")
    with pytest.raises(EngineFailed) as caught:
        _install(tmp_path / "taken" / "cache", index)
    assert caught.value.code == "engine_folder_failed"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param("#!/bin/sh\necho no libz >&2; exit 127\n", "no libz", id="ends-badly"),
        pytest.param("#!/no/such/shell\n", "No such file", id="no-interpreter"),
        pytest.param("\x7fELF", "Exec format", id="wrong-machine"),
    ],
)
def test_a_java_that_does_not_start_says_why(tmp_path: Path, script: str, said: str) -> None:
    java = tmp_path / "java"
    java.write_text(script)
    java.chmod(0o755)
    with pytest.raises(EngineFailed) as caught:
        check_java(java)
    assert caught.value.code == "java_does_not_start"
    assert said in caught.value.cause


@pytest.mark.real
def test_the_real_engine_is_whole_and_its_java_starts(engine_221: Engine) -> None:
    assert (engine_221.home / "lib" / "flink-dist-2.2.1.jar").is_file()
    assert (engine_221.home / "opt" / "flink-python-2.2.1.jar").is_file()
    check_java(engine_221.java)
