"""What is left of savepoints and ended jobs: on storage, in the statistics, in the archive."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headgate.adapters.flink.gateway import RestGateway
from headgate.domain.clusters import Cluster, ClusterKind, EngineVersion
from headgate.domain.snapshots import NOT_SEEN, Measure, PathStatus
from tests.adapters.flink.answers import JOB, LIFE_1, NOT_FOUND, TASKS, life, overview, say
from tests.adapters.flink.contract.worlds import CLUSTER
from tests.fakes.http_server import ScriptedServer

# Failures and archives


def test_a_failure_is_read_with_the_time_of_the_end(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster
) -> None:
    server.routes |= {
        "/jobs/overview": overview("FAILED", end=1000),
        f"/jobs/{JOB}/exceptions": say({"exceptionHistory": {"entries": [{"stacktrace": "boom"}]}}),
    }
    seen = gateway.find_job(cluster, JOB)
    assert seen is not None
    assert (seen.failure, seen.ended_at) == ("boom", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))


def test_a_failure_of_the_whole_job_names_the_task_that_caused_it(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster
) -> None:
    """As Flink 2.2 tells a job that failed while it was stopping."""
    task = {"taskName": "Sink (1/1)", "stacktrace": "java.lang.IllegalStateException: on close\n\tat Count.close"}
    known = {"taskName": "Map (1/1)", "stacktrace": "JobException: not recoverable\n\tat Map.map"}
    entry = {"stacktrace": "JobException: not recoverable\n\tat Scheduler", "concurrentExceptions": [task, known]}
    server.routes |= {
        "/jobs/overview": overview("FAILED", end=1000),
        f"/jobs/{JOB}/exceptions": say({"exceptionHistory": {"entries": [entry]}}),
    }
    seen = gateway.find_job(cluster, JOB)
    assert seen is not None
    assert seen.failure.splitlines() == [
        *["JobException: not recoverable", "\tat Scheduler"],
        *["Failed task: Sink (1/1)", "java.lang.IllegalStateException: on close", "\tat Count.close"],
    ]


def write_archive(folder: Path, **answers: Any) -> None:
    jobs = {"jobs": [{"jid": JOB, "state": "FAILED", "tasks": TASKS, "end-time": 1000}]}
    exceptions = {"exceptionHistory": {"entries": [{"stacktrace": "from the archive"}]}}
    paths = {"/jobs/overview": jobs, f"/jobs/{JOB}/exceptions": exceptions} | answers
    entries = [{"path": path, "json": json.dumps(data)} for path, data in paths.items()]
    (folder / JOB).write_text(json.dumps({"archive": entries}))


def test_a_failure_that_the_cache_hides_is_read_from_the_archive(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, tmp_path: Path
) -> None:
    write_archive(tmp_path)
    server.routes |= {
        "/jobs/overview": overview("FAILED", end=1000),
        f"/jobs/{JOB}/exceptions": say({"exceptionHistory": {"entries": []}}),
        "/jobmanager/config": life(LIFE_1, f"file://{tmp_path}"),
    }
    seen = gateway.find_job(cluster, JOB)
    assert seen is not None
    assert (seen.failure, seen.from_archive) == ("from the archive", False)


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_an_archive_of_an_application_is_found_whatever_is_registered(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, tmp_path: Path, version: str
) -> None:
    """As Flink 2.3 files it: a cluster may have been upgraded since it was registered."""
    folder = tmp_path / "cluster-id" / "applications" / JOB / "jobs"
    folder.mkdir(parents=True)
    write_archive(folder)
    server.routes |= {
        "/jobs/overview": say({"jobs": []}),
        f"/jobs/{JOB}": NOT_FOUND,
        "/jobmanager/config": life(LIFE_1, f"file://{tmp_path}"),
    }
    seen = gateway.find_job(replace(cluster, engine_version=EngineVersion(version)), JOB)
    assert seen is not None
    assert seen.from_archive


@pytest.mark.parametrize("content", ["", "{", '{"archive":[{"path":"/jobs/overview"}]}'], ids=["empty", "cut", "other"])
def test_a_broken_archive_is_none(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, tmp_path: Path, content: str
) -> None:
    (tmp_path / JOB).write_text(content)
    server.routes |= {
        "/jobs/overview": say({"jobs": []}),
        f"/jobs/{JOB}": NOT_FOUND,
        "/jobmanager/config": life(LIFE_1, f"file://{tmp_path}"),
    }
    assert gateway.find_job(cluster, JOB) is None


# Evidence


def record(path: str, at: datetime, *, savepoint: bool = True) -> dict[str, Any]:
    stamp = int(at.timestamp() * 1000)
    return {"external_path": path, "status": "COMPLETED", "trigger_timestamp": stamp, "is_savepoint": savepoint}


NOW = datetime(2026, 1, 1, tzinfo=UTC)
REMOTE = "s3://bucket/job/intent"


@pytest.mark.parametrize(
    ("records", "found"),
    [
        pytest.param([record(f"{REMOTE}/savepoint-1", NOW)], f"{REMOTE}/savepoint-1", id="ours"),
        pytest.param([record("s3://bucket/job/intent2/savepoint-1", NOW)], "", id="another intent's"),
        pytest.param([record(f"{REMOTE}/savepoint-1", NOW - timedelta(hours=1))], "", id="older than the intent"),
        pytest.param([record(f"{REMOTE}/chk-1", NOW, savepoint=False)], "", id="a checkpoint"),
        pytest.param(
            [record(f"{REMOTE}/savepoint-{n}", NOW + timedelta(seconds=n)) for n in (1, 3, 2)],
            f"{REMOTE}/savepoint-3",
            id="the newest",
        ),
        pytest.param([], "", id="none"),
    ],
)
def test_evidence_in_the_records(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, records: list[Any], found: str
) -> None:
    server.routes[f"/jobs/{JOB}/checkpoints"] = say({"history": records, "latest": {"savepoint": None}})
    assert gateway.find_evidence(cluster, JOB, REMOTE, NOW).savepoint == found


def test_evidence_in_the_archive(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, tmp_path: Path
) -> None:
    records = {"history": [record(f"{REMOTE}/savepoint-1", NOW)], "latest": {}}
    write_archive(tmp_path, **{f"/jobs/{JOB}/checkpoints": records})
    server.routes |= {
        f"/jobs/{JOB}/checkpoints": NOT_FOUND,
        "/jobmanager/config": life(LIFE_1, f"file://{tmp_path}"),
    }
    assert gateway.find_evidence(cluster, JOB, REMOTE, NOW).savepoint == f"{REMOTE}/savepoint-1"


def test_an_unfinished_savepoint_is_no_evidence(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "savepoint-1").mkdir()
    server.routes[f"/jobs/{JOB}/checkpoints"] = say({"history": [], "latest": {}})
    assert gateway.find_evidence(cluster, JOB, f"file://{tmp_path}", NOW).savepoint == ""
    (tmp_path / "savepoint-1" / "_metadata").write_bytes(b"x")
    assert gateway.find_evidence(cluster, JOB, f"file://{tmp_path}", NOW).savepoint == f"file:{tmp_path}/savepoint-1"


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        pytest.param(ClusterKind.SESSION, "{tmp}/here", PathStatus.AVAILABLE, id="there"),
        pytest.param(ClusterKind.SESSION, "{tmp}/here/_metadata", PathStatus.AVAILABLE, id="named by its file"),
        pytest.param(ClusterKind.SESSION, "{tmp}/gone", PathStatus.GONE, id="gone from a folder that we share"),
        pytest.param(ClusterKind.SESSION, "{tmp}/sp/job/i/gone", PathStatus.GONE, id="gone from the savepoint folder"),
        pytest.param(ClusterKind.SESSION, "/nowhere/x", PathStatus.UNKNOWN, id="a folder that another machine has"),
        pytest.param(ClusterKind.LOCAL, "/nowhere/x", PathStatus.GONE, id="this machine's own cluster"),
    ],
)
def test_a_path_is_gone_only_where_we_can_see(
    gateway: RestGateway, tmp_path: Path, kind: ClusterKind, path: str, expected: PathStatus
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "sp").mkdir()
    (tmp_path / "here" / "_metadata").write_bytes(b"x")
    cluster = replace(CLUSTER, kind=kind, savepoint_dir=f"file://{tmp_path}/sp")
    assert gateway.look_at_path(cluster, "file:" + path.format(tmp=tmp_path)) is expected


@pytest.mark.parametrize("uri", ["s3://bucket/x", "hdfs:///x", "http://127.0.0.1:1/x", "relative/x", ""])
def test_other_storage_is_never_opened(gateway: RestGateway, uri: str) -> None:
    assert gateway.look_at_path(CLUSTER, uri) is PathStatus.UNKNOWN
    assert gateway.measure_snapshot(uri) == NOT_SEEN


def test_a_snapshot_has_the_size_of_all_its_files_and_the_date_of_its_metadata(
    gateway: RestGateway, tmp_path: Path
) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "_metadata").write_bytes(b"x" * 5)
    (tmp_path / "below" / "state").write_bytes(b"x" * 7)
    written_at = datetime(2026, 1, 1, tzinfo=UTC)
    os.utime(tmp_path / "_metadata", (written_at.timestamp(),) * 2)
    assert gateway.measure_snapshot(f"file:{tmp_path}") == Measure(5 + 7, written_at)
    assert gateway.measure_snapshot(f"file:{tmp_path}/nowhere") == NOT_SEEN
