"""Histories of one job: every invariant holds after every act, all come to rest, and nothing was left untried."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import History


@pytest.mark.timeout(600)  # 500 histories take about a minute of one core; machines that share theirs take longer
def test_every_invariant_holds_in_every_history() -> None:
    run_state_machine_as_test(History, settings=settings())
    missing = History.tally.list_missing()
    assert not missing, f"never occurred, so never tested: {', '.join(missing)}"
