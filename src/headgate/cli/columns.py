"""Which fields of an answer a table shows, in which order and under which heading.

One table per concept, as data. `--output json` and `yaml` show the whole answer and need none of
this.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Form(Enum):
    """How a value is written in a cell."""

    TEXT = auto()
    TIME = auto()
    SPAN = auto()
    SIZE = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """`path` leads to the value (`instance.number`); the heading is the catalogue's `column_NAME`."""

    name: str
    path: str
    form: Form = Form.TEXT

    @property
    def heading(self) -> str:
        return f"column_{self.name}"


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name) for name in names)


_STATE = (
    Column("phase", "phase"),
    Column("flink_status", "flink_status"),
    Column("desired_state", "desired_state"),
)
_JOB_NAME = (Column("name", "name"), Column("id", "id"))

JOBS = (
    *_JOB_NAME,
    *_texts("folder", "type"),
    *_STATE,
    Column("version", "online_version"),
    Column("run_time", "instance.duration_s", Form.SPAN),
)
JOB = (
    *_JOB_NAME,
    *_texts("folder", "labels", "type", "lifecycle"),
    *_STATE,
    Column("reachability", "reachability.state"),
    Column("cluster", "cluster"),
    Column("version", "online_version"),
    Column("draft_changed", "draft_changed"),
    Column("instance", "instance.number"),
    Column("flink_job_id", "instance.flink_job_id"),
    Column("started_at", "instance.started_at", Form.TIME),
    Column("run_time", "instance.duration_s", Form.SPAN),
    Column("total_run_time", "total_run_s", Form.SPAN),
    Column("restore_point", "restore_point.snapshot_id"),
    Column("restore_point_at", "restore_point.at", Form.TIME),
    Column("restore_point_size", "restore_point.size", Form.SIZE),
    Column("allowed_verbs", "allowed_verbs"),
    Column("executing", "operation.id"),
    Column("created_at", "created_at", Form.TIME),
    Column("revision", "revision"),
)
VERSIONS = (
    *_texts("number", "description"),
    Column("created_by", "created_by"),
    Column("created_at", "created_at", Form.TIME),
)
INSTANCES = (
    *_texts("number", "flink_job_id", "version", "flink_status"),
    Column("cluster", "cluster"),
    Column("started_at", "started_at", Form.TIME),
    Column("ended_at", "ended_at", Form.TIME),
    Column("run_time", "duration_s", Form.SPAN),
)
SNAPSHOTS = (
    *_texts("id", "kind", "origin", "status", "path_status"),
    Column("instance", "instance"),
    Column("started_at", "started_at", Form.TIME),
    Column("size", "size", Form.SIZE),
    Column("path", "path"),
)
EVENTS = (
    Column("at", "at", Form.TIME),
    *_texts("level", "type"),
    Column("instance", "instance"),
    Column("message", "message"),
)
OPERATIONS = (
    *_texts("id", "verb", "status"),
    Column("requested_by", "requested_by"),
    Column("requested_at", "requested_at", Form.TIME),
    Column("ended_at", "ended_at", Form.TIME),
    Column("message", "message"),
)
OPERATION = (
    *_texts("id", "job_id", "verb", "status", "options"),
    Column("requested_by", "requested_by"),
    Column("requested_at", "requested_at", Form.TIME),
    Column("ended_at", "ended_at", Form.TIME),
    Column("overdue", "overdue.message"),
    *_texts("message", "cause", "advice"),
)
STEPS = (
    *_texts("name", "status"),
    Column("started_at", "started_at", Form.TIME),
    Column("ended_at", "ended_at", Form.TIME),
    Column("detail", "detail"),
)
PLAN = (
    Column("steps", "steps"),
    Column("restore_point", "restore_point.snapshot_id"),
    Column("restore_point_at", "restore_point.at", Form.TIME),
    Column("size", "restore_point.size", Form.SIZE),
    Column("risks", "risks"),
    Column("hash", "hash"),
)
TABLES = (*_texts("name", "connector", "role"), Column("options", "options"))
CLUSTERS = (
    *_texts("name", "id", "kind", "engine_version"),
    Column("reachability", "reachability.state"),
    Column("since", "reachability.since", Form.TIME),
    Column("url", "url"),
)
CLUSTER = (
    *CLUSTERS,
    Column("savepoint_dir", "savepoint_dir"),
    Column("checkpoint_dir", "checkpoint_dir"),
    *_texts("region", "zone"),
    Column("created_at", "created_at", Form.TIME),
    Column("revision", "revision"),
)
CLUSTER_CHECK = (
    *CLUSTER,
    *_texts("ok", "incarnation", "live_jobs", "slots"),
)
ENGINES = (Column("version", "version"), Column("folder", "home"))
ARTIFACTS = (
    *_texts("id", "name"),
    Column("main_class", "entry_class"),
    Column("size", "size", Form.SIZE),
    Column("digest", "digest"),
    Column("created_at", "created_at", Form.TIME),
)
SERVER = (
    Column("url", "url"),
    Column("token", "token"),
    Column("flink_url", "flink_url"),
    Column("server_pid", "server_pid"),
)
