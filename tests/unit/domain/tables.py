"""Tables of the documents as they are read: one line a row, cells between bars, the first cell names the row."""

import pytest


def read_table(text: str) -> list[pytest.ParameterSet]:
    """The rows below the header line as parameters: all cells but the first, which is the id."""
    lines = [line.strip().strip("|") for line in text.strip().splitlines()]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines[1:] if not set(line) <= set("-| ")]
    return [pytest.param(*cells[1:], id=cells[0]) for cells in rows]


def read_words(cell: str) -> list[str]:
    """The words of one cell, which commas separate; a hyphen alone means none."""
    return [] if cell == "-" else [word.strip() for word in cell.split(",")]
