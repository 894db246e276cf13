"""SQL through a client of the cluster's own version: compiled, refused at its place, submitted, restored."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from headgate.adapters.flink.sql.client import SqlClient
from headgate.domain.errors import FlinkRejected, Invalid
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.observation import TriggerStatus
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.flink import Submission
from headgate.ports.sql import CheckedScript, TableRole
from tests.adapters.flink.contract.real_world import RealWorld
from tests.adapters.flink.contract.worlds import Asked, make_submission, new_id

SQL = """\
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20');
CREATE TABLE sink (n BIGINT, c BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO sink SELECT n, COUNT(*) FROM numbers GROUP BY n;
"""


def sql_submission(job: str, restored_from: str | None = None, sql: str = SQL) -> Submission:
    spec = JobSpec(
        JobType.SQL,
        sql=sql,
        parallelism=2,
        checkpoint_interval=timedelta(seconds=3),
        savepoint_dir="file:///elsewhere",
        flink_config={"execution.checkpointing.min-pause": "1 s"},
    )
    return make_submission(job, spec, restored_from, claim=False)


def submit_sql(flink: Asked, world: RealWorld, restored_from: str | None = None, sql: str = SQL) -> FlinkJobId:
    job = FlinkJobId(new_id())
    flink.started.append(job)
    world.gateway.submit(world.cluster, sql_submission(job, restored_from, sql))
    flink.until(lambda: flink.look(job), lambda seen: seen is not None and bool(seen.tasks_running))
    return job


def check(world: RealWorld, script: str) -> CheckedScript:
    client = world.rest_gateway.sql
    assert isinstance(client, SqlClient)
    return client.check(world.cluster.engine_version, script, {}, ())


@pytest.mark.smoke
def test_a_script_is_compiled(real_world: RealWorld) -> None:
    checked = check(real_world, SQL)
    assert checked.problems == ()
    assert [(table.name, table.connector, table.role) for table in checked.tables] == [
        ("numbers", "datagen", TableRole.SOURCE),
        ("sink", "blackhole", TableRole.SINK),
    ]
    assert any("GroupAggregate" in node.type for node in checked.graph)


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("bad", "code", "place", "said"),
    [
        pytest.param("INSERT INTO sink SELEC n, 1 FROM numbers;", "sql_syntax", (3, 18), "Non-query", id="syntax"),
        pytest.param("INSERT INTO sink SELECT m, 1 FROM numbers;", "sql_column_unknown", (3, 25), "'m'", id="column"),
        pytest.param("INSERT INTO sink\nSELECT n, 1 FROM lost;", "sql_table_unknown", (4, 18), "'lost'", id="table"),
        pytest.param(
            "INSERT INTO sink SELECT n FROM numbers;", "sql_columns_differ", (3, 1), "sink", id="sink's columns"
        ),
    ],
)
def test_a_fault_has_its_line_and_column(
    real_world: RealWorld, bad: str, code: str, place: tuple[int, int], said: str
) -> None:
    tables = SQL.partition("INSERT")[0]
    (problem,) = check(real_world, tables + bad).problems
    assert (problem.line, problem.column) == place
    assert problem.code == code
    assert said in problem.message


@pytest.mark.smoke
def test_a_sql_job_runs_as_it_was_configured_and_goes_on_from_its_savepoint(
    real_flink: Asked, real_world: RealWorld
) -> None:
    job, trigger = submit_sql(real_flink, real_world), new_id()
    settings = real_world.ask(f"/jobs/{job}/checkpoints/config")
    assert settings["interval"] == 3000
    assert settings["min_pause"] == 1000
    assert settings["externalization"] == {"enabled": True, "delete_on_cancellation": False}
    shown = real_world.ask(f"/jobs/{job}")
    assert shown["name"] == "contract"
    assert max(vertex["parallelism"] for vertex in shown["vertices"]) == 2
    real_flink.stop(job, trigger)
    location = real_flink.fate(job, trigger).location
    restored = submit_sql(real_flink, real_world, location)
    latest = real_world.ask(f"/jobs/{restored}/checkpoints")["latest"]["restored"]
    assert latest["external_path"] == location


def test_a_sql_job_from_a_missing_path_burns_its_id(real_flink: Asked, real_world: RealWorld) -> None:
    job = FlinkJobId(new_id())
    with pytest.raises(FlinkRejected):
        real_world.gateway.submit(real_world.cluster, sql_submission(job, "file:///nowhere/savepoint-1"))
    assert real_flink.end_of(job).status is FlinkStatus.FAILED
    with pytest.raises(FlinkRejected) as refusal:
        real_world.gateway.submit(real_world.cluster, sql_submission(job))
    assert refusal.value.is_duplicate


def test_sql_that_does_not_compile_sends_nothing(real_world: RealWorld) -> None:
    job = new_id()
    submission = sql_submission(job, sql=SQL.replace("SELECT n,", "SELECT lost,"))
    with pytest.raises(Invalid) as refusal:
        real_world.gateway.submit(real_world.cluster, submission)
    assert [(problem.line, problem.column) for problem in refusal.value.problems] == [(3, 25)]
    assert job not in real_world.gateway.sweep(real_world.cluster).jobs


WINDOW = """\
CREATE TABLE numbers (n INT, ts AS CAST(CURRENT_TIMESTAMP AS TIMESTAMP(3)), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'datagen', 'rows-per-second' = '20');
CREATE TABLE sink (day_end TIMESTAMP(3), c BIGINT)
  WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'csv');
INSERT INTO sink SELECT window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE numbers, DESCRIPTOR(ts), INTERVAL '1' DAY))
  GROUP BY window_start, window_end;
"""


@pytest.mark.parametrize("drain", [False, True], ids=["pause", "drain"])
def test_a_stop_fires_windows_early_only_when_it_drains(
    real_flink: Asked, real_world: RealWorld, tmp_path: Path, drain: bool
) -> None:
    """Why a pause never drains: the day's window would be counted before the day is over."""
    job, trigger = submit_sql(real_flink, real_world, sql=WINDOW.format(path=f"file://{tmp_path}/rows")), new_id()
    order = real_world.order(job, trigger)
    if drain:
        body = {"targetDirectory": order.directory, "drain": True, "triggerId": trigger}
        real_world.rest_gateway.rest.post(real_world.cluster.url, f"/jobs/{job}/stop", body)
    else:
        real_world.gateway.stop_with_savepoint(real_world.cluster, order)
    assert real_flink.fate(job, trigger).status is TriggerStatus.COMPLETED
    written = "".join(file.read_text() for file in tmp_path.glob("rows/part-*"))
    assert bool(written) is drain


def test_a_job_name_may_hold_any_letters(real_flink: Asked, real_world: RealWorld) -> None:
    job = FlinkJobId(new_id())
    real_flink.started.append(job)
    name = "订单 'orders' \"über\" $x"
    real_world.gateway.submit(real_world.cluster, replace(sql_submission(job), job_name=name))
    names = {found["jid"]: found["name"] for found in real_world.ask("/jobs/overview")["jobs"]}
    assert names[job] == name
