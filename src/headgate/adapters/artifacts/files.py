"""Jar files on the local disk, each under the SHA-256 of its content.

A file appears whole or not at all: it is written beside its place, synced and renamed. What is not a
jar never gets a place.
"""

import os
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from headgate.domain.errors import Invalid, NotFound, Unavailable
from headgate.ports.artifacts import ArtifactFiles, StoredFile

_CHUNK = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MANIFEST = "META-INF/MANIFEST.MF"
# A real manifest has a few kilobytes; a longer one is an attempt to fill the memory.
_MANIFEST_BYTES = 1024 * 1024


class ArtifactFolder(ArtifactFiles):
    """The jars below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def store(self, content: BinaryIO) -> StoredFile:
        with self._translated():
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(prefix=".incoming-", dir=self._root)
            incoming = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    digest, size = _copy(content, file)
                entry_class = _read_entry_class(incoming)
                self._place(incoming, digest)
            finally:
                incoming.unlink(missing_ok=True)
        return StoredFile(digest, size, entry_class)

    def get_path(self, digest: str) -> Path:
        path = self._find_place(digest)
        if not path.is_file():
            raise NotFound("artifact_file_missing", digest=digest)
        return path

    def delete(self, digest: str) -> None:
        with self._translated():
            self._find_place(digest).unlink(missing_ok=True)

    def _place(self, incoming: Path, digest: str) -> None:
        place = self._find_place(digest)
        if place.is_file():
            return
        place.parent.mkdir(exist_ok=True, mode=0o700)
        incoming.replace(place)
        # The rename itself must survive a crash, or a row would name a file that is not there.
        descriptor = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _find_place(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise NotFound("artifact_file_missing", digest=digest)
        return self._root / digest[:2] / f"{digest}.jar"

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            code = "artifact_disk_full" if error.errno in {ENOSPC, EDQUOT} else "artifact_folder_unusable"
            raise Unavailable(code, folder=self._root, reason=error.strerror or error) from None


def _copy(content: BinaryIO, file: BinaryIO) -> tuple[str, int]:
    digest, size = sha256(), 0
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    return digest.hexdigest(), size


def _read_entry_class(path: Path) -> str:
    """The main class of a jar's manifest, empty where it names none. Invalid("artifact_not_a_jar")."""
    try:
        with zipfile.ZipFile(path) as jar:
            if not any(name.endswith(".class") for name in jar.namelist()):
                raise Invalid("artifact_not_a_jar", reason="no .class file in it")
            if _MANIFEST not in jar.namelist():
                return ""
            with jar.open(_MANIFEST) as manifest:
                text = manifest.read(_MANIFEST_BYTES).decode("utf-8", "replace")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise Invalid("artifact_not_a_jar", reason=str(error)) from None
    # A long line goes on in the next one, after a single space.
    unfolded = re.sub(r"\r?\n ", "", text)
    match = re.search(r"^(?:Main-Class|program-class):\s*(\S+)\s*$", unfolded, re.MULTILINE | re.IGNORECASE)
    return match.group(1) if match else ""
