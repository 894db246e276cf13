"""The recovery policy of a job: what Headgate does by itself after an instance failed or was lost.

`NONE` leaves the job FAILED until a person acts. `RESTORE` starts it again from its newest confirmed
restore point: with a growing back-off, within a budget, and never without state. Back-off is a part of
the job's state and no operation; whatever a person asks for ends it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from headgate.domain.operations import Finding

WINDOW = timedelta(hours=1)
"""The budget of attempts is for so long."""
HEALTHY = timedelta(minutes=15)
"""A run that lasted so long begins with a whole budget again."""
FIRST_BACK_OFF = timedelta(seconds=10)
LONGEST_BACK_OFF = timedelta(minutes=5)


class RecoveryPolicy(StrEnum):
    NONE = "NONE"
    RESTORE = "RESTORE"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a person has set. `max_age`: an older restore point is left to a person; None: any will do.

    `attempts` may be made within `WINDOW`.
    """

    policy: RecoveryPolicy = RecoveryPolicy.NONE
    max_age: timedelta | None = None
    attempts: int = 5

    @property
    def is_on(self) -> bool:
        return self.policy is RecoveryPolicy.RESTORE


NO_RECOVERY = Recovery()


@dataclass(frozen=True, slots=True)
class RecoveryState:
    """Where recovery stands: when attempts were `tried`, oldest first, and why it is `held`, if it is."""

    tried: tuple[datetime, ...] = ()
    held: Finding | None = None


@dataclass(frozen=True, slots=True)
class RecoveryPlan:
    """`at` is when the next attempt is due, None where none is."""

    state: RecoveryState
    at: datetime | None = None


def plan_recovery(
    policy: Recovery, before: RecoveryState | None, running_at: datetime | None, now: datetime
) -> RecoveryPlan | None:
    """What follows after an instance, whose tasks ran since `running_at`, failed or was lost; None without a policy."""
    if not policy.is_on:
        return None
    was_healthy = running_at is not None and now - running_at >= HEALTHY
    tried = () if before is None or was_healthy else before.tried
    tried = tuple(at for at in tried if now - at < WINDOW)
    if len(tried) >= policy.attempts:
        return hold(RecoveryState(tried), Finding("recovery_exhausted", {"attempts": str(len(tried))}))
    wait = min(FIRST_BACK_OFF * 2 ** len(tried), LONGEST_BACK_OFF)
    return RecoveryPlan(RecoveryState(tried), now + wait)


def hold(state: RecoveryState | None, finding: Finding) -> RecoveryPlan:
    """No further attempt until a person acts."""
    return RecoveryPlan(replace(state or RecoveryState(), held=finding))


def note_attempt(state: RecoveryState | None, now: datetime) -> RecoveryPlan:
    """An attempt is being made."""
    before = state or RecoveryState()
    return RecoveryPlan(RecoveryState((*before.tried, now)))
