"""Prints what the generated histories went through, so that a green run can be judged."""

import pytest

from tests.properties.machine import History


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not History.tally.histories:
        return
    terminalreporter.section("generated histories")
    for line in History.tally.describe():
        terminalreporter.write_line(line)
