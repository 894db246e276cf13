"""Places in a job file: a line of the SQL inside it is a line of the file."""

from pathlib import Path

import pytest

from headgate.cli.jobfile import DraftText, JobFile, Place, read_job_file
from headgate.cli.problems import describe_error, describe_problem
from headgate.cli.words import Language
from headgate.domain.errors import Invalid


def read(folder: Path, text: str) -> JobFile:
    file = folder / "job.yaml"
    file.write_text(text, encoding="utf-8")
    return read_job_file(file)


@pytest.mark.parametrize(
    ("text", "line", "column", "found"),
    [
        ("spec:\n  sql: |\n    SELECT 1;\n    SELECT 2;\n", 2, 8, (4, 12, "    SELECT 2;")),
        ("spec:\n  sql: |\n    A\n\n      B\n", 3, 3, (5, 7, "      B")),
        ("spec:\n  sql: SELECT x\n", 1, 8, (2, 15, "  sql: SELECT x")),
        ('spec:\n  sql: "SELECT x"\n', 1, 8, (2, 16, '  sql: "SELECT x"')),
        ("spec:\n  sql: |\n    A\n", 1, None, (3, None, "    A")),
        ('{"spec": {"sql": "SELECT x"}}', 1, 8, (1, 26, '{"spec": {"sql": "SELECT x"}}')),
    ],
    ids=["block", "block with an empty line", "plain", "quoted", "without column", "JSON"],
)
def test_a_line_of_the_sql_is_found_in_the_file(
    tmp_path: Path, text: str, line: int, column: int | None, found: tuple[int, int | None, str]
) -> None:
    place = read(tmp_path, text).locate("spec.sql", line, column)
    assert place == Place(str(tmp_path / "job.yaml"), *found)


@pytest.mark.parametrize(
    ("path", "line"),
    [("spec.parallelism", 3), ("spec.flink_config.a.b", 5), ("spec.args[1]", 8), ("spec.unknown", 2), ("name", 1)],
)
def test_a_field_is_found_or_the_nearest_thing_above_it(tmp_path: Path, path: str, line: int) -> None:
    text = "name: x\nspec:\n  parallelism: 0\n  flink_config:\n    a: 1\n  args:\n    - one\n    - two\n"
    place = read(tmp_path, text).locate(path, None, None)
    assert place is not None
    assert place.line == line


@pytest.mark.parametrize(("path", "line"), [("nothing", None), ("spec.sql", 99)])
def test_what_is_not_in_the_file_has_no_place(tmp_path: Path, path: str, line: int | None) -> None:
    assert read(tmp_path, "spec:\n  sql: |\n    A\n").locate(path, line, 1) is None


def test_a_draft_knows_the_lines_of_its_sql() -> None:
    draft = DraftText({"sql": "A\nB"})
    assert draft.locate("spec.sql", 2, 1) == Place("spec.sql", 2, 1, "B")
    assert draft.locate("spec.sql", 3, 1) is None
    assert draft.locate("spec.parallelism", None, None) is None


def test_the_mark_stands_below_a_character_after_wide_ones() -> None:
    draft = DraftText({"sql": "SELECT '航班' FRM t"})
    problem = {"path": "spec.sql", "message": "?", "line": 1, "column": 13}
    lines = describe_problem(problem, draft, Language.EN)
    # Each of the two wide characters takes two cells.
    assert lines[2].index("^") == len("     1 | ") + 12 + 2


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_bytes("name: 航班".encode("gb18030"))
    with pytest.raises(Exception, match="file_unreadable"):
        read_job_file(tmp_path / "job.yaml")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("2024-13-45", 3),
        ("[" * 3000, 3),
        ("0x" + "f" * 6000, 3),
        ("0b" + "_" * 3, None),
        ('"\\ud800"', None),
        ("2024-01-02", None),
        (".inf", None),
        ("&x [*x]", None),
        ("- " * 3000 + "a", None),
    ],
    ids=[
        "no such day",
        "too deep",
        "too large",
        "no number",
        "half a character",
        "a day",
        "infinity",
        "a circle",
        "steps",
    ],
)
@pytest.mark.parametrize("language", Language)
def test_what_cannot_be_a_job_is_told_in_a_sentence(
    tmp_path: Path, value: str, line: int | None, language: Language
) -> None:
    with pytest.raises(Invalid) as refusal:
        read(tmp_path, f"kind: job\nspec:\n  {'' if value.startswith('-') else 'sql: '}{value}\n")
    (problem,) = refusal.value.problems
    assert (refusal.value.code, problem.line) == ("file_not_yaml", line)
    text = "\n".join(describe_error(refusal.value, language))
    assert "job.yaml" in text
    assert "?" not in text
