"""What Headgate decides about a job's Flink configuration, in the words of the engine's version.

Flink 2 renamed keys that Flink 1 knew by other names. The user's own keys pass through; ours win.
"""

from dataclasses import dataclass
from typing import Final

from headgate.domain.clusters import Cluster, EngineVersion
from headgate.domain.spec import format_duration
from headgate.ports.flink import Submission

RETENTION: Final = "execution.checkpointing.externalized-checkpoint-retention"


@dataclass(frozen=True, slots=True)
class KeyNames:
    """The names that differ between versions."""

    restore_path: str
    claim_mode: str
    ignore_unclaimed: str
    savepoint_dir: str
    checkpoint_dir: str


_FLINK_1: Final = KeyNames(
    restore_path="execution.savepoint.path",
    claim_mode="execution.savepoint-restore-mode",
    ignore_unclaimed="execution.savepoint.ignore-unclaimed-state",
    savepoint_dir="state.savepoints.dir",
    checkpoint_dir="state.checkpoints.dir",
)
_FLINK_2: Final = KeyNames(
    restore_path="execution.state-recovery.path",
    claim_mode="execution.state-recovery.claim-mode",
    ignore_unclaimed="execution.state-recovery.ignore-unclaimed-state",
    savepoint_dir="execution.checkpointing.savepoint-dir",
    checkpoint_dir="execution.checkpointing.dir",
)


def parse_version(version: EngineVersion) -> tuple[int, int]:
    """Major and minor number; a version that cannot be read counts as a new one."""
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (2, 0)


def get_key_names(version: EngineVersion) -> KeyNames:
    return _FLINK_1 if parse_version(version)[0] < 2 else _FLINK_2


def build_configuration(cluster: Cluster, submission: Submission) -> dict[str, str]:
    """The configuration of a SQL job: the user's keys, with ours over them."""
    names = get_key_names(cluster.engine_version)
    instance = submission.instance
    found = build_job_configuration(cluster, submission)
    found["parallelism.default"] = str(instance.spec.parallelism)
    if instance.restored_from is not None:
        found[names.restore_path] = instance.restored_from
        found[names.claim_mode] = submission.claim_mode.value
        found[names.ignore_unclaimed] = str(submission.allow_non_restored_state).lower()
    return found


def build_job_configuration(cluster: Cluster, submission: Submission) -> dict[str, str]:
    """As `build_configuration`, without what a request for a JAR job says in fields of its own."""
    names = get_key_names(cluster.engine_version)
    spec = submission.instance.spec
    found = dict(spec.flink_config)
    if cluster.checkpoint_dir is not None:
        found.setdefault(names.checkpoint_dir, cluster.checkpoint_dir)
    savepoint_dir = spec.savepoint_dir or cluster.savepoint_dir
    if savepoint_dir is not None:
        found[names.savepoint_dir] = savepoint_dir
    if spec.checkpoint_interval is not None:
        found["execution.checkpointing.interval"] = format_duration(spec.checkpoint_interval)
    # A job that is cancelled or lost must leave something to restore from.
    found[RETENTION] = "RETAIN_ON_CANCELLATION"
    return found


def build_run_request(cluster: Cluster, submission: Submission) -> dict[str, object]:
    """The body of `/jars/:id/run`. Old versions refuse fields that they do not know."""
    version = parse_version(cluster.engine_version)
    instance = submission.instance
    spec = instance.spec
    body: dict[str, object] = {
        "jobId": instance.flink_job_id,
        "programArgsList": list(spec.args),
        "parallelism": spec.parallelism,
    }
    if spec.main_class:
        body["entryClass"] = spec.main_class
    if instance.restored_from is not None:
        body["savepointPath"] = instance.restored_from
        body["allowNonRestoredState"] = submission.allow_non_restored_state
        body["claimMode" if version >= (1, 20) else "restoreMode"] = submission.claim_mode.value
    if version >= (1, 17):
        # The name gives way to one that main() passes to execute().
        name = {"pipeline.name": submission.job_name}
        body["flinkConfiguration"] = build_job_configuration(cluster, submission) | name
    return body
