"""The members of every answer, as the contract of the interface names them.

What stands here keeps its name and meaning. An answer may have more; `EXTRA` lists what it has today,
so that neither an addition nor a loss comes by accident.
"""

JOB = {
    "id", "name", "workspace", "folder", "labels", "type", "lifecycle", "desired_state", "phase", "flink_status",
    "reachability", "warning", "allowed_verbs", "operation", "waiting", "online_version", "draft_changed", "instance",
    "restore_point", "cluster", "run_mode", "recovery", "total_run_s", "created_at", "revision",
}  # fmt: skip
REACHABILITY = {"state", "since", "as_of", "last_known"}
WARNING = {"code", "message", "cause", "advice", "at", "operation_id"}
FINDING = {"code", "message", "advice", "cause"}
JOB_INSTANCE = {"number", "flink_job_id", "version", "started_at", "duration_s", "cu"}
RESTORE_POINT = {"snapshot_id", "at", "size"}
OPERATION = {
    "id", "job_id", "verb", "options", "status", "code", "message", "cause", "advice", "overdue", "steps",
    "requested_by", "requested_at", "ended_at", "batch_id",
}  # fmt: skip
STEP = {"name", "status", "started_at", "ended_at", "detail"}
SNAPSHOT = {
    "id", "job_id", "instance", "kind", "format", "origin", "status", "path", "path_status", "size", "started_at",
    "duration_s", "trigger_id", "flink_version", "job_version",
}  # fmt: skip
EVENT = {"id", "job_id", "at", "type", "level", "message", "instance", "operation_id", "facts"}
CALL = {
    "id", "at", "instance", "intent_id", "method", "path", "request", "status", "answer", "error", "duration_s",
    "times", "last_at",
}  # fmt: skip
PROBLEM = {"type", "title", "status", "detail", "code", "hint", "problems", "request_id"}
PROBLEM_PART = {"path", "message"}
CHECK = {"ok", "problems", "graph", "tables"}
TABLE = {"name", "connector", "role", "options", "start_positions"}
PLAN = {"steps", "restore_point", "risks", "hash"}
PAGE = {"items", "next_cursor"}
JOB_PAGE = PAGE | {"total", "counts"}
COUNTS = {"phase", "flink_status", "lifecycle"}

# Of these the contract names the call, not the members.
VERSION = {"job_id", "number", "description", "spec", "created_at", "created_by"}
CLUSTER = {
    "id", "workspace", "name", "kind", "url", "engine_version", "capabilities", "savepoint_dir", "checkpoint_dir",
    "high_availability", "region", "zone", "reachability", "cause", "problem", "created_at", "revision",
}  # fmt: skip
CLUSTER_CHECK = CLUSTER | {"ok", "incarnation", "live_jobs", "slots"}
ARTIFACT = {"id", "workspace", "name", "digest", "size", "entry_class", "created_at", "created_by"}

# What lists leave out, as it takes queries of its own.
ONLY_OF_ONE_JOB = {"restore_point", "total_run_s"}

EXTRA = {
    "job": {"newest_version", "draft_revision", "region", "zone", "protected", "created_by"},
    "instance": {
        "id", "job_id", "cluster", "flink_status", "end", "created_at", "ended_at", "restored_from",
        "restored_snapshot_id",
        "checkpoint",
    },
    "restore_point": {"path"},
    "reachability": {"problem"},
    "operation": {"reason", "version", "started_at", "waiting"},
    "event": {"actor"},
    "check": {"bounded"},
    "plan": {"version"},
}  # fmt: skip

INSTANCE = JOB_INSTANCE | EXTRA["instance"]
