"""The Flink configuration keys that Headgate owns, and where each is said in Headgate instead.

A SQL script's SET and a job's `flink_config` may hold any other key. An owned key set behind
Headgate's back would break what it promises: a second id, another cluster, a savepoint that it
does not know of.
"""

from typing import Final

# A key, or a prefix that ends with a dot -> the field or option that says it in Headgate.
# Names of both Flink 1.x and 2.x stand side by side: which version runs the job may change.
OWNED_KEYS: Final[dict[str, str]] = {
    "$internal.": "instance.flink_job_id",
    "pipeline.name": "name",
    "execution.target": "spec.cluster",
    "rest.": "spec.cluster",
    "parallelism.default": "spec.parallelism",
    "execution.checkpointing.interval": "spec.checkpointing.interval",
    "execution.checkpointing.externalized-checkpoint-retention": "spec.checkpointing",
    "execution.checkpointing.savepoint-dir": "spec.savepoint_dir",
    "state.savepoints.dir": "spec.savepoint_dir",
    # A submission returns when Flink has accepted the job: these two would make it wait for the job's end.
    "execution.attached": "operation.status",
    "execution.shutdown-on-attached-exit": "operation.status",
    "table.dml-sync": "operation.status",
    # What a job is restored from is decided for every start anew.
    "execution.savepoint.path": "spec.restore",
    "execution.savepoint.ignore-unclaimed-state": "run.allow_non_restored_state",
    "execution.savepoint-restore-mode": "run.claim_mode",
    "execution.state-recovery.path": "spec.restore",
    "execution.state-recovery.claim-mode": "run.claim_mode",
    "execution.state-recovery.ignore-unclaimed-state": "run.allow_non_restored_state",
    "execution.state-recovery.": "spec.restore",
}

_PREFIXES: Final = tuple(key for key in OWNED_KEYS if key.endswith("."))


def find_owned_key(key: str) -> str | None:
    """The field or option to use instead of the Flink key `key`; None where the key is free."""
    key = key.strip()
    if key in OWNED_KEYS:
        return OWNED_KEYS[key]
    return next((OWNED_KEYS[prefix] for prefix in _PREFIXES if key.startswith(prefix)), None)
