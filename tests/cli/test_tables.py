"""Tables at any width: columns leave by rank, long texts go below, and no word is ever cut."""

import pytest

from headgate.cli.tables import Head, lay_record, lay_rows, measure

HEADS = (Head("Id"), Head("Kind", rank=2), Head("Size", rank=1), Head("Path", is_long=True))
PATH = "file:/a/very/long/path/to/one/savepoint-1af6b2-00db4f017b02"
ROWS = (("snap-0123456789", "SAVEPOINT", "5.5 KB", PATH), ("snap-9876543210", "CHECKPOINT", "17.0 MB", ""))


def test_with_room_everything_stands_in_one_line() -> None:
    laid = lay_rows(HEADS, ROWS, 200)
    assert laid.lines[1].split() == ["snap-0123456789", "SAVEPOINT", "5.5", "KB", PATH]
    assert len(laid.lines) == 3
    assert not laid.left_out


def test_a_pipe_has_every_column_even_empty_ones() -> None:
    laid = lay_rows((*HEADS, Head("Note", rank=9)), [(*row, "") for row in ROWS], None)
    assert laid.lines[0].split() == ["Id", "Kind", "Size", "Path", "Note"]


def test_long_texts_go_below_before_anything_is_left_out() -> None:
    laid = lay_rows(HEADS, ROWS, 60)
    assert laid.lines[0].split() == ["Id", "Kind", "Size"]
    assert laid.lines[2] == f"    {PATH}"
    assert len(laid.lines) == 4
    assert not laid.left_out


@pytest.mark.parametrize(
    ("width", "shown", "left_out"),
    [(40, ["Id", "Kind", "Size"], ()), (30, ["Id", "Size"], ("Kind",)), (20, ["Id"], ("Kind", "Size"))],
)
def test_columns_leave_by_their_rank(width: int, shown: list[str], left_out: tuple[str, ...]) -> None:
    laid = lay_rows(HEADS, ROWS, width)
    assert laid.lines[0].split() == shown
    assert laid.left_out == left_out


@pytest.mark.parametrize("width", [1, 5, 20, 40, 60, 80])
def test_no_id_and_no_path_is_ever_cut(width: int) -> None:
    words = {word for line in lay_rows(HEADS, ROWS, width).lines for word in line.split()}
    assert {"snap-0123456789", "snap-9876543210", PATH} <= words


def test_values_of_a_record_fold_between_words() -> None:
    laid = lay_record([("Name", "delays"), ("Advice", "Read the cause, then run the job again. " + PATH)], 50)
    assert laid.lines[0] == "Name    delays"
    assert laid.lines[1].startswith("Advice  Read the cause,")
    assert all(line.startswith("        ") for line in laid.lines[2:])
    assert PATH in laid.lines[-1]


def test_wide_characters_count_two_cells_and_may_be_parted() -> None:
    assert measure("作业") == 4
    laid = lay_record([("建议", "请查看原因，" * 10)], 40)
    assert max(measure(line) for line in laid.lines) <= 40
    assert "".join(line.strip() for line in laid.lines).replace(" ", "") == "建议" + "请查看原因，" * 10
