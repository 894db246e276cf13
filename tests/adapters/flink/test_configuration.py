"""The words of each Flink version for what Headgate decides."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.adapters.flink.configuration import build_configuration, build_run_request
from headgate.domain.clusters import Cluster, EngineVersion
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.flink import Submission
from tests.adapters.flink.contract.worlds import CLUSTER, make_submission

RETENTION = {"execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION"}


def at(version: str) -> Cluster:
    return replace(CLUSTER, engine_version=EngineVersion(version))


def make(spec: JobSpec, restored_from: str | None = None) -> Submission:
    return make_submission("a" * 32, spec, restored_from, claim=False)


@pytest.mark.parametrize(
    ("version", "path", "claim", "unclaimed", "directory"),
    [
        pytest.param(
            "1.20.5",
            "execution.savepoint.path",
            "execution.savepoint-restore-mode",
            "execution.savepoint.ignore-unclaimed-state",
            "state.savepoints.dir",
            id="1.20",
        ),
        pytest.param(
            "2.2.1",
            "execution.state-recovery.path",
            "execution.state-recovery.claim-mode",
            "execution.state-recovery.ignore-unclaimed-state",
            "execution.checkpointing.savepoint-dir",
            id="2.2",
        ),
    ],
)
def test_restoring_is_said_in_the_words_of_the_version(
    version: str, path: str, claim: str, unclaimed: str, directory: str
) -> None:
    found = build_configuration(at(version), make(JobSpec(JobType.SQL), "file:///sp/1"))
    assert found == RETENTION | {
        path: "file:///sp/1",
        claim: "NO_CLAIM",
        unclaimed: "false",
        directory: "file:///savepoints",
        "parallelism.default": "1",
    }


def test_a_start_without_state_names_no_path() -> None:
    found = build_configuration(CLUSTER, make(JobSpec(JobType.SQL, checkpoint_interval=timedelta(seconds=90))))
    assert not [key for key in found if "recovery" in key]
    assert found["execution.checkpointing.interval"] == "90 s"


def test_checkpoints_are_always_kept_and_other_keys_pass_through() -> None:
    spec = JobSpec(JobType.SQL, flink_config={"table.exec.state.ttl": "1 h", **dict.fromkeys(RETENTION, "NO")})
    found = build_configuration(CLUSTER, make(spec))
    assert found["table.exec.state.ttl"] == "1 h"
    assert found.items() >= RETENTION.items()


def test_directories_of_the_job_and_of_the_cluster() -> None:
    cluster = replace(CLUSTER, checkpoint_dir="file:///cp")
    found = build_configuration(cluster, make(JobSpec(JobType.SQL, savepoint_dir="file:///own")))
    assert found["execution.checkpointing.savepoint-dir"] == "file:///own"
    assert found["execution.checkpointing.dir"] == "file:///cp"
    own = JobSpec(JobType.SQL, flink_config={"execution.checkpointing.dir": "file:///mine"})
    assert build_configuration(cluster, make(own))["execution.checkpointing.dir"] == "file:///mine"


def test_a_run_request_names_every_field_that_flink_needs() -> None:
    body = build_run_request(CLUSTER, make(JobSpec(JobType.JAR, args=("--a", "b c")), "file:///sp/1"))
    always = {"jobId", "programArgsList", "parallelism", "flinkConfiguration"}
    assert set(body) == always | {"savepointPath", "allowNonRestoredState", "claimMode"}
    assert body["programArgsList"] == ["--a", "b c"]


def test_the_main_class_is_named_only_where_one_is_given() -> None:
    assert "entryClass" not in build_run_request(CLUSTER, make(JobSpec(JobType.JAR)))
    named = build_run_request(CLUSTER, make(JobSpec(JobType.JAR, main_class="my.Job")))
    assert named["entryClass"] == "my.Job"
