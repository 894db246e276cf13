"""The jobs that the stories tell of."""

from pathlib import Path
from typing import Any

Spec = dict[str, Any]


def endless(**fields: Any) -> Spec:
    """A SQL job that runs until somebody ends it, and keeps a count."""
    sql = """\
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20', 'fields.n.max' = '3');
CREATE TABLE counts (n BIGINT, how_many BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO counts SELECT n, COUNT(*) FROM numbers GROUP BY n;
"""
    return {"type": "SQL", "sql": sql, **fields}


def counted(identifier: str, rows: int, per_second: int) -> Spec:
    """Counts and sums 1 .. `rows` and prints each state of the sum; ends by itself after the last one."""
    sql = f"""\
CREATE TABLE numbers (n BIGINT) WITH (
  'connector' = 'datagen', 'rows-per-second' = '{per_second}',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '{rows}'
);
CREATE TABLE sums (how_many BIGINT, total BIGINT) WITH ('connector' = 'print', 'print-identifier' = '{identifier}');
INSERT INTO sums SELECT COUNT(*), SUM(n) FROM numbers;
"""
    return {"type": "SQL", "sql": sql}


def jar(artifact: str, main_class: str = "", *args: str, **fields: Any) -> Spec:
    """A JAR job out of the jar of the test jobs."""
    spec: Spec = {"type": "JAR", "artifact": artifact, "args": list(args), **fields}
    return spec | {"main_class": main_class} if main_class else spec


def ledger(artifact: str, file: Path, snapshot_ms: int = 0, **fields: Any) -> Spec:
    """A JAR job that counts for ever and writes down from where (`ledger.py`)."""
    return jar(artifact, "LedgerJob", "--ledger", str(file), "--snapshot-ms", str(snapshot_ms), **fields)
