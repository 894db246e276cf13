"""What is remembered of the local cluster, and that rubbish is not taken for it."""

from pathlib import Path

import pytest

from headgate.adapters.engine.configuration import Ports
from headgate.adapters.engine.processes import DetachedProcess
from headgate.adapters.engine.state_file import LocalState, find_state, write_state
from headgate.domain.clusters import EngineVersion

STATE = LocalState(EngineVersion("2.2.1"), Ports(20001, 20002))


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(STATE, id="stopped"),
        pytest.param(
            LocalState(STATE.engine, STATE.ports, "uuid", DetachedProcess("a", 1), (DetachedProcess("b"),)),
            id="running",
        ),
    ],
)
def test_what_is_written_is_read(tmp_path: Path, state: LocalState) -> None:
    write_state(tmp_path / "state.json", state)
    assert find_state(tmp_path / "state.json") == state
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"engine": "2.2.1", "ports": 3}'])
def test_rubbish_is_no_state(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert find_state(tmp_path / "state.json") is None


def test_no_file_is_no_state(tmp_path: Path) -> None:
    assert find_state(tmp_path / "state.json") is None
