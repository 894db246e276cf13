"""A job that sums 1, 2, 3 ... and prints each sum: each row tells whether a number was forgotten or taken twice."""

from pathlib import Path

from tests.stories.flink import read_printed
from tests.stories.patience import await_that
from tests.stories.people import JobHandle
from tests.stories.specs import Spec, counted

ROWS, PER_SECOND = 100_000, 20
"""More than any story takes."""


def summing(name: str, **fields: object) -> Spec:
    return counted(name, ROWS, PER_SECOND) | {"checkpointing": {"interval": "1s"}} | fields


def await_checkpoint(job: JobHandle) -> None:
    """Until Headgate knows of a checkpoint of the run."""
    await_that(lambda: (job.show()["instance"] or {}).get("checkpoint"), 40, job.show)


def assert_sums_on(job: JobHandle, data: Path) -> None:
    """It goes on, and each row that its Flink ever printed holds all numbers up to its last, each once."""

    def read() -> set[tuple[int, ...]]:
        return {values for _, values in read_printed(data, job.name)}

    before = max(read())
    after = await_that(lambda: found if max(found := read()) > before else None, 20, job.show)
    assert {(count, count * (count + 1) // 2) for count, _ in after} == after
