"""The first tables: jobs, operations, instances, intents, snapshots, events, clusters, artifacts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FLINK_STATUSES = (
    "INITIALIZING CREATED RUNNING FAILING FAILED CANCELLING CANCELED FINISHED RESTARTING SUSPENDED RECONCILING UNKNOWN"
)


def upgrade() -> None:
    _create_answers()
    _create_artifacts()
    _create_clusters()
    _create_counters()
    _create_jobs()
    _create_leases()
    _create_cluster_states()
    _create_drafts()
    _create_events()
    _create_instances()
    _index_instances()
    _create_job_states()
    _create_operations()
    _index_operations()
    _create_snapshots()
    _create_versions()
    _create_intents()
    _create_withdrawals()


def _words(name: str, values: str) -> sa.Enum:
    return sa.Enum(*values.split(), native_enum=False, create_constraint=True, length=32, name=name)


def _ordinal() -> sa.Column[int]:
    return sa.Column("ordinal", NUMBER, primary_key=True, autoincrement=True)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String, nullable=False, unique=True)


def _job(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "job_id", sa.String, sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, primary_key=primary_key
    )


def _index_where(name: str, table: str, columns: list[str], condition: str, *, unique: bool) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _create_answers() -> None:
    op.create_table(
        "answers",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_index("ix_answers_at", "answers", ["at"])


def _create_artifacts() -> None:
    op.create_table(
        "artifacts",
        _ordinal(),
        _id(),
        sa.Column("workspace", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("entry_class", sa.String, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
    )
    op.create_index("ix_artifacts_workspace_name", "artifacts", ["workspace", "name"])


def _create_clusters() -> None:
    op.create_table(
        "clusters",
        _ordinal(),
        _id(),
        sa.Column("workspace", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("engine_version", sa.String, nullable=False),
        sa.Column("savepoint_dir", sa.Text),
        sa.Column("checkpoint_dir", sa.Text),
        sa.Column("high_availability", sa.Boolean, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("zone", sa.String, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("workspace", "name"),
        sa.CheckConstraint("revision >= 1", name="revision"),
    )


def _create_counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", NUMBER, nullable=False),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        _ordinal(),
        _id(),
        sa.Column("workspace", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("folder", sa.String, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("recovery", sa.JSON, nullable=False),
        sa.Column("protected", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("workspace", "name"),
        sa.CheckConstraint("revision >= 1", name="revision"),
    )


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("holder", sa.String),
        sa.Column("fence", NUMBER, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
    )


def _create_cluster_states() -> None:
    op.create_table(
        "cluster_states",
        sa.Column("cluster_id", sa.String, sa.ForeignKey("clusters.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("reachability", _words("reachability", "REACHABLE UNREACHABLE MISSING"), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("last_good_sweep", MOMENT),
        sa.Column("incarnation", sa.String),
        sa.Column("unreachable_before", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
    )


def _create_drafts() -> None:
    op.create_table(
        "drafts",
        _job(primary_key=True),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("cluster", sa.String, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("updated_by", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("revision >= 1", name="revision"),
    )


def _create_events() -> None:
    op.create_table(
        "events",
        _job(),
        sa.Column("workspace", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("level", _words("eventlevel", "INFO WARNING ERROR"), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("instance_id", sa.String),
        sa.Column("operation_id", sa.String),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_job_id_number", "events", ["job_id", "number"])
    op.create_index("ix_events_workspace_number", "events", ["workspace", "number"])


def _create_instances() -> None:
    op.create_table(
        "instances",
        _id(),
        _job(primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("cluster_id", sa.String, nullable=False),
        sa.Column("flink_job_id", sa.String, nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("incarnation", sa.String),
        sa.Column("restored_from", sa.Text),
        sa.Column("restored_snapshot_id", sa.String),
        sa.Column("flink_status", _words("flinkstatus", FLINK_STATUSES), nullable=False),
        sa.Column("absence", sa.JSON),
        sa.Column("running_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("end", _words("instanceend", "NOT_STARTED FINISHED FAILED CANCELLED SUSPENDED LOST GIVEN_UP")),
        sa.CheckConstraint("number >= 1", name="number"),
        sa.UniqueConstraint("flink_job_id"),
    )


def _index_instances() -> None:
    _index_where("ix_instances_live_cluster_id", "instances", ["cluster_id"], '"end" IS NULL', unique=False)
    _index_where("uq_instances_live", "instances", ["job_id"], '"end" IS NULL', unique=True)


def _create_job_states() -> None:
    op.create_table(
        "job_states",
        _job(primary_key=True),
        sa.Column("settled", _words("settled", "NONE RUNNING SUSPENDED CANCELLED FINISHED FAILED"), nullable=False),
        sa.Column("wanted", _words("wanted", "RUNNING SUSPENDED CANCELLED")),
        sa.Column("warning", sa.JSON),
        sa.Column("suspended_on", sa.String),
        sa.Column("lost_at", MOMENT),
        sa.Column("changed_at", MOMENT),
        sa.CheckConstraint("settled <> 'SUSPENDED' OR suspended_on IS NOT NULL", name="suspended_on_a_snapshot"),
    )


def _create_operations() -> None:
    op.create_table(
        "operations",
        _id(),
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        _job(),
        sa.Column("workspace", sa.String, nullable=False),
        sa.Column("verb", sa.String(length=32), nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column(
            "status",
            _words(
                "operationstatus",
                "INIT OPERATING_BEFORE OPERATING SUCCESS FAIL EXCEPTION TASK_STATUS_NO_DONE CANCELLED",
            ),
            nullable=False,
        ),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("result", sa.JSON),
        sa.Column("waits_for", sa.JSON),
        sa.Column("failing", sa.JSON),
        sa.Column("started_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("batch_id", sa.String),
        sa.CheckConstraint(
            "(status IN ('INIT', 'OPERATING', 'OPERATING_BEFORE')) = (ended_at IS NULL)",
            name="closed_with_date",
        ),
    )


def _index_operations() -> None:
    op.create_index("ix_operations_job_id_number", "operations", ["job_id", "number"])
    _index_where("ix_operations_open", "operations", ["job_id"], "ended_at IS NULL", unique=False)
    op.create_index("ix_operations_workspace_number", "operations", ["workspace", "number"])


def _create_snapshots() -> None:
    op.create_table(
        "snapshots",
        _ordinal(),
        _id(),
        _job(),
        sa.Column("instance_id", sa.String, nullable=False),
        sa.Column("instance_number", sa.Integer, nullable=False),
        sa.Column("job_version", sa.Integer, nullable=False),
        sa.Column("kind", _words("snapshotkind", "SAVEPOINT CHECKPOINT"), nullable=False),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("status", _words("snapshotstatus", "COMPLETED FAILED"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("flink_version", sa.String, nullable=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("path_status", _words("pathstatus", "AVAILABLE GONE UNKNOWN"), nullable=False),
        sa.Column("size", NUMBER),
        sa.Column("duration", sa.BigInteger),
        sa.Column("trigger_id", sa.String),
    )
    op.create_index("ix_snapshots_job_id_created_at", "snapshots", ["job_id", "created_at"])
    op.create_index("ix_snapshots_job_id_path", "snapshots", ["job_id", "path"])


def _create_versions() -> None:
    op.create_table(
        "versions",
        _job(primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.CheckConstraint("number >= 1", name="number"),
    )


def _create_intents() -> None:
    op.create_table(
        "intents",
        _ordinal(),
        _id(),
        _job(),
        sa.Column(
            "instance_id",
            sa.String,
            sa.ForeignKey("instances.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
        sa.Column("cluster_id", sa.String, nullable=False),
        sa.Column("flink_job_id", sa.String, nullable=False),
        sa.Column("operation_id", sa.String),
        sa.Column("lane", _words("lane", "MAIN SAVEPOINT"), nullable=False),
        sa.Column("kind", _words("intentkind", "SUBMIT STOP_WITH_SAVEPOINT SAVEPOINT CANCEL"), nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("unreachable_before", sa.BigInteger, nullable=False),
        sa.Column("incarnation", sa.String),
        sa.Column("directory", sa.Text),
        sa.Column("status", _words("intentstatus", "OPEN DONE NOT_DONE GIVEN_UP"), nullable=False),
        sa.Column("answer", _words("answer", "ACCEPTED REJECTED DUPLICATE MISSING UNAVAILABLE OUTCOME_UNKNOWN")),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("answered_at", MOMENT),
        sa.Column("retry_at", MOMENT),
        sa.Column("closed_at", MOMENT),
        sa.Column("format", sa.Integer, nullable=False),
        sa.CheckConstraint("(status = 'OPEN') = (closed_at IS NULL)", name="closed_with_date"),
    )
    op.create_index("ix_intents_instance_id", "intents", ["instance_id"])
    op.create_index("ix_intents_job_id_ordinal", "intents", ["job_id", "ordinal"])
    _index_where("uq_intents_open", "intents", ["job_id", "lane"], "closed_at IS NULL", unique=True)


def _create_withdrawals() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("operation_id", sa.String, sa.ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
