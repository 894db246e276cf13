"""Whatever is told to people can be told: its code has words, and every fact that the words name is given."""

import re
import string
from collections.abc import Iterator, Mapping
from functools import cache

from headgate.domain.catalogue import Language, texts
from headgate.domain.decisions import AwaitOutcome, Cancel, Decision, GiveUp, Nothing, Settle
from headgate.domain.events import Event
from headgate.domain.operations import Finding

_NAMES_IN_SMALL = re.compile(r"\b(flink|headgate|jobmanager)\b|XX")
_REASON = "reason"


def check_decision(decision: Decision) -> None:
    """What it says of itself is a sentence that names things as they are called, and its findings can be told."""
    assert not _NAMES_IN_SMALL.search(decision.because), decision
    for finding in _list_findings(decision):
        check_finding(finding)


def check_finding(finding: Finding) -> None:
    _check(finding.code, finding.facts)


def check_event(event: Event) -> None:
    """Its own words take `reason` from the code beside it, whose facts have a prefix."""
    given = dict(event.facts)
    if "code" in given:
        prefix = f"{_REASON}_"
        _check(given["code"], {name.removeprefix(prefix): v for name, v in given.items() if name.startswith(prefix)})
    _check(event.type.value, {_REASON: "", **given})


def _check(code: str, facts: Mapping[str, str]) -> None:
    missing = _list_names(code) - set(facts)
    assert not missing, f"{code} is told without {missing}"


@cache
def _list_names(code: str) -> frozenset[str]:
    """The facts that sentence and advice name in either language."""
    assert code in texts(), f"{code!r} has no words"
    words = texts()[code]
    all_texts = "".join((*map(words.message, Language), *map(words.advice, Language)))
    return frozenset(name for _, name, _, _ in string.Formatter().parse(all_texts) if name)


def _list_findings(decision: Decision) -> Iterator[Finding]:
    match decision:
        case AwaitOutcome(waits_for=finding) | Nothing(waits_for=finding) | Cancel(failing=finding):
            found = [finding]
        case GiveUp():
            found = [decision.finding]
        case Settle(outcome=outcome):
            held = outcome.recovery.state.held if outcome.recovery is not None else None
            found = [outcome.result, outcome.warning, held]
        case _:
            found = []
    yield from (finding for finding in found if finding is not None)
