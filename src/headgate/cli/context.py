"""Where the server is and with which token: the context of a command.

`headgate dev` writes it to DIR/context.json, readable by its owner alone, and leaves a pointer to
that file in the user's configuration folder. HEADGATE_URL and HEADGATE_TOKEN win over the files,
`--context FILE` over everything.
"""

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from headgate.domain.errors import Invalid, Unavailable

CONTEXT_FILE = "context.json"
_POINTER_FILE = "last-context"
# The token is in it.
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Context:
    """One server: its address, the token for it, and what `headgate dev` says of itself.

    `folder` is the data folder that the context was found in; None for one that was given by hand.
    """

    url: str
    token: str = ""
    flink_url: str = ""
    server_pid: int = 0
    folder: Path | None = field(default=None, compare=False)

    @property
    def start_command(self) -> str:
        """What starts this server again, as far as the context tells."""
        if self.folder is None:
            return "headgate dev"
        return f"headgate {'dev' if self.flink_url else 'serve'} --data {shlex.quote(str(self.folder))}"


def read_environment() -> Mapping[str, str]:
    """The environment of this process, for the command line alone (a server reads its settings)."""
    return os.environ  # noqa: TID251 - the one place where the command line reads it


def find_context(option: Path | None, environment: Mapping[str, str]) -> Context:
    """The context to use: `option`, else the environment, else the last `headgate dev`.

    Unavailable("context_missing") where there is none; Invalid("context_broken") where a file is none,
    Invalid("url_not_usable") where HEADGATE_URL is no address.
    """
    if option is not None:
        return read_context(option)
    url, token = environment.get("HEADGATE_URL", ""), environment.get("HEADGATE_TOKEN", "")
    if url:
        if not url.lower().startswith(("http://", "https://")):
            raise Invalid("url_not_usable", url=url)
        return Context(url.rstrip("/"), token)
    pointer = _find_pointer(environment)
    if pointer is None or not pointer.exists():
        raise Unavailable("context_missing")
    found = read_context(pointer)
    return replace(found, token=token or found.token)


def find_context_file(option: Path | None, environment: Mapping[str, str]) -> Path | None:
    """The file that `find_context` would read; None where it would read none."""
    if option is not None:
        return option
    return None if environment.get("HEADGATE_URL") else _find_pointer(environment)


def read_context(path: Path) -> Context:
    """The context in a file. Unavailable("context_file_missing"), Invalid("context_broken"), each with file=..."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Context(
            str(data["url"]).rstrip("/"),
            str(data.get("token", "")),
            str(data.get("flink_url") or ""),
            int(data.get("server_pid") or 0),
            path.absolute().parent if path.name == CONTEXT_FILE else None,
        )
    except FileNotFoundError:
        raise Unavailable("context_file_missing", file=path) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Invalid("context_broken", file=path) from None


def write_context(path: Path, context: Context) -> None:
    """Write the context so that a reader sees the old one or the new one, and only its owner sees it."""
    _write_privately(
        path, json.dumps({name: value for name, value in asdict(context).items() if name != "folder"}, indent=2) + "\n"
    )


def remember_context(path: Path, environment: Mapping[str, str]) -> bool:
    """Let later commands find the context at `path`; False where the configuration folder cannot be written."""
    pointer = _name_pointer_file(environment)
    try:
        pointer.parent.mkdir(parents=True, exist_ok=True)
        _write_privately(pointer, f"{path.absolute()}\n")
    except OSError:
        return False
    return True


@contextmanager
def borrow_last_context(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """What later commands find is afterwards what it was before, unless it is not the server of `folder` any more."""
    before = _find_pointer(environment)
    try:
        yield
    finally:
        if _find_pointer(environment) == (folder / CONTEXT_FILE).absolute():
            if before is None:
                _name_pointer_file(environment).unlink(missing_ok=True)
            else:
                remember_context(before, environment)


def _find_pointer(environment: Mapping[str, str]) -> Path | None:
    try:
        text = _name_pointer_file(environment).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return Path(text) if text else None


def _name_pointer_file(environment: Mapping[str, str]) -> Path:
    from platformdirs import user_config_path

    folder = environment.get("HEADGATE_CONFIG")
    return (Path(folder) if folder else user_config_path("headgate")) / _POINTER_FILE


def _write_privately(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.chmod(_OWNER_ONLY)  # a file left behind by another run may have had other rights
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
