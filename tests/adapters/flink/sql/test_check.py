"""What Flink's own parser and planner say against a script stands at the right place of the script."""

from pathlib import Path

import pytest

from headgate.adapters.flink.sql.client import SqlClient
from headgate.domain.errors import NotFound, Problem, Unavailable
from headgate.ports.engines import Engine
from headgate.ports.sql import ScriptTable, TableRole
from tests.adapters.flink.sql.conftest import SCRIPT, TABLES, Check

pytestmark = pytest.mark.real

# A function class that Flink brings along, with a public constructor without arguments.
AGGREGATE = "org.apache.flink.table.runtime.functions.aggregate.ListAggWithRetractAggFunction"

# A real script: what stands before the faulty statement must not move its place.
HEAD = """\
-- orders; of 'today'
SET 'table.local-time-zone' = 'UTC';
/* two
   lines; */ CREATE TABLE orders (id INT, item STRING, paid TIMESTAMP(3), WATERMARK FOR paid AS paid)
WITH ('connector' = 'datagen');
"""


def places(problems: tuple[Problem, ...]) -> list[tuple[str, int | None, int | None]]:
    return [(problem.code, problem.line, problem.column) for problem in problems]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(
            HEAD + "CREATE TABEL x (a INT);" + TABLES, ("sql_syntax", 6, 8), id="misspelt word, 3rd statement"
        ),
        pytest.param(HEAD + "\n\n  CREAT TABLE x (a INT)", ("sql_syntax", 8, 3), id="misspelt first word"),
        pytest.param(HEAD + "INSERT INTO orders SELECT id,", ("sql_syntax", 6, 29), id="cut off"),
        pytest.param(
            HEAD + "INSERT INTO orders\r\n\tSELECT '😀', nope -- ;\r\nFROM orders",
            ("sql_column_unknown", 7, 14),
            id="unknown column behind CR LF, a tab and an emoji",
        ),
        pytest.param(HEAD + "INSERT INTO orders SELECT * FROM nope", ("sql_table_unknown", 6, 34), id="unknown table"),
        pytest.param(HEAD + " INSERT INTO nope SELECT * FROM orders", ("sql_table_unknown", 6, 2), id="unknown sink"),
        pytest.param(
            HEAD + "CREATE TABLE o (id INT) WITH ('connector' = 'nope');\nINSERT INTO o SELECT id FROM orders",
            ("sql_connector_unknown", 7, 1),
            id="unknown connector of a sink",
        ),
        pytest.param(
            "CREATE TABLE o (id INT) WITH ('connector' = 'nope');" + TABLES + "INSERT INTO sink SELECT id FROM o",
            ("sql_connector_unknown", 3, 1),
            id="unknown connector of a source",
        ),
        pytest.param(
            TABLES + "CREATE TABLE f (id INT) WITH ('connector' = 'filesystem', 'path' = '/x');\n"
            "INSERT INTO sink SELECT id FROM orders;\nINSERT INTO f SELECT id FROM orders",
            ("sql_option_missing", 5, 1),
            id="missing option: the INSERT that it concerns",
        ),
        pytest.param(
            TABLES + "CREATE TABLE f (id INT) WITH ('connector' = 'print', 'pront' = 'x');INSERT INTO f SELECT 1",
            ("sql_option_unknown", 3, 69),
            id="unknown option",
        ),
        pytest.param(
            TABLES + "INSERT INTO sink SELECT id, item FROM orders", ("sql_columns_differ", 3, 1), id="columns"
        ),
        pytest.param(
            TABLES + "INSERT INTO sink SELECT\n f(id) FROM orders",
            ("sql_function_unknown", 4, 2),
            id="unknown function",
        ),
        pytest.param("ADD JAR '/no/such.jar';\n" + SCRIPT, ("sql_resource_missing", 1, 1), id="ADD JAR of no file"),
        pytest.param(
            "CREATE TEMPORARY FUNCTION f AS 'no.such.F';" + SCRIPT, ("sql_function_unusable", 1, 1), id="no such class"
        ),
        pytest.param(
            TABLES + "CREATE VIEW v AS\n SELECT id,\n  nope FROM orders;INSERT INTO sink SELECT id FROM v",
            ("sql_column_unknown", 5, 3),
            id="unknown column in a view",
        ),
        pytest.param(
            TABLES + "CREATE VIEW v AS\n\n SELECT id FROM orders;DROP TABLE orders;\nINSERT INTO sink SELECT id FROM v",
            ("sql_table_unknown", 6, 1),
            id="a position in the text of a view is none in the script",
        ),
        pytest.param(
            "CREATE TABLE o (id INT,\n PRIMARY KEY (nope) NOT ENFORCED) WITH ('connector' = 'datagen');" + SCRIPT,
            ("sql_refused", 2, 15),
            id="a position that Flink gives in words only",
        ),
        pytest.param(
            TABLES + TABLES + "INSERT INTO sink SELECT id FROM orders", ("sql_already_exists", 3, 1), id="exists twice"
        ),
        pytest.param("SET 'execution.runtime-mode' = 'x';" + SCRIPT, ("sql_value_unreadable", 1, 1), id="runtime mode"),
        pytest.param(
            "SET 'table.exec.state.ttl' = '1 x';" + SCRIPT.replace("id FROM", "DISTINCT id FROM"),
            ("sql_value_unreadable", 3, 1),
            id="unreadable setting",
        ),
        pytest.param(
            TABLES + "CREATE TABLE f (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '/x', 'format' = 'json');\n"
            "INSERT INTO f SELECT COUNT(*) FROM orders",
            ("sql_sink_append_only", 4, 1),
            id="a sink that takes no changes",
        ),
    ],
)
def test_a_fault_stands_at_its_place_in_the_script(check: Check, script: str, expected: tuple[str, int, int]) -> None:
    found = check(script)
    assert expected in places(found.problems), found.problems
    assert not found.is_ok


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(
            TABLES + "INSERT INTO sink SELECT a FROM orders;\nINSERT INTO sink SELECT b FROM orders",
            [("sql_column_unknown", 3, 25), ("sql_column_unknown", 4, 25)],
            id="two INSERTs",
        ),
        pytest.param(
            "CREATE TABLE orders (id INTT) WITH ('connector'='datagen');\nINSERT INTO sink SELECT id FROM orders",
            [("sql_column_unknown", 1, 25)],
            id="what only follows from a faulty definition is not said",
        ),
        pytest.param(
            "SET 'pipeline.name' = 'x';\n" + TABLES + "SELECT 1;\nINSERT INTO sink SELECT a FROM orders",
            [("sql_setting_owned", 1, 5), ("sql_select", 4, 1), ("sql_column_unknown", 5, 25)],
            id="Headgate's refusals and Flink's",
        ),
    ],
)
def test_all_faults_are_said_at_once(
    check: Check, script: str, expected: list[tuple[str, int | None, int | None]]
) -> None:
    assert places(check(script).problems) == expected


