"""Flink's answers -> facts of the domain. Strict: an answer of another shape is no answer.

A JobManager that answers rubbish (or a stranger on its port) must never look like one that knows
no jobs, so everything here raises FlinkOutcomeUnknown where a field is missing or of a wrong type.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, TypeVar

from headgate.adapters.flink.causes import shorten_cause
from headgate.domain.clusters import FLINK_HEARTBEAT, Incarnation
from headgate.domain.errors import FlinkOutcomeUnknown
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.observation import ClockSeen, JobSeen, TriggerSeen, TriggerStatus
from headgate.ports.flink import SlotsSeen, Sweep

T = TypeVar("T")
Json = Any

_UUID_AT_END = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?$")
# Flink says so when the savepoint is whole and the job failed afterwards: the state is saved.
_SAVED_BUT_FAILED = re.compile(r"A savepoint has been created at: (.+?), but the corresponding job", re.DOTALL)
# What a JobManager chooses at its start and then shows as if it had been told.
_OF_ONE_LIFE = frozenset({"web.tmpdir", "blob.server.port"})
# Flink's own words for units of time, as far as somebody would give a heartbeat in them.
_DURATION = re.compile(r"(?P<number>\d+)\s*(?P<unit>[a-z]*)")
_UNITS = {
    **dict.fromkeys(("", "ms", "milli", "millis", "millisecond", "milliseconds"), timedelta(milliseconds=1)),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
}
_DAY = timedelta(days=1)
# A task in one of these words has got its slot and begun.
_RUN = frozenset({"RUNNING", "FINISHED"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    """One completed snapshot in a job's checkpoint statistics. `is_stop`: the job was stopped with it."""

    path: str
    triggered_at: datetime
    is_savepoint: bool
    completed_at: datetime
    is_stop: bool = False
    size: int | None = None


def read_configuration(answer: Json) -> dict[str, str]:
    """`/jobmanager/config`: the JobManager's own configuration."""
    return {_field(entry, "key", str): _field(entry, "value", str) for entry in _items(answer)}


def read_incarnation(configuration: dict[str, str]) -> Incarnation:
    """Which life of the JobManager this is: the uuid that Flink appends to `web.tmpdir` at every start."""
    match = _UUID_AT_END.search(configuration.get("web.tmpdir", ""))
    if match is None:
        raise _rubbish("its configuration has no web.tmpdir that ends with a uuid")
    return Incarnation(match.group(1))


def read_high_availability(configuration: dict[str, str]) -> bool:
    """Whether jobs outlive their JobManager. Flink 1.16 has the older of the two keys."""
    told = configuration.get("high-availability.type") or configuration.get("high-availability") or "NONE"
    return told.strip().upper() != "NONE"


def read_identity(configuration: dict[str, str]) -> str:
    """The same for each life of a cluster: its configuration without what every start chooses anew."""
    told = sorted((key, value) for key, value in configuration.items() if key not in _OF_ONE_LIFE)
    return blake2b(json.dumps(told).encode(), digest_size=16).hexdigest()


