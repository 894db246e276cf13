"""What the record of calls is told of a call to Flink: all that was exchanged about one job, nothing about others."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.adapters.calls import CallFiles
from headgate.adapters.clock import SystemClock
from headgate.adapters.flink.gateway import ClientEnds, RestGateway
from headgate.adapters.flink.rest import FlinkRest
from headgate.domain.calls import CallSubject, FlinkCall
from headgate.domain.clusters import Cluster
from headgate.domain.errors import FlinkError, FlinkOutcomeUnknown, FlinkRejected, HeadgateError, Invalid, Problem
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.flink import SavepointOrder
from headgate.ports.sql import SqlSubmission
from tests.adapters.flink.answers import JOB, overview, say
from tests.adapters.flink.conftest import SqlLog
from tests.adapters.flink.contract.worlds import make_submission
from tests.fakes.http_server import ScriptedServer, answer, close

SUBJECT = CallSubject("job-0000000001", "ins-1", "int-1")
TRIGGER = "b" * 32
ORDER = SavepointOrder(JOB, TRIGGER, "file:///savepoints/job/intent")


class Refusing(SqlLog):
    """A client JVM that says no."""

    def __init__(self, error: HeadgateError) -> None:
        super().__init__()
        self.error = error

    def submit(self, request: SqlSubmission) -> None:
        raise self.error


@pytest.fixture
def calls(tmp_path: Path) -> CallFiles:
    return CallFiles(tmp_path / "trace", SystemClock())


@pytest.fixture
def recorded(calls: CallFiles, sql: SqlLog) -> Iterator[RestGateway]:
    found = RestGateway(FlinkRest(SystemClock(), calls=calls), sql, ClientEnds(), calls)
    yield found
    found.close()


def list_calls(calls: CallFiles) -> list[FlinkCall]:
    """Oldest first."""
    return list(reversed(calls.list_of_job(SUBJECT.job_id)))


def test_a_stop_is_kept_with_body_and_answer(
    recorded: RestGateway, calls: CallFiles, server: ScriptedServer, cluster: Cluster
) -> None:
    server.routes[f"/jobs/{JOB}/stop"] = say({"request-id": TRIGGER}, 202)
    with calls.about(SUBJECT):
        recorded.stop_with_savepoint(cluster, ORDER)
    (call,) = list_calls(calls)
    assert (call.method, call.path, call.status) == ("POST", f"/jobs/{JOB}/stop", 202)
    assert '"targetDirectory": "file:///savepoints/job/intent"' in call.request
    assert TRIGGER in call.request
    assert TRIGGER in call.answer
    assert call.subject == SUBJECT
    assert call.duration is not None


def test_a_call_without_an_answer_says_why(
    recorded: RestGateway, calls: CallFiles, server: ScriptedServer, cluster: Cluster
) -> None:
    server.routes[f"/jobs/{JOB}/stop"] = close
    with calls.about(SUBJECT), pytest.raises(FlinkOutcomeUnknown):
        recorded.stop_with_savepoint(cluster, ORDER)
    (call,) = list_calls(calls)
    assert call.status is None
    assert "RemoteProtocolError" in call.error


def test_a_refusal_is_kept_in_flink_s_words_and_a_stranger_s_page_is_not(
    recorded: RestGateway, calls: CallFiles, server: ScriptedServer, cluster: Cluster
) -> None:
    refusals = {"stop": '{"errors":["not now"]}', "savepoints": "<html>inner secrets</html>"}
    for name, body in refusals.items():
        server.routes[f"/jobs/{JOB}/{name}"] = answer(body, 409)
    with calls.about(SUBJECT):
        for order in (recorded.stop_with_savepoint, recorded.trigger_savepoint):
            with pytest.raises(FlinkRejected):
                order(cluster, ORDER)
    refused, strange = list_calls(calls)
    assert refused.answer == '{"errors":["not now"]}'
    assert (strange.status, "inner" in strange.answer) == (409, False)


def test_of_a_whole_cluster_only_the_size_is_kept(
    recorded: RestGateway, calls: CallFiles, server: ScriptedServer, cluster: Cluster
) -> None:
    server.routes["/jobs/overview"] = overview()
    with calls.about(SUBJECT):
        recorded.find_job(cluster, JOB)
    (call,) = list_calls(calls)
    assert (call.path, call.status) == ("/jobs/overview", 200)
    assert call.answer.endswith(" bytes)")


def test_a_jar_is_kept_by_name_and_size(
    recorded: RestGateway, calls: CallFiles, server: ScriptedServer, cluster: Cluster, tmp_path: Path
) -> None:
    jar = tmp_path / "job.jar"
    jar.write_bytes(b"x" * 100)
    server.routes |= {
        "/jars/upload": say({"filename": "/tmp/flink/up_job.jar"}),
        "/jars/up_job.jar/run": say({"jobid": JOB}),
        "/jars/up_job.jar": say({}),
    }
    submission = replace(make_submission(JOB, JobSpec(JobType.JAR, artifact="job.jar"), None, False), jar=jar)
    with calls.about(SUBJECT):
        recorded.submit(cluster, submission)
    upload, run, delete = list_calls(calls)
    assert (upload.path, upload.request) == ("/jars/upload", f'{{"file": "{JOB}.jar", "bytes": 100}}')
    assert JOB in run.request
    assert delete.method == "DELETE"


def test_a_script_is_kept_as_a_call_without_its_passwords(
    recorded: RestGateway, calls: CallFiles, cluster: Cluster
) -> None:
    script = "CREATE TABLE a (x INT) WITH ('password' = 'hush'); INSERT INTO b SELECT x FROM a"
    with calls.about(SUBJECT):
        recorded.submit(cluster, make_submission(JOB, JobSpec(JobType.SQL, sql=script), None, False))
    (call,) = list_calls(calls)
    assert (call.method, call.path, call.answer) == ("SQL", f"/jobs/{JOB}", "accepted")
    assert "INSERT INTO b" in call.request
    assert "hush" not in call.request


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FlinkOutcomeUnknown("the client JVM is gone"), "the client JVM is gone"),
        (Invalid("sql_invalid", problems=[Problem("spec.sql", "sql_syntax", (), "no such thing")]), "no such thing"),
    ],
    ids=["lost", "faulty"],
)
def test_a_script_that_is_not_accepted_says_why(
    calls: CallFiles, cluster: Cluster, error: FlinkError | Invalid, words: str
) -> None:
    gateway = RestGateway(FlinkRest(SystemClock()), Refusing(error), ClientEnds(), calls)
    with calls.about(SUBJECT), pytest.raises(type(error)):
        gateway.submit(cluster, make_submission(JOB, JobSpec(JobType.SQL, sql="x"), None, False))
    gateway.close()
    (call,) = list_calls(calls)
    assert words in call.error
