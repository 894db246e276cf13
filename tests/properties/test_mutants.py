"""Who guards the guards: each invariant notices a core that breaks it, and by its own number."""

from dataclasses import replace
from typing import ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import initialize, run_state_machine_as_test

from tests.properties.choices import terrains
from tests.properties.invariants import Invariants, check_steady
from tests.properties.machine import STORE, History, heal
from tests.properties.mutants import MUTANTS, Mutant
from tests.properties.oracle import Broken
from tests.properties.tally import Tally
from tests.properties.test_crashes import LENGTHS, PLAYS, list_points, play
from tests.properties.world import Terrain, World

INVARIANTS = range(1, 8)
BY_CRASHES = 6
"""This one is about two runs that end the same: it is judged by playing each verb with and without a crash."""


class Hunt(History):
    """Histories that begin where `mutant` goes wrong; counted apart."""

    tally = Tally()
    mutant: ClassVar[Mutant]

    @initialize(terrain=terrains)
    def begin(self, terrain: Terrain) -> None:
        self.enter(replace(terrain, **self.mutant.ground))
        self.mutant.opening(self.world)


def test_every_invariant_has_a_mutant() -> None:
    assert {mutant.number for mutant in MUTANTS.values()} == set(INVARIANTS)


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_the_core_as_it_is_survives_the_same_opening(mutant: Mutant) -> None:
    world = World(STORE, replace(Terrain(seed=7), **mutant.ground))
    world.after_act = Invariants(world).check
    mutant.opening(world)
    heal(world)
    check_steady(world)


@pytest.mark.parametrize("name", [name for name, mutant in MUTANTS.items() if mutant.number != BY_CRASHES])
def test_a_history_kills(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS[name]
    monkeypatch.setattr(mutant.function, "__code__", mutant.compile())
    monkeypatch.setattr(Hunt, "mutant", mutant, raising=False)
    # The first history that breaks something will do: nothing is shrunk or kept.
    quick = settings(max_examples=20, derandomize=True, phases=[Phase.generate], database=None)
    with pytest.raises(Broken) as killed:
        run_state_machine_as_test(Hunt, settings=settings(quick, report_multiple_bugs=False))
    assert killed.value.number == mutant.number, str(killed.value)


@pytest.mark.parametrize("name", [name for name, mutant in MUTANTS.items() if mutant.number == BY_CRASHES])
def test_a_crash_kills(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS[name]
    monkeypatch.setattr(mutant.function, "__code__", mutant.compile())
    undisturbed = {of: play(STORE, PLAYS[of], None, 0.0) for of in PLAYS}
    assert any(
        play(STORE, PLAYS[of], (point, number), LENGTHS["short"]) != undisturbed[of]
        for of, point, number in list_points()
    )
