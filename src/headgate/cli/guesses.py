"""What somebody who mistyped a word probably meant."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

# Lower, and strangers are offered: `show` for `drop`.
_LIKENESS = 0.6
_WORD = re.compile(r"[A-Za-z][\w.-]*\w")


def guess(word: str, known: Iterable[str]) -> str:
    """The one of `known` that is most like `word`, whatever its case; empty where none is like it."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=_LIKENESS)
    return by_lower[found[0]] if found else ""


def guess_from_text(word: str, text: str) -> str:
    """The same, where the known words stand in a sentence."""
    return guess(word, (found for found in _WORD.findall(text) if found != word))
