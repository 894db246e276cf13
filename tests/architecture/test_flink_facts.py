"""docs/flink-facts.md and the contract suite say the same: one row for each test, one test for each row."""

import ast
import re
from pathlib import Path

import pytest

from headgate.adapters.engine.distributions import list_known_versions
from headgate.domain.capabilities import LINES, parse_line
from tests.adapters.flink.versions import OTHERS, WHOLE
from tools.sources import ROOT, parsed

PAGE = ROOT / "docs" / "flink-facts.md"
CONTRACT = Path("tests/adapters/flink/contract")
ROW = re.compile(r"^\| (?P<fact>[^|]+) \| (?P<since>[^|]+) \| `(?P<file>[\w.]+)::(?P<test>\w+)` \|$", re.MULTILINE)
SINCE = {"all", *(str(capabilities.line) for capabilities in LINES)}


def _rows() -> list[re.Match[str]]:
    return list(ROW.finditer(PAGE.read_text(encoding="utf-8")))


def _tests() -> set[tuple[str, str]]:
    files = sorted((ROOT / CONTRACT).glob("test_*.py"))
    return {
        (file.name, node.name)
        for file in files
        for node in parsed(file.relative_to(ROOT)).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_each_line_is_asked_and_can_be_installed() -> None:
    asked = {parse_line(version) for version in (WHOLE, *OTHERS)}
    assert asked == {capabilities.line for capabilities in LINES}
    assert {WHOLE, *OTHERS} <= set(list_known_versions())


def test_every_row_of_a_table_is_read() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`" in line]
    assert len(lines) == len(_rows())


def test_each_fact_has_its_test_and_each_test_its_fact() -> None:
    named = [(row["file"], row["test"]) for row in _rows()]
    assert len(named) == len(set(named))
    assert set(named) == _tests()


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["test"])
def test_a_fact_holds_since_a_line_that_is_known(row: re.Match[str]) -> None:
    assert row["since"] in SINCE
    assert row["fact"].endswith(".")
