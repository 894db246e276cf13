"""The gateway against scripted answers: what real Flink gives rarely, or only in other versions."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.flink import payloads
from headgate.adapters.flink.gateway import ClientEnds, RestGateway
from headgate.adapters.flink.rest import FlinkRest
from headgate.domain.clusters import Cluster
from headgate.domain.errors import FlinkOutcomeUnknown, FlinkRejected, FlinkUnavailable, NotFound
from headgate.domain.instances import FlinkStatus
from headgate.domain.intents import IntentKind
from headgate.domain.observation import TriggerSeen, TriggerStatus
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.flink import SavepointOrder
from tests.adapters.flink.answers import JOB, LIFE_1, LIFE_2, NOT_FOUND, TASKS, life, overview, say
from tests.adapters.flink.conftest import SqlLog
from tests.adapters.flink.contract.worlds import make_submission
from tests.fakes.http_server import Behaviour, ScriptedServer, answer, close

TRIGGER = "b" * 32
ORDER = SavepointOrder(JOB, TRIGGER, "file:///savepoints/job/intent")


# Sweeps


def test_a_sweep_costs_two_requests(gateway: RestGateway, server: ScriptedServer, cluster: Cluster) -> None:
    server.routes |= {"/jobs/overview": overview(), "/jobmanager/config": life(LIFE_1)}
    gateway.sweep(cluster)
    server.requests.clear()
    assert gateway.sweep(cluster).incarnation == LIFE_1
    assert len(server.requests) == 2


def test_a_restart_within_a_sweep_is_not_missed(gateway: RestGateway, server: ScriptedServer, cluster: Cluster) -> None:
    """The old life's jobs are never shown as those of the new one, nor the new one's absence as the old one's."""
    empty = say({"jobs": []})
    server.routes |= {
        "/jobs/overview": [overview(), overview(), overview(), empty],
        "/jobmanager/config": [life(LIFE_1), life(LIFE_1), life(LIFE_2)],
    }
    first = gateway.sweep(cluster)
    second = gateway.sweep(cluster)
    assert (first.incarnation, set(first.jobs)) == (LIFE_1, {JOB})
    assert (second.incarnation, set(second.jobs)) == (LIFE_2, set())


def test_a_job_manager_that_keeps_changing_is_not_known(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster
) -> None:
    server.routes |= {
        "/jobs/overview": overview(),
        "/jobmanager/config": [life(LIFE_1), life(LIFE_2), life(LIFE_1), life(LIFE_2)],
    }
    with pytest.raises(FlinkOutcomeUnknown):
        gateway.sweep(cluster)


@pytest.mark.parametrize(
    ("tasks", "running"),
    [
        pytest.param({"total": 2, "running": 2, "finished": 0}, True, id="all running"),
        pytest.param({"total": 2, "running": 1, "finished": 1}, True, id="some finished"),
        pytest.param({"total": 2, "running": 1, "finished": 0}, False, id="one missing"),
        pytest.param({"total": 0, "running": 0, "finished": 0}, False, id="none yet"),
    ],
)
def test_running_means_all_tasks(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, tasks: dict[str, int], running: bool
) -> None:
    server.routes |= {"/jobs/overview": overview(tasks=tasks), "/jobmanager/config": life(LIFE_1)}
    assert gateway.sweep(cluster).jobs[JOB].tasks_running is running


RUBBISH = [
    pytest.param(say({}), id="no jobs"),
    pytest.param(say([]), id="a list"),
    pytest.param(say({"jobs": None}), id="null"),
    pytest.param(say({"jobs": [{"jid": 7}]}), id="a number for an id"),
    pytest.param(say({"jobs": [{"jid": JOB, "state": "RUNNING", "end-time": -1}]}), id="no tasks"),
    pytest.param(
        say({"jobs": [{"jid": JOB, "state": "FAILED", "tasks": TASKS, "end-time": 10**18}]}), id="an impossible time"
    ),
    pytest.param(answer("null"), id="nothing"),
]


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_rubbish_is_never_an_empty_cluster(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, rubbish: Behaviour
) -> None:
    server.routes |= {"/jobs/overview": rubbish, "/jobmanager/config": life(LIFE_1)}
    with pytest.raises(FlinkOutcomeUnknown):
        gateway.sweep(cluster)


