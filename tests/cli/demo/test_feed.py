"""The replay: whole files, every record once, and never so far ahead that a record could be late."""

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


def test_before_the_first_commit_the_feed_stops_soon_after_the_first_window_closes(
    tmp_path: Path, flights: list[Flight]
) -> None:
    feed = Feed(tmp_path, flights)
    while feed.is_safe(""):
        feed.put_next()
    ahead = feed.position - WATERMARK_DAYS
    assert 2 <= ahead <= 10, "fewer close no window, more could be late"


@pytest.mark.parametrize("ahead_days", [AHEAD_DAYS, AHEAD_DAYS_PAUSED])
def test_the_feed_stays_nearer_to_the_commits_than_the_watermark(
    tmp_path: Path, flights: list[Flight], ahead_days: int
) -> None:
    assert ahead_days < WATERMARK_DAYS
    feed = Feed(tmp_path, flights)
    while not feed.is_done and feed.is_safe(day(0), ahead_days):
        feed.put_next()
    assert feed.newest_day == day(min(WATERMARK_DAYS + ahead_days, 159))


def test_a_commit_proves_that_the_last_file_was_read(tmp_path: Path, flights: list[Flight]) -> None:
    feed = Feed(tmp_path, flights)
    while not feed.is_done:
        feed.put_next()
    assert not feed.has_been_read("")
    assert not feed.has_been_read(day(159 - WATERMARK_DAYS - 2))
    assert feed.has_been_read(day(159 - WATERMARK_DAYS - 1))
