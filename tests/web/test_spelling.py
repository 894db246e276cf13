"""The words of enums as clients write them."""

from enum import StrEnum
from typing import Any

import pytest

from headgate.domain.instances import FlinkStatus
from headgate.domain.lifecycle import Phase
from headgate.web.spelling import spell


@pytest.mark.requirement("U-10")
@pytest.mark.parametrize(
    ("kind", "word", "member"),
    [
        (Phase, "CANCELED", Phase.CANCELLED),
        (Phase, "canceled", Phase.CANCELLED),
        (Phase, "Cancelled", Phase.CANCELLED),
        (FlinkStatus, "cancelled", FlinkStatus.CANCELED),
        (FlinkStatus, "CANCELED", FlinkStatus.CANCELED),
        (FlinkStatus, "canceling", FlinkStatus.CANCELLING),
        (FlinkStatus, " running ", FlinkStatus.RUNNING),
    ],
)
def test_a_word_is_known_in_any_case_and_with_one_l_or_two(kind: type[StrEnum], word: str, member: StrEnum) -> None:
    assert spell(kind, word) is member


@pytest.mark.parametrize("value", ["CANCEL", "", "LL", 7, None, ["CANCELED"]], ids=repr)
def test_anything_else_stays_for_the_validator(value: Any) -> None:
    assert spell(Phase, value) is value