def test_the_message_counts_in_the_script_too(check: Check) -> None:
    (problem,) = check(HEAD + "\n  INSERT INTO orders SELECT 1 FRM orders").problems
    assert "at line 7, column 35" in problem.message
    assert (problem.line, problem.column) == (7, 35)


def test_a_good_script_gives_its_tables_and_its_graph(check: Check) -> None:
    found = check(
        TABLES + "CREATE TEMPORARY TABLE `out` (id INT, items STRING)"
        " WITH ('connector' = 'print', 'print-identifier' = 'x');\n"
        "CREATE TEMPORARY VIEW v AS SELECT * FROM orders /*+ OPTIONS('rows-per-second' = '7') */;\n"
        f"CREATE TEMPORARY FUNCTION together AS '{AGGREGATE}';\n"
        "EXECUTE STATEMENT SET BEGIN\nINSERT INTO sink SELECT id FROM v;\n"
        "INSERT INTO `out` SELECT id, together(item) FROM v GROUP BY id;\nEND;"
    )
    assert found.problems == ()
    assert not found.bounded
    assert found.tables == (
        ScriptTable("orders", "datagen", TableRole.SOURCE, {"connector": "datagen", "rows-per-second": "7"}),
        ScriptTable("sink", "blackhole", TableRole.SINK, {"connector": "blackhole"}),
        ScriptTable("out", "print", TableRole.SINK, {"connector": "print", "print-identifier": "x"}),
    )
    assert [node.id for node in found.graph] == list(range(1, len(found.graph) + 1))
    assert any(node.type == "Source: orders" and not node.inputs for node in found.graph)
    assert any("GroupAggregate" in node.description and node.inputs for node in found.graph)
    assert not any("[" in node.type for node in found.graph)


