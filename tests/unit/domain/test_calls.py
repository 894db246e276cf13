"""What is kept of a call's texts: no secret, and never more than fits."""

from datetime import date

import pytest

from headgate.domain.calls import TEXT_KEPT, shorten_document, shorten_text

SEARCHED = 4 * TEXT_KEPT


def told(characters: int) -> str:
    return f"{'x' * TEXT_KEPT} ... ({characters} characters)"


@pytest.mark.parametrize(
    ("characters", "kept"),
    [
        pytest.param(TEXT_KEPT, "x" * TEXT_KEPT, id="the longest that is kept whole"),
        pytest.param(TEXT_KEPT + 1, told(TEXT_KEPT + 1), id="one more"),
        pytest.param(SEARCHED, told(SEARCHED), id="all of it was searched for secrets"),
        pytest.param(SEARCHED + 1, told(SEARCHED + 1), id="not all of it"),
    ],
)
def test_a_text_is_kept_up_to_a_length_and_then_cut(characters: int, kept: str) -> None:
    assert shorten_text("x" * characters) == kept


@pytest.mark.parametrize("characters", [SEARCHED, SEARCHED + 1])
def test_one_that_is_short_only_because_of_its_mask_is_whole_if_all_was_searched(characters: int) -> None:
    text = "password=" + "x" * (characters - len("password="))
    cut = "" if characters == SEARCHED else f" ... ({characters} characters)"
    assert shorten_text(text) == "password=***" + cut


def test_a_document_is_kept_as_it_reads_without_its_secrets() -> None:
    document = {"name": "航班", "s3.secret-key": "hush", "on": date(2026, 1, 1)}
    assert shorten_document(document) == '{"name": "航班", "s3.secret-key": "***", "on": "2026-01-01"}'
