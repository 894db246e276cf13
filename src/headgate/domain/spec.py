"""The specification of a job: what a draft holds and a version freezes.

`parse_spec` reads the plain data of a JSON or YAML document and reports every fault at once with
its path; `dump_spec` gives back data that parse to the same specification. `read_stored_spec` reads
what was accepted once and judges it no more.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar

from headgate.domain.configuration import find_owned_key
from headgate.domain.errors import Invalid, Problem
from headgate.domain.uris import is_place_uri

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class JobType(StrEnum):
    SQL = "SQL"
    JAR = "JAR"


class RestoreStrategy(StrEnum):
    """What a run with `from: DEFAULT` restores from."""

    NONE = "NONE"
    LATEST = "LATEST"
    CUSTOM = "CUSTOM"


@dataclass(frozen=True, slots=True)
class Restore:
    strategy: RestoreStrategy = RestoreStrategy.LATEST
    path: str = ""


@dataclass(frozen=True, slots=True)
class JobSpec:
    """One job's specification.

    `cluster` is a cluster's name. `checkpoint_interval` None means that Flink's own default (no
    checkpoints) stands. `savepoint_dir` None means the cluster's. `args` are main's arguments.
    """

    type: JobType
    sql: str = ""
    artifact: str = ""
    main_class: str = ""
    args: tuple[str, ...] = ()
    cluster: str = "local"
    parallelism: int = 1
    checkpoint_interval: timedelta | None = None
    savepoint_dir: str | None = None
    restore: Restore = Restore()
    flink_config: dict[str, str] = field(default_factory=dict)


_DURATION = re.compile(r"^\s*(\d+)\s*([a-z]*)\s*$", re.IGNORECASE)
_UNITS: dict[str, timedelta] = {
    **dict.fromkeys(("ms", "milli", "millis", "millisecond", "milliseconds", ""), timedelta(milliseconds=1)),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
}
_FIELDS = frozenset(
    {
        "type", "sql", "artifact", "main_class", "args", "cluster", "parallelism",
        "checkpointing", "savepoint_dir", "restore", "flink_config",
    }
)  # fmt: skip
_PLAIN_FIELDS = ("sql", "artifact", "main_class", "cluster", "parallelism", "savepoint_dir")
MAX_PARALLELISM = 32768  # Flink's own upper bound of key groups


def parse_duration(text: str) -> timedelta:
    """A duration in Flink's form (`10s`, `5 min`, `500 ms`). ValueError where it is not one."""
    match = _DURATION.match(text)
    unit = _UNITS.get(match.group(2).lower()) if match else None
    if match is None or unit is None:
        raise ValueError(text)
    try:
        return int(match.group(1)) * unit
    except OverflowError:
        raise ValueError(text) from None


