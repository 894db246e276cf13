"""Which capabilities a version has: those of its line, or of the nearest one that is known."""

import pytest

from headgate.domain.capabilities import (
    LINES,
    SINCE,
    Feature,
    Line,
    choose_capabilities,
    describe_missing,
    is_known,
    is_other_line,
    list_missing,
    parse_line,
)
from headgate.domain.clusters import EngineVersion


@pytest.mark.parametrize(
    ("version", "line"),
    [
        pytest.param("1.20.5", "1.20", id="known"),
        pytest.param("2.2.1", "2.2", id="known 2"),
        pytest.param("2.2.99", "2.2", id="another patch of a known line"),
        pytest.param("1.21.0", "1.20", id="newer than all of its major"),
        pytest.param("2.0.1", "2.2", id="older than all of its major"),
        pytest.param("2.4.0", "2.3", id="newer than all"),
        pytest.param("2.10.0", "2.3", id="numbers, not text"),
        pytest.param("3.0.0", "2.3", id="a new major"),
        pytest.param("1.18.1", "1.20", id="older than all"),
        pytest.param("0.9.0", "1.20", id="an old major"),
        pytest.param("2.3-SNAPSHOT", "2.3", id="a snapshot"),
        pytest.param("newest", "2.3", id="no version"),
    ],
)
def test_the_nearest_line_is_chosen(version: str, line: str) -> None:
    assert str(choose_capabilities(EngineVersion(version)).line) == line


@pytest.mark.parametrize(
    ("version", "known"), [("1.20.5", True), ("2.2.0", True), ("2.1.0", False), ("2.4.0", False), ("1.2.0", False)]
)
def test_a_line_is_known_or_stood_in_for(version: str, known: bool) -> None:
    assert is_known(EngineVersion(version)) is known


def test_lines_are_kept_oldest_first_and_each_has_all_that_is_needed() -> None:
    lines = [capabilities.line for capabilities in LINES]
    assert lines == sorted(set(lines))
    assert not [line for line in lines if list_missing(EngineVersion(f"{line}.0"))]


@pytest.mark.parametrize(
    ("version", "missing"),
    [
        pytest.param("1.16.3", {Feature.RUN_CONFIGURATION, Feature.CLAIM_MODE}, id="1.16"),
        pytest.param("1.19.3", {Feature.CLAIM_MODE}, id="1.19"),
        pytest.param("1.20.0", set(), id="1.20"),
        pytest.param("2.1.0", set(), id="2.1"),
    ],
)
def test_what_an_old_flink_lacks_is_named(version: str, missing: set[Feature]) -> None:
    assert set(list_missing(EngineVersion(version))) == missing


def test_a_feature_is_there_since_its_line() -> None:
    assert set(SINCE) == set(Feature)
    assert Feature.APPLICATIONS not in choose_capabilities(EngineVersion("2.2.1")).features
    assert Feature.APPLICATIONS in choose_capabilities(EngineVersion("2.3.0")).features
    assert parse_line(EngineVersion("1.20.5")) == Line(1, 20)


def test_what_is_missing_is_said_in_flink_s_words() -> None:
    said = "flinkConfiguration in POST /jars/:id/run, claimMode in POST /jars/:id/run"
    assert describe_missing(EngineVersion("1.16.3")) == said
    assert describe_missing(EngineVersion("1.20.0")) == ""


@pytest.mark.parametrize(
    ("running", "is_other"),
    [
        pytest.param("2.2.1", False, id="the same"),
        pytest.param("2.2.9", False, id="another patch"),
        pytest.param("2.3.0", True, id="another minor"),
        pytest.param("1.2.1", True, id="another major"),
        pytest.param("", False, id="it does not say"),
        pytest.param("<unknown>", False, id="it says no version"),
    ],
)
def test_a_flink_of_another_line_than_was_registered_is_told_apart(running: str, is_other: bool) -> None:
    assert is_other_line(EngineVersion("2.2.1"), running) is is_other
