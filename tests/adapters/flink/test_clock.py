"""Flink's own clock, read out of answers that were not made for it."""

from datetime import UTC, datetime, timedelta

import pytest

from headgate.adapters.flink.gateway import RestGateway
from headgate.domain.clusters import FLINK_HEARTBEAT, Cluster
from headgate.domain.errors import FlinkOutcomeUnknown
from headgate.domain.observation import ClockSeen
from tests.adapters.flink.answers import JOB, TASKS, say
from tests.fakes.http_server import ScriptedServer

START = datetime(2026, 1, 1, tzinfo=UTC)
MILLISECONDS = int(START.timestamp() * 1000)


def job(state: str, duration_s: float, end: int = -1) -> dict[str, object]:
    duration = int(duration_s * 1000)
    return {
        "jid": JOB,
        "state": state,
        "tasks": TASKS,
        "start-time": MILLISECONDS,
        "end-time": end,
        "duration": duration,
    }


def test_a_job_that_runs_tells_the_time(gateway: RestGateway, server: ScriptedServer, cluster: Cluster) -> None:
    jobs = [job("RUNNING", 12.5), job("RESTARTING", 12.4), job("FINISHED", 99, end=MILLISECONDS + 99_000)]
    server.routes["/jobs/overview"] = say({"jobs": jobs})
    assert gateway.read_clock(cluster) == ClockSeen(START + timedelta(seconds=12.5))
    assert len(server.requests) == 1


def test_else_the_newest_heartbeat_tells_it_less_exactly(
    gateway: RestGateway, server: ScriptedServer, cluster: Cluster
) -> None:
    beats = [{"timeSinceLastHeartbeat": MILLISECONDS}, {"timeSinceLastHeartbeat": MILLISECONDS + 4000}]
    server.routes |= {"/jobs/overview": say({"jobs": []}), "/taskmanagers": say({"taskmanagers": beats})}
    assert gateway.read_clock(cluster) == ClockSeen(START + timedelta(seconds=4), FLINK_HEARTBEAT)


def test_without_either_nobody_knows(gateway: RestGateway, server: ScriptedServer, cluster: Cluster) -> None:
    server.routes |= {"/jobs/overview": say({"jobs": []}), "/taskmanagers": say({"taskmanagers": []})}
    assert gateway.read_clock(cluster) is None


@pytest.mark.parametrize("field", ["start-time", "duration", "end-time"])
def test_an_answer_of_another_shape_is_none(
    field: str, gateway: RestGateway, server: ScriptedServer, cluster: Cluster
) -> None:
    broken = {name: value for name, value in job("RUNNING", 1).items() if name != field}
    server.routes["/jobs/overview"] = say({"jobs": [broken]})
    with pytest.raises(FlinkOutcomeUnknown):
        gateway.read_clock(cluster)
