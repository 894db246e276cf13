"""A script is split and classified, and what cannot be one job is refused with its place."""

import re
from pathlib import Path

import pytest

import headgate.adapters.flink.sql
from headgate.adapters.flink.sql.script import Statement, StatementKind, parse_script
from headgate.domain.catalogue import texts
from headgate.domain.configuration import OWNED_KEYS

KINDS = {kind.name: kind for kind in StatementKind}
INSERT = "INSERT INTO s SELECT 1"


def statements(script: str) -> list[tuple[str, str]]:
    return [(each.kind.name, each.text) for each in parse_script(script).statements]


def problems(script: str) -> list[tuple[str, int | None, int | None]]:
    return [(each.code, each.line, each.column) for each in parse_script(script).problems]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(INSERT, [("INSERT", INSERT)], id="no semicolon at the end"),
        pytest.param(f";;{INSERT};;\n", [("INSERT", INSERT)], id="empty statements"),
        pytest.param(f"-- a\n{INSERT} -- b", [("INSERT", INSERT)], id="comments around"),
        pytest.param(
            "INSERT INTO s /* ; */ SELECT ';' -- ;\n, `;`",
            [("INSERT", "INSERT INTO s /* ; */ SELECT ';' -- ;\n, `;`")],
            id="comments inside stay as they are",
        ),
        pytest.param(
            "INSERT INTO s SELECT * FROM a /*+ OPTIONS('x'=';') */",
            [("INSERT", "INSERT INTO s SELECT * FROM a /*+ OPTIONS('x'=';') */")],
            id="hint kept",
        ),
        pytest.param(
            f"create table a (x INT); {INSERT}",
            [("DEFINITION", "create table a (x INT)"), ("INSERT", INSERT)],
            id="lower case",
        ),
        pytest.param(
            f"EXECUTE STATEMENT SET BEGIN {INSERT}; {INSERT}; END;",
            [("INSERT", INSERT), ("INSERT", INSERT)],
            id="statement set",
        ),
        pytest.param(
            f"execute /* c */ statement\nset begin\n{INSERT};\nend",
            [("INSERT", INSERT)],
            id="statement set over lines, with a comment, without the last semicolon",
        ),
        pytest.param(f"BEGIN STATEMENT SET; {INSERT}; END;", [("INSERT", INSERT)], id="old statement set"),
        pytest.param(f"EXECUTE {INSERT}", [("INSERT", INSERT)], id="EXECUTE INSERT"),
        pytest.param(
            "INSERT INTO s SELECT CASE WHEN x THEN 1 END",
            [("INSERT", "INSERT INTO s SELECT CASE WHEN x THEN 1 END")],
            id="the END of CASE closes nothing",
        ),
        pytest.param(f"CREAT TABLE x; {INSERT}", [("UNKNOWN", "CREAT TABLE x"), ("INSERT", INSERT)], id="misspelt"),
    ],
)
def test_a_script_is_split_into_statements(script: str, expected: list[tuple[str, str]]) -> None:
    assert statements(script) == expected
    assert problems(script) == []


@pytest.mark.parametrize(
    "statement",
    [
        "ADD JAR '/x/y.jar'",
        "CREATE TEMPORARY TABLE a (`as` INT) WITH ('connector'='x')",
        "CREATE TABLE a (x INT, y AS x + 1, PRIMARY KEY (x) NOT ENFORCED) WITH ('a'='AS')",
        "CREATE TABLE a (x INT) LIKE b",
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "CREATE VIEW v AS SELECT * FROM TABLE(f(x))",
        "CREATE TEMPORARY SYSTEM FUNCTION f AS 'x.Y' USING JAR '/x.jar'",
        "CREATE CATALOG c WITH ('type'='x')",
        "CREATE DATABASE d",
        "USE CATALOG c",
        "USE d",
        "DROP TABLE IF EXISTS a",
        "ALTER TABLE a RENAME TO b",
        "LOAD MODULE hive",
        "UNLOAD MODULE core",
    ],
)
def test_what_defines_something_is_kept_as_it_is(statement: str) -> None:
    assert statements(f"{statement};{INSERT}") == [("DEFINITION", statement), ("INSERT", INSERT)]
    assert problems(f"{statement};{INSERT}") == []


