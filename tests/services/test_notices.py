"""What is said of a version when it is published: whether anybody checked it, and whether Flink will restart it."""

from datetime import timedelta

import pytest

from headgate.domain.errors import Problem
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.sql import CheckedScript
from headgate.services.notices import LastCheck, LastChecks, list_notices

SAFE = JobSpec(JobType.SQL, sql="INSERT INTO a SELECT 1", checkpoint_interval=timedelta(seconds=10))
BARE = JobSpec(JobType.SQL, sql="INSERT INTO a SELECT 1")
GOOD, BAD = CheckedScript(()), CheckedScript((Problem("spec.sql", "sql_syntax"),))


def name(spec: JobSpec, last: LastCheck | None) -> list[str]:
    return [finding.code for finding in list_notices(spec, last)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [(GOOD, []), (BAD, ["draft_check_failed"]), (None, ["draft_not_checked"])],
    ids=["checked", "failed", "never checked"],
)
def test_whether_the_text_was_checked(found: CheckedScript | None, expected: list[str]) -> None:
    checks = LastChecks()
    if found is not None:
        checks.remember("job-1", SAFE, found)
    assert name(SAFE, checks.find("job-1", SAFE)) == expected


def test_a_check_of_another_text_says_nothing() -> None:
    checks = LastChecks()
    checks.remember("job-1", SAFE, GOOD)
    assert checks.find("job-1", BARE) is None
    assert checks.find("job-2", SAFE) is None


def test_the_newest_checks_are_kept() -> None:
    checks = LastChecks()
    for number in range(1001):
        checks.remember(f"job-{number}", SAFE, GOOD)
    assert checks.find("job-0", SAFE) is None
    assert checks.find("job-1000", SAFE) is not None


@pytest.mark.parametrize(
    ("spec", "bounded", "expected"),
    [
        pytest.param(BARE, False, True, id="nothing set"),
        pytest.param(BARE, True, False, id="a job that ends by itself"),
        pytest.param(SAFE, False, False, id="with checkpoints"),
        pytest.param(
            JobSpec(JobType.SQL, sql="x", flink_config={"restart-strategy.type": "fixed-delay"}),
            False,
            False,
            id="with a strategy of its own",
        ),
        pytest.param(
            JobSpec(JobType.SQL, sql="SET 'restart-strategy.type' = 'fixed-delay'; x"),
            False,
            False,
            id="set by the script",
        ),
        pytest.param(JobSpec(JobType.JAR, artifact="a.jar"), False, False, id="a jar says so itself"),
    ],
)
def test_a_job_that_flink_never_restarts(spec: JobSpec, bounded: bool, expected: bool) -> None:
    assert ("draft_without_restarts" in name(spec, LastCheck(spec, True, bounded))) is expected
