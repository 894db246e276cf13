"""The record of calls to Flink as one file of JSON lines for each job, in the data folder.

Files and not a table: a line is written before the answer is acted upon and outlives a killed server,
costs no transaction and no turn at the database, and takes nothing from the back-up of what matters.
Each server keeps the calls that it made itself.
"""

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from headgate.domain.calls import CALLS_KEPT, CallSubject, FlinkCall, shorten_document, shorten_text
from headgate.ports.calls import CallAnswer, CallLog
from headgate.ports.clock import Clock

log = logging.getLogger(__name__)

_LINES_BORNE = 4 * CALLS_KEPT
"""An order takes two lines; from so many on the file is written anew with the newest calls alone."""


@dataclass(slots=True)
class _Trace:
    """One job's file: the last number, its lines, and the last look, whose repetitions are only counted."""

    number: int
    lines: int
    look: FlinkCall | None = None


class CallFiles(CallLog):
    """See `CallLog`. Thread-safe; one process writes to `folder`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._here = threading.local()
        self._traces: dict[str, _Trace] = {}
        self._is_broken = False

    @contextmanager
    def about(self, subject: CallSubject) -> Iterator[None]:
        before = getattr(self._here, "subject", None)
        self._here.subject = subject
        try:
            yield
        finally:
            self._here.subject = before

    def begin(self, method: str, path: str, request: Any) -> FlinkCall | None:
        subject: CallSubject | None = getattr(self._here, "subject", None)
        if subject is None:
            return None
        text = "" if request is None else shorten_document(request)
        call = FlinkCall(0, self._clock.now(), subject, method, path, text)
        if not call.is_look:
            with self._lock, self._bearing():
                call = self._append_new(self._open(subject.job_id), call)
        return call

    def end(self, call: FlinkCall | None, answer: CallAnswer) -> None:
        if call is None:
            return
        ended = replace(
            call,
            status=answer.status,
            answer=shorten_text(answer.text),
            error=shorten_text(answer.error),
            duration=self._clock.now() - call.at,
        )
        with self._lock, self._bearing():
            trace = self._open(call.subject.job_id)
            if call.is_look:
                self._take_look(trace, ended)
            else:
                self._append(trace, ended)

    def list_of_job(self, job_id: str) -> Sequence[FlinkCall]:
        found: list[FlinkCall] = []
        with self._lock, self._bearing():
            trace = self._traces.get(job_id)
            looks = [trace.look] if trace is not None and trace.look is not None else []
            found += self._read(job_id, looks)
        return found

    def forget(self, job_id: str) -> None:
        with self._lock, self._bearing():
            self._traces.pop(job_id, None)
            self._find_file(job_id).unlink(missing_ok=True)

    def _take_look(self, trace: _Trace, look: FlinkCall) -> None:
        """The same look with the same answer is counted; the count is written when something else comes."""
        last = trace.look
        if last is not None and _is_same(last, look):
            trace.look = replace(last, times=last.times + 1, last_at=look.at)
            return
        self._write_count(trace)
        trace.look = self._append_new(trace, look)

    def _append_new(self, trace: _Trace, call: FlinkCall) -> FlinkCall:
        trace.number += 1
        numbered = replace(call, number=trace.number)
        self._append(trace, numbered)
        return numbered

    def _append(self, trace: _Trace, call: FlinkCall) -> None:
        if not call.is_look:
            self._write_count(trace)
            trace.look = None
        self._write(trace, call)

    def _write_count(self, trace: _Trace) -> None:
        if trace.look is not None and trace.look.times > 1:
            self._write(trace, trace.look)

    def _write(self, trace: _Trace, call: FlinkCall) -> None:
        job_id = call.subject.job_id
        with self._find_file(job_id).open("a", encoding="utf-8") as file:
            file.write(_dump(call))
        trace.lines += 1
        if trace.lines >= _LINES_BORNE:
            self._rewrite(trace, job_id)

    def _rewrite(self, trace: _Trace, job_id: str) -> None:
        file = self._find_file(job_id)
        kept = list(reversed(self._read(job_id)))
        fresh = file.with_suffix(".new")
        fresh.write_text("".join(_dump(call) for call in kept), encoding="utf-8")
        fresh.replace(file)
        trace.lines = len(kept)

    def _open(self, job_id: str) -> _Trace:
        if job_id not in self._traces:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            calls = self._read(job_id)
            self._traces[job_id] = _Trace(calls[0].number if calls else 0, 2 * len(calls))
        return self._traces[job_id]

    def _read(self, job_id: str, newer: Sequence[FlinkCall] = ()) -> list[FlinkCall]:
        """The newest calls, newest first; a later line of a call replaces the earlier one."""
        try:
            text = self._find_file(job_id).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            text = ""
        calls = {call.number: call for call in (*_load(text.split("\n")), *newer)}
        return [calls[number] for number in sorted(calls, reverse=True)[:CALLS_KEPT]]

    def _find_file(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.jsonl"

    @contextmanager
    def _bearing(self) -> Iterator[None]:
        """A disk that is full or gone costs the record, never the call; it is said once."""
        try:
            yield
        except OSError as error:
            if not self._is_broken:
                log.warning("calls to Flink cannot be recorded in %s: %s", self._folder, error.strerror or error)
            self._is_broken = True
        else:
            self._is_broken = False


def _is_same(last: FlinkCall, look: FlinkCall) -> bool:
    return replace(look, number=last.number, at=last.at, duration=last.duration) == replace(last, times=1, last_at=None)


def _dump(call: FlinkCall) -> str:
    subject = call.subject
    line = {
        "number": call.number,
        "at": call.at.isoformat(),
        "job_id": subject.job_id,
        "instance_id": subject.instance_id,
        "intent_id": subject.intent_id,
        "method": call.method,
        "path": call.path,
        "request": call.request,
        "status": call.status,
        "answer": call.answer,
        "error": call.error,
        "duration_s": call.duration.total_seconds() if call.duration is not None else None,
        "times": call.times,
        "last_at": call.last_at.isoformat() if call.last_at is not None else None,
    }
    return json.dumps(line, ensure_ascii=False) + "\n"


def _load(lines: Sequence[str]) -> Iterator[FlinkCall]:
    """The calls of the lines; one that a crash of the machine has left half written is passed over."""
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            found = json.loads(line)
            yield FlinkCall(
                number=int(found["number"]),
                at=datetime.fromisoformat(found["at"]),
                subject=CallSubject(found["job_id"], found["instance_id"], found["intent_id"]),
                method=found["method"],
                path=found["path"],
                request=found["request"],
                status=found["status"],
                answer=found["answer"],
                error=found["error"],
                duration=timedelta(seconds=found["duration_s"]) if found["duration_s"] is not None else None,
                times=found["times"],
                last_at=datetime.fromisoformat(found["last_at"]) if found["last_at"] else None,
            )
