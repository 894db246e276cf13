"""The verb table and the derived states, row by row as the design writes them down."""

import pytest

from headgate.domain.lifecycle import (
    VERBS,
    Lane,
    Lifecycle,
    Phase,
    Settled,
    Sight,
    Verb,
    Wanted,
    derive_desired_state,
    derive_expected_phase,
    derive_lifecycle,
    derive_phase,
    is_allowed,
    list_allowed_verbs,
    list_phases_for,
)
from tests.unit.domain.tables import read_table, read_words

VERB_TABLE = """
| verb      | from expected phase                                 | target    | lane      |
|-----------|-----------------------------------------------------|-----------|-----------|
| run       | PUBLISHED, CANCELLED, FINISHED, FAILED, SUSPENDED   | RUNNING   | MAIN      |
| pause     | RUNNING                                             | SUSPENDED | MAIN      |
| resume    | SUSPENDED                                           | RUNNING   | MAIN      |
| stop      | RUNNING, FAILED, SUSPENDED                          | CANCELLED | MAIN      |
| restart   | RUNNING                                             | RUNNING   | MAIN      |
| savepoint | RUNNING                                             | -         | SAVEPOINT |
| declare_lost | CANCELLED, DRAFT, FAILED, FINISHED, PUBLISHED, RUNNING, SUSPENDED, TRANSITIONING | CANCELLED | MAIN |
"""

OFFERED = """
| expected phase           | verbs                           | with an instance whose end nobody saw |
|--------------------------|---------------------------------|---------------------------------------|
| DRAFT                    | -                               | stop                                  |
| PUBLISHED                | run                             | run, stop                             |
| RUNNING                  | pause, stop, restart, savepoint | pause, stop, restart, savepoint       |
| SUSPENDED                | run, resume, stop               | run, resume, stop                     |
| CANCELLED                | run                             | run, stop                             |
| FINISHED                 | run                             | run, stop                             |
| FAILED                   | run, stop                       | run, stop                             |
| TRANSITIONING            | -                               | stop                                  |
"""

PHASES = """
| row                       | settled   | target    | version | phase         | expected  |
|---------------------------|-----------|-----------|---------|---------------|-----------|
| never published           | NONE      | -         | no      | DRAFT         | DRAFT     |
| published, never run      | NONE      | -         | yes     | PUBLISHED     | PUBLISHED |
| runs                      | RUNNING   | -         | yes     | RUNNING       | RUNNING   |
| paused                    | SUSPENDED | -         | yes     | SUSPENDED     | SUSPENDED |
| stopped                   | CANCELLED | -         | yes     | CANCELLED     | CANCELLED |
| run to completion         | FINISHED  | -         | yes     | FINISHED      | FINISHED  |
| failed                    | FAILED    | -         | yes     | FAILED        | FAILED    |
| first run accepted        | NONE      | RUNNING   | yes     | TRANSITIONING | RUNNING   |
| run after a stop          | CANCELLED | RUNNING   | yes     | TRANSITIONING | RUNNING   |
| run after completion      | FINISHED  | RUNNING   | yes     | TRANSITIONING | RUNNING   |
| run after a failure       | FAILED    | RUNNING   | yes     | TRANSITIONING | RUNNING   |
| resume accepted           | SUSPENDED | RUNNING   | yes     | TRANSITIONING | RUNNING   |
| restart accepted          | RUNNING   | RUNNING   | yes     | TRANSITIONING | RUNNING   |
| pause accepted            | RUNNING   | SUSPENDED | yes     | TRANSITIONING | SUSPENDED |
| pause while it starts     | NONE      | SUSPENDED | yes     | TRANSITIONING | SUSPENDED |
| stop accepted             | RUNNING   | CANCELLED | yes     | TRANSITIONING | CANCELLED |
| the pause is given up     | SUSPENDED | CANCELLED | yes     | TRANSITIONING | CANCELLED |
| savepoint: no target      | RUNNING   | -         | yes     | RUNNING       | RUNNING   |
"""

DESIRED = """
| row                                   | wanted    | target    | desired   |
|---------------------------------------|-----------|-----------|-----------|
| nothing was ever asked                | -         | -         | -         |
| a first run: at the click             | -         | RUNNING   | RUNNING   |
| a pause: at the click                 | RUNNING   | SUSPENDED | SUSPENDED |
| a stop: at the click                  | RUNNING   | CANCELLED | CANCELLED |
| a resume: at the click                | SUSPENDED | RUNNING   | RUNNING   |
| nothing open: what stands             | RUNNING   | -         | RUNNING   |
| nothing open: the pause stands        | SUSPENDED | -         | SUSPENDED |
| nothing open: the stop stands         | CANCELLED | -         | CANCELLED |
"""

