"""An act that a newer release began, in a form that this one does not know: whatever is seen, it is left alone."""

import pytest

from headgate.domain.decisions import AwaitOutcome
from headgate.domain.instances import FlinkStatus
from headgate.domain.intents import INTENT_FORMAT, IntentKind
from headgate.domain.lifecycle import Verb
from headgate.domain.observation import Seen
from headgate.domain.operations import Finding, Operation
from tests.unit.domain.facts import FOUND, completed, decided, intent, missing, operation, running, seen, unreachable


@pytest.mark.parametrize("kind", list(IntentKind))
@pytest.mark.parametrize(
    "look",
    [
        pytest.param(seen(FlinkStatus.RUNNING), id="it-runs"),
        pytest.param(seen(FlinkStatus.FINISHED, trigger=completed()), id="it-is-done"),
        pytest.param(seen(absence=missing(), evidence=FOUND), id="it-is-gone"),
        pytest.param(unreachable(), id="nothing-answers"),
    ],
)
def test_it_is_never_guessed_at(kind: IntentKind, look: Seen) -> None:
    stop = operation(Verb.STOP, sent=1)
    foreign = intent(kind, format=INTENT_FORMAT + 1)
    facts = {"act": kind.value, "format": str(INTENT_FORMAT + 1), "known": str(INTENT_FORMAT)}
    decision = decided(running(), look, stop, foreign)
    assert isinstance(decision, AwaitOutcome)
    assert decision.waits_for == Finding("intent_format_newer", facts)


def test_a_form_that_is_known_is_continued() -> None:
    own = intent(IntentKind.STOP_WITH_SAVEPOINT, format=INTENT_FORMAT)
    assert not own.is_foreign
    decision = decided(running(), seen(FlinkStatus.RUNNING), None, own)
    assert not (isinstance(decision, AwaitOutcome) and decision.waits_for)


@pytest.mark.parametrize(
    ("waits_for", "is_overdue"),
    [
        pytest.param(None, False, id="for-nothing"),
        pytest.param(Finding("waits_for_cluster"), False, id="for-the-cluster"),
        pytest.param(Finding("still_waiting"), True, id="beyond-its-deadline"),
        pytest.param(Finding("intent_format_newer"), True, id="for-a-newer-release"),
    ],
)
def test_an_operation_that_needs_a_person_says_so(waits_for: Finding | None, is_overdue: bool) -> None:
    waiting: Operation = operation(Verb.PAUSE, sent=1, waits_for=waits_for)
    assert waiting.is_overdue is is_overdue
