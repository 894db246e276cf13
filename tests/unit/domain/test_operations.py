"""Operations: their steps, their numbers, joining of double clicks, and whose turn it is."""

import pytest

from headgate.domain.lifecycle import Lane, Verb, Wanted
from headgate.domain.operations import (
    OPEN_STATUSES,
    RESULT_CODES,
    VERB_OPTIONS,
    Operation,
    OperationStatus,
    Options,
    RestoreFrom,
    StepName,
    StopSnapshot,
    choose_operation,
    find_same,
    plan_steps,
)
from tests.unit.domain.facts import operation
from tests.unit.domain.tables import read_table, read_words

OPTIONS = {
    "-": Options(),
    "create": Options(snapshot=StopSnapshot.CREATE),
    "none": Options(snapshot=StopSnapshot.NONE),
    "none, force": Options(snapshot=StopSnapshot.NONE, force=True),
    "keep state": Options(keep_state=True),
    "drop state": Options(keep_state=False),
    "from latest": Options(restore_from=RestoreFrom.LATEST),
}

STEPS = """
| row                        | verb      | options    | steps                       | target    |
|----------------------------|-----------|------------|-----------------------------|-----------|
| run                        | run       | -          | submit                      | RUNNING   |
| resume                     | resume    | -          | submit                      | RUNNING   |
| pause                      | pause     | -          | stop_with_savepoint         | SUSPENDED |
| stop without a snapshot    | stop      | none       | cancel                      | CANCELLED |
| stop with a snapshot       | stop      | create     | stop_with_savepoint         | CANCELLED |
| restart with its state     | restart   | keep state | stop_with_savepoint, submit | RUNNING   |
| restart without its state  | restart   | drop state | cancel, submit              | RUNNING   |
| savepoint                  | savepoint | -          | savepoint                   | -         |
"""

RESULTS = """
| status              | open | result |
|---------------------|------|--------|
| INIT                | yes  | -      |
| OPERATING_BEFORE    | yes  | -      |
| OPERATING           | yes  | -      |
| SUCCESS             | no   | 0      |
| FAIL                | no   | 1      |
| EXCEPTION           | no   | 5      |
| TASK_STATUS_NO_DONE | no   | 1      |
| CANCELLED           | no   | 1      |
"""

# Open operations, oldest first; a star marks one that has sent something to Flink.
TURNS = """
| row                                                   | open                 | executes | superseded | cut short by |
|-------------------------------------------------------|----------------------|----------|------------|--------------|
| nothing is open                                       | -                    | -        | -          | -            |
| one waits                                             | pause                | pause    | -          | -            |
| one executes                                          | pause*               | pause    | -          | -            |
| one that sent nothing yields to a newer one           | pause, stop          | stop     | pause      | -            |
| all but the newest yield                              | run, pause, stop     | stop     | run, pause | -            |
| one that has sent goes on, the newer waits            | pause*, resume       | pause    | -          | -            |
| one that has sent goes on, the newest is to follow    | pause*, resume, stop | pause    | resume     | -            |
| a stop with force does not wait                       | pause*, stop!        | pause    | -          | stop         |
| nor for a start attempt                               | run*, stop!          | run      | -          | stop         |
| and what stood between them yields                    | run*, pause, stop!   | run      | pause      | stop         |
| force has nothing to cut short where nothing was sent | run, stop!           | stop     | run        | -            |
| a forced stop that executes cuts nothing short        | stop!*               | stop     | -          | -            |
"""


@pytest.mark.requirement("T0-23", "T1-03", "D-16", "D-17", "D-20", "U-03", "U-04")
@pytest.mark.parametrize(("verb", "options", "steps", "target"), read_table(STEPS))
def test_a_verb_has_its_steps_in_order(verb: str, options: str, steps: str, target: str) -> None:
    planned = plan_steps(Verb(verb), OPTIONS[options])
    assert [step.name for step in planned] == [StepName(word) for word in read_words(steps)]
    made = operation(Verb(verb), OPTIONS[options])
    assert made.target == (None if target == "-" else Wanted(target))
    assert made.lane is (Lane.SAVEPOINT if verb == "savepoint" else Lane.MAIN)


