"""What this machine tells of a server that does not answer: its folder, its process, its port, its log.

Only looks; a server elsewhere leaves nothing to be seen here, and then only its silence is told.
"""

import json
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from headgate.cli.context import CONTEXT_FILE, Context
from headgate.cli.datafolder import prepare_folder
from headgate.cli.words import Language, advise, say
from headgate.domain.errors import HeadgateError, Unavailable

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LOG = Path("log") / "headgate.log"
_TAIL_BYTES = 512 * 1024
_EXCERPT = 300
_CONNECT_S = 2.0
_LINE = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\S+Z) (?:ERROR|CRITICAL)\s+(?P<text>.*)")
_GRAVE = frozenset({"ERROR", "CRITICAL"})

FindLocalCluster = Callable[[Path], str | None]


@dataclass(frozen=True)
class Found:
    """One thing that was seen, in the form of the server's findings."""

    code: str
    level: str = "ERROR"
    facts: dict[str, str] = field(default_factory=dict)
    since: str | None = None

    def describe(self, language: Language) -> dict[str, object]:
        return {
            "code": self.code,
            "message": say(language, self.code, self.facts),
            "advice": advise(language, self.code, self.facts),
            "cause": "",
            "level": self.level,
            "since": self.since,
            "facts": self.facts,
        }


def examine(
    silence: Unavailable, context: Context | None, folder: Path, find_local_cluster: FindLocalCluster
) -> list[Found]:
    """What is seen on this machine of the server of `folder`; `silence` is how asking it failed."""
    found = [_tell(silence)]
    if context is not None and urlsplit(context.url).hostname not in _LOOPBACK:
        return found
    if not folder.is_dir():
        return [*found, Found("data_folder_unknown", facts={"folder": str(folder)})]
    found += _examine_process(context, folder)
    found += _examine_folder(folder)
    found += _examine_log(folder / _LOG)
    flink_url = find_local_cluster(folder)
    if flink_url is not None:
        found.append(Found("doctor_flink_lives", "INFO", {"url": flink_url}))
    return found


def _tell(error: HeadgateError) -> Found:
    return Found(error.code, facts={name: str(value) for name, value in error.facts.items()})


def _examine_process(context: Context | None, folder: Path) -> Iterator[Found]:
    """Whether the server that wrote the context still lives, and who else has its port."""
    if context is None or not context.server_pid:
        return
    facts = {"pid": str(context.server_pid), "folder": str(folder), "url": context.url}
    if _is_same_process(context.server_pid, folder / CONTEXT_FILE):
        yield Found("doctor_server_hangs", facts=facts)
        return
    yield Found("doctor_server_ended", facts=facts)
    if _is_taken(context.url):
        yield Found("doctor_port_taken", facts=facts)


def _is_same_process(pid: int, written: Path) -> bool:
    """A process that began after the file was written only has the number of the one that wrote it."""
    import psutil

    try:
        process = psutil.Process(pid)
        lives = process.status() != psutil.STATUS_ZOMBIE
        return lives and process.create_time() <= written.stat().st_mtime
    except (psutil.Error, OSError):
        return False


def _is_taken(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 80), _CONNECT_S).close()
    except OSError:
        return False
    return True


def _examine_folder(folder: Path) -> Iterator[Found]:
    try:
        prepare_folder(folder)
    except Unavailable as error:
        yield _tell(error)


def _examine_log(file: Path) -> Iterator[Found]:
    """The last error that the server wrote down."""
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - _TAIL_BYTES))
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return
    last = next((told for line in reversed(lines) if (told := _read_error(line)) is not None), None)
    if last is not None:
        at, text = last
        facts = {"at": at, "text": text[:_EXCERPT], "file": str(file)}
        yield Found("doctor_log_error", "WARNING", facts, since=at)


def _read_error(line: str) -> tuple[str, str] | None:
    """The time and text of a line that tells an error, in either form of the log."""
    if not line.startswith("{"):
        match = _LINE.match(line)
        return (match["at"], match["text"]) if match else None
    try:
        told = json.loads(line)
        at, level, text = str(told["at"]), told["level"], str(told["message"])
        datetime.fromisoformat(at)
    except (ValueError, KeyError, TypeError):
        return None
    return (at, text) if level in _GRAVE else None