def test_a_stranger_without_an_incarnation_is_no_job_manager(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster
) -> None:
    server.routes |= {"/jobs/overview": overview(), "/jobmanager/config": say([{"key": "web.tmpdir", "value": "/tmp"}])}
    with pytest.raises(FlinkOutcomeUnknown):
        gateway.sweep(cluster)


def test_a_new_word_of_flink_is_unknown(gateway: RestGateway, server: ScriptedServer, cluster: Cluster) -> None:
    server.routes |= {"/jobs/overview": overview("HIBERNATING"), "/jobmanager/config": life(LIFE_1)}
    assert gateway.sweep(cluster).jobs[JOB].status is FlinkStatus.UNKNOWN


# One job


def known_by_id(state: str, **tasks: int) -> Behaviour:
    return say({"jid": JOB, "state": state, "end-time": -1, "vertices": [{"tasks": {"CREATED": 0, **tasks}}]})


@pytest.mark.requirement("A-30", "U-09")
@pytest.mark.parametrize(
    ("tasks", "running"),
    [
        pytest.param({"RUNNING": 1, "FINISHED": 1}, True, id="all running or done"),
        pytest.param({"RUNNING": 1, "DEPLOYING": 1}, False, id="one not yet"),
        pytest.param({"RUNNING": 0}, False, id="none"),
    ],
)
def test_a_job_that_the_list_lacks_is_asked_for_by_its_id(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, tasks: dict[str, int], running: bool
) -> None:
    server.routes |= {"/jobs/overview": say({"jobs": []}), f"/jobs/{JOB}": known_by_id("RUNNING", **tasks)}
    seen = gateway.find_job(cluster, JOB)
    assert seen is not None
    assert (seen.status, seen.tasks_running, seen.from_archive) == (FlinkStatus.RUNNING, running, False)


def test_only_a_404_of_its_own_denies_a_job(gateway: RestGateway, server: ScriptedServer, cluster: Cluster) -> None:
    """Its JobMaster does not answer Flink either: then nothing is known of it."""
    timed_out = say({"errors": ["AskTimeoutException"]}, 500)
    server.routes |= {"/jobs/overview": say({"jobs": []}), "/jobmanager/config": life(LIFE_1)}
    server.routes[f"/jobs/{JOB}"] = timed_out
    with pytest.raises(FlinkOutcomeUnknown):
        gateway.find_job(cluster, JOB)
    server.routes[f"/jobs/{JOB}"] = NOT_FOUND
    assert gateway.find_job(cluster, JOB) is None


# Triggers

LOCATION = "file:/savepoints/x/savepoint-1"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            {"status": {"id": "IN_PROGRESS"}, "operation": None}, TriggerSeen(TriggerStatus.IN_PROGRESS), id="open"
        ),
        pytest.param(
            {"status": {"id": "COMPLETED"}, "operation": {"location": LOCATION}},
            TriggerSeen(TriggerStatus.COMPLETED, LOCATION),
            id="success",
        ),
        pytest.param(
            {"status": {"id": "COMPLETED"}, "operation": {"failure-cause": {"stack-trace": "no"}}},
            TriggerSeen(TriggerStatus.FAILED, failure="no"),
            id="completed is not success",
        ),
    ],
)
def test_a_trigger_is_read(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, data: Any, expected: TriggerSeen
) -> None:
    server.routes[f"/jobs/{JOB}/savepoints/{TRIGGER}"] = say(data)
    assert gateway.get_trigger(cluster, JOB, TRIGGER, IntentKind.SAVEPOINT) == expected


