"""The record of calls to Flink: written by what calls, on behalf of what the reconciler says it is about.

Bounded for each job. Recording is never in the way of a call: it raises nothing and waits for no other
machine.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from headgate.domain.calls import CallSubject, FlinkCall


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """`text` is the answer's, whole; with an `error` there was none, or none that is one."""

    status: int | None = None
    text: str = ""
    error: str = ""


class CallLog(Protocol):
    """Calls made outside `about`, such as sweeps of a whole cluster, are not kept."""

    def about(self, subject: CallSubject) -> AbstractContextManager[None]:
        """Until it is left, this thread's calls are on behalf of `subject`."""

    def begin(self, method: str, path: str, request: Any) -> FlinkCall | None:
        """Before a call. An order is written down at once, so that one without an answer is seen too."""

    def end(self, call: FlinkCall | None, answer: CallAnswer) -> None:
        """After the call that `begin` returned."""

    def list_of_job(self, job_id: str) -> Sequence[FlinkCall]:
        """The kept calls of a job, newest first."""

    def forget(self, job_id: str) -> None:
        """The job was deleted."""


class NoCallLog(CallLog):
    """Where nothing is to be kept."""

    def about(self, subject: CallSubject) -> AbstractContextManager[None]:
        return nullcontext()

    def begin(self, method: str, path: str, request: Any) -> FlinkCall | None:
        return None

    def end(self, call: FlinkCall | None, answer: CallAnswer) -> None:
        return None

    def list_of_job(self, job_id: str) -> Sequence[FlinkCall]:
        return ()

    def forget(self, job_id: str) -> None:
        return None
