"""Archives of classes: who writes one, who reads it, and that the lack of one is no failure."""

import logging
from pathlib import Path

import pytest

from headgate.adapters.engine.class_archives import archive_java_classes, choose_archive_options
from headgate.domain.clusters import EngineVersion
from headgate.ports.engines import Engine


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(EngineVersion("2.2.1"), tmp_path / "2.2.1", tmp_path / "17.0.9" / "bin" / "java")


@pytest.mark.parametrize(
    ("head", "option"),
    [
        pytest.param(None, "ArchiveClassesAtExit", id="none yet"),
        pytest.param(b"", "ArchiveClassesAtExit", id="killed before the first byte"),
        pytest.param(bytes(4096), "ArchiveClassesAtExit", id="killed while it was written"),
        pytest.param(b"\xa8\xab\x0b\xf0" + bytes(4096), "SharedArchiveFile", id="whole"),
    ],
)
def test_an_archive_is_read_where_there_is_a_whole_one_and_else_written(
    engine: Engine, head: bytes | None, option: str
) -> None:
    archive = engine.home / "classes" / "17.0.9" / "jobmanager.jsa"
    if head is not None:
        archive.parent.mkdir(parents=True)
        archive.write_bytes(head)
    assert choose_archive_options(engine, "jobmanager")[-1] == f"-XX:{option}={archive}"
    assert archive.parent.is_dir()


def test_an_engine_in_a_folder_that_cannot_be_written_starts_without(tmp_path: Path, engine: Engine) -> None:
    engine.home.write_text("a file")
    assert choose_archive_options(engine, "jobmanager") == []


def test_a_path_that_the_jvm_would_take_for_two_is_not_given_to_it(tmp_path: Path) -> None:
    engine = Engine(EngineVersion("2.2.1"), tmp_path / "a:b", tmp_path / "17.0.9" / "bin" / "java")
    assert choose_archive_options(engine, "jobmanager") == []


WRITES = """#!/bin/sh
for argument; do file="${argument#-XX:SharedArchiveFile=}"; done
echo once >>"$file"
"""


def make_java(folder: Path, script: str, *, lists_classes: bool = True) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir()
    java.write_text(script)
    java.chmod(0o755)
    (folder / "lib" / "server").mkdir(parents=True)
    if lists_classes:
        (folder / "lib" / "classlist").write_text("java/lang/Object\n")
    return java


def test_the_classes_of_java_are_archived_once(tmp_path: Path) -> None:
    java = make_java(tmp_path, WRITES)
    for _ in range(2):
        archive_java_classes(java)
    assert (tmp_path / "lib" / "server" / "classes.jsa").read_text() == "once\n"


@pytest.mark.parametrize(
    ("script", "lists_classes"),
    [
        pytest.param("#!/bin/sh\nexit 1\n", True, id="it fails"),
        pytest.param("#!/bin/sh\nexit 0\n", True, id="it writes nothing"),
        pytest.param(WRITES, False, id="a Java without a list of its classes"),
    ],
)
def test_a_java_that_archives_nothing_is_used_as_it_is(
    tmp_path: Path, script: str, lists_classes: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    archive_java_classes(make_java(tmp_path, script, lists_classes=lists_classes))
    assert list((tmp_path / "lib" / "server").iterdir()) == []
    assert ("its processes start slower" in caplog.text) is lists_classes