@pytest.mark.parametrize(
    "data",
    [{}, {"status": {"id": "COMPLETED"}}, {"status": {"id": "COMPLETED"}, "operation": {}}, {"status": {"id": "LOST"}}],
    ids=["empty", "no operation", "neither location nor failure", "an unknown word"],
)
def test_a_trigger_without_a_result_is_no_result(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, data: Any
) -> None:
    server.routes[f"/jobs/{JOB}/savepoints/{TRIGGER}"] = say(data)
    with pytest.raises(FlinkOutcomeUnknown):
        gateway.get_trigger(cluster, JOB, TRIGGER, IntentKind.SAVEPOINT)


def test_a_stop_never_drains_and_names_its_trigger(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster
) -> None:
    server.routes[f"/jobs/{JOB}/stop"] = say({"request-id": TRIGGER}, 202)
    gateway.stop_with_savepoint(cluster, ORDER)
    assert json.loads(server.requests[0][2]) == {
        "targetDirectory": ORDER.directory,
        "drain": False,
        "formatType": "CANONICAL",
        "triggerId": TRIGGER,
    }


def test_a_savepoint_does_not_cancel(gateway: RestGateway, server: ScriptedServer, cluster: Cluster) -> None:
    server.routes[f"/jobs/{JOB}/savepoints"] = say({"request-id": TRIGGER}, 202)
    gateway.trigger_savepoint(cluster, ORDER)
    assert json.loads(server.requests[0][2])["cancel-job"] is False


def test_another_trigger_id_than_ours_is_no_answer(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster
) -> None:
    server.routes[f"/jobs/{JOB}/stop"] = say({"request-id": "c" * 32}, 202)
    with pytest.raises(FlinkOutcomeUnknown):
        gateway.stop_with_savepoint(cluster, ORDER)


# Submissions


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    (tmp_path / "job.jar").write_bytes(b"PK")
    return tmp_path / "job.jar"


def submit_jar(gateway: RestGateway, cluster: Cluster, jar: Path | None) -> None:
    submission = make_submission(JOB, JobSpec(JobType.JAR, artifact="orders", args=("--a", "b c")), None, claim=False)
    gateway.submit(cluster, replace(submission, jar=jar))


def jar_routes(run: Behaviour) -> dict[str, Behaviour | list[Behaviour]]:
    return {"/jars/upload": say({"filename": "/up/1_x.jar"}), "/jars/1_x.jar/run": run, "/jars/1_x.jar": say({})}


def methods(server: ScriptedServer) -> list[str]:
    return [f"{method} {path}" for method, path, _ in server.requests]


def test_a_jar_is_uploaded_run_and_deleted(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, jar: Path
) -> None:
    server.routes |= jar_routes(say({"jobid": JOB}))
    submit_jar(gateway, cluster, jar)
    assert methods(server) == ["POST /jars/upload", "POST /jars/1_x.jar/run", "DELETE /jars/1_x.jar"]
    body = json.loads(server.requests[1][2])
    assert (body["jobId"], body["programArgsList"]) == (JOB, ["--a", "b c"])
    assert body["flinkConfiguration"]["pipeline.name"] == "contract"


def test_a_refused_jar_is_deleted_too(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, jar: Path
) -> None:
    server.routes |= jar_routes(say({"errors": ["main threw"]}, 400))
    with pytest.raises(FlinkRejected):
        submit_jar(gateway, cluster, jar)
    assert methods(server)[-1] == "DELETE /jars/1_x.jar"


def test_the_jar_of_an_unknown_outcome_stays(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, jar: Path
) -> None:
    server.routes |= jar_routes(close)
    with pytest.raises(FlinkOutcomeUnknown):
        submit_jar(gateway, cluster, jar)
    assert methods(server)[-1] == "POST /jars/1_x.jar/run"


def test_a_jar_that_cannot_be_deleted_is_no_failure(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, jar: Path
) -> None:
    server.routes |= jar_routes(say({"jobid": JOB})) | {"/jars/1_x.jar": say({"errors": ["busy"]}, 500)}
    submit_jar(gateway, cluster, jar)