@pytest.mark.parametrize(("status", "is_open", "result"), [(row.id, *row.values) for row in read_table(RESULTS)])
def test_a_closed_operation_has_its_number(status: str, is_open: str, result: str) -> None:
    assert (OperationStatus(status) in OPEN_STATUSES) is (is_open == "yes")
    number = RESULT_CODES.get(OperationStatus(status))
    assert number == (None if result == "-" else int(result))


def test_every_status_has_a_row() -> None:
    assert {row.id for row in read_table(RESULTS)} == {status.value for status in OperationStatus}


def test_no_option_is_read_by_no_verb() -> None:
    assert set().union(*VERB_OPTIONS.values()) == set(Options.__dataclass_fields__)


def test_the_step_is_the_first_that_has_not_succeeded() -> None:
    restart = Options(keep_state=True)
    assert [operation(Verb.RESTART, restart, sent=n).has_sent for n in (0, 1, 2)] == [False, True, True]
    assert _current(operation(Verb.RESTART, restart)) is StepName.STOP_WITH_SAVEPOINT
    assert _current(operation(Verb.RESTART, restart, sent=1)) is StepName.STOP_WITH_SAVEPOINT
    assert _current(operation(Verb.RESTART, restart, sent=2)) is StepName.SUBMIT


class TestDoubleClicks:
    """The same verb with the same options as the newest open operation is that operation."""

    pause, stop = operation(Verb.PAUSE), operation(Verb.STOP, OPTIONS["none"], number=2)

    def test_the_same_is_found(self) -> None:
        assert find_same([self.pause], Verb.PAUSE, Options()) is self.pause

    def test_the_same_is_found_while_it_executes(self) -> None:
        executing = operation(Verb.PAUSE, sent=1)
        assert find_same([executing], Verb.PAUSE, Options()) is executing

    def test_other_options_are_another_wish(self) -> None:
        assert find_same([self.stop], Verb.STOP, OPTIONS["create"]) is None

    def test_an_older_one_is_not_the_newest_wish(self) -> None:
        assert find_same([self.pause, self.stop], Verb.PAUSE, Options()) is None

    def test_the_order_of_the_list_does_not_matter(self) -> None:
        assert find_same([self.stop, self.pause], Verb.STOP, OPTIONS["none"]) is self.stop

    def test_each_lane_has_its_own_newest(self) -> None:
        savepoint = operation(Verb.SAVEPOINT, number=2)
        assert find_same([self.pause, savepoint], Verb.PAUSE, Options()) is self.pause
        assert find_same([self.pause, savepoint], Verb.SAVEPOINT, Options()) is savepoint

    def test_nothing_open_is_the_same_as_nothing(self) -> None:
        assert find_same([], Verb.PAUSE, Options()) is None


@pytest.mark.requirement("A-33", "U-06")
@pytest.mark.parametrize(("opened", "executes", "superseded", "cut_short_by"), read_table(TURNS))
def test_whose_turn_it_is(opened: str, executes: str, superseded: str, cut_short_by: str) -> None:
    operations = [_read_operation(word, number) for number, word in enumerate(read_words(opened), 1)]
    for order in (operations, operations[::-1]):
        choice = choose_operation(order, Lane.MAIN)
        assert _verbs(choice.executing) == read_words(executes)
        assert [op.verb.value for op in choice.superseded] == read_words(superseded)
        assert _verbs(choice.overridden_by) == read_words(cut_short_by)


def test_a_savepoint_supersedes_nothing_and_takes_no_main_operation_s_turn() -> None:
    first, second, pause = (
        operation(Verb.SAVEPOINT, number=1),
        operation(Verb.SAVEPOINT, number=2),
        operation(Verb.PAUSE, number=3),
    )
    chosen = choose_operation([pause, second, first], Lane.SAVEPOINT)
    assert (chosen.executing, chosen.superseded, chosen.overridden_by) == (first, (), None)
    assert chosen.queued == (second,)
    assert choose_operation([first, second, pause], Lane.MAIN).executing is pause


def _read_operation(word: str, number: int) -> Operation:
    verb = Verb(word.rstrip("!*"))
    options = OPTIONS["none, force" if "!" in word else "none"] if verb is Verb.STOP else Options()
    return operation(verb, options, sent=1 if "*" in word else 0, number=number)


def _verbs(chosen: Operation | None) -> list[str]:
    return [] if chosen is None else [chosen.verb.value]


def _current(made: Operation) -> StepName | None:
    return made.step.name if made.step else None
