"""What a person should know about a version that was just published; none of it stops the publishing.

The last check of each draft is remembered here, in this process alone: a notice is worth no table, and
after a restart of the server the honest answer is that nobody has checked.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from headgate.domain.operations import Finding
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.sql import CheckedScript

# More drafts than people have under way at once; the oldest check goes first.
_MOST = 1000

_RESTARTS = ("execution.checkpointing.interval", "restart-strategy")
"""Keys by any of which Flink comes to restart a job that failed."""


@dataclass(frozen=True, slots=True)
class LastCheck:
    """What the last check found, and of which text."""

    spec: JobSpec
    is_ok: bool
    bounded: bool


class LastChecks:
    """The last check of each job's draft since this server started. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._checks: OrderedDict[str, LastCheck] = OrderedDict()

    def remember(self, job_id: str, spec: JobSpec, found: CheckedScript) -> None:
        with self._lock:
            self._checks.pop(job_id, None)
            self._checks[job_id] = LastCheck(spec, found.is_ok, found.bounded)
            while len(self._checks) > _MOST:
                self._checks.popitem(last=False)

    def find(self, job_id: str, spec: JobSpec) -> LastCheck | None:
        """The check of exactly this text."""
        with self._lock:
            last = self._checks.get(job_id)
        return last if last is not None and last.spec == spec else None


def list_notices(spec: JobSpec, last: LastCheck | None) -> Iterator[Finding]:
    """The notices on publishing a draft of this text; `last` is its last check."""
    if last is None:
        yield Finding("draft_not_checked")
    elif not last.is_ok:
        yield Finding("draft_check_failed")
    if _is_never_restarted(spec) and not (last is not None and last.bounded):
        yield Finding("draft_without_restarts")


def _is_never_restarted(spec: JobSpec) -> bool:
    """Whether nothing in the text of a SQL job makes Flink restart it; a jar may say so in its own code."""
    if spec.type is not JobType.SQL or spec.checkpoint_interval is not None:
        return False
    said = (*spec.flink_config, spec.sql)
    return not any(key in text for text in said for key in _RESTARTS)