@pytest.mark.parametrize(
    ("upload", "error"),
    [
        pytest.param(close, FlinkUnavailable, id="lost: nothing was submitted"),
        pytest.param(say({}), FlinkUnavailable, id="rubbish: nothing was submitted"),
        pytest.param(NOT_FOUND, FlinkRejected, id="the cluster takes no jars"),
    ],
)
def test_an_upload_that_fails_has_submitted_nothing(
    gateway: RestGateway,
    server: ScriptedServer,
    cluster: Cluster,
    jar: Path,
    upload: Behaviour,
    error: type[Exception],
) -> None:
    server.routes["/jars/upload"] = upload
    with pytest.raises(error):
        submit_jar(gateway, cluster, jar)


def test_a_jar_that_is_gone_is_said(gateway: RestGateway, cluster: Cluster, tmp_path: Path) -> None:
    for missing in (None, tmp_path / "none.jar"):
        with pytest.raises(NotFound):
            submit_jar(gateway, cluster, missing)


def test_sql_goes_to_the_submitter(gateway: RestGateway, cluster: Cluster, sql: SqlLog) -> None:
    spec = JobSpec(JobType.SQL, sql="INSERT INTO a SELECT * FROM b", parallelism=3)
    gateway.submit(cluster, make_submission(JOB, spec, "file:///sp/1", claim=True))
    sent = sql.sent[0]
    assert (sent.flink_job_id, sent.rest_url, sent.job_name, sent.script) == (
        JOB,
        cluster.url,
        "contract",
        spec.sql,
    )
    assert sent.configuration["execution.state-recovery.path"] == "file:///sp/1"
    assert sent.configuration["execution.state-recovery.claim-mode"] == "CLAIM"
    assert sent.configuration["parallelism.default"] == "3"


def test_the_ends_of_the_clients_are_passed_on(sql: SqlLog) -> None:
    ended: list[str] = []

    def end_predecessors(holder: str | None) -> bool:
        ended.append(f"those of {holder}")
        return False

    ends = ClientEnds(end_predecessors, lambda: ended.append("ours"))
    gateway = RestGateway(FlinkRest(SystemClock()), sql, ends)
    assert not gateway.end_predecessors("another server")
    gateway.close()
    assert ended == ["those of another server", "ours"]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({}, False),
        ({"high-availability.type": "NONE"}, False),
        ({"high-availability.type": "zookeeper"}, True),
        ({"high-availability": "kubernetes"}, True),
        ({"high-availability": "none"}, False),
    ],
    ids=str,
)
def test_flink_s_configuration_says_whether_it_has_high_availability(entries: dict[str, str], expected: bool) -> None:
    assert payloads.read_high_availability(entries) is expected


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({}, 50),
        ({"heartbeat.timeout": "180000"}, 180),
        ({"heartbeat.timeout": "10 s"}, 10),
        ({"heartbeat.timeout": "3min"}, 180),
        ({"heartbeat.timeout": "500 MS"}, 0.5),
        ({"heartbeat.timeout": "1 fortnight"}, 50),
        ({"heartbeat.timeout": "9223372036854775807"}, 86400),
    ],
    ids=str,
)
def test_flink_s_configuration_says_how_long_tasks_outlive_their_job_manager(
    told: dict[str, str], seconds: float
) -> None:
    assert payloads.read_heartbeat_timeout(told) == timedelta(seconds=seconds)


def test_a_cluster_is_known_by_its_configuration_whatever_its_life() -> None:
    first = {"web.tmpdir": "/tmp/one", "blob.server.port": "38741", "a": "1"}
    later = {"a": "1", "blob.server.port": "38715", "web.tmpdir": "/tmp/two"}
    assert payloads.read_identity(first) == payloads.read_identity(later)
    assert payloads.read_identity(first) != payloads.read_identity({**first, "a": "2"})
