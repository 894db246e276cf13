"""Words are found by code and language; what has none is never hidden."""

import pytest

from headgate.domain.catalogue import Language, advice, classify_cause, message, texts

WITH_FACTS = "declared_lost"
WITH_ADVICE = "snapshot_gone"


@pytest.mark.parametrize(
    ("language", "said"),
    [(Language.EN, "ann declared the job lost: it burnt"), (Language.ZH, "ann 已宣告作业丢失：it burnt")],
    ids=["in English", "in Chinese"],
)
def test_a_sentence_is_filled_with_its_facts(language: Language, said: str) -> None:
    assert message(WITH_FACTS, {"actor": "ann", "reason": "it burnt"}, language) == said


def test_a_fact_that_is_missing_is_seen_to_be_missing() -> None:
    assert message(WITH_FACTS, {"actor": "ann"}, Language.EN) == "ann declared the job lost: ?"


def test_advice_is_given_in_the_same_language() -> None:
    words = texts()[WITH_ADVICE]
    assert words.advice_en != words.advice_zh
    assert advice(WITH_ADVICE, {}, Language.EN) == words.advice_en
    assert advice(WITH_ADVICE, {}, Language.ZH) == words.advice_zh


@pytest.mark.parametrize("language", list(Language), ids=str)
def test_a_code_without_words_is_shown_as_itself_and_advises_nothing(language: Language) -> None:
    assert message("of_a_newer_release", {}, language) == "of_a_newer_release"
    assert advice("of_a_newer_release", {}, language) == ""


def test_a_text_of_flink_that_nobody_knows_is_explained_in_general() -> None:
    assert classify_cause("java.lang.IllegalStateException: never seen before", "job_failed") == "job_failed"