def read_heartbeat_timeout(configuration: dict[str, str]) -> timedelta:
    """`heartbeat.timeout`: a duration in Flink's words, or plain milliseconds; its default where nothing is said."""
    told = _DURATION.fullmatch(configuration.get("heartbeat.timeout", "").strip().lower())
    if told is None or told["unit"] not in _UNITS:
        return FLINK_HEARTBEAT
    # Who wants none may have written Long.MAX_VALUE, which no span of ours can hold.
    return min(int(told["number"]), _DAY // _UNITS[told["unit"]]) * _UNITS[told["unit"]]


def read_sweep(incarnation: Incarnation, jobs: Mapping[FlinkJobId, JobSeen], configuration: dict[str, str]) -> Sweep:
    """The jobs of one life of a JobManager, with what its configuration says of the cluster."""
    return Sweep(
        incarnation,
        jobs,
        high_availability=read_high_availability(configuration),
        identity=read_identity(configuration),
        heartbeat_timeout=read_heartbeat_timeout(configuration),
    )


def read_jobs(answer: Json) -> dict[FlinkJobId, JobSeen]:
    """`/jobs/overview`: every job with its fresh state."""
    return {FlinkJobId(_field(job, "jid", str)): _read_listed_job(job) for job in _items(_field(answer, "jobs", list))}


def read_job(answer: Json) -> JobSeen:
    """`/jobs/:id`: one job, asked for by its id."""
    tasks = [_field(vertex, "tasks", dict) for vertex in _items(_field(answer, "vertices", list))]
    words = {word for counts in tasks for word in counts if _field(counts, word, int)}
    return _describe_job(answer, is_running=bool(words) and words <= _RUN)


def read_failure(answer: Json) -> str:
    """`/jobs/:id/exceptions`: the newest failure's text; empty where there is none."""
    history = answer.get("exceptionHistory") if isinstance(answer, dict) else None
    entries = history.get("entries") if isinstance(history, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("stacktrace"), str):
            return shorten_cause("\n".join([entry["stacktrace"], *_read_task_failures(entry)]))
    return ""


def _read_task_failures(entry: dict[str, Any]) -> list[str]:
    """What tasks failed of at the same time: a failure of the whole job does not name it itself."""
    found: list[str] = []
    concurrent = entry.get("concurrentExceptions")
    for failure in concurrent if isinstance(concurrent, list) else []:
        stack = failure.get("stacktrace") if isinstance(failure, dict) else None
        if isinstance(stack, str) and stack.partition("\n")[0] not in "\n".join([entry["stacktrace"], *found]):
            found.append(f"Failed task: {failure.get('taskName') or '?'}\n{stack}")
    return found


def read_trigger(answer: Json) -> TriggerSeen:
    """`/jobs/:id/savepoints/:triggerId`. COMPLETED in Flink's words is a success only with a location."""
    status = _field(_field(answer, "status", dict), "id", str)
    if status == "IN_PROGRESS":
        return TriggerSeen(TriggerStatus.IN_PROGRESS)
    if status != "COMPLETED":
        raise _rubbish(f"the savepoint is in the unknown state {status}")
    operation = _field(answer, "operation", dict)
    location = operation.get("location")
    if isinstance(location, str) and location:
        return TriggerSeen(TriggerStatus.COMPLETED, location)
    failure = _field(_field(operation, "failure-cause", dict), "stack-trace", str)
    saved = _SAVED_BUT_FAILED.search(failure)
    if saved is not None:
        return TriggerSeen(TriggerStatus.COMPLETED, saved.group(1), shorten_cause(failure))
    return TriggerSeen(TriggerStatus.FAILED, failure=shorten_cause(failure))


def read_checkpoints(answer: Json) -> list[CheckpointRecord]:
    """`/jobs/:id/checkpoints`: the completed snapshots that it remembers, each once."""
    entries = [*_items(_field(answer, "history", list))]
    latest = _field(answer, "latest", dict)
    entries += [latest[kind] for kind in ("completed", "savepoint") if isinstance(latest.get(kind), dict)]
    found: dict[str, CheckpointRecord] = {}
    for entry in entries:
        path = entry.get("external_path") if isinstance(entry, dict) else None
        if not path or _field(entry, "status", str) != "COMPLETED" or entry.get("discarded") is True:
            continue
        found[path] = _read_record(entry, path)
    return list(found.values())


def _read_record(entry: Json, path: str) -> CheckpointRecord:
    triggered = _field(entry, "trigger_timestamp", int)
    acknowledged, size = entry.get("latest_ack_timestamp"), entry.get("state_size")
    return CheckpointRecord(
        path,
        _moment(triggered),
        _field(entry, "is_savepoint", bool),
        _moment(acknowledged if isinstance(acknowledged, int) and acknowledged > triggered else triggered),
        # Flink's word for a savepoint that a job is stopped with.
        entry.get("checkpoint_type") == "SYNC_SAVEPOINT",
        size if isinstance(size, int) else None,
    )


def read_slots(answer: Json) -> SlotsSeen:
    """`/overview`."""
    return SlotsSeen(
        _field(answer, "slots-total", int),
        _field(answer, "slots-available", int),
        _field(answer, "taskmanagers", int),
        _field(answer, "flink-version", str),
    )


def read_clock_of_jobs(answer: Json) -> ClockSeen | None:
    """`/jobs/overview`: Flink counts the duration of a job that has not ended up to this very moment."""
    jobs = [job for job in _items(_field(answer, "jobs", list)) if _field(job, "end-time", int) < 0]
    times = [_field(job, "start-time", int) + _field(job, "duration", int) for job in jobs]
    return ClockSeen(_moment(max(times))) if times else None


def read_clock_of_heartbeats(answer: Json) -> ClockSeen | None:
    """`/taskmanagers`: when the newest heartbeat came; one that is older than the time-out is not shown any more."""
    managers = _items(_field(answer, "taskmanagers", list))
    times = [_field(manager, "timeSinceLastHeartbeat", int) for manager in managers]
    return ClockSeen(_moment(max(times)), within=FLINK_HEARTBEAT) if times else None


def read_jar_id(answer: Json) -> str:
    """`/jars/upload`: the last part of the file's path is what `run` calls the jar."""
    return _field(answer, "filename", str).rsplit("/", 1)[-1]


def read_archive(text: str) -> dict[str, Json]:
    """An archived job: the answers that the JobManager gave last, by their path."""
    entries = _items(_field(_load(text), "archive", list))
    return {_field(entry, "path", str): _load(_field(entry, "json", str)) for entry in entries}


def _read_listed_job(job: Json) -> JobSeen:
    tasks = _field(job, "tasks", dict)
    total = _field(tasks, "total", int)
    running = total > 0 and _field(tasks, "running", int) + _field(tasks, "finished", int) == total
    return _describe_job(job, is_running=running)


def _describe_job(job: Json, *, is_running: bool) -> JobSeen:
    word = _field(job, "state", str)
    status = FlinkStatus(word) if word in FlinkStatus.__members__ else FlinkStatus.UNKNOWN
    ended = _field(job, "end-time", int)
    return JobSeen(status, is_running, ended_at=_moment(ended) if status.is_terminal and ended > 0 else None)


def _moment(milliseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise _rubbish(f"{milliseconds} is no time") from error


def _load(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _rubbish("a part of it is not JSON") from error


def _items(value: Json) -> Iterator[Json]:
    if not isinstance(value, list):
        raise _rubbish("a list is missing")
    yield from value


def _field(value: Json, name: str, kind: type[T]) -> T:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
        raise _rubbish(f"the field {name!r} is missing or not a {kind.__name__}")
    return found


def _rubbish(what: str) -> FlinkOutcomeUnknown:
    return FlinkOutcomeUnknown(f"the answer is not Flink's: {what}")
