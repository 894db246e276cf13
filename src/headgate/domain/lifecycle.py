"""Where a job is, and what may be done with it: the verb table and the derived states.

Nothing here is ever assigned: `phase`, `lifecycle` and `desired_state` are functions of what
settled, what is open and what was published. Web, command line and console all use this table.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Settled(StrEnum):
    """Where a job rests once nothing is under way."""

    NONE = "NONE"
    RUNNING = "RUNNING"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"


class Wanted(StrEnum):
    """What a person wants of a job; also the target of an operation."""

    RUNNING = "RUNNING"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"


class Phase(StrEnum):
    """What is shown as the current state. Flink's own word is never mapped onto it."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    TRANSITIONING = "TRANSITIONING"
    RUNNING = "RUNNING"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"


class Lifecycle(StrEnum):
    DEVELOPING = "DEVELOPING"
    PUBLISHED = "PUBLISHED"
    ONLINE = "ONLINE"


class Verb(StrEnum):
    RUN = "run"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    RESTART = "restart"
    SAVEPOINT = "savepoint"
    DECLARE_LOST = "declare_lost"


class Lane(StrEnum):
    """Operations of one lane follow each other; a savepoint never changes where a job goes."""

    MAIN = "MAIN"
    SAVEPOINT = "SAVEPOINT"


@dataclass(frozen=True, slots=True)
class VerbRule:
    """One row of the verb table: from which expected phases, and where it leads.

    `out_of_sight`: only while nobody can see what became of the job (see `is_out_of_sight` of `evidence.py`).
    """

    allowed_from: frozenset[Phase]
    target: Wanted | None
    lane: Lane = Lane.MAIN
    out_of_sight: bool = False


VERBS: dict[Verb, VerbRule] = {
    Verb.RUN: VerbRule(
        frozenset({Phase.PUBLISHED, Phase.CANCELLED, Phase.FINISHED, Phase.FAILED, Phase.SUSPENDED}), Wanted.RUNNING
    ),
    Verb.PAUSE: VerbRule(frozenset({Phase.RUNNING}), Wanted.SUSPENDED),
    Verb.RESUME: VerbRule(frozenset({Phase.SUSPENDED}), Wanted.RUNNING),
    Verb.STOP: VerbRule(frozenset({Phase.RUNNING, Phase.FAILED, Phase.SUSPENDED}), Wanted.CANCELLED),
    Verb.RESTART: VerbRule(frozenset({Phase.RUNNING}), Wanted.RUNNING),
    Verb.SAVEPOINT: VerbRule(frozenset({Phase.RUNNING}), None, Lane.SAVEPOINT),
    Verb.DECLARE_LOST: VerbRule(frozenset(Phase), Wanted.CANCELLED, out_of_sight=True),
}


def derive_phase(settled: Settled, target: Wanted | None, has_version: bool) -> Phase:
    """The current state. `target` is that of the newest open operation that has one, else None."""
    if target is not None:
        return Phase.TRANSITIONING
    if settled is Settled.NONE:
        return Phase.PUBLISHED if has_version else Phase.DRAFT
    return Phase(settled)


def derive_expected_phase(settled: Settled, target: Wanted | None, has_version: bool) -> Phase:
    """The state that a new verb is checked against: where the open operation leads, else the phase."""
    return Phase(target) if target is not None else derive_phase(settled, None, has_version)


def derive_desired_state(wanted: Wanted | None, target: Wanted | None) -> Wanted | None:
    """What people want now: the newest open operation's target, else what was last wanted."""
    return target if target is not None else wanted


def derive_lifecycle(wanted: Wanted | None, has_version: bool) -> Lifecycle:
    """DEVELOPING without a version, ONLINE while RUNNING is wanted, else PUBLISHED."""
    if not has_version:
        return Lifecycle.DEVELOPING
    return Lifecycle.ONLINE if wanted is Wanted.RUNNING else Lifecycle.PUBLISHED


@dataclass(frozen=True, slots=True)
class Sight:
    """What of a job is not seen. `unconfirmed_instance`: an instance exists whose end nobody has seen.

    Then it may always be stopped. `out_of_sight`: for long enough nobody could see what became of it,
    or of an act that was sent; then it may be declared lost.
    """

    unconfirmed_instance: bool = False
    out_of_sight: bool = False


def list_allowed_verbs(expected: Phase, sight: Sight) -> list[Verb]:
    """The verbs that fit the expected phase, in the table's order."""
    return [verb for verb in Verb if is_allowed(verb, expected, sight)]


def is_allowed(verb: Verb, expected: Phase, sight: Sight) -> bool:
    """Whether `verb` fits the expected phase and what is seen of the job."""
    if verb is Verb.STOP and sight.unconfirmed_instance:
        return True
    rule = VERBS[verb]
    return expected in rule.allowed_from and (sight.out_of_sight or not rule.out_of_sight)


def list_phases_for(verb: Verb) -> Collection[Phase]:
    """The phases in which `verb` is offered: what a refusal names."""
    return sorted(VERBS[verb].allowed_from)
