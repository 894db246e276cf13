"""What Headgate decides about a job's Flink configuration, in the words of the cluster's version.

The words themselves are in `domain/capabilities.py`. The user's own keys pass through; ours win.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from headgate.domain.capabilities import LINES, choose_capabilities
from headgate.domain.clusters import Cluster
from headgate.domain.spec import JobSpec, format_duration
from headgate.ports.flink import Submission

RETENTION: Final = "execution.checkpointing.externalized-checkpoint-retention"


def build_configuration(cluster: Cluster, submission: Submission) -> dict[str, str]:
    """The configuration of a SQL job: the user's keys, with ours over them."""
    keys = choose_capabilities(cluster.engine_version).keys
    instance = submission.instance
    found = build_job_configuration(cluster, submission)
    found["parallelism.default"] = str(instance.spec.parallelism)
    if instance.restored_from is not None:
        found[keys.restore_path] = instance.restored_from
        found[keys.claim_mode] = submission.claim_mode.value
        found[keys.ignore_unclaimed] = str(submission.allow_non_restored_state).lower()
    return found


def build_job_configuration(cluster: Cluster, submission: Submission) -> dict[str, str]:
    """As `build_configuration`, without what a request for a JAR job says in fields of its own."""
    keys = choose_capabilities(cluster.engine_version).keys
    spec = submission.instance.spec
    found = dict(spec.flink_config)
    if cluster.checkpoint_dir is not None:
        found.setdefault(keys.checkpoint_dir, cluster.checkpoint_dir)
    savepoint_dir = spec.savepoint_dir or cluster.savepoint_dir
    if savepoint_dir is not None:
        found[keys.savepoint_dir] = savepoint_dir
    if spec.checkpoint_interval is not None:
        found["execution.checkpointing.interval"] = format_duration(spec.checkpoint_interval)
    # A job that is cancelled or lost must leave something to restore from.
    found[RETENTION] = "RETAIN_ON_CANCELLATION"
    return found


def find_checkpoint_dir(cluster: Cluster, spec: JobSpec, own: Mapping[str, str] = MappingProxyType({})) -> str | None:
    """Where a job of this cluster keeps its checkpoints; `own` is the JobManager's configuration, where it is known."""
    # In either spelling: Flink still understands the older one.
    keys = tuple(dict.fromkeys(line.keys.checkpoint_dir for line in reversed(LINES)))
    told = [spec.flink_config.get(key) for key in keys]
    return next((place for place in [*told, cluster.checkpoint_dir, *map(own.get, keys)] if place), None)


def build_run_request(cluster: Cluster, submission: Submission) -> dict[str, object]:
    """The body of `/jars/:id/run`. The arguments are a list: Flink 2 silently ignores them as one text."""
    instance = submission.instance
    spec = instance.spec
    body: dict[str, object] = {
        "jobId": instance.flink_job_id,
        "programArgsList": list(spec.args),
        "parallelism": spec.parallelism,
        # The name gives way to one that main() passes to execute().
        "flinkConfiguration": build_job_configuration(cluster, submission) | {"pipeline.name": submission.job_name},
    }
    if spec.main_class:
        body["entryClass"] = spec.main_class
    if instance.restored_from is not None:
        body["savepointPath"] = instance.restored_from
        body["allowNonRestoredState"] = submission.allow_non_restored_state
        body["claimMode"] = submission.claim_mode.value
    return body
