"""Plans are read, and secrets are masked before anyone sees them."""

import json

import pytest

from headgate.adapters.flink.sql.plan import TableUse, find_tables, mask_options, read_graph, read_tables
from headgate.domain.secrets import MASK
from headgate.ports.sql import PlanNode, TableRole

HOME = ("default_catalog", "default_database")
EXPLAINED = """\
== Abstract Syntax Tree ==
LogicalSink(table=[default_catalog.default_database.never_read], fields=[id])

== Optimized Execution Plan ==
Sink(table=[default_catalog.default_database.s], fields=[id])
+- LookupJoin(table=[hive.dim.rates.v2], joinType=[InnerJoin])
   +- TableSourceScan(table=[[default_catalog, default_database, my table, watermark=[ts]]], fields=[id])
   +- TableSourceScan(table=[[default_catalog, default_database, b, project=[id], metadata=[]]], fields=[id])
   +- TableSourceScan(table=[[default_catalog, default_database, b]], fields=[id])

== Physical Execution Plan ==
{"nodes": [
  {"id": 41, "type": "Source: b[51]", "contents": "[51]:TableSourceScan(table=[[x]], fields=[a[1]])"},
  {"id": 48, "type": "s[60]: Writer", "contents": "s[60]: Writer", "predecessors": [{"id": 41}]}
]}
"""


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        pytest.param("password", "x", MASK, id="password"),
        pytest.param("properties.sasl.jaas.config", "x", MASK, id="jaas"),
        pytest.param("fs.s3a.secret.key", "x", MASK, id="secret"),
        pytest.param("fs.s3a.access-key", "x", MASK, id="access-key"),
        pytest.param("api.token", "x", MASK, id="token"),
        pytest.param("aws.credentials.provider", "x", MASK, id="credentials"),
        pytest.param("connector", "kafka", "kafka", id="connector"),
        pytest.param("key.format", "json", "json", id="a key that is no secret"),
        pytest.param("url", "jdbc:x://me:pw@host:1/db", f"jdbc:x://me:{MASK}@host:1/db", id="user and password"),
        pytest.param("url", "jdbc:x://h/d?password=pw&a=b", f"jdbc:x://h/d?password={MASK}&a=b", id="parameter"),
        pytest.param("path", "file:///a/b@c:d", "file:///a/b@c:d", id="a path with such signs"),
    ],
)
def test_secret_values_are_masked(key: str, value: str, shown: str) -> None:
    assert mask_options({key: value}) == {key: shown}


def test_the_graph_is_numbered_anew_and_without_flink_s_counters() -> None:
    assert read_graph(EXPLAINED) == (
        PlanNode(1, "Source: b", "TableSourceScan(table=[[x]], fields=[a[1]])"),
        PlanNode(2, "s: Writer", "s: Writer", (1,)),
    )
    assert read_graph("== Abstract Syntax Tree ==") == ()


def test_tables_are_found_in_an_explained_plan() -> None:
    assert find_tables(EXPLAINED) == (
        TableUse(("hive", "dim", "rates.v2"), TableRole.SOURCE),
        TableUse((*HOME, "my table"), TableRole.SOURCE),
        TableUse((*HOME, "b"), TableRole.SOURCE),
        TableUse((*HOME, "s"), TableRole.SINK),
    )


def test_tables_are_read_from_a_compiled_plan() -> None:
    def table(name: str, **more: object) -> dict[str, object]:
        return {"table": {"identifier": name, **more}}

    options = {"connector": "x"}
    nodes = [
        {"dynamicTableSink": table("`default_catalog`.`default_database`.`s`")},
        {"scanTableSource": table("`default_catalog`.`default_database`.`a``b.c`", resolvedTable={"options": options})},
        {"temporalTable": {"lookupTableSource": table("`c`.`d`.`e`")}},
        {"scanTableSource": table("`c`.`d`.`e`")},
        {"scanTableSource": table("*anonymous*")},
    ]
    uses = read_tables(json.dumps({"nodes": nodes}))
    assert uses == (
        TableUse((*HOME, "a`b.c"), TableRole.SOURCE, options),
        TableUse(("c", "d", "e"), TableRole.SOURCE),
        TableUse((*HOME, "s"), TableRole.SINK),
    )
    assert [use.name for use in uses] == ["a`b.c", "c.d.e", "s"]
