"""Tells what the generated histories went through, so that a green run can be judged."""

import pytest

from tests.properties.machine import History
from tests.telling import tell


def pytest_sessionfinish(session: pytest.Session) -> None:
    if History.tally.histories:
        for line in History.tally.describe():
            tell(session.config, "generated histories", line)
