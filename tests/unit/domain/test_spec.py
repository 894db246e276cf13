"""Reading a specification: every fault at once, each under its path, with the code whose words say what to do."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.catalogue import Language, advice, message
from headgate.domain.configuration import OWNED_KEYS, find_owned_key
from headgate.domain.errors import Invalid, Problem
from headgate.domain.spec import (
    MAX_PARALLELISM,
    JobSpec,
    JobType,
    Restore,
    RestoreStrategy,
    dump_spec,
    format_duration,
    parse_duration,
    parse_spec,
    read_stored_spec,
)
from tests.unit.domain.tables import read_table

SQL: dict[Any, Any] = {"type": "SQL", "sql": "INSERT INTO a SELECT * FROM b"}
JAR: dict[Any, Any] = {"type": "JAR", "artifact": "orders.jar"}

FAULTS = [
    pytest.param({"sql": "x"}, "spec.type", "field_required", id="no type"),
    pytest.param({"type": "PYTHON", "sql": "x"}, "spec.type", "field_choice", id="another type"),
    pytest.param({"type": 7, "sql": "x"}, "spec.type", "field_choice", id="a number for a type"),
    pytest.param({"type": "SQL"}, "spec.sql", "field_required", id="SQL without a script"),
    pytest.param({"type": "SQL", "sql": " \n"}, "spec.sql", "field_required", id="a blank script"),
    pytest.param({"type": "SQL", "sql": ["x"]}, "spec.sql", "field_type", id="a list for a script"),
    pytest.param({"type": "JAR"}, "spec.artifact", "field_required", id="JAR without a jar"),
    pytest.param({**JAR, "main_class": 1}, "spec.main_class", "field_type", id="a number for a class"),
    pytest.param({**JAR, "args": "a b"}, "spec.args", "field_type", id="a text for arguments"),
    pytest.param({**JAR, "args": ["a", 1]}, "spec.args", "field_type", id="a number among arguments"),
    pytest.param({**SQL, "cluster": 1}, "spec.cluster", "field_type", id="a number for a cluster"),
    pytest.param({**SQL, "parallelism": 0}, "spec.parallelism", "field_range", id="parallelism 0"),
    pytest.param({**SQL, "parallelism": 32769}, "spec.parallelism", "field_range", id="too much parallelism"),
    pytest.param({**SQL, "parallelism": "2"}, "spec.parallelism", "field_type", id="a text for parallelism"),
    pytest.param({**SQL, "parallelism": 2.0}, "spec.parallelism", "field_type", id="a fraction for parallelism"),
    pytest.param({**SQL, "parallelism": True}, "spec.parallelism", "field_type", id="true for parallelism"),
    pytest.param({**SQL, "parallelism": None}, "spec.parallelism", "field_type", id="null for parallelism"),
    pytest.param({**SQL, "checkpointing": "10s"}, "spec.checkpointing", "field_type", id="a text for checkpointing"),
    pytest.param(
        {**SQL, "checkpointing": {"every": "10s"}}, "spec.checkpointing.every", "field_unknown", id="in checkpointing"
    ),
    pytest.param(
        {**SQL, "checkpointing": {"interval": "soon"}}, "spec.checkpointing.interval", "field_choice", id="no duration"
    ),
    pytest.param(
        {**SQL, "checkpointing": {"interval": "99999999999 d"}},
        "spec.checkpointing.interval",
        "field_choice",
        id="a duration beyond all time",
    ),
    pytest.param({**SQL, "savepoint_dir": 1}, "spec.savepoint_dir", "field_type", id="a number for a folder"),
    pytest.param({**SQL, "savepoint_dir": "not a uri"}, "spec.savepoint_dir", "directory_not_uri", id="no URI"),
    pytest.param({**SQL, "savepoint_dir": "/data"}, "spec.savepoint_dir", "directory_not_uri", id="only a path"),
    pytest.param(
        {**SQL, "restore": {"strategy": "CUSTOM", "path": "savepoints/1"}},
        "spec.restore.path",
        "directory_not_uri",
        id="a path to restore that is no URI",
    ),
    pytest.param({**SQL, "restore": "LATEST"}, "spec.restore", "field_type", id="a text for restore"),
    pytest.param({**SQL, "restore": {"strategy": "OLDEST"}}, "spec.restore.strategy", "field_choice", id="no strategy"),
    pytest.param({**SQL, "restore": {"strategy": "CUSTOM"}}, "spec.restore.path", "field_required", id="no path"),
    pytest.param({**SQL, "restore": {"from": "x"}}, "spec.restore.from", "field_unknown", id="in restore"),
    pytest.param({**SQL, "flink_config": ["a"]}, "spec.flink_config", "field_type", id="a list for flink_config"),
    pytest.param({**SQL, "flink_config": {"a.b": {"c": 1}}}, "spec.flink_config.a.b", "field_type", id="nested keys"),
    pytest.param({**SQL, "flink_config": {"a.b": None}}, "spec.flink_config.a.b", "field_type", id="null for a value"),
    pytest.param(
        {**SQL, "flink_config": {"pipeline.name": "mine"}},
        "spec.flink_config.pipeline.name",
        "flink_config_owned",
        id="a key that Headgate owns",
    ),
    pytest.param({**SQL, "flink_config": {1: "a"}}, "spec.flink_config.1", "field_type", id="a number for a key"),
    pytest.param({**SQL, "sqll": "x"}, "spec.sqll", "field_unknown", id="a misspelt field"),
    pytest.param({**SQL, 7: "x"}, "spec.7", "field_unknown", id="a number for a field"),
]

WANTED = [
    pytest.param({"sql": "x"}, {"field": "type"}, id="a choice that must be made"),
    pytest.param({"type": "SQL"}, {"field": "sql"}, id="a text that must be there"),
    pytest.param({**JAR, "main_class": 1}, {"field": "main_class", "wanted": "text"}, id="a text"),
    pytest.param({**JAR, "args": "a b"}, {"field": "args", "wanted": "list of texts"}, id="texts"),
    pytest.param({**SQL, "parallelism": "2"}, {"field": "parallelism", "wanted": "whole number"}, id="a number"),
    pytest.param({**SQL, "checkpointing": "10s"}, {"field": "checkpointing", "wanted": "mapping"}, id="a mapping"),
    pytest.param(
        {**SQL, "parallelism": 0}, {"field": "parallelism", "least": "1", "most": str(MAX_PARALLELISM)}, id="a range"
    ),
    pytest.param({**SQL, "savepoint_dir": "/data"}, {"field": "savepoint_dir", "value": "/data"}, id="a place"),
    pytest.param(
        {**SQL, "restore": {"strategy": "OLDEST"}},
        {"field": "strategy", "value": "OLDEST", "allowed": "NONE, LATEST, CUSTOM"},
        id="a choice",
    ),
    pytest.param(
        {**SQL, "checkpointing": {"interval": "soon"}},
        {"field": "interval", "value": "soon", "allowed": "10s, 5 min"},
        id="a duration",
    ),
    pytest.param({**SQL, "restore": {"from": "x"}}, {"field": "from", "known": "path, strategy"}, id="a known field"),
    pytest.param(
        {**SQL, "flink_config": {1: "a"}}, {"field": "flink_config.1", "wanted": "text"}, id="a text for a key"
    ),
    pytest.param(
        {**SQL, "flink_config": {"a.b": None}}, {"field": "flink_config.a.b", "wanted": "text"}, id="a text for a value"
    ),
]

DURATIONS = """
| text   | text    | milliseconds | written back |
|--------|---------|--------------|--------------|
| 1      | 10s     | 10000        | 10 s         |
| 2      | 5 min   | 300000       | 5 min        |
| 3      | 500 ms  | 500          | 500 ms       |
| 4      | 90 s    | 90000        | 90 s         |
| 5      | 120 s   | 120000       | 2 min        |
| 6      | 1 h     | 3600000      | 1 h          |
| 7      | 2 days  | 172800000    | 48 h         |
| 8      | 1500    | 1500         | 1500 ms      |
| 9      | 3 MIN   | 180000       | 3 min        |
"""

OWNED = """
| Flink's key                                               | said in Headgate by           |
|-----------------------------------------------------------|-------------------------------|
| pipeline.name                                             | name                          |
| execution.target                                          | spec.cluster                  |
| rest.address                                              | spec.cluster                  |
| rest.port                                                 | spec.cluster                  |
| parallelism.default                                       | spec.parallelism              |
| execution.checkpointing.interval                          | spec.checkpointing.interval   |
| execution.checkpointing.externalized-checkpoint-retention | spec.checkpointing            |
| execution.checkpointing.savepoint-dir                     | spec.savepoint_dir            |
| state.savepoints.dir                                      | spec.savepoint_dir            |
| execution.attached                                        | operation.status              |
| execution.shutdown-on-attached-exit                       | operation.status              |
| table.dml-sync                                            | operation.status              |
| execution.savepoint.path                                  | spec.restore                  |
| execution.state-recovery.path                             | spec.restore                  |
| execution.state-recovery.from-local                       | spec.restore                  |
| execution.savepoint-restore-mode                          | run.claim_mode                |
| execution.state-recovery.claim-mode                       | run.claim_mode                |
| execution.savepoint.ignore-unclaimed-state                | run.allow_non_restored_state  |
| execution.state-recovery.ignore-unclaimed-state           | run.allow_non_restored_state  |
| $internal.pipeline.job-id                                 | instance.flink_job_id         |
"""

FREE = [
    "execution.checkpointing.timeout",
    "execution.runtime-mode",
    "state.backend.type",
    "table.exec.mini-batch.enabled",
    "restart-strategy.type",
    "pipeline.object-reuse",
    "pipeline.names",
    "restful",
    "",
]


def problems_of(data: dict[Any, Any]) -> dict[str, Problem]:
    """What is wrong with `data`, by path."""
    with pytest.raises(Invalid) as caught:
        parse_spec(data)
    assert caught.value.code == "spec_invalid"
    return {problem.path: problem for problem in caught.value.problems}


@pytest.mark.requirement("T0-18")
@pytest.mark.parametrize(("data", "path", "code"), FAULTS)
def test_a_fault_is_named_under_its_path(data: dict[Any, Any], path: str, code: str) -> None:
    problems = problems_of(data)
    assert {path: problem.code for path, problem in problems.items()} == {path: code}
    facts = dict(problems[path].facts)
    for language in Language:
        assert "?" not in message(code, facts, language), "a fact is missing"
        assert advice(code, facts, language)


@pytest.mark.parametrize(("data", "facts"), WANTED)
def test_a_fault_says_which_field_it_is_and_what_it_takes(data: dict[Any, Any], facts: dict[str, str]) -> None:
    [problem] = problems_of(data).values()
    assert dict(problem.facts) == facts


def test_what_says_no_type_is_judged_as_sql() -> None:
    assert set(problems_of({})) == {"spec.type", "spec.sql"}


def test_all_faults_are_found_in_one_pass() -> None:
    data = {
        "type": "SQL",
        "parallelism": -1,
        "restore": {"strategy": "CUSTOM"},
        "flink_config": {"rest.port": 1},
        "x": 1,
    }
    paths = {"spec.sql", "spec.parallelism", "spec.restore.path", "spec.flink_config.rest.port", "spec.x"}
    assert set(problems_of(data)) == paths


@pytest.mark.parametrize(("key", "field"), [(row.id, *row.values) for row in read_table(OWNED)])
def test_an_owned_key_names_the_field_to_use_instead(key: str, field: str) -> None:
    problem = problems_of({**SQL, "flink_config": {key: "x"}})[f"spec.flink_config.{key}"]
    assert (problem.code, dict(problem.facts)) == ("flink_config_owned", {"key": key, "field": field})
    assert find_owned_key(f" {key} ") == field
    for language in Language:
        assert key in message(problem.code, dict(problem.facts), language)
        assert field in advice(problem.code, dict(problem.facts), language)


def test_every_owned_key_is_in_the_table_or_a_prefix_of_one() -> None:
    keys = [str(row.id) for row in read_table(OWNED)]
    assert not [own for own in OWNED_KEYS if not any(key == own or key.startswith(own) for key in keys)]


@pytest.mark.parametrize("key", FREE)
def test_any_other_key_is_free(key: str) -> None:
    assert find_owned_key(key) is None
    assert parse_spec({**SQL, "flink_config": {key: "x"}}).flink_config == {key: "x"}


def test_values_of_flink_config_become_flink_s_texts() -> None:
    spec = parse_spec({**SQL, "flink_config": {"a": True, "b": 1, "c": 0.5, "d": "x", "e": False}})
    assert spec.flink_config == {"a": "true", "b": "1", "c": "0.5", "d": "x", "e": "false"}


@pytest.mark.requirement("T1-08")
def test_what_is_not_said_has_its_default() -> None:
    assert parse_spec(SQL) == JobSpec(JobType.SQL, sql=SQL["sql"])
    spec = parse_spec(JAR)
    assert (spec.cluster, spec.parallelism, spec.checkpoint_interval, spec.savepoint_dir) == ("local", 1, None, None)
    assert (spec.restore, spec.flink_config, spec.args) == (Restore(RestoreStrategy.LATEST), {}, ())


def test_what_is_empty_is_not_written() -> None:
    written = {"cluster": "local", "parallelism": 1, "restore": {"strategy": "LATEST"}}
    assert dump_spec(parse_spec(JAR)) == {**JAR, **written}


def test_small_letters_are_taken_for_the_names_of_choices() -> None:
    spec = parse_spec({**SQL, "type": "sql", "restore": {"strategy": "none"}})
    assert (spec.type, spec.restore.strategy) == (JobType.SQL, RestoreStrategy.NONE)


@pytest.mark.parametrize(("text", "milliseconds", "written"), read_table(DURATIONS))
def test_a_duration_is_read_and_written_in_flink_s_forms(text: str, milliseconds: str, written: str) -> None:
    duration = parse_duration(text)
    assert duration == timedelta(milliseconds=int(milliseconds))
    assert format_duration(duration) == written


@pytest.mark.parametrize("text", ["", "s", "-1 s", "1.5 s", "10 fortnights", "1 s 2", "9" * 5000, "999999999999 d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_duration(text)


durations = st.none() | st.integers(1, 10**9).map(lambda n: timedelta(milliseconds=n))
texts = st.text(max_size=8)
named = st.text(min_size=1, max_size=8).filter(str.strip)
places = named.map(lambda text: f"s3://{text}".strip())
free_keys = named.filter(lambda key: find_owned_key(key) is None)
restores = st.sampled_from([Restore(RestoreStrategy.NONE), Restore()]) | st.builds(
    Restore, st.just(RestoreStrategy.CUSTOM), places
)
specs = st.builds(
    JobSpec,
    type=st.sampled_from(JobType),
    sql=named,
    artifact=named,
    main_class=texts,
    args=st.lists(texts).map(tuple),
    cluster=named,
    parallelism=st.integers(1, MAX_PARALLELISM),
    checkpoint_interval=durations,
    savepoint_dir=st.none() | places,
    restore=restores,
    flink_config=st.dictionaries(free_keys, texts),
)


@given(specs)
def test_what_is_written_is_read_as_the_same(spec: JobSpec) -> None:
    assert parse_spec(dump_spec(spec)) == spec
    assert read_stored_spec(dump_spec(spec)) == spec


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.integers(), inner, max_size=3),
    max_leaves=6,
)
fields = sorted([*dump_spec(parse_spec(SQL)), "artifact", "main_class", "args", "checkpointing", "savepoint_dir"])


@given(st.dictionaries(st.sampled_from([*fields, "flink_config", "other"]) | st.integers(), plain))
def test_any_data_are_read_or_refused_with_their_problems(data: dict[Any, Any]) -> None:
    try:
        written = dump_spec(parse_spec(data))
    except Invalid as error:
        written, paths = dump_spec(parse_spec(SQL)), [problem.path for problem in error.problems]
    else:
        paths = ["spec."]
    assert paths
    assert all(path.startswith("spec.") for path in paths)
    assert dump_spec(parse_spec(written)) == written
