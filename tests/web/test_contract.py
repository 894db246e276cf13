"""The words of the contract: parameters, options and values that clients rely on keep their names."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web import shapes
from tests.web.witness import Witness

JOB_LIST = {
    "q", "folder", "recursive", "phase", "flink_status", "lifecycle", "type", "cluster", "label", "sort", "limit",
    "cursor",
}  # fmt: skip
PARAMETERS: dict[str, set[str]] = {
    "list_jobs": JOB_LIST,
    "list_instances": {"current", "limit", "cursor"},
    "list_operations": {"limit", "cursor"},
    "list_events": {"limit", "cursor"},
    "list_job_events": {"instance", "limit", "cursor"},
    "list_job_calls": {"limit", "cursor"},
    "request_operation": {"dry_run", "Idempotency-Key"},
    "get_operation": {"wait"},
    "update_job": {"If-Match"},
    "save_draft": {"If-Match"},
    "update_cluster": {"If-Match"},
}
OPTIONS: dict[str, set[str]] = {
    "RunOptions": {"from", "snapshot_id", "allow_non_restored_state", "claim_mode", "version"},
    "PauseOptions": {"allow_state_loss"},
    "ResumeOptions": {"snapshot_id"},
    "StopOptions": {"snapshot", "force"},
    "RestartOptions": {"keep_state"},
    "SavepointOptions": {"format"},
    "NewJobBody": {"name", "folder", "labels", "recovery", "spec"},
    "JobEditBody": {"name", "folder", "labels", "recovery", "protected"},
    "PublishBody": {"description"},
    "JobSpec": {
        "type", "sql", "artifact", "main_class", "args", "cluster", "parallelism", "checkpointing", "savepoint_dir",
        "restore", "flink_config",
    },
}  # fmt: skip
VALUES: dict[str, str] = {
    "RestoreFrom": "NONE LATEST SNAPSHOT DEFAULT",
    "StopSnapshot": "CREATE NONE",
    "JobType": "SQL JAR",
    "Lifecycle": "DEVELOPING PUBLISHED ONLINE",
    "Wanted": "RUNNING SUSPENDED CANCELLED",
    "Phase": "DRAFT PUBLISHED TRANSITIONING RUNNING SUSPENDED CANCELLED FINISHED FAILED",
    "FlinkStatus": (
        "INITIALIZING CREATED RUNNING FAILING FAILED CANCELLING CANCELED FINISHED RESTARTING SUSPENDED RECONCILING "
        "UNKNOWN"
    ),
    "OperationStatus": "INIT OPERATING_BEFORE OPERATING SUCCESS FAIL EXCEPTION TASK_STATUS_NO_DONE CANCELLED",
    "PathStatus": "AVAILABLE GONE UNKNOWN",
    "TableRole": "SOURCE SINK",
}
OBJECTS: dict[str, set[str]] = {
    "JobModel": shapes.JOB,
    "JobRowModel": shapes.JOB - shapes.ONLY_OF_ONE_JOB,
    "OperationModel": shapes.OPERATION,
    "StepModel": shapes.STEP,
    "SnapshotModel": shapes.SNAPSHOT,
    "EventModel": shapes.EVENT,
    "InstanceModel": shapes.JOB_INSTANCE,
    "WarningModel": shapes.WARNING,
    "ReachabilityModel": shapes.REACHABILITY,
    "RestorePointModel": shapes.RESTORE_POINT,
    "Problem": shapes.PROBLEM,
    "ProblemPart": shapes.PROBLEM_PART | {"line", "column"},
    "CheckModel": shapes.CHECK,
    "TableModel": shapes.TABLE,
    "PlanModel": shapes.PLAN,
    "JobListModel": shapes.JOB_PAGE,
    "CountsModel": shapes.COUNTS,
}


@pytest.fixture
def schemas(witness: Witness) -> dict[str, Any]:
    found: dict[str, Any] = witness.document["components"]["schemas"]
    return found


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_call_takes_the_parameters_of_the_contract(witness: Witness, name: str) -> None:
    (operation,) = [entry for entry in operations(witness.document) if entry["operationId"] == name]
    assert {part["name"] for part in operation["parameters"] if part["in"] != "path"} == PARAMETERS[name]


@pytest.mark.parametrize("name", OPTIONS)
def test_a_body_has_the_fields_of_the_contract(schemas: dict[str, Any], name: str) -> None:
    assert set(schemas[name]["properties"]) == OPTIONS[name]
    assert schemas[name]["additionalProperties"] is False


@pytest.mark.requirement("D-04", "D-05")
@pytest.mark.parametrize("name", VALUES)
def test_a_choice_has_the_values_of_the_contract(schemas: dict[str, Any], name: str) -> None:
    assert set(schemas[name]["enum"]) == set(VALUES[name].split())


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_has_the_members_of_the_contract(schemas: dict[str, Any], name: str) -> None:
    assert OBJECTS[name] <= set(schemas[name]["properties"])


def test_every_length_of_time_says_its_unit(schemas: dict[str, Any]) -> None:
    names = {name for schema in schemas.values() for name in schema.get("properties", {})}
    lengths = {name for name in names if "duration" in name or name.startswith("total_run")}
    assert {name for name in lengths if not name.endswith("_s")} == set()


def test_every_name_is_written_in_snake_case(schemas: dict[str, Any]) -> None:
    names = {name for schema in schemas.values() for name in schema.get("properties", {})}
    assert {name for name in names if name != name.lower() or "-" in name} == set()
