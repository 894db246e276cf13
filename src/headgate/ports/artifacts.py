"""Where the content of artifacts lies: files addressed by their SHA-256."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One stored jar: `digest` is the SHA-256 (hex), `size` in bytes, `entry_class` its main class or empty."""

    digest: str
    size: int
    entry_class: str


class ArtifactFiles(Protocol):
    """The jar files of this installation."""

    def store(self, content: BinaryIO) -> StoredFile:
        """Keep a jar; the same content twice is one file. Invalid("artifact_not_a_jar") where it is none."""

    def get_path(self, digest: str) -> Path:
        """The local file. NotFound("artifact_file_missing") where it is gone."""

    def delete(self, digest: str) -> None: ...