def format_duration(duration: timedelta) -> str:
    """The shortest of Flink's forms for a duration of whole milliseconds."""
    for unit, length in (("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        amount, rest = divmod(duration // timedelta(milliseconds=1), length)
        if amount and not rest:
            return f"{amount} {unit}"
    return f"{duration // timedelta(milliseconds=1)} ms"


def parse_spec(data: Mapping[str, Any]) -> JobSpec:
    """The specification in `data`. Invalid("spec_invalid") carries every problem found."""
    reader = _Reader(data)
    reader.refuse_unknown(_FIELDS)
    kind = reader.choice("type", JobType, JobType.SQL, required=True)
    checkpointing = reader.mapping("checkpointing", frozenset({"interval"}))
    spec = JobSpec(
        type=kind,
        sql=reader.text("sql", required=kind is JobType.SQL),
        artifact=reader.text("artifact", required=kind is JobType.JAR),
        main_class=reader.text("main_class"),
        args=reader.texts("args"),
        cluster=reader.text("cluster") or "local",
        parallelism=reader.number("parallelism", 1, 1, MAX_PARALLELISM),
        checkpoint_interval=checkpointing.duration("interval"),
        savepoint_dir=reader.place("savepoint_dir") or None,
        restore=_read_restore(reader),
        flink_config=_read_flink_config(reader),
    )
    problems = reader.problems
    if problems:
        raise Invalid("spec_invalid", problems=problems)
    return spec


def dump_spec(spec: JobSpec) -> dict[str, Any]:
    """The plain data of `spec`, in the order in which people read it; empty fields are left out."""
    interval = spec.checkpoint_interval
    data: dict[str, Any] = {
        "type": spec.type.value,
        "sql": spec.sql,
        "artifact": spec.artifact,
        "main_class": spec.main_class,
        "args": list(spec.args),
        "cluster": spec.cluster,
        "parallelism": spec.parallelism,
        "checkpointing": {"interval": format_duration(interval)} if interval is not None else None,
        "savepoint_dir": spec.savepoint_dir,
        "restore": {"strategy": spec.restore.strategy.value, "path": spec.restore.path},
        "flink_config": dict(spec.flink_config),
    }
    if not spec.restore.path:
        del data["restore"]["path"]
    return {name: value for name, value in data.items() if value not in (None, "", [], {})}


def read_stored_spec(data: Mapping[str, Any]) -> JobSpec:
    """The specification that `dump_spec` gave these data for, whichever release that was.

    A rule that came later must not hide a job that was accepted before it: nothing is judged here, a
    field that is not known any more is passed over, one that did not exist yet has its default.
    """
    interval = data.get("checkpointing", {}).get("interval")
    restore = data.get("restore")
    plain = {name: data[name] for name in _PLAIN_FIELDS if name in data}
    return JobSpec(
        type=JobType(data["type"]),
        args=tuple(data.get("args", ())),
        checkpoint_interval=parse_duration(interval) if interval is not None else None,
        restore=Restore(RestoreStrategy(restore["strategy"]), restore.get("path", "")) if restore else Restore(),
        flink_config=dict(data.get("flink_config", {})),
        **plain,
    )


def _read_restore(reader: "_Reader") -> Restore:
    part = reader.mapping("restore", frozenset({"strategy", "path"}))
    strategy = part.choice("strategy", RestoreStrategy, RestoreStrategy.LATEST)
    return Restore(strategy, part.place("path", required=strategy is RestoreStrategy.CUSTOM))


def _read_flink_config(reader: "_Reader") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in reader.get_mapping("flink_config").items():
        owner = find_owned_key(key) if isinstance(key, str) else None
        if not isinstance(key, str):
            reader.complain(f"flink_config.{key}", "field_type", field=f"flink_config.{key}", wanted="text")
        elif owner is not None:
            reader.complain(f"flink_config.{key}", "flink_config_owned", key=key, field=owner)
        elif isinstance(value, bool):
            found[key] = str(value).lower()
        elif isinstance(value, str | int) or (isinstance(value, float) and isfinite(value)):
            found[key] = str(value)
        else:
            reader.complain(f"flink_config.{key}", "field_type", field=f"flink_config.{key}", wanted="text")
    return found


class _Reader:
    """Reads typed fields out of one mapping and collects what is wrong, under `prefix`."""

    def __init__(self, data: Mapping[str, Any], prefix: str = "spec", problems: list[Problem] | None = None) -> None:
        self._data = data
        self._prefix = prefix
        self.problems: list[Problem] = [] if problems is None else problems

    def complain(self, name: str, code: str, **facts: str) -> None:
        self.problems.append(Problem(f"{self._prefix}.{name}", code, tuple(facts.items())))

    def refuse_unknown(self, known: frozenset[str]) -> None:
        for name in self._data:
            if name not in known:
                self.complain(str(name), "field_unknown", field=str(name), known=", ".join(sorted(known)))

    def text(self, name: str, *, required: bool = False) -> str:
        value = self._data.get(name)
        if value is not None and not isinstance(value, str):
            self.complain(name, "field_type", field=name, wanted="text")
            return ""
        if required and not (value or "").strip():
            self.complain(name, "field_required", field=name)
        return value or ""

    def place(self, name: str, *, required: bool = False) -> str:
        value = self.text(name, required=required)
        if value.strip() and not is_place_uri(value):
            self.complain(name, "directory_not_uri", field=name, value=value)
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._data.get(name) or []
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            self.complain(name, "field_type", field=name, wanted="list of texts")
            return ()
        return tuple(value)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self._data.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.complain(name, "field_type", field=name, wanted="whole number")
            return default
        if not least <= value <= most:
            self.complain(name, "field_range", field=name, least=str(least), most=str(most))
        return value

    def choice(self, name: str, kind: type[E], default: E, *, required: bool = False) -> E:
        return self._convert(name, lambda text: kind(text.upper()), default, ", ".join(kind), required=required)

    def duration(self, name: str) -> timedelta | None:
        found = self._convert(name, parse_duration, None, "10s, 5 min")
        return found or None

    def mapping(self, name: str, known: frozenset[str]) -> "_Reader":
        part = _Reader(self.get_mapping(name), f"{self._prefix}.{name}", self.problems)
        part.refuse_unknown(known)
        return part

    def get_mapping(self, name: str) -> Mapping[Any, Any]:
        value = self._data.get(name) or {}
        if not isinstance(value, Mapping):
            self.complain(name, "field_type", field=name, wanted="mapping")
            return {}
        return value

    def _convert(self, name: str, parse: Callable[[str], T], default: T, allowed: str, *, required: bool = False) -> T:
        value = self._data.get(name)
        if value is None:
            if required:
                self.complain(name, "field_required", field=name)
            return default
        try:
            return parse(str(value))
        except ValueError:
            self.complain(name, "field_choice", field=name, value=str(value), allowed=allowed)
            return default
