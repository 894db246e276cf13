"""The data folder of a server: held by one process at a time, and where its token is kept.

What else lies in it belongs to those who write it.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import SecretStr

from headgate.domain.errors import Conflict, Unavailable

# What the starter writes once the server is ready; the one file that holds the token.
_CONTEXT_FILE = "context.json"


@contextmanager
def hold_data_dir(folder: Path) -> Iterator[None]:
    """The data folder, made where it is missing, for this process alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(folder / "server.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise Conflict("data_dir_in_use", folder=folder) from None
    except OSError as error:
        raise Unavailable("data_dir_unusable", folder=folder, reason=error.strerror or error) from None
    try:
        yield
    finally:
        lock.release()


def choose_token(configured: SecretStr | None, folder: Path) -> str:
    """The configured sign-in token, else that of the last server of this folder, else a new one."""
    if configured is not None:
        return configured.get_secret_value()
    try:
        context = json.loads((folder / _CONTEXT_FILE).read_text(encoding="utf-8"))
        kept = str(context["token"])
    except (OSError, ValueError, KeyError, TypeError):
        kept = ""
    return kept or secrets.token_urlsafe(32)