@pytest.mark.parametrize(
    ("script", "kind", "key", "value"),
    [
        pytest.param("SET 'a.b' = 'c d'", "SET", "a.b", "c d", id="quoted"),
        pytest.param("SET 'a.b'='it''s'", "SET", "a.b", "it's", id="doubled quote"),
        pytest.param("SET a.b-c = 10s", "SET", "a.b-c", "10s", id="plain"),
        pytest.param("SET table.exec.state.ttl = '1 h'", "SET", "table.exec.state.ttl", "1 h", id="mixed"),
        pytest.param("SET 'a' = ''", "SET", "a", "", id="empty value"),
        pytest.param("SET 'a' = 'b=c'", "SET", "a", "b=c", id="equals sign in the value"),
        pytest.param("RESET 'a.b'", "RESET", "a.b", "", id="reset"),
        pytest.param("RESET", "RESET", "", "", id="reset all"),
    ],
)
def test_settings_are_read(script: str, kind: str, key: str, value: str) -> None:
    found = parse_script(f"{script};\n{INSERT}")
    assert found.statements[0] == Statement(KINDS[kind], script, 0, key, value)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("", [("sql_empty", None, None)], id="empty"),
        pytest.param(" ;\n-- nothing\n", [("sql_empty", None, None)], id="a lone semicolon"),
        pytest.param("-- nothing", [("sql_empty", None, None)], id="only a comment"),
        pytest.param("SET 'a'='b'", [("sql_no_insert", None, None)], id="no insert"),
        pytest.param("CREATE TABLE a (x INT)", [("sql_no_insert", None, None)], id="only definitions"),
        pytest.param("-- x\n  SELECT 1", [("sql_select", 2, 3)], id="bare SELECT"),
        pytest.param(f"{INSERT};\nVALUES (1)", [("sql_select", 2, 1)], id="VALUES"),
        pytest.param(f"{INSERT};\n(SELECT 1)", [("sql_select", 2, 1)], id="SELECT in parentheses"),
        pytest.param(f"{INSERT};WITH q AS (SELECT 1) SELECT * FROM q", [("sql_select", 1, 24)], id="WITH"),
        pytest.param(f"EXECUTE SELECT 1; {INSERT}", [("sql_select", 1, 9)], id="EXECUTE SELECT"),
        pytest.param(f"SHOW TABLES; {INSERT}", [("sql_shows_only", 1, 1)], id="SHOW"),
        pytest.param(f"DESC a; {INSERT}", [("sql_shows_only", 1, 1)], id="DESC"),
        pytest.param(f"EXPLAIN {INSERT}; {INSERT}", [("sql_shows_only", 1, 1)], id="EXPLAIN"),
        pytest.param(f"SET; {INSERT}", [("sql_shows_only", 1, 1)], id="SET alone"),
        pytest.param(
            f"CREATE TABLE a WITH ('c'='d') AS SELECT 1; {INSERT}", [("sql_create_table_as", 1, 1)], id="CTAS"
        ),
        pytest.param(
            f"{INSERT};\nCREATE OR REPLACE TABLE a (x INT) AS\nSELECT 1", [("sql_create_table_as", 2, 1)], id="RTAS"
        ),
        pytest.param(f"REPLACE TABLE a AS SELECT 1;{INSERT}", [("sql_create_table_as", 1, 1)], id="REPLACE TABLE AS"),
        pytest.param(f"CREATE TABLE IF NOT EXISTS a AS SELECT 1;{INSERT}", [("sql_create_table_as", 1, 1)], id="ine"),
        pytest.param(f"DELETE FROM a; {INSERT}", [("sql_statement_unsupported", 1, 1)], id="DELETE"),
        pytest.param(f"EXECUTE PLAN '/p'; {INSERT}", [("sql_statement_unsupported", 1, 1)], id="EXECUTE PLAN"),
        pytest.param(
            f"CREATE MATERIALIZED TABLE a AS SELECT 1; {INSERT}",
            [("sql_statement_unsupported", 1, 1)],
            id="materialized table",
        ),
        pytest.param(f"SET 'a'; {INSERT}", [("sql_setting_malformed", 1, 1)], id="SET without a value"),
        pytest.param(f"SET a = ; {INSERT}", [("sql_setting_malformed", 1, 1)], id="SET with nothing behind ="),
        pytest.param(f"SET = 'b'; {INSERT}", [("sql_setting_malformed", 1, 1)], id="SET without a key"),
        pytest.param(f"SET a b = 'c'; {INSERT}", [("sql_setting_malformed", 1, 1)], id="SET with two words"),
        pytest.param(f"RESET a = 'c'; {INSERT}", [("sql_setting_malformed", 1, 1)], id="RESET with a value"),
        pytest.param(f"END; {INSERT}", [("sql_end_without_set", 1, 1)], id="END without a set"),
        pytest.param(f"EXECUTE STATEMENT SET BEGIN\n{INSERT};", [("sql_set_not_closed", 1, 1)], id="set not closed"),
        pytest.param(
            f"EXECUTE STATEMENT SET BEGIN {INSERT}; END; {INSERT}",
            [("sql_insert_outside_set", 1, 58)],
            id="INSERT behind the set",
        ),
        pytest.param(
            f"{INSERT}; EXECUTE STATEMENT SET BEGIN {INSERT}; END;",
            [("sql_insert_outside_set", 1, 1)],
            id="INSERT before the set",
        ),
        pytest.param(
            f"BEGIN STATEMENT SET; {INSERT}; END;\nEXECUTE STATEMENT SET BEGIN {INSERT}; END;",
            [("sql_second_statement_set", 2, 1)],
            id="second set",
        ),
        pytest.param(
            f"EXECUTE STATEMENT SET BEGIN {INSERT}; SET 'a'='b'; END;",
            [("sql_not_an_insert_in_set", 1, 53)],
            id="SET inside a set",
        ),
        pytest.param(f"{INSERT}；", [("sql_full_width_character", 1, 23)], id="full-width semicolon"),
        pytest.param("INSERT\u3000INTO s SELECT 1", [("sql_stray_space", 1, 7)], id="full-width space"),
        pytest.param(
            "INSERT INTO s SELECT “a”", [("sql_stray_character", 1, 22), ("sql_stray_character", 1, 24)], id="q"
        ),
        pytest.param("INSERT INTO s SELECT '；　“'", [], id="full-width signs inside quotes"),
        pytest.param("INSERT INTO s\nSELECT 'x", [("sql_string_not_closed", 2, 8)], id="text not closed"),
        pytest.param("/* a\n", [("sql_comment_not_closed", 1, 1)], id="comment not closed"),
        pytest.param(
            "SELECT 1;\nSHOW TABLES;\nSET 'pipeline.name'='x';\nCREATE TABLE a AS SELECT 1;",
            [
                ("sql_select", 1, 1),
                ("sql_shows_only", 2, 1),
                ("sql_setting_owned", 3, 5),
                ("sql_create_table_as", 4, 1),
            ],
            id="all at once, in order",
        ),
    ],
)
def test_what_is_no_single_job_is_refused_at_its_place(
    script: str, expected: list[tuple[str, int | None, int | None]]
) -> None:
    assert problems(script) == expected


