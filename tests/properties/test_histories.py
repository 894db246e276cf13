"""Histories of one job: every invariant holds after every act, all come to rest, and nothing was left untried."""

from random import SystemRandom

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import History

BATCH = 10
"""After so many histories Hypothesis makes new ones out of earlier ones, and the same few troubles return."""


@pytest.mark.timeout(10_800)  # 500 histories take a minute of one core, 10,000 half an hour; machines are shared
def test_every_invariant_holds_in_every_history() -> None:
    profile = settings()
    first = 0 if profile.derandomize else SystemRandom().getrandbits(32)
    for number in range(first, first + profile.max_examples // BATCH):
        batch = type(History.__name__, (History,), {})
        run_state_machine_as_test(seed(number)(batch), settings=settings(max_examples=BATCH))
    missing = History.tally.list_missing()
    assert not missing, f"never occurred, so never tested: {', '.join(missing)}"
