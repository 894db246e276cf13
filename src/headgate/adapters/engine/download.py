"""Downloading one pinned distribution with pip, so that the user's index, mirror and proxy settings count.

pip is told the digest and refuses anything else before it looks into the file. A complete file in
the download folder is used again; a broken one is removed and fetched anew. Nothing is unpacked here.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from headgate.adapters.engine.distributions import Distribution
from headgate.domain.errors import EngineFailed

OnBytes = Callable[[int, int], None]

PART_PREFIX = ".part-"

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_CREDENTIALS = re.compile(r"//[^/@\s]+@")
_KEPT_LINES = 12

# The first match names what went wrong; pip has only text to tell it by.
_PIP_FAULTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"No module named pip"), "engine_needs_pip"),
    (re.compile(r"no such option|invalid choice: 'raw'"), "engine_needs_pip"),
    (re.compile(r"No space left on device|Disk quota exceeded"), "engine_disk_full"),
    (re.compile(r"DO NOT MATCH THE HASHES"), "engine_digest_wrong"),
    (
        re.compile(r"not enough bytes|IncompleteRead|incomplete-download|Connection broken:"),
        "engine_download_cut",
    ),
    (
        re.compile(r"Connection|NewConnectionError|timed out|Name or service|SSLError|ProxyError"),
        "engine_index_unreachable",
    ),
    (re.compile(r"No matching distribution found"), "engine_not_offered"),
)


def fetch(
    distribution: Distribution, folder: Path, on_bytes: OnBytes, environment: Mapping[str, str] | None = None
) -> Path:
    """The verified file of `distribution` in `folder`. `environment` is pip's; None inherits ours.

    Raises EngineFailed; OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The digest is part of the name: a version may be asked for with another one.
    prefix = f"{distribution.sha256[:16]}-"
    for ready in folder.glob(f"{prefix}*"):
        if digest_of(ready) == distribution.sha256:
            return ready
        ready.unlink()
    part = Path(tempfile.mkdtemp(prefix=PART_PREFIX, dir=folder))
    try:
        _run_pip(distribution, part, on_bytes, environment)
        found = _only_file(part / "file", distribution)
        if digest_of(found) != distribution.sha256:
            raise EngineFailed("engine_digest_wrong", requirement=distribution.requirement, folder=folder)
        return found.replace(folder / f"{prefix}{found.name}")
    finally:
        shutil.rmtree(part, ignore_errors=True)


def digest_of(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _run_pip(distribution: Distribution, part: Path, on_bytes: OnBytes, environment: Mapping[str, str] | None) -> None:
    wanted = part / "requirements.txt"
    wanted.write_text(f"{distribution.requirement} --hash=sha256:{distribution.sha256}\n", encoding="utf-8")
    # `--require-hashes`: an sdist is built for its metadata by pip, so it must be verified before.
    options = ["--require-hashes", "--no-deps", "--no-cache-dir", "--disable-pip-version-check", "--no-input"]
    options += ["--progress-bar", "raw", "--requirement", str(wanted), "--dest", str(part / "file")]
    process = subprocess.Popen(
        [sys.executable, "-m", "pip", "download", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # pip's own temporary file goes beside ours: the same disk, and cleared away with it.
        env=None if environment is None else {**environment, "TMPDIR": str(part)},
    )
    said: list[str] = []
    try:
        with process:
            for line in process.stdout or ():
                if match := _PROGRESS.match(line):
                    on_bytes(int(match[1]), int(match[2]))
                elif line.strip():
                    said.append(line.rstrip())
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise _pip_failure(distribution, "\n".join(said), part.parent)


def _pip_failure(distribution: Distribution, said: str, folder: Path) -> EngineFailed:
    code = next((code for pattern, code in _PIP_FAULTS if pattern.search(said)), "engine_download_failed")
    tail = "\n".join(_CREDENTIALS.sub("//***@", said).splitlines()[-_KEPT_LINES:])
    return EngineFailed(code, cause=tail, requirement=distribution.requirement, folder=folder, python=sys.executable)


def _only_file(folder: Path, distribution: Distribution) -> Path:
    found = [file for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []
    if len(found) != 1:
        raise EngineFailed("engine_download_failed", requirement=distribution.requirement, folder=folder.parent)
    return found[0]
