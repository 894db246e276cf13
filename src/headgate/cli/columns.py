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
    WORDS = auto()  # a sentence of the server
    LINES = auto()  # a list, one member a line
    CAUSE = auto()  # Flink's own text: its root
    OPTIONS = auto()  # of an operation, without those that change nothing


@dataclass(frozen=True, slots=True)
class Column:
    """`path` leads to the value (`instance.number`); the heading is the catalogue's `column_NAME`.

    On a narrow screen the column with the highest `rank` is left out first, one of rank 0 never; a
    long one goes below its row.
    """

    name: str
    path: str
    form: Form = Form.TEXT
    rank: int = 0
    is_long: bool = False

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
    Column("name", "name"),
    Column("id", "id", rank=1),
    Column("folder", "folder", rank=4),
    Column("type", "type", rank=7),
    Column("phase", "phase_text"),
    Column("flink_status", "flink_status", rank=3),
    Column("desired_state", "desired_state", rank=6),
    Column("version", "online_version", rank=5),
    Column("run_time", "run_time_s", Form.SPAN, rank=2),
)
JOB = (
    *_JOB_NAME,
    *_texts("folder", "labels", "type", "lifecycle"),
    *_STATE,
    Column("reachability", "reachability.state"),
    Column("since", "unreachable_since", Form.TIME),
    Column("last_known", "reachability.last_known"),
    Column("as_of", "reachability.as_of", Form.TIME),
    Column("cluster", "cluster"),
    Column("version", "online_version"),
    Column("newest_version", "newest_version"),
    Column("draft_changed", "draft_changed"),
    Column("instance", "instance.number"),
    Column("flink_job_id", "instance.flink_job_id"),
    Column("started_at", "instance.started_at", Form.TIME),
    Column("ended_at", "instance.ended_at", Form.TIME),
    Column("run_time", "run_time_s", Form.SPAN),
    Column("total_run_time", "total_run_s", Form.SPAN),
    Column("recovery", "recovery.policy"),
    Column("next_attempt_at", "recovery.next_attempt_at", Form.TIME),
    Column("recovery_held", "recovery.held.message", Form.WORDS),
    Column("checkpoint_at", "instance.checkpoint.at", Form.TIME),
    Column("restore_point", "restore_point.snapshot_id"),
    Column("restore_point_at", "restore_point.at", Form.TIME),
    Column("restore_point_size", "restore_point.size", Form.SIZE),
    Column("restore_point_path", "restore_point.path"),
    Column("allowed_verbs", "allowed_verbs"),
    Column("executing", "operation_text"),
    Column("waiting", "waiting_text"),
    Column("created_at", "created_at", Form.TIME),
    Column("revision", "revision"),
)
VERSIONS = (
    Column("number", "number"),
    Column("description", "description", is_long=True),
    Column("created_by", "created_by", rank=1),
    Column("created_at", "created_at", Form.TIME),
)
INSTANCES = (
    Column("number", "number"),
    Column("flink_job_id", "flink_job_id"),
    Column("version", "version", rank=1),
    Column("flink_status", "flink_status"),
    Column("cluster", "cluster", rank=3),
    Column("started_at", "started_at", Form.TIME),
    Column("ended_at", "ended_at", Form.TIME, rank=2),
    Column("run_time", "duration_s", Form.SPAN, rank=4),
)
SNAPSHOTS = (
    Column("id", "id"),
    Column("kind", "kind", rank=3),
    Column("origin", "origin", rank=2),
    Column("status", "status"),
    Column("path_status", "path_status", rank=1),
    Column("instance", "instance", rank=4),
    Column("started_at", "started_at", Form.TIME),
    Column("size", "size", Form.SIZE),
    Column("path", "path", is_long=True),
)
EVENTS = (
    Column("at", "at", Form.TIME),
    Column("level", "level"),
    Column("type", "type"),
    Column("instance", "instance", rank=1),
    Column("message", "message", Form.WORDS, is_long=True),
)
CALLS = (
    Column("at", "at", Form.TIME),
    Column("method", "method"),
    Column("path", "path"),
    Column("http_status", "status"),
    Column("call_time", "duration_s", Form.SPAN, rank=2),
    Column("times", "times", rank=3),
    Column("instance", "instance", rank=4),
    Column("intent", "intent_id", rank=1),
    Column("error", "error", Form.CAUSE, is_long=True),
)
OPERATIONS = (
    *_texts("id", "job", "verb", "status"),
    Column("requested_by", "requested_by", rank=2),
    Column("requested_at", "requested_at", Form.TIME),
    Column("ended_at", "ended_at", Form.TIME, rank=1),
    Column("message", "message", Form.WORDS, is_long=True),
)
OPERATION_HEAD = (
    *_texts("id", "job", "job_id", "verb", "status"),
    Column("options", "options", Form.OPTIONS),
    Column("requested_by", "requested_by"),
    Column("requested_at", "requested_at", Form.TIME),
    Column("ended_at", "ended_at", Form.TIME),
)
OPERATION = (
    *OPERATION_HEAD,
    Column("waits_for", "waiting.message", Form.WORDS),
    Column("message", "message", Form.WORDS),
    Column("cause", "cause", Form.CAUSE),
    Column("advice", "advice", Form.WORDS),
)
STEPS = (
    *_texts("name", "status"),
    Column("started_at", "started_at", Form.TIME),
    Column("ended_at", "ended_at", Form.TIME),
    Column("detail", "detail", is_long=True),
)
PLAN = (
    Column("steps", "steps"),
    Column("version", "version"),
    Column("restore_point", "restore_point.snapshot_id"),
    Column("restore_point_at", "restore_point.at", Form.TIME),
    Column("size", "restore_point.size", Form.SIZE),
    Column("path", "restore_point.path"),
    Column("risks", "risks", Form.LINES),
)
TABLES = (*_texts("name", "connector", "role"), Column("options", "options", is_long=True))
CLUSTERS = (
    Column("name", "name"),
    Column("id", "id", rank=3),
    Column("kind", "kind", rank=2),
    Column("engine_version", "engine_version"),
    Column("reachability", "reachability.state"),
    Column("reachability_since", "reachability.since", Form.TIME, rank=1),
    Column("url", "url", is_long=True),
    Column("cause", "why_silent", Form.CAUSE, is_long=True),
)
CLUSTER_FACTS = (
    Column("notice", "capabilities.notice.message", Form.WORDS),
    Column("savepoint_dir", "savepoint_dir"),
    Column("checkpoint_dir", "checkpoint_dir"),
    *_texts("region", "zone"),
    Column("created_at", "created_at", Form.TIME),
    Column("revision", "revision"),
)
CLUSTER = (
    *CLUSTERS,
    Column("as_of", "reachability.as_of", Form.TIME),
    *CLUSTER_FACTS,
)
# What a look right now found; what the last look before it found would only contradict it.
CLUSTER_CHECK = (
    *_texts("name", "id", "kind", "engine_version", "url"),
    *CLUSTER_FACTS,
    *_texts("ok", "incarnation", "live_jobs", "slots"),
)
FINDINGS = (
    Column("level", "level"),
    Column("since_when", "since", Form.TIME),
    Column("found", "message", Form.WORDS, is_long=True),
    Column("advice", "advice", Form.WORDS, is_long=True),
)
ENGINES = (Column("version", "version"), Column("folder", "home", is_long=True))
ARTIFACTS = (
    *_texts("id", "name"),
    Column("main_class", "entry_class", is_long=True),
    Column("size", "size", Form.SIZE, rank=1),
    Column("created_at", "created_at", Form.TIME, rank=2),
)
ARTIFACT = (*ARTIFACTS, Column("digest", "digest"))
SERVER = (
    Column("url", "url"),
    Column("token", "token"),
    Column("flink_url", "flink_url"),
    Column("server_pid", "server_pid"),
)
