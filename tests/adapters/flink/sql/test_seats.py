"""Where a lease holder's client JVMs are: read from its name, trusted on the same machine only."""

from pathlib import Path

import pytest

from headgate.adapters.flink.sql.seats import choose_seat, find_neighbour


@pytest.mark.parametrize("folder", ["data/run", "data @ home/run dir", "数据/run"])
def test_a_holder_on_this_machine_is_found(folder: str, tmp_path: Path) -> None:
    assert find_neighbour(str(choose_seat("at-1", tmp_path / folder))) == tmp_path / folder


def test_one_whose_folder_cannot_be_looked_into_is_not(tmp_path: Path) -> None:
    name = str(choose_seat("at-1", tmp_path / "run"))
    (tmp_path / "run").rmdir()
    assert find_neighbour(name) is None


@pytest.mark.parametrize("name", ["", "the server of this data folder", "another boot @ host:1:at-1 @ /data/run"])
def test_anybody_else_is_not(name: str) -> None:
    assert find_neighbour(name) is None


def test_two_servers_have_two_names(tmp_path: Path) -> None:
    assert str(choose_seat("at-1", tmp_path)) != str(choose_seat("at-2", tmp_path))