@pytest.mark.parametrize("key", OWNED_KEYS)
def test_a_key_that_headgate_owns_is_refused_with_the_field_to_use(key: str) -> None:
    name = f"{key}x" if key.endswith(".") else key
    for statement in (f"SET '{name}' = 'x'", f"SET {name} = x", f"RESET '{name}'"):
        (problem,) = parse_script(f"{statement};{INSERT}").problems
        assert problem.code == "sql_setting_owned"
        assert dict(problem.facts) == {"key": name, "field": OWNED_KEYS[key]}


@pytest.mark.parametrize(
    "key", ["execution.runtime-mode", "table.exec.state.ttl", "pipeline.object-reuse", "restart-x"]
)
def test_other_keys_are_free(key: str) -> None:
    assert problems(f"SET '{key}' = 'x';{INSERT}") == []


@pytest.mark.parametrize(
    ("before", "place"),
    [
        pytest.param("", (1, 1), id="first"),
        pytest.param("SET 'a'='b'; ", (1, 14), id="behind a SET"),
        pytest.param("-- c\n/* d\n e */ ", (3, 7), id="behind comments"),
        pytest.param("-- c\r\n\r\n\t", (3, 2), id="CR LF and a tab"),
        pytest.param("SET 'a'='😀';", (1, 13), id="behind an emoji"),
    ],
)
def test_a_position_of_flink_becomes_one_in_the_script(before: str, place: tuple[int, int]) -> None:
    script = parse_script(f"{before}INSERT INTO s\r\n SELECT '😀', x")
    insert = script.statements[-1]
    assert script.locate(insert, None, None) == place
    assert script.locate(insert, 1, 8) == (place[0], place[1] + 7)
    assert script.locate(insert, 2, 15) == (place[0] + 1, 14)
    assert script.locate(insert, 9, 9) == place


@pytest.mark.requirement("T0-18")
def test_every_code_of_the_sql_client_has_words_and_advice() -> None:
    folder = Path(headgate.adapters.flink.sql.__file__).parent
    sources = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    codes = set(re.findall(r'"(sql_[a-z_]+)"', sources)) - {"sql_"}
    assert len(codes) > 20
    assert not [code for code in codes if code not in texts() or not texts()[code].advice_zh]
