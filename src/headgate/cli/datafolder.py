"""The data folder before a server starts on it: it can be written, and there is space.

Checked here, by the starter, so that a person gets a sentence at once instead of a server that
fails in the middle. That no two servers share a folder is the server's own care.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headgate.domain.errors import Unavailable

_PROBE_FILE = ".write-probe"
# Less than the database, the logs and the first checkpoints of one small job need.
_LEAST_FREE_BYTES = 64 * 1024 * 1024
_PROBE_BYTES = 256 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def prepare_folder(folder: Path) -> None:
    """Make the folder where it is missing and prove that it can be written.

    Unavailable: "data_dir_unusable", "data_dir_full".
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(folder).free
        if free >= _LEAST_FREE_BYTES:
            _write_probe(folder / _PROBE_FILE)
            return
    except OSError as error:
        if error.errno not in _FULL:
            raise Unavailable("data_dir_unusable", folder=folder, reason=error.strerror or error) from None
        free = 0
    raise Unavailable("data_dir_full", folder=folder, free_mb=free >> 20, needed_mb=_LEAST_FREE_BYTES >> 20)


@contextmanager
def for_owner_alone() -> Iterator[None]:
    """Files made inside, by this process and by those it starts, are their owner's alone.

    The folder may have been there before, open to others; scripts and savepoints hold passwords and data.
    """
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _write_probe(file: Path) -> None:
    try:
        file.write_bytes(b"\0" * _PROBE_BYTES)
    finally:
        file.unlink(missing_ok=True)
