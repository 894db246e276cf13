"""Sentences for people: the catalogue's words, with states and verbs among the facts in the same language.

A fact such as `verb` or `phase` is a code too; inside a sentence it reads as a word.
"""

from collections.abc import Mapping

from headgate.domain.catalogue import Language, advice, message, texts

# Which facts are codes, and under which prefix their words stand. Lists are written with commas.
_PREFIXES: dict[str, str] = {
    "verb": "verb",
    "by": "verb",
    "allowed_verbs": "verb",
    "phase": "phase",
    "expected_phase": "phase",
    "wanted_phases": "phase",
    "settled": "phase",
    "before": "phase",
    "after": "phase",
    "status": "status",
    "act": "act",
    "end": "end",
    "origin": "origin",
    "wanted": "type",
}
_COMMAS: dict[Language, str] = {Language.EN: ", ", Language.ZH: "、"}


def say(code: str, facts: Mapping[str, str], language: Language) -> str:
    """The sentence for `code`."""
    return message(code, word_facts(facts, language), language)


def advise(code: str, facts: Mapping[str, str], language: Language) -> str:
    """What to do about `code`; empty where there is no advice."""
    return advice(code, word_facts(facts, language), language)


def join_sentences(first: str, second: str, language: Language) -> str:
    """Both, one after the other: only English leaves a blank between."""
    return f"{first} {second}" if language is Language.EN else f"{first}{second}"


def word_facts(facts: Mapping[str, str], language: Language) -> dict[str, str]:
    """`facts` as they read inside a sentence."""
    return {name: _word(name, value, language) for name, value in facts.items()}


def _word(name: str, value: str, language: Language) -> str:
    prefix = _PREFIXES.get(name)
    if prefix is None:
        return value
    words = [_translate(prefix, part.strip(), language) for part in value.split(",") if part.strip()]
    return _COMMAS[language].join(words) or "-"


def _translate(prefix: str, part: str, language: Language) -> str:
    text = texts().get(f"{prefix}_{part.lower().replace(' ', '_')}")
    return text.message(language) if text is not None else part
