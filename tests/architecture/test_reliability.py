"""The page on reliability says what the harness plays and which tests prove it."""

import re

import pytest

from headgate.reconciler.points import Point
from tests.crashes.plays import ENDS, Force, list_cases
from tools.sources import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_the_page_has_the_table_that_is_played() -> None:
    assert ENDS.strip() in PAGE


@pytest.mark.parametrize("point", Point)
def test_the_page_explains_every_point(point: Point) -> None:
    act, _, rest = point.rpartition(".")
    assert f"`{point}`" in PAGE or (f"`{act}.`" in PAGE and f".{rest}`" in PAGE)


@pytest.mark.parametrize(("heading", "tests"), [("Six faults that others do not survive", 6), ("Bad surroundings", 13)])
def test_every_test_that_the_page_names_exists(heading: str, tests: int) -> None:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(test_\w+)`", section))
    stories = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "stories").glob("test_*.py"))
    assert len(named) == tests
    assert not [name for name in named if f"def {name}(" not in stories]


def test_the_short_selection_leaves_no_point_and_no_verb_out() -> None:
    short = [case for case in list_cases() if case.is_short]
    for force in Force:
        assert {case.point for case in short if case.force is force} == set(Point)
    assert {case.play.verb for case in short} == {case.play.verb for case in list_cases()}
