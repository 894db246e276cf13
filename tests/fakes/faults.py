"""What can go wrong between Headgate and Flink, one call at a time.

A fault is injected for one call, or drawn at random with a given chance. Spells that last (a cut
network, a JobManager restart, a job that fails) are methods of `FakeFlink` instead.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class SimulatedCrash(BaseException):
    """The server process died here. It is no Exception, so that nothing can handle it by chance."""


class Fault(StrEnum):
    """One fault of one call."""

    REFUSED = "refused before sending: not done, FlinkUnavailable"
    LOST_REQUEST = "the request is lost: not done, FlinkOutcomeUnknown"
    LOST_REPLY = "the reply is lost: done, FlinkOutcomeUnknown"
    HANG = "nothing answers until the read time-out: not done, FlinkOutcomeUnknown"
    LATE_SUBMISSION = "time-out; the job appears some seconds later"
    ORPHAN_CLIENT = "the server dies, its SQL client lives on and submits later"
    JOB_MANAGER_RESTART = "the JobManager dies after the work, before the reply"
    CRASH_BEFORE = "the server dies before the call"
    CRASH_AFTER = "the server dies after the call"
    SQL_INVALID = "the script does not compile"
    MAIN_THROWS = "main() throws: 400, no job"
    MAIN_THROWS_AFTER_EXECUTE = "main() throws after execute: 400, and the job lives"
    START_FAILS = "accepted, then FAILED at once"
    NO_SLOTS = "accepted, then never gets its slots"
    SLOW_SAVEPOINT = "the savepoint takes long"
    SAVEPOINT_FAILS = "the savepoint fails, the job goes on"
    FAILS_WHILE_STOPPING = "the savepoint is made, then the job fails while stopping"
    STALE_CACHE = "a cause or a record is not shown yet: the answer comes from the 3 s cache"


LOOKS = frozenset({"sweep", "find_job", "get_trigger", "find_evidence", "look_at_path", "count_slots"}) | {
    "find_remains",
    "sample_checkpoint",
}
SAVEPOINTS = frozenset({"stop_with_savepoint", "trigger_savepoint"})
ACTS = SAVEPOINTS | {"submit", "cancel"}
_SUBMIT = frozenset({"submit"})

CALLS_OF: dict[Fault, frozenset[str]] = {
    Fault.REFUSED: LOOKS | ACTS,
    Fault.LOST_REQUEST: LOOKS | ACTS,
    Fault.LOST_REPLY: LOOKS | ACTS,
    Fault.HANG: LOOKS | ACTS,
    Fault.LATE_SUBMISSION: _SUBMIT,
    Fault.ORPHAN_CLIENT: _SUBMIT,
    Fault.JOB_MANAGER_RESTART: LOOKS | ACTS,
    Fault.CRASH_BEFORE: LOOKS | ACTS,
    Fault.CRASH_AFTER: LOOKS | ACTS,
    Fault.SQL_INVALID: _SUBMIT,
    Fault.MAIN_THROWS: _SUBMIT,
    Fault.MAIN_THROWS_AFTER_EXECUTE: _SUBMIT,
    Fault.START_FAILS: _SUBMIT,
    Fault.NO_SLOTS: _SUBMIT,
    Fault.SLOW_SAVEPOINT: SAVEPOINTS,
    Fault.SAVEPOINT_FAILS: SAVEPOINTS,
    Fault.FAILS_WHILE_STOPPING: frozenset({"stop_with_savepoint"}),
    Fault.STALE_CACHE: frozenset({"find_job"}),
}

LOUD = frozenset(
    {
        Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.REFUSED, Fault.LOST_REQUEST, Fault.LOST_REPLY, Fault.HANG,
        Fault.JOB_MANAGER_RESTART, Fault.LATE_SUBMISSION, Fault.ORPHAN_CLIENT, Fault.STALE_CACHE,
    }
)  # fmt: skip
"""Faults that count themselves where they strike."""

REFUSING = frozenset({Fault.MAIN_THROWS, Fault.MAIN_THROWS_AFTER_EXECUTE})
"""Those that Flink answers with a refusal."""


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault that waits for the next call it fits; `call` None means any. `seconds` is its length."""

    fault: Fault
    call: str | None = None
    seconds: float | None = None

    def fits(self, call: str) -> bool:
        return call in CALLS_OF[self.fault] and self.call in (None, call)


class Faults:
    """The faults to come, and how often each one has struck."""

    def __init__(self, random: Random, chances: Mapping[Fault, float]) -> None:
        self.waiting: list[Injection] = []
        self.counts: Counter[Fault] = Counter()
        self._random = random
        self._chances = dict(chances)

    def append(self, injection: Injection) -> None:
        self.waiting.append(injection)

    def draw(self, call: str) -> dict[Fault, float | None]:
        """The faults of this call with their lengths: injected ones, each kind once, and drawn ones."""
        drawn: dict[Fault, float | None] = {}
        for injection in list(self.waiting):
            if injection.fits(call) and injection.fault not in drawn:
                drawn[injection.fault] = injection.seconds
                self.waiting.remove(injection)
        for fault, chance in self._chances.items():
            if call in CALLS_OF[fault] and self._random.random() < chance:
                drawn.setdefault(fault, None)
        return drawn

    def strike(self, fault: Fault) -> None:
        """Count a fault that really had its effect."""
        self.counts[fault] += 1
