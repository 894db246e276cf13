"""The log: set up once per server process, on the console and in `DATA/log/headgate.log`.

Lines are for people or one JSON document each. Whatever is written passes one redactor, so that no
token, no secret of a client JVM and no password of a URL reaches a file, whoever logs it. What is
worth logging is decided where it happens, not here.
"""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from headgate.domain.secrets import MASK, mask_secrets

LOG_FILE = "headgate.log"
# Ten files of 10 MB: weeks of a quiet server, and never more than a laptop can spare.
_FILE_BYTES = 10 * 1024 * 1024
_FILE_COUNT = 9
# A shorter text is found in too many innocent words to be masked by search.
_LEAST_SECRET = 8


class Redactor:
    """Masks secrets: what looks like one, and the very texts that were named to `hide`."""

    def __init__(self) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    def hide(self, secret: str) -> None:
        """From now on, mask this text wherever it stands. A text too short to be a secret is ignored."""
        if len(secret) >= _LEAST_SECRET:
            with self._lock:
                self._secrets |= {secret}

    def redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return mask_secrets(text)


class _HumanFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.000Z INFO  headgate.web: text`, the traceback below it."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._redactor = redactor

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return _stamp(record)

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.redact(super().format(record))


class _JsonFormatter(logging.Formatter):
    """One JSON document a line; what a caller gives as `extra` becomes fields of it."""

    _OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": _stamp(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redactor.redact(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = self._redactor.redact(self.formatException(record.exc_info))
        for name, value in vars(record).items():
            if name not in self._OWN:
                line[name] = self._redactor.redact(str(value))
        return json.dumps(line, ensure_ascii=False)


def configure_logging(folder: Path, level: str, form: str, *, console: bool = True) -> Redactor:
    """Send the log of this process to `folder`/headgate.log and, if asked, to the error output.

    `level` and `form` are the settings `log_level` and `log_format`. The returned redactor is where
    a secret made later is named. Calling it again replaces what an earlier call set up.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    redactor = Redactor()
    formatter = _JsonFormatter(redactor) if form == "json" else _HumanFormatter(redactor)
    file_handler = RotatingFileHandler(
        folder / LOG_FILE, maxBytes=_FILE_BYTES, backupCount=_FILE_COUNT, encoding="utf-8", delay=True
    )
    handlers: list[logging.Handler] = [file_handler, *([logging.StreamHandler(sys.stderr)] if console else [])]
    root = logging.getLogger()
    for old in list(root.handlers):
        if getattr(old, "headgate_owned", False):
            root.removeHandler(old)
            old.close()
    for handler in handlers:
        handler.setFormatter(formatter)
        handler.headgate_owned = True  # type: ignore[attr-defined]  # our mark, to find it again
        root.addHandler(handler)
    root.setLevel(level)
    # These log every request, with addresses, at INFO.
    for chatty in ("httpx2", "httpcore2", "py4j", "urllib3"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    return redactor


def _stamp(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