@pytest.mark.parametrize(
    ("head", "settings"),
    [
        pytest.param("SET 'execution.runtime-mode' = 'batch';", {}, id="in the script"),
        pytest.param("", {"execution.runtime-mode": "BATCH"}, id="in flink_config"),
        pytest.param(
            "SET 'execution.runtime-mode' = 'streaming'; SET 'execution.runtime-mode' = 'BATCH';",
            {},
            id="the last counts",
        ),
    ],
)
def test_batch_mode_is_told(check: Check, head: str, settings: dict[str, str]) -> None:
    found = check(head + SCRIPT.replace("'rows-per-second'", "'number-of-rows'"), settings)
    assert found.problems == ()
    assert found.bounded


def test_a_set_and_a_reset_take_effect(check: Check) -> None:
    limit = "SET 'table.exec.state.ttl' = 'nonsense';"
    aggregate = SCRIPT.replace("id FROM", "DISTINCT id FROM")
    assert check(limit + aggregate).problems
    assert check(f"{limit} RESET 'table.exec.state.ttl';{aggregate}").problems == ()
    assert check(f"{limit} RESET;{aggregate}").problems == ()
    assert check(f"RESET 'table.exec.state.ttl';{aggregate}", {"table.exec.state.ttl": "nonsense"}).problems


def test_a_wrong_setting_of_the_job_is_not_blamed_on_the_script(check: Check) -> None:
    (problem,) = check(SCRIPT, {"parallelism.default": "many"}).problems
    assert (problem.path, problem.code, problem.line) == ("spec.flink_config", "sql_settings_refused", None)
    assert "parallelism.default" in problem.message


def test_a_jar_of_the_job_that_is_gone_is_named(check: Check, tmp_path: Path) -> None:
    (problem,) = check(SCRIPT, jars=(tmp_path / "it's gone.jar",)).problems
    assert (problem.code, dict(problem.facts)) == ("sql_jar_unusable", {"jar": "it's gone.jar"})


def test_secrets_in_options_are_masked(check: Check) -> None:
    found = check(
        "CREATE TABLE f (id INT) WITH ('connector' = 'filesystem', 'format' = 'csv',\n"
        "'path' = 'file://me:hunter2@host/x', 'csv.null-literal' = 'n');\n"
        + TABLES
        + "INSERT INTO f SELECT id FROM orders"
    )
    assert "hunter2" not in repr(found)


def test_sessions_do_not_see_each_other(check: Check) -> None:
    assert check(SCRIPT).problems == ()
    assert check(SCRIPT).problems == ()


def test_a_version_that_is_not_installed_is_said(run_dir: Path, engine_221: Engine) -> None:
    def lookup(_: object) -> Engine:
        raise NotFound("engine_not_installed")

    with pytest.raises(NotFound):
        SqlClient(lookup, run_dir).check(engine_221.version, SCRIPT, {}, ())


def test_a_java_that_does_not_start_is_said(tmp_path: Path, engine_221: Engine) -> None:
    broken = Engine(engine_221.version, engine_221.home, tmp_path / "java")
    with pytest.raises(Unavailable) as caught:
        SqlClient(lambda _: broken, tmp_path).check(engine_221.version, SCRIPT, {}, ())
    assert caught.value.code == "sql_client_failed"
    assert str(tmp_path / "java") in caught.value.cause
