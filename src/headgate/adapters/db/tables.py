"""The tables: one per concept, guarded by the database itself.

The guards are the last line behind `decide`: never two live instances of a job, never two open
intents in one lane, no closed row without its date, no SUSPENDED without a snapshot. A column is
named as the field that it keeps. `ordinal` is the order of insertion and never leaves the database.

The migrations say the same once more, frozen; a test compares both.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from headgate.adapters.db.codec import Codec, codec_of
from headgate.adapters.db.columns import Document, Moment, Number, Span, words
from headgate.domain.clusters import ClusterKind, Reachability
from headgate.domain.events import EventLevel, EventType
from headgate.domain.instances import Absence, FlinkStatus, InstanceEnd
from headgate.domain.intents import Answer, IntentKind, IntentStatus
from headgate.domain.jobs import Warning
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import OPEN_STATUSES, Finding, OperationStatus, Options, Step
from headgate.domain.recovery import Recovery, RecoveryState
from headgate.domain.snapshots import Kept, PathStatus, SnapshotKind, SnapshotOrigin, SnapshotStatus
from headgate.domain.spec import dump_spec, read_stored_spec

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_OPEN = ", ".join(f"'{status}'" for status in sorted(OPEN_STATUSES))

labels = codec_of(dict[str, str])
finding = codec_of(Finding)
# One type for all three columns: draft, version and instance mostly hold the same text.
spec = Document(Codec(dump_spec, read_stored_spec), shared=True)


def _ordinal() -> Column[int]:
    return Column("ordinal", Number, primary_key=True, autoincrement=True)


def _id() -> Column[str]:
    return Column("id", String, nullable=False, unique=True)


def _job(*, primary_key: bool = False) -> Column[str]:
    return Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, primary_key=primary_key)


jobs = Table(
    "jobs",
    metadata,
    _ordinal(),
    _id(),
    Column("workspace", String, nullable=False),
    Column("name", String, nullable=False),
    Column("folder", String, nullable=False),
    Column("labels", Document(labels), nullable=False),
    Column("recovery", Document(codec_of(Recovery), shared=True), nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("workspace", "name"),
    CheckConstraint("revision >= 1", name="revision"),
)

# `type` and `cluster` repeat two fields of the spec, for lists that are narrowed by them.
drafts = Table(
    "drafts",
    metadata,
    _job(primary_key=True),
    Column("spec", spec, nullable=False),
    Column("type", String, nullable=False),
    Column("cluster", String, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("updated_by", String, nullable=False),
    Column("revision", Integer, nullable=False),
    CheckConstraint("revision >= 1", name="revision"),
)

versions = Table(
    "versions",
    metadata,
    _job(primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("description", Text, nullable=False),
    Column("spec", spec, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String, nullable=False),
    CheckConstraint("number >= 1", name="number"),
)

job_states = Table(
    "job_states",
    metadata,
    _job(primary_key=True),
    Column("settled", words(Settled), nullable=False),
    Column("wanted", words(Wanted)),
    Column("warning", Document(codec_of(Warning))),
    Column("suspended_on", String),
    Column("lost_at", Moment),
    Column("changed_at", Moment),
    Column("recovery", Document(codec_of(RecoveryState))),
    Column("recovery_at", Moment),
    CheckConstraint("settled <> 'SUSPENDED' OR suspended_on IS NOT NULL", name="suspended_on_a_snapshot"),
)

operations = Table(
    "operations",
    metadata,
    _id(),
    Column("number", Number, primary_key=True, autoincrement=False),
    _job(),
    Column("workspace", String, nullable=False),
    Column("verb", words(Verb, check=False), nullable=False),
    Column("options", Document(codec_of(Options)), nullable=False),
    Column("status", words(OperationStatus), nullable=False),
    Column("steps", Document(codec_of(tuple[Step, ...])), nullable=False),
    Column("requested_by", String, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("version", Integer),
    Column("result", Document(finding)),
    Column("waits_for", Document(finding)),
    Column("failing", Document(finding)),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("batch_id", String),
    CheckConstraint(f"(status IN ({_OPEN})) = (ended_at IS NULL)", name="closed_with_date"),
    Index(None, "job_id", "number"),
    Index(None, "workspace", "number"),
)
is_open_operation = operations.c.ended_at.is_(None)
Index("ix_operations_open", operations.c.job_id, sqlite_where=is_open_operation, postgresql_where=is_open_operation)

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("operation_id", ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", String, nullable=False),
    Column("at", Moment, nullable=False),
)

# The last number given out of each kind: numbers stay used when their rows are deleted.
counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Number, nullable=False),
)

# No foreign key to clusters: the history of a job outlives the registration of a cluster.
instances = Table(
    "instances",
    metadata,
    _id(),
    _job(primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("cluster_id", String, nullable=False),
    Column("flink_job_id", String, nullable=False, unique=True),
    Column("spec", spec, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("incarnation", String),
    Column("restored_from", Text),
    Column("restored_snapshot_id", String),
    Column("flink_status", words(FlinkStatus), nullable=False),
    Column("absence", Document(codec_of(Absence))),
    Column("running_at", Moment),
    Column("ended_at", Moment),
    Column("end", words(InstanceEnd)),
    Column("checkpoint", Document(codec_of(Kept))),
    CheckConstraint("number >= 1", name="number"),
)
is_live_instance = instances.c.end.is_(None)
Index(
    "uq_instances_live",
    instances.c.job_id,
    unique=True,
    sqlite_where=is_live_instance,
    postgresql_where=is_live_instance,
)
Index(
    "ix_instances_live_cluster_id",
    instances.c.cluster_id,
    sqlite_where=is_live_instance,
    postgresql_where=is_live_instance,
)

# The instance may be written after its intent, but within the same transaction.
intents = Table(
    "intents",
    metadata,
    _ordinal(),
    _id(),
    _job(),
    Column(
        "instance_id",
        ForeignKey("instances.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    Column("cluster_id", String, nullable=False),
    Column("flink_job_id", String, nullable=False),
    Column("operation_id", String),
    Column("lane", words(Lane), nullable=False),
    Column("kind", words(IntentKind), nullable=False),
    Column("key", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("unreachable_before", Span, nullable=False),
    Column("incarnation", String),
    Column("directory", Text),
    Column("status", words(IntentStatus), nullable=False),
    Column("answer", words(Answer)),
    Column("cause", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Moment),
    Column("answered_at", Moment),
    Column("retry_at", Moment),
    Column("closed_at", Moment),
    Column("format", Integer, nullable=False),
    CheckConstraint("(status = 'OPEN') = (closed_at IS NULL)", name="closed_with_date"),
    Index(None, "job_id", "ordinal"),
    Index(None, "instance_id"),
)
is_open_intent = intents.c.closed_at.is_(None)
Index(
    "uq_intents_open",
    intents.c.job_id,
    intents.c.lane,
    unique=True,
    sqlite_where=is_open_intent,
    postgresql_where=is_open_intent,
)

snapshots = Table(
    "snapshots",
    metadata,
    _ordinal(),
    _id(),
    _job(),
    Column("instance_id", String, nullable=False),
    Column("instance_number", Integer, nullable=False),
    Column("job_version", Integer, nullable=False),
    Column("kind", words(SnapshotKind), nullable=False),
    Column("origin", words(SnapshotOrigin, check=False), nullable=False),
    Column("status", words(SnapshotStatus), nullable=False),
    Column("path", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("flink_version", String, nullable=False),
    Column("format", String, nullable=False),
    Column("path_status", words(PathStatus), nullable=False),
    Column("size", Number),
    Column("duration", Span),
    Column("trigger_id", String),
    Index(None, "job_id", "created_at"),
    Index(None, "job_id", "path"),
)

# Events are the one list that only grows; their number orders them all and is never given twice.
events = Table(
    "events",
    metadata,
    _job(),
    Column("workspace", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("type", words(EventType, check=False), nullable=False),
    Column("level", words(EventLevel), nullable=False),
    Column("facts", Document(labels), nullable=False),
    Column("instance_id", String),
    Column("operation_id", String),
    Column("actor", String, nullable=False),
    Column("number", Number, primary_key=True, autoincrement=True),
    Index(None, "job_id", "number"),
    Index(None, "workspace", "number"),
    sqlite_autoincrement=True,
)

clusters = Table(
    "clusters",
    metadata,
    _ordinal(),
    _id(),
    Column("workspace", String, nullable=False),
    Column("name", String, nullable=False),
    Column("kind", words(ClusterKind, check=False), nullable=False),
    Column("url", Text, nullable=False),
    Column("engine_version", String, nullable=False),
    Column("savepoint_dir", Text),
    Column("checkpoint_dir", Text),
    Column("high_availability", Boolean, nullable=False),
    Column("region", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("workspace", "name"),
    CheckConstraint("revision >= 1", name="revision"),
)

cluster_states = Table(
    "cluster_states",
    metadata,
    Column("cluster_id", ForeignKey("clusters.id", ondelete="CASCADE"), primary_key=True),
    Column("reachability", words(Reachability), nullable=False),
    Column("since", Moment, nullable=False),
    Column("last_good_sweep", Moment),
    Column("incarnation", String),
    Column("unreachable_before", Span, nullable=False),
    Column("cause", Text, nullable=False),
    Column("identity", String),
    Column("heartbeat_timeout", Span, nullable=False),
    Column("high_availability", Boolean, nullable=False),
)

artifacts = Table(
    "artifacts",
    metadata,
    _ordinal(),
    _id(),
    Column("workspace", String, nullable=False),
    Column("name", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("size", Number, nullable=False),
    Column("entry_class", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String, nullable=False),
    Index(None, "workspace", "name"),
)

answers = Table(
    "answers",
    metadata,
    Column("owner", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)

# One row. The holder is null after a release; the fence stays and grows.
leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String),
    Column("fence", Number, nullable=False),
    Column("until", Moment, nullable=False),
)
