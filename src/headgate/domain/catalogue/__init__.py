"""The words of Headgate: one catalogue from stable codes to Chinese and English texts.

The data are the `*.toml` files beside this module, one per concept; the code only reads them. A
table `[codes.NAME]` has `en`, `zh` and optionally `advice_en`, `advice_zh`; `{fact}` is filled from
the facts of an error, event or result. A table `[flink.NAME]` has also `pattern`, a regular
expression that recognises Flink's own text.
"""

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class Text:
    """One entry: the sentence and the advice in both languages; the advice may be empty."""

    en: str
    zh: str
    advice_en: str = ""
    advice_zh: str = ""

    def message(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en

    def advice(self, language: Language) -> str:
        return self.advice_zh if language is Language.ZH else self.advice_en


@dataclass(frozen=True, slots=True)
class FlinkText:
    """How one of Flink's own messages is recognised; its words stand under the same code."""

    code: str
    pattern: re.Pattern[str]


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


@cache
def texts() -> dict[str, Text]:
    """Every entry by code. A code that two files define is a fault of the catalogue: ValueError."""
    found: dict[str, Text] = {}
    for section, code, entry in _entries():
        if code in found:
            raise ValueError(f"the catalogue defines {code!r} twice (second in {section})")
        found[code] = Text(**{name: value for name, value in entry.items() if name != "pattern"})
    return found


@cache
def flink_texts() -> tuple[FlinkText, ...]:
    """The recognisable messages of Flink, in the order of the files: the first match counts."""
    return tuple(
        FlinkText(code, re.compile(entry["pattern"], re.DOTALL))
        for section, code, entry in _entries()
        if section == "flink"
    )


def classify_cause(cause: str, otherwise: str) -> str:
    """The code under which Flink's text `cause` is explained; `otherwise` where none fits."""
    for text in flink_texts():
        if text.pattern.search(cause):
            return text.code
    return otherwise


def message(code: str, facts: dict[str, str], language: Language) -> str:
    """The sentence for `code`; an unknown code is shown as itself, so that nothing is hidden."""
    text = texts().get(code)
    return text.message(language).format_map(_Facts(facts)) if text else code


def advice(code: str, facts: dict[str, str], language: Language) -> str:
    """What to do about `code`; empty where there is no advice."""
    text = texts().get(code)
    return text.advice(language).format_map(_Facts(facts)) if text else ""


@cache
def _entries() -> tuple[tuple[str, str, dict[str, str]], ...]:
    files = sorted(
        (file for file in resources.files(__name__).iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    return tuple(
        (section, code, entry)
        for file in files
        for section, table in tomllib.loads(file.read_text(encoding="utf-8")).items()
        for code, entry in table.items()
    )
