"""The proof of the demo: the aggregate in plain Python, and a comparison that lets nothing pass."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.cli.demo.flights import Flight
from headgate.cli.demo.ledger import Committed, Comparison, Key, Row, Totals, aggregate, compare

FLIGHT = Flight("2013-01-01 10:15:00", "EWR", "UA", 2, 11, 1400)
KEY: Key = ("2013-01-01", "EWR", "UA")
OTHER: Key = ("2013-01-02", "JFK", "B6")
TOTALS = Totals(2, 1, 11, 2800)


def put(folder: Path, name: str, *flights: Flight) -> None:
    (folder / name).write_text("".join(f"{json.dumps(flight.to_record())}\n" for flight in flights))


def row_line(key: Key, totals: Totals) -> str:
    return json.dumps(
        {
            "flight_day": f"{key[0]} 00:00:00",
            "origin": key[1],
            "carrier": key[2],
            "flights": totals.flights,
            "cancelled": totals.cancelled,
            "arrival_delay": totals.arrival_delay,
            "distance": totals.distance,
        }
    )


def test_flights_are_summed_by_day_origin_and_carrier(tmp_path: Path) -> None:
    put(tmp_path, "a.json", FLIGHT, replace(FLIGHT, departure_delay=None, arrival_delay=None))
    put(
        tmp_path,
        "b.json",
        replace(FLIGHT, scheduled="2013-01-01 23:59:00", arrival_delay=-4),
        replace(FLIGHT, carrier="B6"),
    )
    assert aggregate(tmp_path) == {
        KEY: Totals(flights=3, cancelled=1, arrival_delay=7, distance=4200),
        ("2013-01-01", "EWR", "B6"): Totals(1, 0, 11, 1400),
    }


def test_nothing_but_cancelled_flights_has_no_delay(tmp_path: Path) -> None:
    put(tmp_path, "a.json", replace(FLIGHT, departure_delay=None, arrival_delay=None))
    assert aggregate(tmp_path)[KEY].arrival_delay is None


def test_the_marker_and_hidden_files_do_not_count(tmp_path: Path) -> None:
    put(tmp_path, ".half.json", FLIGHT)
    put(tmp_path, "marker.json", Flight("2099-01-01 00:00:00", "END", "END", None, None, 0))
    assert aggregate(tmp_path) == {}


def test_only_committed_files_are_read_and_each_once(tmp_path: Path) -> None:
    rows, files = tmp_path / "rows", tmp_path / "files"
    committed = Committed(rows, files)
    committed.refresh()
    assert (committed.rows, committed.files_read) == ([], set())
    rows.mkdir()
    files.mkdir()
    (rows / "part-0-0").write_text(row_line(KEY, TOTALS) + "\n")
    (rows / ".part-0-1.inprogress").write_text(row_line(OTHER, TOTALS) + "\n")
    (files / "part-0-0").write_text('{"file_number":0}\n{"file_number":4}\n')
    committed.refresh()
    committed.refresh()
    assert committed.rows == [Row(KEY, TOTALS)]
    assert committed.files_read == {0, 4}
    (rows / ".part-0-1.inprogress").rename(rows / "part-0-1")
    committed.refresh()
    assert committed.rows == [Row(KEY, TOTALS), Row(OTHER, TOTALS)]


SAME = [Row(KEY, TOTALS), Row(OTHER, TOTALS)]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (SAME, {}),
        (SAME[:1], {"missing": (OTHER,)}),
        ([*SAME, Row(("2013-01-03", "LGA", "AA"), TOTALS)], {"unexpected": (("2013-01-03", "LGA", "AA"),)}),
        ([SAME[0], Row(OTHER, replace(TOTALS, cancelled=0))], {"different": (OTHER,)}),
        ([*SAME, SAME[0]], {"repeated": (KEY,)}),
    ],
    ids=["equal", "missing", "unexpected", "different", "repeated"],
)
def test_a_comparison_sees_every_kind_of_fault(rows: list[Row], fault: dict[str, tuple[Key, ...]]) -> None:
    found = compare({KEY: TOTALS, OTHER: TOTALS}, rows)
    faults = {"missing": (), "unexpected": (), "different": (), "repeated": (), **fault}
    assert found == Comparison(expected=2, committed=len(rows), **faults)
    assert found.is_equal == (not fault)


def test_zero_is_not_null() -> None:
    expected = {KEY: replace(TOTALS, arrival_delay=None)}
    assert not compare(expected, [Row(KEY, replace(TOTALS, arrival_delay=0))]).is_equal
