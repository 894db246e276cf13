"""The SQL client: compiles and submits scripts through the client JVM of the right engine version.

Up to four calls run in one JVM at once, each in a TableEnvironment of its own; further ones wait. A
cluster that hangs ends its own call (Flink's idle time-out is shorter than ours) and delays no
other; a JVM that hangs is killed at the deadline, and every call in it fails with it.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError

from headgate.adapters.flink.sql.client_jvm import ClientJvm, ClientJvmLost, ClientJvms, JvmLimits, end_predecessors
from headgate.adapters.flink.sql.errors import classify_submission, read_causes
from headgate.adapters.flink.sql.script import Script, parse_script
from headgate.adapters.flink.sql.session import SqlSession
from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import FlinkOutcomeUnknown, FlinkUnavailable, Invalid, Problem, Unavailable
from headgate.ports.engines import Engine
from headgate.ports.sql import CheckedScript, SqlSubmission

_CHECK_TRIES: Final = 2
_WARM_UP: Final = (
    "CREATE TABLE a (x INT) WITH ('connector' = 'datagen'); CREATE TABLE b (x INT) WITH ('connector' = 'blackhole');"
    "INSERT INTO b SELECT x FROM a"
)


@dataclass(frozen=True, slots=True)
class SqlTimeouts:
    """In seconds. `submit_s` is for the whole of a submission, `connect_s` for reaching the JobManager.

    `silence_s` is how long a JobManager may say nothing. It is shorter than `submit_s`: a hung
    cluster then ends its own call, and the JVM lives on.
    """

    check_s: float = 60.0
    submit_s: float = 120.0
    silence_s: float = 90.0
    connect_s: float = 3.0


class SqlClient:
    """SqlCompiler, SqlSubmitter and SubmissionFence over client JVMs.

    `engine_lookup` raises NotFound for a version that is not installed. `run_dir` belongs to the
    client JVMs of this data folder.
    """

    def __init__(
        self,
        engine_lookup: Callable[[EngineVersion], Engine],
        run_dir: Path,
        timeouts: SqlTimeouts | None = None,
        limits: JvmLimits | None = None,
    ) -> None:
        self._find_engine = engine_lookup
        self._run_dir = run_dir
        self._timeouts = timeouts or SqlTimeouts()
        self._jvms = ClientJvms(run_dir, limits or JvmLimits())

    def check(
        self, version: EngineVersion, script: str, settings: Mapping[str, str], jars: Sequence[Path]
    ) -> CheckedScript:
        """See `SqlCompiler`. Compiling changes nothing outside, so a lost JVM is tried once more."""
        parsed = parse_script(script)
        if not parsed.statements:
            return CheckedScript(parsed.problems)
        engine = self._find_engine(version)
        lost = ""
        for _ in range(_CHECK_TRIES):
            try:
                with self._borrow(engine, self._timeouts.check_s) as client:
                    return _check(client, parsed, settings, jars)
            except ClientJvmLost as error:
                lost = str(error)
        raise Unavailable("sql_client_failed", cause=lost, version=version)

    def submit(self, request: SqlSubmission) -> None:
        """See `SqlSubmitter`. Whatever fails before Flink's own execute() has surely sent nothing."""
        parsed = parse_script(request.script)
        if parsed.problems:
            raise Invalid("sql_invalid", problems=parsed.problems)
        engine = self._find_engine(request.version)
        is_sending = False
        try:
            with self._borrow(engine, self._timeouts.submit_s) as client:
                session = SqlSession(client, parsed, {}, self._configure(request))
                session.apply(request.jars)
                if session.problems:
                    raise Invalid("sql_invalid", problems=session.problems)
                _require_permission(request)
                is_sending = True
                _send(session)
        except ClientJvmLost as error:
            raise (FlinkOutcomeUnknown if is_sending else FlinkUnavailable)(str(error)) from error

    def warm_up(self, version: EngineVersion) -> None:
        """Start the JVM of this version and load its planner: the first script is then as fast as the next."""
        self.check(version, _WARM_UP, {}, ())

    def end_predecessors(self, run_dir: Path | None = None) -> int:
        """See `SubmissionFence`."""
        return end_predecessors(run_dir or self._run_dir)

    def end_all(self) -> None:
        """See `SubmissionFence`."""
        self._jvms.end_all()

    def close(self) -> None:
        """End the client JVMs in good order."""
        self._jvms.close()

    @contextlib.contextmanager
    def _borrow(self, engine: Engine, seconds: float) -> Iterator[ClientJvm]:
        """A JVM and one of its slots, for at most `seconds`. ClientJvmLost where it is or gets lost."""
        client = self._jvms.get(engine)
        if not client.slots.acquire(timeout=seconds):
            raise ClientJvmLost(f"the client JVM was busy for {seconds:g} s")
        try:
            with client.deadline(seconds):
                yield client
        except Py4JJavaError:
            raise
        except Py4JNetworkError as error:
            client.give_up()
            raise ClientJvmLost(client.describe_loss()) from error
        except Py4JError as error:  # a class or method that this version of Flink does not have
            raise ClientJvmLost(str(error)) from error
        finally:
            client.slots.release()

    def _configure(self, request: SqlSubmission) -> dict[str, str]:
        """The request's configuration, and above it what makes it one detached job on this cluster under this id."""
        url = urlsplit(request.rest_url)
        is_secure = url.scheme == "https"
        own = {
            "execution.target": "remote",
            "execution.attached": "false",
            "table.dml-sync": "false",
            "rest.address": url.hostname or "",
            "rest.port": str(url.port or (443 if is_secure else 80)),
            # Flink would send a submission again by itself, with nobody knowing.
            "rest.retry.max-attempts": "0",
            "rest.connection-timeout": str(round(self._timeouts.connect_s * 1000)),
            "rest.idleness-timeout": str(round(self._timeouts.silence_s * 1000)),
            "$internal.pipeline.job-id": request.flink_job_id,
            "pipeline.name": request.job_name,
        }
        if is_secure:
            own["security.ssl.rest.enabled"] = "true"
        if url.path.strip("/"):
            own["rest.path"] = "/" + url.path.strip("/")
        return {**request.configuration, **own}


def _check(client: ClientJvm, script: Script, settings: Mapping[str, str], jars: Sequence[Path]) -> CheckedScript:
    session = SqlSession(client, script, settings, {})
    session.apply(jars)
    found = session.explain() if not session.problems and not script.problems else ((), ())
    problems = sorted([*script.problems, *session.problems], key=_by_place)
    return CheckedScript(tuple(problems), tables=found[1], graph=found[0], bounded=session.is_bounded)


def _by_place(problem: Problem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0


def _require_permission(request: SqlSubmission) -> None:
    """A JVM that is just being started takes seconds, in which much may happen."""
    if not request.may_send():
        raise FlinkUnavailable("nothing was sent: this server does not hold the lease any more")


def _send(session: SqlSession) -> None:
    try:
        session.execute()
    except Py4JJavaError as error:
        outcome = classify_submission(read_causes(error))
        if outcome is None:
            raise Invalid("sql_invalid", problems=session.explain_refusal(error)) from error
        raise outcome from error
