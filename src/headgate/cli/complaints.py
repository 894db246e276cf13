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

from headgate.cli.guesses import guess
from headgate.cli.words import Language, say

Facts = dict[str, str]


def describe_complaint(complaint: CycloptsError, language: Language) -> str:
    """A sentence or two; the parser's own where the catalogue has none for its kind."""
    for kind, (code, read) in _WORDS.items():
        if isinstance(complaint, kind):
            facts = read(complaint)
            sentence = say(language, "usage_choice" if facts.get("choices") else code, facts)
            more = [
                say(language, name, {"word": facts[name]})
                for name in ("did_you_mean", "usage_known")
                if facts.get(name)
            ]
            return (" " if language is Language.EN else "").join([sentence, *more])
    complaint.verbose = False
    return str(complaint).strip()


def _name_argument(complaint: CycloptsError) -> str:
    """The option or argument; of a switch with two sides both."""
    if complaint.argument is None:
        return ""
    switches = [name for name in complaint.argument.names if name.startswith("--")]
    return " / ".join(switches) if len(switches) > 1 else complaint.argument.name


def _read_missing(complaint: CycloptsError) -> Facts:
    choices = complaint.argument.get_choices() if complaint.argument is not None else None
    name = _name_argument(complaint)
    return {"argument": f"{name} {'|'.join(choices)}" if choices else name}


def _read_coercion(complaint: CycloptsError) -> Facts:
    token = complaint.token if isinstance(complaint, CoercionError) else None
    choices = (complaint.argument.get_choices() if complaint.argument is not None else None) or ()
    value = token.value if token is not None else ""
    facts = {"argument": _name_argument(complaint), "value": value, "choices": ", ".join(choices)}
    return {**facts, "did_you_mean": guess(value, choices)}


def _read_option(complaint: CycloptsError) -> Facts:
    if not isinstance(complaint, UnknownOptionError):
        return {}
    option = (complaint.token.keyword or complaint.token.value).partition("=")[0]
    known = [name for argument in complaint.argument_collection if argument.parse for name in argument.names]
    return {"option": option, "did_you_mean": guess(option, known)}


def _read_command(complaint: CycloptsError) -> Facts:
    word = next(iter(complaint.unused_tokens or ()), "")
    known = [name for name in complaint.app or () if not name.startswith("-")]
    meant = guess(word, known)
    return {"word": word, "did_you_mean": meant, "usage_known": "" if meant else ", ".join(known)}


def _read_unused(complaint: CycloptsError) -> Facts:
    return {"word": next(iter(complaint.unused_tokens or ()), "")}


_WORDS: dict[type[CycloptsError], tuple[str, Callable[[CycloptsError], Facts]]] = {
    MissingArgumentError: ("usage_missing", _read_missing),
    RepeatArgumentError: ("usage_repeated", lambda complaint: {"argument": _name_argument(complaint)}),
    UnknownOptionError: ("usage_unknown_option", _read_option),
    UnknownCommandError: ("usage_unknown_command", _read_command),
    UnusedCliTokensError: ("usage_unknown_word", _read_unused),
    CoercionError: ("usage_value", _read_coercion),
}
