"""A specification that was accepted once is read again, whatever the rules are by then."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.errors import Invalid
from headgate.domain.spec import (
    JobSpec,
    JobType,
    Restore,
    RestoreStrategy,
    dump_spec,
    parse_spec,
    read_stored_spec,
)

FULL = JobSpec(
    JobType.JAR,
    artifact="art-1",
    main_class="demo.Main",
    args=("--from", ""),
    cluster="east",
    parallelism=3,
    checkpoint_interval=timedelta(milliseconds=1500),
    savepoint_dir="s3://bucket/savepoints",
    restore=Restore(RestoreStrategy.CUSTOM, "s3://bucket/one"),
    flink_config={"a.b": "c"},
)


@pytest.mark.parametrize(
    "spec",
    [
        FULL,
        JobSpec(JobType.SQL, sql="INSERT INTO 输出 SELECT 1"),
        JobSpec(JobType.SQL, sql="x", restore=Restore(RestoreStrategy.NONE)),
        replace(FULL, checkpoint_interval=timedelta(hours=2), savepoint_dir=None),
    ],
    ids=["full", "sparse", "without state", "no directory"],
)
def test_what_was_stored_is_read_as_it_was(spec: JobSpec) -> None:
    assert read_stored_spec(dump_spec(spec)) == spec == parse_spec(dump_spec(spec))


@pytest.mark.parametrize(
    "spec",
    [
        JobSpec(JobType.SQL, sql=""),
        replace(FULL, parallelism=1_000_000),
        replace(FULL, flink_config={"rest.address": "elsewhere"}),
    ],
    ids=["no text", "too wide", "a key that is owned by now"],
)
def test_a_later_rule_hides_no_job(spec: JobSpec) -> None:
    with pytest.raises(Invalid):
        parse_spec(dump_spec(spec))
    assert read_stored_spec(dump_spec(spec)) == spec


def test_fields_of_another_release_do_no_harm() -> None:
    stored = {"type": "SQL", "sql": "x", "colour": "green"}
    assert read_stored_spec(stored) == JobSpec(JobType.SQL, sql="x")
