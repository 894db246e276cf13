"""What is wrong with a command line, in our words.

The parser explains in English; here each kind of its complaints has a code of the catalogue.
"""

from collections.abc import Callable

from cyclopts import CycloptsError
from cyclopts.exceptions import (
    CoercionError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from headgate.cli.words import Language, say

Facts = dict[str, str]


def describe_complaint(complaint: CycloptsError, language: Language) -> str:
    """One sentence; the parser's own where the catalogue has none for its kind."""
    for kind, (code, read) in _WORDS.items():
        if isinstance(complaint, kind):
            facts = read(complaint)
            return say(language, "usage_choice" if facts.get("choices") else code, facts)
    complaint.verbose = False
    return str(complaint).strip()


def _name_argument(complaint: CycloptsError) -> str:
    return complaint.argument.name if complaint.argument is not None else ""


def _read_coercion(complaint: CycloptsError) -> Facts:
    token = complaint.token if isinstance(complaint, CoercionError) else None
    choices = complaint.argument.get_choices() if complaint.argument is not None else None
    value = token.value if token is not None else ""
    return {"argument": _name_argument(complaint), "value": value, "choices": ", ".join(choices or ())}


def _read_option(complaint: CycloptsError) -> Facts:
    token = complaint.token if isinstance(complaint, UnknownOptionError) else None
    return {"option": (token.keyword or token.value) if token is not None else ""}


def _read_unused(complaint: CycloptsError) -> Facts:
    tokens = complaint.unused_tokens or []
    return {"word": tokens[0] if tokens else ""}


_WORDS: dict[type[CycloptsError], tuple[str, Callable[[CycloptsError], Facts]]] = {
    MissingArgumentError: ("usage_missing", lambda complaint: {"argument": _name_argument(complaint)}),
    RepeatArgumentError: ("usage_repeated", lambda complaint: {"argument": _name_argument(complaint)}),
    UnknownOptionError: ("usage_unknown_option", _read_option),
    UnknownCommandError: ("usage_unknown_command", _read_unused),
    UnusedCliTokensError: ("usage_unknown_word", _read_unused),
    CoercionError: ("usage_value", _read_coercion),
}
