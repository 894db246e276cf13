"""The replay: whole files, every record once, and never so far ahead that a record could be late."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from headgate.cli.demo.feed import AHEAD_DAYS, AHEAD_DAYS_PAUSED, RECORDS_PER_FILE, Feed
from headgate.cli.demo.flights import Flight
from headgate.cli.demo.ledger import aggregate
from headgate.cli.demo.pipeline import WATERMARK_DAYS

START = date(2013, 1, 1)


def make_flights(days: int) -> list[Flight]:
    """As many flights a day as make one file a day."""
    dates = [(START + timedelta(days=day)).isoformat() for day in range(days)]
    return [Flight(f"{day} 12:00:00", "EWR", "UA", 0, 0, 1) for day in dates for _ in range(RECORDS_PER_FILE)]


@pytest.fixture(scope="module")
def flights() -> list[Flight]:
    return make_flights(160)


def day(number: int) -> str:
    return (START + timedelta(days=number)).isoformat()


def test_every_record_appears_once_in_whole_files(tmp_path: Path) -> None:
    flights = make_flights(3)
    feed = Feed(tmp_path, flights[:-5])
    while not feed.is_done:
        feed.put_next()
    feed.put_marker()
    assert feed.total == 3
    assert feed.records == len(flights) - 5
    assert sum(totals.flights for totals in aggregate(tmp_path).values()) == feed.records
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize("ahead_days", [AHEAD_DAYS, AHEAD_DAYS_PAUSED])
@pytest.mark.parametrize("read", [0, 20], ids=["nothing read", "twenty files read"])
def test_no_record_can_be_late_in_whatever_order_files_are_read(
    tmp_path: Path, flights: list[Flight], ahead_days: int, read: int
) -> None:
    feed = Feed(tmp_path, flights)
    while not feed.is_done and feed.is_safe(range(read), ahead_days):
        feed.put_next()
    # One file a day: the newest one may be read first, and the watermark must not reach the oldest unread one.
    assert feed.position == read + ahead_days + 1
    watermark = date.fromisoformat(day(feed.position)) - timedelta(days=WATERMARK_DAYS)
    assert watermark.isoformat() <= day(read)


def test_a_gap_holds_the_feed_back(tmp_path: Path, flights: list[Flight]) -> None:
    feed = Feed(tmp_path, flights)
    read = set(range(100)) - {3}
    while feed.is_safe(read):
        feed.put_next()
    assert feed.position == 3 + AHEAD_DAYS + 1


def test_the_end_is_known_when_every_file_was_read(tmp_path: Path, flights: list[Flight]) -> None:
    feed = Feed(tmp_path, flights)
    for _ in range(3):
        feed.put_next()
    assert not feed.has_been_read({0, 2})
    assert feed.has_been_read({0, 1, 2})


def test_the_last_record_of_a_file_names_it(tmp_path: Path, flights: list[Flight]) -> None:
    feed = Feed(tmp_path, flights)
    feed.put_next()
    feed.put_next()
    records = [json.loads(line) for line in (tmp_path / "flights-0001.json").read_text().splitlines()]
    assert records[-1]["file_number"] == 1
    assert not [record for record in records[:-1] if "file_number" in record]
