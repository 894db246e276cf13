"""An error as it is read in a log and as the adapters tell it apart."""

import pytest

from headgate.domain.errors import FlinkError, FlinkRejected, HeadgateError, Invalid, NotFound


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(HeadgateError(), "internal_error()", id="nothing is said"),
        pytest.param(NotFound(), "not_found()", id="its own code"),
        pytest.param(NotFound("job_not_found", job="orders"), "job_not_found(job=orders)", id="a fact"),
        pytest.param(Invalid("out_of_range", least=1, most=9), "out_of_range(least=1, most=9)", id="two facts"),
        pytest.param(NotFound(cause="no such row"), "not_found(): no such row", id="a cause"),
    ],
)
def test_it_reads_as_code_facts_and_cause(error: HeadgateError, text: str) -> None:
    assert str(error) == text


def test_its_facts_are_texts_and_it_is_caught_with_all_that_it_carries() -> None:
    error = NotFound("job_not_found", cause="no such row", number=7)
    assert (error.facts, error.problems) == ({"number": "7"}, ())
    assert error.args == ("job_not_found", {"number": "7"}, "no such row")


def test_one_of_flink_s_carries_its_text_and_its_status() -> None:
    error = FlinkError("it threw", status=500)
    assert (error.code, error.cause, error.status, FlinkError("it hung").status) == (
        "flink_error",
        "it threw",
        500,
        None,
    )


@pytest.mark.parametrize(
    ("cause", "is_duplicate"),
    [
        ("DuplicateJobSubmissionException: Job has already been submitted", True),
        ("DuplicateApplicationSubmissionException", True),
        ("JobInitializationException", False),
    ],
)
def test_a_refusal_of_an_id_that_flink_has_seen_is_told_apart(cause: str, is_duplicate: bool) -> None:
    assert FlinkRejected(cause).is_duplicate is is_duplicate
