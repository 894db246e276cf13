"""SQL that cannot run: the check says where and why, and a run of it fails without a Flink job."""

import pytest

from tests.stories.flink import Flink
from tests.stories.people import Person
from tests.stories.specs import endless

pytestmark = pytest.mark.real

TABLES = """\
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen');
CREATE TABLE sink (n BIGINT) WITH ('connector' = 'blackhole');
"""
INSERT = "INSERT INTO sink SELECT n FROM numbers;\n"

FAULTS = [
    pytest.param(TABLES + "INSERT INTO sink\nSELEKT n FROM numbers;", "sql_syntax", (4, 1), id="misspelt"),
    pytest.param(
        TABLES.replace("'blackhole'", "'blackhoel'") + INSERT, "sql_connector_unknown", (3, 1), id="unknown connector"
    ),
    pytest.param(
        "-- of\n/* three\nlines */\n" + TABLES + "INSERT INTO sink SELECT n FROM missing;",
        "sql_table_unknown",
        (6, 32),
        id="missing table behind comments",
    ),
    pytest.param(TABLES + "SELECT n FROM numbers;", "sql_select", (3, 1), id="bare SELECT"),
    pytest.param(TABLES, "sql_no_insert", None, id="no INSERT"),
    pytest.param(
        TABLES + "CREATE TABLE copy WITH ('connector' = 'blackhole') AS SELECT n FROM numbers;",
        "sql_create_table_as",
        (3, 1),
        id="CREATE TABLE AS",
    ),
    pytest.param(
        TABLES + f"EXECUTE STATEMENT SET BEGIN {INSERT}END;\nEXECUTE STATEMENT SET BEGIN {INSERT}END;",
        "sql_second_statement_set",
        (5, 1),
        id="second statement set",
    ),
    pytest.param(
        TABLES + f"EXECUTE STATEMENT SET BEGIN {INSERT}END;\n{INSERT}",
        "sql_insert_outside_set",
        (5, 1),
        id="statement set and a bare INSERT",
    ),
    pytest.param(
        f"SET 'rest.port' = '1';\n{TABLES}{INSERT}", "sql_setting_owned", (1, 5), id="a setting that Headgate owns"
    ),
]


@pytest.mark.requirement("T0-18", "T1-11")
@pytest.mark.parametrize(("sql", "code", "place"), FAULTS)
def test_the_check_says_what_is_wrong_and_where(
    person: Person, request: pytest.FixtureRequest, sql: str, code: str, place: tuple[int, int] | None
) -> None:
    job = person.create(f"bad {request.node.callspec.id}", {"type": "SQL", "sql": sql})

    checked = job.check()
    assert not checked["ok"]
    problem = next(problem for problem in checked["problems"] if problem["code"] == code)
    assert problem["path"] == "spec.sql"
    assert problem["message"]
    assert problem["hint"]
    if place is not None:
        assert (problem["line"], problem["column"]) == place


@pytest.mark.requirement("T0-15", "T0-18", "A-29")
def test_a_run_of_bad_sql_fails_without_a_flink_job(person: Person, flink: Flink) -> None:
    job = person.publish("runs into a fault", {"type": "SQL", "sql": TABLES + "INSERT INTO sink SELECT n FROM missing"})

    run = job.fail("run")
    assert "line 3, column 32" in run["cause"]
    assert run["advice"]
    assert run["reason"] != "start_rejected", "Flink was never asked"
    assert job.show()["phase"] == "FAILED"
    assert flink.list_jobs(job.name) == []

    job.change(endless())
    job.publish("mended")
    job.succeed("run")
    assert job.show()["warning"] is None


def test_a_flink_key_that_headgate_owns_is_refused_with_the_field_to_use(person: Person) -> None:
    body = {"name": "owned", "spec": endless(flink_config={"pipeline.name": "mine", "parallelism.default": "2"})}
    problem = person.refused("POST", "/workspaces/default/jobs", 422, json=body)
    assert problem["code"] == "spec_invalid"
    faults = {fault["path"]: fault for fault in problem["problems"]}
    assert set(faults) == {"spec.flink_config.pipeline.name", "spec.flink_config.parallelism.default"}
    assert "spec.parallelism" in str(faults["spec.flink_config.parallelism.default"])
