"""Words of enums as clients write them: in any case, and cancelled with one l or two."""

from enum import StrEnum
from typing import Any, TypeVar

E = TypeVar("E", bound=StrEnum)

_TWINS = {"CANCELED": "CANCELLED", "CANCELLED": "CANCELED", "CANCELING": "CANCELLING", "CANCELLING": "CANCELING"}


def spell(kind: type[E], value: Any) -> Any:
    """The member of `kind` that `value` means; anything else as it came, for the validator to refuse."""
    if not isinstance(value, str):
        return value
    word = value.strip().upper()
    by_name = {member.value.upper(): member for member in kind}
    return by_name.get(word) or by_name.get(_TWINS.get(word, "")) or value
