"""In which language the command line speaks, and what it says.

The texts are in the catalogue (`domain/catalogue/cli.toml`). The catalogue is imported on first
use, because `--help` in English needs none of it.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Language(StrEnum):
    """A language of the command line; the same values as the catalogue's."""

    EN = "en"
    ZH = "zh"


# The first one that is set decides, as with every program of a POSIX system.
LANGUAGE_VARIABLES = ("HEADGATE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def choose_language(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """The language asked for by `--language`, else by the environment; English where none fits.

    It is needed before the arguments are parsed: help and complaints about them have a language too.
    """
    asked = _find_option("--language", arguments) or next(
        (environment[name] for name in LANGUAGE_VARIABLES if environment.get(name)), ""
    )
    return Language.ZH if asked.lower().startswith("zh") else Language.EN


def choose_output(arguments: Sequence[str]) -> str:
    """`json` or `yaml` where one of them was asked for, else nothing; errors need it before parsing is done."""
    asked = _find_option("--output", arguments).lower()
    return asked if asked in ("json", "yaml") else ""


def _find_option(name: str, arguments: Sequence[str]) -> str:
    value = ""
    for position, argument in enumerate(arguments):
        if argument == name and position + 1 < len(arguments):
            value = arguments[position + 1]
        elif argument.startswith(f"{name}="):
            value = argument.partition("=")[2]
    return value


def say(language: Language, code: str, facts: Mapping[str, object] | None = None) -> str:
    """The sentence for `code`."""
    from headgate.domain import catalogue

    return catalogue.message(code, _texts(facts), catalogue.Language(language))


def advise(language: Language, code: str, facts: Mapping[str, object] | None = None) -> str:
    """What to do about `code`; empty where there is no advice."""
    from headgate.domain import catalogue

    return catalogue.advice(code, _texts(facts), catalogue.Language(language))


def has_words(code: str) -> bool:
    """Whether there is a sentence for `code`."""
    from headgate.domain import catalogue

    return code in catalogue.texts()


def translate(language: Language, english: str) -> str:
    """A text of the help in `language`; the English one where it has no translation."""
    if language is Language.EN or not english:
        return english
    return _read_chinese().get(english, english)


def _read_chinese() -> dict[str, str]:
    from headgate.domain import catalogue

    return {text.en: text.zh for code, text in catalogue.texts().items() if code.startswith("help_")}


def _texts(facts: Mapping[str, object] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (facts or {}).items()}
