"""What an ended job left: Flink's statistics, its archive, its checkpoint directory, the last sample; in this order."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headgate.adapters.flink.gateway import RestGateway
from headgate.domain.clusters import Cluster
from headgate.domain.instances import Instance
from headgate.domain.observation import Remains
from headgate.domain.snapshots import Kept
from tests.adapters.flink.answers import JOB, LIFE_1, NOT_FOUND, life, say
from tests.fakes.http_server import ScriptedServer
from tests.unit.domain.facts import instance

PATH = f"/jobs/{JOB}/checkpoints"
AT = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLE = Kept("s3://checkpoints/x/chk-3", AT)


def record(path: str, second: int, kind: str = "CHECKPOINT", **more: Any) -> dict[str, Any]:
    stamp = int(AT.timestamp() * 1000) + second * 1000
    times = {"trigger_timestamp": stamp - 500, "latest_ack_timestamp": stamp}
    saved = kind.endswith("SAVEPOINT")
    shape = {"external_path": path, "status": "COMPLETED", "checkpoint_type": kind, "is_savepoint": saved}
    return {**shape, **times, "state_size": 7, **more}


def statistics(*records: dict[str, Any]) -> dict[str, Any]:
    return {"history": list(records), "latest": {}}


def at(second: int) -> datetime:
    return AT.replace(second=second)


@pytest.fixture
def ended() -> Instance:
    return instance(flink_job_id=JOB, checkpoint=SAMPLE)


@pytest.fixture
def forgotten(server: ScriptedServer, tmp_path: Path) -> Path:
    """A JobManager that does not know the job; its archive is to be filled."""
    server.routes |= {PATH: NOT_FOUND, "/jobmanager/config": life(LIFE_1, f"file://{tmp_path}")}
    return tmp_path


def test_flink_itself_tells(gateway: RestGateway, server: ScriptedServer, cluster: Cluster, ended: Instance) -> None:
    server.routes[PATH] = say(
        statistics(
            record("file:/c/chk-2", 3),
            record("s3://s/stopped", 4, "SYNC_SAVEPOINT"),
            record("s3://s/saved", 2, "SAVEPOINT"),
            record("file:/c/chk-1", 1, discarded=True),
            record("file:/c/chk-0", 1, status="FAILED"),
        )
    )
    assert gateway.find_remains(cluster, ended, is_fresh=False) == Remains(
        (
            Kept("s3://s/saved", at(2), is_savepoint=True, size=7),
            Kept("file:/c/chk-2", at(3), size=7),
            Kept("s3://s/stopped", at(4), is_savepoint=True, is_stop=True, size=7),
        )
    )


def test_right_after_the_end_its_statistics_are_not_asked_for(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster, ended: Instance, forgotten: Path
) -> None:
    server.routes[PATH] = say(statistics(record("file:/c/too-old", 1)))
    assert gateway.find_remains(cluster, ended, is_fresh=True) is None
    answers = [{"path": PATH, "json": json.dumps(statistics(record("file:/c/chk-2", 3)))}]
    (forgotten / JOB).write_text(json.dumps({"archive": answers}))
    assert gateway.find_remains(cluster, ended, is_fresh=True) == Remains((Kept("file:/c/chk-2", at(3), size=7),))


def test_the_directory_is_listed_where_nobody_remembers(
    gateway: RestGateway, cluster: Cluster, ended: Instance, forgotten: Path
) -> None:
    for name in ("chk-4", "chk-5", "shared", "chk-6"):
        (forgotten / JOB / name).mkdir(parents=True)
    for name in ("chk-4", "chk-5"):
        (forgotten / JOB / name / "_metadata").write_text("x")
    seen = gateway.find_remains(replace(cluster, checkpoint_dir=f"file://{forgotten}"), ended, is_fresh=False)
    assert seen is not None
    assert not seen.is_sampled
    assert sorted(kept.path for kept in seen.kept) == [f"file:{forgotten}/{JOB}/chk-{n}" for n in (4, 5)]


def test_a_directory_that_the_job_names_itself_is_listed(
    gateway: RestGateway, cluster: Cluster, ended: Instance, tmp_path: Path
) -> None:
    (tmp_path / JOB / "chk-1").mkdir(parents=True)
    (tmp_path / JOB / "chk-1" / "_metadata").write_text("x")
    own = {"execution.checkpointing.dir": f"file://{tmp_path}"}
    spec = replace(ended.spec, flink_config=own)
    [kept] = gateway.list_retained(cluster, replace(ended, spec=spec)).kept
    assert kept.path == f"file:{tmp_path}/{JOB}/chk-1"


@pytest.mark.usefixtures("forgotten")
@pytest.mark.parametrize("directory", [None, "s3://checkpoints", "file:///nowhere"], ids=str)
def test_else_the_last_sample_is_what_is_left(
    gateway: RestGateway, cluster: Cluster, ended: Instance, directory: str | None
) -> None:
    there = replace(cluster, checkpoint_dir=directory)
    assert gateway.find_remains(there, ended, is_fresh=False) == Remains((SAMPLE,), is_sampled=True)
    assert gateway.find_remains(there, replace(ended, checkpoint=None), is_fresh=False) == Remains()


def test_a_running_job_s_newest_checkpoint_is_sampled(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster
) -> None:
    server.routes[PATH] = say(
        statistics(record("file:/c/chk-2", 3), record("file:/c/chk-1", 1), record("s3://s/saved", 4, "SAVEPOINT"))
    )
    assert gateway.sample_checkpoint(cluster, JOB) == Kept("file:/c/chk-2", at(3), size=7)
    server.routes[PATH] = NOT_FOUND
    assert gateway.sample_checkpoint(cluster, JOB) is None
