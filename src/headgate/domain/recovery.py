"""The recovery policy of a job: what Headgate does by itself after an instance failed or was lost.

`NONE` leaves the job FAILED until a person acts.
"""

from dataclasses import dataclass
from enum import StrEnum


class RecoveryPolicy(StrEnum):
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Recovery:
    policy: RecoveryPolicy = RecoveryPolicy.NONE