LIFECYCLES = """
| row                        | wanted    | version | lifecycle  |
|----------------------------|-----------|---------|------------|
| being written              | -         | no      | DEVELOPING |
| a version, nothing wanted  | -         | yes     | PUBLISHED  |
| RUNNING is wanted          | RUNNING   | yes     | ONLINE     |
| paused                     | SUSPENDED | yes     | PUBLISHED  |
| stopped                    | CANCELLED | yes     | PUBLISHED  |
"""


def _wanted(cell: str) -> Wanted | None:
    return None if cell == "-" else Wanted(cell)


@pytest.mark.requirement("T0-13", "T0-26", "T0-30", "T0-33", "T1-04", "T1-10", "A-23", "A-24", "A-25")
@pytest.mark.parametrize(
    ("verb", "phases", "target", "lane"), [(row.id, *row.values) for row in read_table(VERB_TABLE)]
)
def test_a_verb_has_the_row_that_the_table_gives_it(verb: str, phases: str, target: str, lane: str) -> None:
    rule = VERBS[Verb(verb)]
    assert rule.allowed_from == {Phase(phase) for phase in read_words(phases)}
    assert (rule.target, rule.lane) == (_wanted(target), Lane(lane))
    assert list(list_phases_for(Verb(verb))) == sorted(read_words(phases))


def test_the_table_has_a_row_for_every_verb() -> None:
    assert {row.id for row in read_table(VERB_TABLE)} == {verb.value for verb in Verb} == {*VERBS}


@pytest.mark.requirement("T1-02", "T2-04")
@pytest.mark.parametrize(("phase", "plain", "unconfirmed"), [(row.id, *row.values) for row in read_table(OFFERED)])
def test_what_is_offered_in_a_phase(phase: str, plain: str, unconfirmed: str) -> None:
    assert [*list_allowed_verbs(Phase(phase), Sight())] == read_words(plain)
    assert [*list_allowed_verbs(Phase(phase), Sight(unconfirmed_instance=True))] == read_words(unconfirmed)
    out_of_sight = list_allowed_verbs(Phase(phase), Sight(unconfirmed_instance=True, out_of_sight=True))
    assert out_of_sight == [*read_words(unconfirmed), Verb.DECLARE_LOST]


@pytest.mark.requirement("T0-33")
@pytest.mark.parametrize("phase", list(Phase))
def test_whatever_is_not_known_to_have_ended_can_be_stopped(phase: Phase) -> None:
    assert is_allowed(Verb.STOP, phase, Sight(unconfirmed_instance=True))


def test_every_state_that_a_published_job_rests_in_has_a_verb_that_leads_out() -> None:
    for settled in Settled:
        phase = derive_phase(settled, None, has_version=True)
        leaving = {VERBS[verb].target for verb in list_allowed_verbs(phase, Sight())}
        assert leaving - {None}, phase


@pytest.mark.requirement("U-01", "A-22", "A-26", "A-27", "A-28", "A-31", "T0-14")
@pytest.mark.parametrize(("settled", "target", "version", "phase", "expected"), read_table(PHASES))
def test_the_phase_is_derived(settled: str, target: str, version: str, phase: str, expected: str) -> None:
    has_version = version == "yes"
    assert derive_phase(Settled(settled), _wanted(target), has_version) is Phase(phase)
    assert derive_expected_phase(Settled(settled), _wanted(target), has_version) is Phase(expected)


@pytest.mark.requirement("U-01", "A-22", "A-31")
@pytest.mark.parametrize(("wanted", "target", "desired"), read_table(DESIRED))
def test_the_desired_state_is_derived(wanted: str, target: str, desired: str) -> None:
    assert derive_desired_state(_wanted(wanted), _wanted(target)) is _wanted(desired)


@pytest.mark.parametrize(("wanted", "version", "lifecycle"), read_table(LIFECYCLES))
def test_the_lifecycle_is_derived(wanted: str, version: str, lifecycle: str) -> None:
    assert derive_lifecycle(_wanted(wanted), version == "yes") is Lifecycle(lifecycle)


@pytest.mark.requirement("U-01", "U-08")
def test_the_axes_have_the_words_that_are_promised_and_no_flink_word_is_a_phase_by_accident() -> None:
    assert {*Wanted} == {"RUNNING", "SUSPENDED", "CANCELLED"}
    phases = "DRAFT PUBLISHED TRANSITIONING RUNNING SUSPENDED CANCELLED FINISHED FAILED"
    assert [*Phase] == phases.split()
