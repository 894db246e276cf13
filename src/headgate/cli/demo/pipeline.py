"""The job of the demo: flights per day, origin and carrier, as windows in event time.

One reader, files as they appear. Flink hands out files that it finds together in any order, so the
watermark stays `WATERMARK_DAYS` behind, and the job says which files it has read: the feed keeps
within that (feed.py). It also keeps many windows open, which is what a pause must not lose.
"""

from dataclasses import dataclass
from pathlib import Path

JOB_NAME = "flights"
WATERMARK_DAYS = 120
CHECKPOINT_INTERVAL_S = 1

_SQL = """\
CREATE TABLE flights (
  scheduled TIMESTAMP(3),
  origin STRING,
  carrier STRING,
  departure_delay INT,
  arrival_delay INT,
  distance INT,
  file_number INT,
  WATERMARK FOR scheduled AS scheduled - INTERVAL '{watermark_days}' DAY(3)
) WITH (
  'connector' = 'filesystem',
  'path' = '{source}',
  'format' = 'json',
  'source.monitor-interval' = '100 ms'
);

CREATE TABLE daily (
  flight_day TIMESTAMP(3),
  origin STRING,
  carrier STRING,
  flights BIGINT,
  cancelled BIGINT,
  arrival_delay BIGINT,
  distance BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '{sink}',
  'format' = 'json',
  'sink.rolling-policy.rollover-interval' = '500 ms',
  'sink.rolling-policy.check-interval' = '250 ms'
);

CREATE TABLE files_read (
  file_number INT
) WITH (
  'connector' = 'filesystem',
  'path' = '{files_read}',
  'format' = 'json',
  'sink.rolling-policy.rollover-interval' = '500 ms',
  'sink.rolling-policy.check-interval' = '250 ms'
);

INSERT INTO daily
SELECT
  window_start,
  origin,
  carrier,
  COUNT(*),
  COUNT(*) - COUNT(departure_delay),
  SUM(CAST(arrival_delay AS BIGINT)),
  SUM(CAST(distance AS BIGINT))
FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(scheduled), INTERVAL '1' DAY))
GROUP BY window_start, window_end, origin, carrier;

INSERT INTO files_read
SELECT file_number FROM flights WHERE file_number IS NOT NULL;
"""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the demo's job reads and writes."""

    source: Path
    daily: Path
    files_read: Path

    def make(self) -> None:
        for folder in (self.source, self.daily, self.files_read):
            folder.mkdir(parents=True)


def write_job_file(file: Path, folders: Folders) -> None:
    """The job as a file that `headgate job create -f` takes."""
    sql = _SQL.format(
        watermark_days=WATERMARK_DAYS,
        source=folders.source.as_uri(),
        sink=folders.daily.as_uri(),
        files_read=folders.files_read.as_uri(),
    )
    indented = "".join(f"    {line}".rstrip() + "\n" for line in sql.splitlines())
    file.write_text(
        f"kind: job\n"
        f"name: {JOB_NAME}\n"
        f"folder: demo\n"
        f"spec:\n"
        f"  type: SQL\n"
        f"  cluster: local\n"
        f"  parallelism: 1\n"
        f"  checkpointing: {{interval: {CHECKPOINT_INTERVAL_S}s}}\n"
        f"  sql: |\n{indented}",
        encoding="utf-8",
    )
