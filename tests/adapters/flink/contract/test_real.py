"""What only a real Flink can show: SQL through the gateway, late submissions, jars that are none, idle cost."""

import json
import urllib.request
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.flink.gateway import RestGateway
from headgate.adapters.flink.rest import FlinkRest, RestLimits
from headgate.domain.catalogue import classify_cause
from headgate.domain.errors import FlinkOutcomeUnknown, FlinkRejected
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.observation import TriggerStatus
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.flink import Submission
from tests.adapters.flink.contract.worlds import Asked, RealWorld, make_submission, new_id
from tests.jars.build import pack_without_main_class

pytestmark = pytest.mark.real

SQL = """\
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20');
CREATE TABLE sink (n BIGINT, c BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO sink SELECT n, COUNT(*) FROM numbers GROUP BY n;
"""


def sql_submission(job: str, restored_from: str | None = None) -> Submission:
    spec = JobSpec(
        JobType.SQL,
        sql=SQL,
        parallelism=2,
        checkpoint_interval=timedelta(seconds=3),
        savepoint_dir="file:///elsewhere",
        flink_config={"execution.checkpointing.min-pause": "1 s"},
    )
    return make_submission(job, spec, restored_from, claim=False)


def ask(world: RealWorld, path: str) -> Any:
    with urllib.request.urlopen(world.cluster.url + path, timeout=10) as answer:
        return json.load(answer)


def submit_sql(flink: Asked, world: RealWorld, restored_from: str | None = None) -> FlinkJobId:
    job = FlinkJobId(new_id())
    flink.started.append(job)
    world.gateway.submit(world.cluster, sql_submission(job, restored_from))
    flink.until(lambda: flink.look(job), lambda seen: seen is not None and bool(seen.tasks_running))
    return job


@pytest.mark.requirement("T0-06")
def test_a_sql_job_runs_as_it_was_configured(real_flink: Asked, real_world: RealWorld) -> None:
    job = submit_sql(real_flink, real_world)
    settings = ask(real_world, f"/jobs/{job}/checkpoints/config")
    assert settings["interval"] == 3000
    assert settings["min_pause"] == 1000
    assert settings["externalization"] == {"enabled": True, "delete_on_cancellation": False}
    shown = ask(real_world, f"/jobs/{job}")
    assert shown["name"] == "contract"
    assert max(vertex["parallelism"] for vertex in shown["vertices"]) == 2


def test_a_sql_job_goes_on_from_its_savepoint(real_flink: Asked, real_world: RealWorld) -> None:
    job, trigger = submit_sql(real_flink, real_world), new_id()
    real_flink.stop(job, trigger)
    location = real_flink.fate(job, trigger).location
    restored = submit_sql(real_flink, real_world, location)
    latest = ask(real_world, f"/jobs/{restored}/checkpoints")["latest"]["restored"]
    assert latest["external_path"] == location


def test_a_sql_job_from_a_missing_path_burns_its_id(real_flink: Asked, real_world: RealWorld) -> None:
    job = FlinkJobId(new_id())
    with pytest.raises(FlinkRejected):
        real_world.gateway.submit(real_world.cluster, sql_submission(job, "file:///nowhere/savepoint-1"))
    assert real_flink.end_of(job).status is FlinkStatus.FAILED
    with pytest.raises(FlinkRejected) as refusal:
        real_world.gateway.submit(real_world.cluster, sql_submission(job))
    assert refusal.value.is_duplicate


def test_a_submission_outlives_its_time_out(real_flink: Asked, real_world: RealWorld, test_jar: Path) -> None:
    """Absence right after a time-out proves nothing."""
    job = FlinkJobId(new_id())
    real_flink.started.append(job)
    impatient = FlinkRest(SystemClock(), RestLimits(run_s=0.5))
    gateway = RestGateway(impatient, real_world.gateway.sql)  # type: ignore[attr-defined]  # the world's is a RestGateway
    spec = JobSpec(JobType.JAR, main_class="SleepsBeforeExecute", args=("2500",))
    submission = replace(make_submission(job, spec, None, claim=False), jar=test_jar)
    with pytest.raises(FlinkOutcomeUnknown):
        gateway.submit(real_world.cluster, submission)
    assert real_flink.find(job) is None
    real_flink.until(lambda: real_flink.look(job), lambda seen: seen is not None and bool(seen.tasks_running))
    impatient.close()


@dataclass(frozen=True)
class BadProgram:
    """A jar (of `jars`) and a class in it, and how its refusal is explained."""

    jar: str
    main_class: str
    code: str


@pytest.fixture
def jars(test_jar: Path, tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "none.jar").write_text("this is no jar")
    bare = pack_without_main_class(test_jar, tmp_path / "bare.jar")
    return {"none": tmp_path / "none.jar", "bare": bare, "jobs": test_jar}


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(BadProgram("none", "", "flink_not_a_jar"), id="not a jar"),
        pytest.param(BadProgram("bare", "", "flink_no_main_class"), id="no main class"),
        pytest.param(BadProgram("jobs", "com.example.Missing", "flink_entry_class_missing"), id="class missing"),
        pytest.param(BadProgram("jobs", "NoMain", "flink_no_main_method"), id="no main method"),
        pytest.param(BadProgram("jobs", "NeverExecutes", "flink_nothing_executed"), id="nothing executed"),
        pytest.param(BadProgram("jobs", "ThrowsBeforeExecute", "flink_main_threw"), id="main throws"),
        pytest.param(BadProgram("jobs", "ExecutesTwice", "flink_execute_twice"), id="executes twice"),
    ],
)
def test_a_program_that_cannot_run_is_refused(
    real_flink: Asked, real_world: RealWorld, jars: dict[str, Path], program: BadProgram
) -> None:
    job = FlinkJobId(new_id())
    real_flink.started.append(job)
    spec = JobSpec(JobType.JAR, main_class=program.main_class)
    submission = replace(make_submission(job, spec, None, claim=False), jar=jars[program.jar])
    with pytest.raises(FlinkRejected) as refusal:
        real_world.gateway.submit(real_world.cluster, submission)
    assert classify_cause(refusal.value.cause, "unexplained") == program.code
    left = [jar["name"] for jar in ask(real_world, "/jars")["files"]]
    assert f"{job}.jar" not in left


def test_statistics_lag_behind_the_end(real_flink: Asked, real_world: RealWorld) -> None:
    """Why a savepoint is looked for in its directory first: the records come from a cache of 3 s."""
    job, trigger = real_flink.start(), new_id()
    ask(real_world, f"/jobs/{job}/checkpoints")
    real_flink.stop(job, trigger)
    assert real_flink.fate(job, trigger).status is TriggerStatus.COMPLETED
    assert ask(real_world, f"/jobs/{job}/checkpoints")["latest"]["savepoint"] is None
    assert real_flink.evidence(job, trigger)


def test_slots_are_counted(real_flink: Asked, real_world: RealWorld) -> None:
    real_flink.start()
    seen = real_world.gateway.count_slots(real_world.cluster)
    assert (seen.total, seen.free, seen.task_managers) == (4, 3, 1)
