"""Where a lease holder's client JVMs are: read from its name, trusted on the same machine only."""

from pathlib import Path

import pytest

from headgate.adapters.flink.sql.seats import choose_seat, find_neighbour


@pytest.mark.parametrize("folder", ["/data/run", "/data @ home/run dir", "/数据/run"])
def test_a_holder_on_this_machine_is_found(folder: str) -> None:
    assert find_neighbour(str(choose_seat("at-1", Path(folder)))) == Path(folder)


@pytest.mark.parametrize("name", ["", "the server of this data folder", "another boot @ host:1:at-1 @ /data/run"])
def test_anybody_else_is_not(name: str) -> None:
    assert find_neighbour(name) is None


def test_two_servers_have_two_names() -> None:
    assert str(choose_seat("at-1", Path("/a"))) != str(choose_seat("at-2", Path("/a")))
