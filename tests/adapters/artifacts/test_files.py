"""Jars on disk: whole or not at all, found by their content."""

import io
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from headgate.adapters.artifacts.files import ArtifactFolder
from headgate.domain.errors import Invalid, NotFound, Unavailable


@pytest.fixture
def folder(tmp_path: Path) -> ArtifactFolder:
    return ArtifactFolder(tmp_path / "artifacts")


def make_zip(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return content.getvalue()


JAR = make_zip(demo__Main_dot_class=b"x")


def test_a_jar_lies_under_its_digest(folder: ArtifactFolder) -> None:
    stored = folder.store(io.BytesIO(JAR))
    assert stored.digest == sha256(JAR).hexdigest()
    assert stored.size == len(JAR)
    assert folder.get_path(stored.digest).read_bytes() == JAR


def test_the_same_content_is_one_file(folder: ArtifactFolder, tmp_path: Path) -> None:
    folder.store(io.BytesIO(JAR))
    folder.store(io.BytesIO(JAR))
    assert len([path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    ("manifest", "entry_class"),
    [
        (b"Main-Class: a.B\r\n", "a.B"),
        (b"Manifest-Version: 1.0\nmain-class:   a.B  \n", "a.B"),
        (b"Main-Class: a.very.long.pack\r\n age.Name\r\n", "a.very.long.package.Name"),
        (b"program-class: a.B\n", "a.B"),
        (b"Created-By: nobody\n", ""),
    ],
    ids=["plain", "other spelling", "folded line", "flink's own key", "none"],
)
def test_the_main_class_is_read_from_the_manifest(folder: ArtifactFolder, manifest: bytes, entry_class: str) -> None:
    content = make_zip(**{"META-INF__MANIFEST_dot_MF": manifest, "a__B_dot_class": b"x"})
    assert folder.store(io.BytesIO(content)).entry_class == entry_class


@pytest.mark.parametrize(
    "content",
    [b"", b"not a zip", JAR[: len(JAR) // 2], make_zip(readme_dot_txt=b"no class")],
    ids=["empty", "text", "cut off", "a zip without classes"],
)
def test_what_is_no_jar_leaves_no_file(folder: ArtifactFolder, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        folder.store(io.BytesIO(content))
    assert refusal.value.code == "artifact_not_a_jar"
    assert not [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]


def test_a_deleted_file_is_missing(folder: ArtifactFolder) -> None:
    stored = folder.store(io.BytesIO(JAR))
    folder.delete(stored.digest)
    folder.delete(stored.digest)
    with pytest.raises(NotFound) as refusal:
        folder.get_path(stored.digest)
    assert refusal.value.code == "artifact_file_missing"


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63], ids=repr)
def test_what_is_no_digest_is_no_path(folder: ArtifactFolder, digest: str) -> None:
    with pytest.raises(NotFound):
        folder.get_path(digest)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "artifacts").write_text("a file stands here")
    with pytest.raises(Unavailable) as refusal:
        ArtifactFolder(tmp_path / "artifacts").store(io.BytesIO(JAR))
    assert refusal.value.code == "artifact_folder_unusable"
    assert refusal.value.facts["folder"] == str(tmp_path / "artifacts")
