"""The suites that take long: each leads to tests that exist, and no test is marked long without being in one."""

import re
from pathlib import Path

import pytest

from tools.sources import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SUITES = re.findall(r"^SUITES := (.+)$", MAKEFILE, re.MULTILINE)[0].split()
# Said in two halves, so that this file does not name itself.
MARK = "mark." + "long"


def _paths(suite: str) -> list[Path]:
    words = re.findall(rf"^LONG_{suite} := (.+)$", MAKEFILE, re.MULTILINE)[0].split()
    return [ROOT / word for word in words if word.startswith("tests/")]


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_leads_to_tests(suite: str) -> None:
    assert _paths(suite)
    assert all(path.exists() for path in _paths(suite))


def test_whatever_is_marked_long_is_in_a_suite() -> None:
    suites = [path for suite in SUITES for path in _paths(suite)]
    marked = [path for path in (ROOT / "tests").rglob("*.py") if MARK in path.read_text(encoding="utf-8")]
    assert marked
    assert not [path for path in marked if not any(path.is_relative_to(suite) for suite in suites)]
