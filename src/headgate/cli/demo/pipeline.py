"""The job of the demo: flights per day, origin and carrier, as windows in event time.

One reader, files as they appear. Flink hands out files that it finds together in any order, so the
watermark stays `WATERMARK_DAYS` behind: far more days than ever lie in the folder unread (see
feed.py). That also keeps many windows open, which is what a pause must not lose.
"""

from pathlib import Path

JOB_NAME = "flights"
WATERMARK_DAYS = 90
CHECKPOINT_INTERVAL_S = 2

_SQL = """\
CREATE TABLE flights (
  scheduled TIMESTAMP(3),
  origin STRING,
  carrier STRING,
  departure_delay INT,
  arrival_delay INT,
  distance INT,
  WATERMARK FOR scheduled AS scheduled - INTERVAL '{watermark_days}' DAY
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
  'sink.rolling-policy.rollover-interval' = '1 s',
  'sink.rolling-policy.check-interval' = '500 ms'
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
"""


def write_job_file(file: Path, source: Path, sink: Path) -> None:
    """The job as a file that `headgate job create -f` takes."""
    sql = _SQL.format(watermark_days=WATERMARK_DAYS, source=source.as_uri(), sink=sink.as_uri())
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
