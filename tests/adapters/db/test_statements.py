"""The statements themselves: they use the indexes, and say nothing that only one kind of database understands."""

from importlib import import_module
from pkgutil import iter_modules

import pytest
from sqlalchemy import ClauseElement, CompoundSelect, Engine, Select, Table, UpdateBase, create_mock_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from headgate.adapters import db
from headgate.adapters.db.rows import Records
from headgate.adapters.db.tables import metadata

# Their dialects alone: nothing is connected, and no driver is needed.
POSTGRESQL = create_mock_engine("postgresql://", lambda *_: None).dialect
SQLITE = create_mock_engine("sqlite://", lambda *_: None).dialect

MODULES = [name for _, name, package in iter_modules(db.__path__, f"{db.__name__}.") if not package]


def _statements() -> dict[str, ClauseElement]:
    """Every statement that a module keeps, by its place."""
    found: dict[str, ClauseElement] = {}
    for name in MODULES:
        module = import_module(name)
        for label, value in vars(module).items():
            place = f"{name.rpartition('.')[2]}.{label}"
            if _is_statement(value):
                found[place] = value
            if isinstance(value, Records):
                kept = {f"{place}.{part}": one for part, one in vars(value).items() if _is_statement(one)}
                found.update(kept)
    return found


def _is_statement(value: object) -> bool:
    return isinstance(value, Select | CompoundSelect | UpdateBase)


STATEMENTS = _statements()
LISTS = [place for place in STATEMENTS if place.rpartition(".")[2].startswith(("_page", "_of_job", "_open", "_live"))]


@pytest.mark.parametrize("place", sorted(STATEMENTS))
def test_a_statement_can_be_said_to_postgresql(place: str) -> None:
    assert str(STATEMENTS[place].compile(dialect=POSTGRESQL))


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_a_table_can_be_made_in_postgresql(table: Table) -> None:
    sql = str(CreateTable(table).compile(dialect=POSTGRESQL))
    assert "DATETIME" not in sql
    for index in table.indexes:
        assert ("WHERE" in str(CreateIndex(index).compile(dialect=POSTGRESQL))) == (
            "WHERE" in str(CreateIndex(index).compile(dialect=SQLITE))
        )


@pytest.mark.parametrize("place", sorted(LISTS))
def test_a_list_reads_an_index_and_a_page_sorts_nothing(place: str, engine: Engine) -> None:
    steps = _plan(engine, STATEMENTS[place])
    assert not [step for step in steps if step.startswith(("SCAN", "Seq Scan"))], steps
    if "_page" in place:
        assert not [step for step in steps if "TEMP B-TREE" in step or step.startswith("Sort")], steps


def _plan(engine: Engine, statement: ClauseElement) -> list[str]:
    """The steps in which the database would carry the statement out."""
    compiled = statement.compile(engine)
    values = {name: 1 if name in ("limit", "before") else "x" for name in compiled.params}
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", tuple(values.values())).fetchall()
            return [str(row[3]) for row in rows]
        # Without this PostgreSQL would read these small tables whole.
        for way in ("seqscan", "bitmapscan", "sort"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        rows = connection.exec_driver_sql(f"EXPLAIN {compiled}", values).fetchall()
        return [str(row[0]).strip().removeprefix("->").strip() for row in rows]
