"""Jars and their main methods: what only a real Flink can answer."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from headgate.domain.catalogue import classify_cause
from headgate.domain.errors import FlinkOutcomeUnknown, FlinkRejected
from headgate.domain.instances import FlinkJobId
from headgate.domain.spec import JobSpec, JobType
from tests.adapters.flink.contract.real_world import RealWorld
from tests.adapters.flink.contract.worlds import Asked, make_submission, new_id
from tests.jars.build import pack_without_main_class


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
    left = [jar["name"] for jar in real_world.ask("/jars")["files"]]
    assert f"{job}.jar" not in left


def test_the_same_jar_uploaded_twice_has_two_ids(real_world: RealWorld) -> None:
    """So that clearing one submission's jar away takes none from another."""
    first, second = (upload(real_world) for _ in range(2))
    assert first != second
    assert real_world.ask(f"/jars/{first}", "DELETE") == {}
    assert [jar["id"] for jar in real_world.ask("/jars")["files"] if jar["id"] in (first, second)] == [second]
    real_world.ask(f"/jars/{second}", "DELETE")


def test_a_deleted_jar_is_no_clear_refusal(real_world: RealWorld) -> None:
    """Flink answers 500, which is no proof of anything: the id is looked up."""
    jar, job = upload(real_world), new_id()
    real_world.ask(f"/jars/{jar}", "DELETE")
    with pytest.raises(FlinkOutcomeUnknown) as unknown:
        real_world.rest_gateway.rest.post(real_world.cluster.url, f"/jars/{jar}/run", {"jobId": job}, is_run=True)
    assert unknown.value.status == 500
    assert "does not exist" in unknown.value.cause
    assert job not in real_world.gateway.sweep(real_world.cluster).jobs


@pytest.mark.parametrize(
    ("behaviour", "name"), [pytest.param("counts", "contract", id="none"), pytest.param("ends", "bounded", id="own")]
)
def test_the_name_gives_way_to_one_that_main_gives(
    real_flink: Asked, real_world: RealWorld, behaviour: str, name: str
) -> None:
    job = FlinkJobId(new_id())
    real_flink.submit(behaviour, job)
    names = {found["jid"]: found["name"] for found in real_world.ask("/jobs/overview")["jobs"]}
    assert names[job] == name


def test_slots_are_counted(real_flink: Asked, real_world: RealWorld) -> None:
    real_flink.start()
    seen = real_world.gateway.count_slots(real_world.cluster)
    assert (seen.total, seen.free, seen.task_managers) == (4, 3, 1)


def upload(world: RealWorld) -> str:
    answer = world.rest_gateway.rest.upload(world.cluster.url, "/jars/upload", world.jar, "twice.jar")
    return str(answer["filename"]).rsplit("/", 1)[-1]
