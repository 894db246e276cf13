"""Every mark names a known requirement, and the page of proofs is up to date."""

import pytest

from tools.requirements import PAGE, page, proofs, requirements
from tools.sources import ROOT


@pytest.mark.parametrize("requirement", sorted(proofs()))
def test_a_mark_names_a_known_requirement(requirement: str) -> None:
    assert requirement in requirements(), proofs()[requirement]


def test_the_page_of_proofs_says_what_the_marks_say() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(), "run `make docs`"
