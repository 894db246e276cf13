"""`FlinkGateway` over the REST interface of a session cluster, with SQL handed to a client JVM.

It turns questions into requests and answers into facts. What an answer means for a job is for
`decide` to say; where Flink forgets or lags, the measured reasons stand at the place.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from headgate.adapters.flink import evidence, payloads
from headgate.adapters.flink.configuration import build_configuration, build_run_request
from headgate.adapters.flink.remains import RemainsFinder
from headgate.adapters.flink.rest import FlinkRest
from headgate.domain.clusters import Cluster, Incarnation
from headgate.domain.errors import (
    FlinkError,
    FlinkMissing,
    FlinkOutcomeUnknown,
    FlinkRejected,
    FlinkUnavailable,
    HeadgateError,
    NotFound,
)
from headgate.domain.instances import FlinkJobId, FlinkStatus, Instance
from headgate.domain.intents import IntentKind
from headgate.domain.observation import ClockSeen, Evidence, JobSeen, Remains, TriggerSeen, TriggerStatus
from headgate.domain.snapshots import Kept, Measure, PathStatus
from headgate.domain.spec import JobType
from headgate.ports.calls import CallAnswer, CallLog, NoCallLog
from headgate.ports.flink import FlinkGateway, SavepointOrder, SlotsSeen, Submission, Sweep
from headgate.ports.sql import SqlSubmission, SqlSubmitter

log = logging.getLogger(__name__)

_SWEEP_ATTEMPTS = 3  # a JobManager that changes three times within one look is not worth a fourth
# A job that keeps restarting has a reason too: it explains a start that does not come to an end.
_FAILING = frozenset({FlinkStatus.FAILED, FlinkStatus.FAILING, FlinkStatus.RESTARTING})
# Flink opens the jar and seeks its main class before anything else; its answer to a fault there is a 500.
_NO_PROGRAM = re.compile(
    r"\AInternal server error\.\s+<Exception on server side:\s+(?:java\.util\.concurrent\.CompletionException: )?"
    r"org\.apache\.flink\.client\.program\.ProgramInvocationException: "
)


def _do_nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class ClientEnds:
    """How the SQL clients are ended: those that an earlier server left behind (and whether all were), and our own."""

    end_predecessors: Callable[[str | None], bool] = lambda holder: True
    close: Callable[[], None] = _do_nothing


@dataclass(slots=True)
class RestGateway(FlinkGateway):
    """See `FlinkGateway`. Thread-safe: nothing is kept but the last life seen of each JobManager."""

    rest: FlinkRest
    sql: SqlSubmitter
    clients: ClientEnds = field(default_factory=ClientEnds)
    calls: CallLog = field(default_factory=NoCallLog)
    _lives: dict[str, Incarnation] = field(default_factory=dict)

    def sweep(self, cluster: Cluster) -> Sweep:
        """Jobs between two equal readings of the incarnation: a restart in between is never missed.

        The reading before is the last sweep's, for an incarnation never comes back; so a sweep costs two
        requests, and four where the JobManager is new.
        """
        before = self._lives.get(cluster.url)
        for _ in range(_SWEEP_ATTEMPTS):
            jobs = payloads.read_jobs(self.rest.get(cluster.url, "/jobs/overview"))
            configuration = self._read_configuration(cluster)
            incarnation = payloads.read_incarnation(configuration)
            if incarnation == before:
                self._lives[cluster.url] = incarnation
                return payloads.read_sweep(incarnation, jobs, configuration)
            before = incarnation
        raise FlinkOutcomeUnknown("the JobManager was replaced while it was looked at")

    def find_job(self, cluster: Cluster, flink_job_id: FlinkJobId) -> JobSeen | None:
        # The overview is fresh; `/jobs/:id` comes from a cache of 3 s.
        listed = payloads.read_jobs(self.rest.get(cluster.url, "/jobs/overview"))
        seen = listed.get(flink_job_id) or self._find_unlisted_job(cluster, flink_job_id)
        if seen is None:
            return self._find_archived_job(cluster, flink_job_id)
        if seen.status not in _FAILING:
            return seen
        return JobSeen(seen.status, seen.tasks_running, self._find_failure(cluster, flink_job_id), seen.ended_at)

    def get_trigger(self, cluster: Cluster, flink_job_id: FlinkJobId, trigger_id: str, kind: IntentKind) -> TriggerSeen:
        try:
            answer = self.rest.get(cluster.url, f"/jobs/{flink_job_id}/savepoints/{trigger_id}")
        except FlinkMissing:
            return TriggerSeen(TriggerStatus.UNKNOWN)
        return payloads.read_trigger(answer)

    def find_evidence(
        self, cluster: Cluster, flink_job_id: FlinkJobId, directory: str, not_before: datetime
    ) -> Evidence:
        found = evidence.find_savepoint(directory)
        if found:
            return Evidence(found)
        path = f"/jobs/{flink_job_id}/checkpoints"
        try:
            answer = self.rest.get(cluster.url, path)
        except FlinkMissing:
            archived = self._find_archive(cluster, flink_job_id)
            answer = archived.answers.get(path) if archived is not None else None
        records = payloads.read_checkpoints(answer) if answer is not None else []
        return Evidence(evidence.find_recorded(records, directory, not_before))

    def find_savepoint(self, directory: str) -> str:
        return evidence.find_savepoint(directory)

    def sample_checkpoint(self, cluster: Cluster, flink_job_id: FlinkJobId) -> Kept | None:
        return self._remains.sample(cluster, flink_job_id)

    def find_remains(self, cluster: Cluster, instance: Instance, *, is_fresh: bool) -> Remains | None:
        return self._remains.find(cluster, instance, is_fresh=is_fresh)

    def list_retained(self, cluster: Cluster, instance: Instance) -> Remains:
        return self._remains.list_retained(cluster, instance, {})

    def look_at_path(self, cluster: Cluster, path: str) -> PathStatus:
        return evidence.look_at_snapshot(cluster, path)

    def measure_snapshot(self, path: str) -> Measure:
        return evidence.measure_snapshot(path)

    def count_slots(self, cluster: Cluster) -> SlotsSeen:
        return payloads.read_slots(self.rest.get(cluster.url, "/overview"))

    def read_clock(self, cluster: Cluster) -> ClockSeen | None:
        # No answer has a field for it: a job that runs tells since when and for how long.
        seen = payloads.read_clock_of_jobs(self.rest.get(cluster.url, "/jobs/overview"))
        return seen or payloads.read_clock_of_heartbeats(self.rest.get(cluster.url, "/taskmanagers"))

    def submit(self, cluster: Cluster, submission: Submission) -> None:
        if submission.instance.spec.type is JobType.JAR:
            self._submit_jar(cluster, submission)
            return
        request = SqlSubmission(
            version=cluster.engine_version,
            script=submission.instance.spec.sql,
            rest_url=cluster.url,
            flink_job_id=submission.instance.flink_job_id,
            job_name=submission.job_name,
            configuration=build_configuration(cluster, submission),
            may_send=submission.may_send,
        )
        self._submit_sql(request)

    def stop_with_savepoint(self, cluster: Cluster, order: SavepointOrder) -> None:
        body = {"targetDirectory": order.directory, "drain": False}
        self._trigger(cluster, order, "stop", body)

    def trigger_savepoint(self, cluster: Cluster, order: SavepointOrder) -> None:
        body = {"target-directory": order.directory, "cancel-job": False}
        self._trigger(cluster, order, "savepoints", body)

    def cancel(self, cluster: Cluster, flink_job_id: FlinkJobId) -> None:
        self.rest.patch(cluster.url, f"/jobs/{flink_job_id}?mode=cancel")

    def end_predecessors(self, holder: str | None) -> bool:
        return self.clients.end_predecessors(holder)

    def close(self) -> None:
        self.clients.close()
        self.rest.close()

    def _trigger(self, cluster: Cluster, order: SavepointOrder, path: str, body: dict[str, object]) -> None:
        ours = {"formatType": order.format.value, "triggerId": order.trigger_id}
        answer = self.rest.post(cluster.url, f"/jobs/{order.flink_job_id}/{path}", body | ours)
        given = answer.get("request-id") if isinstance(answer, dict) else None
        if given != order.trigger_id:
            # Its result could never be asked for again.
            raise FlinkOutcomeUnknown(f"Flink answered with the trigger id {given!r} instead of ours")

    def _submit_sql(self, request: SqlSubmission) -> None:
        """Through the client JVM, and recorded as the call to Flink that it is."""
        told = {"script": request.script, "configuration": dict(request.configuration)}
        call = self.calls.begin("SQL", f"/jobs/{request.flink_job_id}", told)
        try:
            self.sql.submit(request)
        except HeadgateError as error:
            causes = [str(error), *(problem.message or problem.code for problem in error.problems)]
            self.calls.end(call, CallAnswer(error=error.cause if isinstance(error, FlinkError) else "\n".join(causes)))
            raise
        self.calls.end(call, CallAnswer(text="accepted"))

    def _submit_jar(self, cluster: Cluster, submission: Submission) -> None:
        if submission.jar is None:
            raise NotFound("artifact_file_missing", digest=submission.instance.spec.artifact)
        jar_id = self._upload(cluster, submission)
        try:
            if not submission.may_send():  # the upload may have taken long
                raise FlinkUnavailable("nothing was sent: this server does not hold the lease any more")
            self.rest.post(cluster.url, f"/jars/{jar_id}/run", build_run_request(cluster, submission), is_run=True)
        except FlinkOutcomeUnknown as error:
            if _NO_PROGRAM.match(error.cause):
                self._delete_jar(cluster, jar_id)
                raise FlinkRejected(error.cause, status=error.status) from error
            # main() may still be running out of this jar; the JobManager keeps it until its own end.
            raise
        except FlinkError:
            self._delete_jar(cluster, jar_id)
            raise
        self._delete_jar(cluster, jar_id)

    def _upload(self, cluster: Cluster, submission: Submission) -> str:
        """Nothing has been submitted when this fails, whatever became of the file."""
        assert submission.jar is not None
        try:
            name = f"{submission.instance.flink_job_id}.jar"
            return payloads.read_jar_id(self.rest.upload(cluster.url, "/jars/upload", submission.jar, name))
        except FlinkOutcomeUnknown as error:
            raise FlinkUnavailable(error.cause, status=error.status) from error
        except FlinkMissing as error:
            # The cluster takes no jars at all (`web.submit.enable: false`).
            raise FlinkRejected(error.cause, status=HTTPStatus.NOT_FOUND) from error
        except OSError as error:
            raise NotFound("artifact_file_missing", digest=submission.jar.stem) from error

    def _delete_jar(self, cluster: Cluster, jar_id: str) -> None:
        try:
            self.rest.delete(cluster.url, f"/jars/{jar_id}")
        except FlinkError as error:
            log.info("the uploaded jar %s stays on cluster %s: %s", jar_id, cluster.name, error.cause)

    @property
    def _remains(self) -> RemainsFinder:
        return RemainsFinder(self.rest, self._read_configuration)

    def _read_configuration(self, cluster: Cluster) -> dict[str, str]:
        return payloads.read_configuration(self.rest.get(cluster.url, "/jobmanager/config"))

    def _find_unlisted_job(self, cluster: Cluster, flink_job_id: FlinkJobId) -> JobSeen | None:
        """The overview leaves out a job whose JobMaster does not answer in time; only a 404 of its own denies it."""
        try:
            return payloads.read_job(self.rest.get(cluster.url, f"/jobs/{flink_job_id}"))
        except FlinkMissing:
            return None

    def _find_failure(self, cluster: Cluster, flink_job_id: FlinkJobId) -> str:
        """The text of a failure. Where the 3 s cache still shows the job before it failed: the archive's."""
        path = f"/jobs/{flink_job_id}/exceptions"
        try:
            failure = payloads.read_failure(self.rest.get(cluster.url, path))
        except FlinkMissing:
            failure = ""
        if failure:
            return failure
        archived = self._find_archive(cluster, flink_job_id)
        return payloads.read_failure(archived.answers.get(path)) if archived is not None else ""

    def _find_archived_job(self, cluster: Cluster, flink_job_id: FlinkJobId) -> JobSeen | None:
        archived = self._find_archive(cluster, flink_job_id)
        overview = archived.answers.get("/jobs/overview") if archived is not None else None
        seen = payloads.read_jobs(overview).get(flink_job_id) if overview is not None else None
        if archived is None or seen is None:
            return None
        failure = payloads.read_failure(archived.answers.get(f"/jobs/{flink_job_id}/exceptions"))
        return JobSeen(seen.status, seen.tasks_running, failure, seen.ended_at, from_archive=True)

    def _find_archive(self, cluster: Cluster, flink_job_id: FlinkJobId) -> evidence.ArchivedJob | None:
        directory = self._read_configuration(cluster).get("jobmanager.archive.fs.dir", "")
        return evidence.find_archived(directory, flink_job_id)
