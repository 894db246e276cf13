"""Everything that Headgate says has words in both languages, and every error says what to do."""

import re
import string
from collections.abc import Callable

import pytest

from headgate.domain.catalogue import flink_texts, texts
from headgate.domain.events import EventType
from tools.codes import error_codes, finding_codes, other_codes

ENTRIES = pytest.mark.parametrize("code", sorted(texts()))


@ENTRIES
def test_an_entry_is_written_in_both_languages(code: str) -> None:
    text = texts()[code]
    assert text.en.strip()
    assert text.zh.strip()
    assert bool(text.advice_en) == bool(text.advice_zh), "advice in one language only"


@ENTRIES
def test_the_chinese_text_is_chinese(code: str) -> None:
    text = texts()[code]
    words = re.sub(r"\{\w+\}|\W", "", text.en)
    assert not words or any("\u4e00" <= character <= "\u9fff" for character in text.zh)
    assert not any("\u4e00" <= character <= "\u9fff" for character in text.en + text.advice_en)


@ENTRIES
def test_both_languages_are_filled_from_the_same_facts(code: str) -> None:
    text = texts()[code]
    assert _facts(text.en) | _facts(text.advice_en) == _facts(text.zh) | _facts(text.advice_zh)


@pytest.mark.parametrize("code", error_codes())
def test_an_error_has_words_and_advice(code: str) -> None:
    assert code in texts(), f"{error_codes()[code]} uses {code!r}, which is not in the catalogue"
    assert texts()[code].advice_en, f"{code!r} does not say what to do"


def test_every_code_that_the_program_names_has_words() -> None:
    named = {**error_codes(), **finding_codes(), **other_codes()}
    assert not {code: place for code, place in named.items() if code not in texts()}


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        pytest.param(error_codes, "not_found", id="an error's own"),
        pytest.param(error_codes, "job_not_found", id="an error's"),
        pytest.param(error_codes, "flink_config_owned", id="a problem's, through a method that collects it"),
        pytest.param(error_codes, "artifact_disk_full", id="one of two, through a variable"),
        pytest.param(finding_codes, "snapshot_gone", id="a finding's"),
        pytest.param(finding_codes, "overridden_by_force", id="a finding's, through a constant"),
        pytest.param(finding_codes, "lost_while_stopping", id="a finding's, chosen from a table"),
        pytest.param(finding_codes, "stop_not_done", id="a finding's, through a function that makes it"),
        pytest.param(other_codes, "list_empty", id="a sentence of the command line"),
    ],
)
def test_a_code_is_found_however_it_is_given(codes: Callable[[], dict[str, str]], code: str) -> None:
    assert code in codes()


@pytest.mark.parametrize("event", list(EventType))
def test_an_event_has_words(event: EventType) -> None:
    assert event.value in texts()


def test_every_message_of_flink_that_is_recognised_says_what_to_do() -> None:
    assert not [text.code for text in flink_texts() if not texts()[text.code].advice_en]


def _facts(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}
