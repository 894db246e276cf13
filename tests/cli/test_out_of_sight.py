"""What cannot be seen now is marked and explained: clusters that are silent, and the jobs on them."""

from typing import Any

import pytest

from tests.cli.conftest import Cli, Recorded, make_job, page

SINCE = "2026-01-31T12:00:00.123Z"
JOB = "job-0123456789"
JOBS = "/workspaces/default/jobs"
SILENT = {
    "id": "cluster-0123456789",
    "name": "far",
    "url": "http://far:8081",
    "reachability": {"state": "UNREACHABLE", "since": SINCE, "as_of": None},
    "cause": "Connection refused",
    "problem": None,
}


def make_unseen(state: str, **instance: Any) -> dict[str, Any]:
    reach = {"state": state, "since": SINCE, "as_of": SINCE}
    run = {"number": 1, "ended_at": None, **instance}
    return make_job(cluster="far", reachability=reach, instance=run, flink_status="UNKNOWN")


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        pytest.param(None, "Connection refused", id="words of the failure"),
        pytest.param({"message": "Registered twice."}, "Registered twice.", id="known obstacle"),
    ],
)
def test_a_silent_cluster_says_why(talk: Cli, server: Recorded, problem: dict[str, str] | None, why: str) -> None:
    cluster = {**SILENT, "problem": problem}
    server.answer("GET", "/clusters", (200, page(cluster)))
    server.answer("GET", f"/clusters/{cluster['id']}", (200, cluster))
    assert why in talk("cluster", "list").out
    assert why in talk("cluster", "show", "far").out
    assert talk("cluster", "show", "far", "--output", "json").document == cluster


@pytest.mark.parametrize(
    ("state", "language", "said"),
    [
        ("UNREACHABLE", "en", "The cluster far has not answered since 2026-01-31 12:00:00Z"),
        ("UNREACHABLE", "zh", "集群 far 自 2026-01-31 12:00:00Z 起没有应答"),
        ("MISSING", "en", "has not known this job since 2026-01-31 12:00:00Z"),
        ("MISSING", "zh", "自 2026-01-31 12:00:00Z 起找不到该作业"),
    ],
)
def test_a_job_out_of_sight_is_explained_and_marked(
    talk: Cli, server: Recorded, state: str, language: str, said: str
) -> None:
    server.answer("GET", f"/jobs/{JOB}", (200, make_unseen(state)))
    server.answer("GET", JOBS, (200, page(make_unseen(state))))
    assert said in talk("job", "show", JOB, "--language", language).err
    assert f"RUNNING ⚠ {state}" in talk("job", "list", "--language", language).out


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(make_unseen("REACHABLE"), id="seen"),
        pytest.param(make_unseen("UNREACHABLE", ended_at=SINCE), id="ended"),
    ],
)
def test_nothing_is_said_of_a_job_that_hides_nothing(talk: Cli, server: Recorded, job: dict[str, Any]) -> None:
    server.answer("GET", f"/jobs/{JOB}", (200, job))
    server.answer("GET", JOBS, (200, page(job)))
    assert "⚠" not in talk("job", "show", JOB).err
    assert "⚠" not in talk("job", "list").out
