"""Flink's own texts are explained: those recorded from Flink 2.2.1, and some quoted where none was met yet."""

from pathlib import Path

import pytest

from headgate.domain.catalogue import classify_cause, flink_texts

CORPUS = Path(__file__).parent / "corpus"

RECORDED = {
    "cancel_finished": "flink_job_already_ended",
    "cancel_unknown": "flink_job_not_found",
    "checkpoint_expired_job": "flink_checkpoint_expired",
    "class_not_found": "flink_entry_class_missing",
    "duplicate": "flink_duplicate",
    "executes_twice": "flink_execute_twice",
    "failed_while_stopping": "flink_failed_while_stopping",
    "job_failed": "flink_no_restart_strategy",
    "job_failed_retried": "flink_restarts_exhausted",
    "main_throws": "flink_main_threw",
    "max_parallelism": "flink_state_max_parallelism",
    "never_executes": "flink_nothing_executed",
    "no_main_class": "flink_no_main_class",
    "no_main_method": "flink_no_main_method",
    "no_slots": "flink_no_slots",
    "not_a_jar": "flink_not_a_jar",
    "restore_cut_off": "flink_restore_not_a_savepoint",
    "restore_empty_directory": "flink_restore_path_missing",
    "restore_empty_file": "flink_restore_not_a_savepoint",
    "restore_missing": "flink_restore_path_missing",
    "restore_not_a_savepoint": "flink_restore_not_a_savepoint",
    "restore_scheme": "flink_scheme_unsupported",
    "savepoint_dir_below_file": "flink_savepoint_dir_unusable",
    "savepoint_dir_readonly": "flink_savepoint_dir_unusable",
    "savepoint_dir_scheme": "flink_scheme_unsupported",
    "savepoint_overrun_by_stop": "flink_savepoint_interrupted",
    "serializer_mismatch": "flink_state_serializer",
    "stop_cancelled": "flink_savepoint_interrupted",
    "stop_checkpoint_expired": "flink_checkpoint_expired",
    "stop_ended_job": "flink_job_not_found",
    "stop_not_running": "flink_tasks_not_running",
    "stop_twice_first": "flink_savepoint_interrupted",
    "stop_twice_second": "flink_savepoint_interrupted",
    "stop_unknown_job": "flink_job_not_found",
    "task_manager_lost": "flink_task_manager_lost",
    "unmatched_state": "flink_state_unmatched",
}

QUOTED = {
    "Cannot have more than 1 streaming jobs in a single environment.": "flink_execute_twice",
    "DuplicateApplicationSubmissionException: Application has already been submitted.": "flink_duplicate",
    "java.io.IOException: No space left on device": "flink_disk_full",
    "Config key [state.savepoints.dir] is not set. Property [targetDirectory] must be provided.": (
        "flink_savepoint_dir_missing"
    ),
    "UnknownTopicOrPartitionException: This server does not host this topic-partition.": "flink_kafka_topic_missing",
    "org.apache.kafka.common.errors.SaslAuthenticationException: Authentication failed": "flink_kafka_refused",
    "java.lang.RuntimeException: Failed to get metadata for topics [orders].\n"
    "Caused by: org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment.": (
        "flink_kafka_unreachable"
    ),
    "java.lang.OutOfMemoryError: Java heap space": "flink_out_of_memory",
    "java.io.IOException: Insufficient number of network buffers: required 65, but only 0 available.": (
        "flink_network_buffers"
    ),
    "Exceeded checkpoint tolerable failure threshold. The latest checkpoint failed due to Asynchronous task "
    "checkpoint failed.": "flink_checkpoint_failures",
    "java.util.concurrent.TimeoutException: Invocation of [RemoteRpcInvocation(JobMasterGateway."
    "stopWithSavepoint(String, SavepointFormatType, boolean, Duration))] timed out.": "flink_savepoint_timed_out",
    "Service temporarily unavailable due to an ongoing leader election. Please refresh.": "flink_leader_election",
    "java.lang.NoClassDefFoundError: org/apache/flink/connector/kafka/source/KafkaSource": "flink_class_missing",
}


@pytest.mark.requirement("T0-17")
@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_recorded_text_is_recognised(name: str) -> None:
    cause = (CORPUS / f"{name}.txt").read_text(encoding="utf-8")
    assert classify_cause(cause, "flink_error") == RECORDED[name]


@pytest.mark.parametrize("cause", sorted(QUOTED), ids=lambda cause: QUOTED[cause])
def test_a_quoted_text_is_recognised(cause: str) -> None:
    assert classify_cause(cause, "flink_error") == QUOTED[cause]


def test_every_recorded_text_has_a_meaning() -> None:
    assert {path.stem for path in CORPUS.glob("*.txt")} == set(RECORDED)


def test_every_text_that_is_recognised_has_an_example() -> None:
    codes = {text.code for text in flink_texts() if text.code.startswith("flink_")}
    assert codes == {*RECORDED.values(), *QUOTED.values()}


@pytest.mark.parametrize("cause", ["", "java.lang.IllegalStateException: on purpose"], ids=["empty", "the job's own"])
def test_another_text_stays_what_it_is(cause: str) -> None:
    assert classify_cause(cause, "flink_error") == "flink_error"
