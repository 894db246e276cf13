"""Tells what the generated histories went through, so that a green run can be judged."""

from collections.abc import Iterator

import pytest

from tests.properties.machine import History
from tests.telling import tell


@pytest.fixture
def no_fault_of_ours(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The loop survives a fault of Headgate's own, or an oracle that protests, and logs it: here that is a failure."""
    yield
    faults = [record.exc_info[1] for record in caplog.get_records("call") if record.exc_info]
    assert not faults, f"the loop went on after {faults[0]!r}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    if History.tally.histories:
        for line in History.tally.describe():
            tell(session.config, "generated histories", line)
