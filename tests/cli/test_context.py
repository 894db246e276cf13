"""Finding the server: the option, the environment, the last `headgate dev`; and keeping the token private."""

import stat
from pathlib import Path

import pytest

from headgate.cli.context import (
    CONTEXT_FILE,
    Context,
    borrow_last_context,
    find_context,
    read_context,
    remember_context,
    write_context,
)
from headgate.domain.errors import Invalid, Unavailable
from tests.cli.conftest import Cli, Recorded, make_job, page

LAST = Context("http://127.0.0.1:1111", "token-of-last", "http://127.0.0.1:2222", 4711)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, str]:
    """An environment in which a `headgate dev` has run."""
    environment = {"HEADGATE_CONFIG": str(tmp_path / "config")}
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "context.json"
    write_context(file, LAST)
    assert remember_context(file, environment)
    return environment


def test_a_context_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_context(tmp_path / "context.json", LAST)
    assert read_context(tmp_path / "context.json") == LAST


def test_only_its_owner_can_read_a_context(tmp_path: Path) -> None:
    file = tmp_path / "context.json"
    file.write_text("{}")
    file.chmod(0o644)
    write_context(file, LAST)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_the_last_server_is_remembered(folders: dict[str, str]) -> None:
    assert find_context(None, folders) == LAST


def test_the_environment_wins_over_the_last_server(folders: dict[str, str]) -> None:
    environment = {**folders, "HEADGATE_URL": "http://other:1/", "HEADGATE_TOKEN": "theirs"}
    assert find_context(None, environment) == Context("http://other:1", "theirs")


def test_a_token_alone_is_used_with_the_last_server(folders: dict[str, str]) -> None:
    found = find_context(None, {**folders, "HEADGATE_TOKEN": "mine"})
    assert (found.url, found.token) == (LAST.url, "mine")


def test_the_option_wins_over_everything(folders: dict[str, str], tmp_path: Path) -> None:
    other = Context("http://127.0.0.1:3333", "x")
    write_context(tmp_path / "other.json", other)
    assert find_context(tmp_path / "other.json", {**folders, "HEADGATE_URL": "http://e:1"}) == other


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"url": "x", "server_pid": "no"}', "7"])
def test_a_file_that_is_no_context_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "context.json").write_text(text)
    with pytest.raises(Invalid) as caught:
        read_context(tmp_path / "context.json")
    assert caught.value.code == "context_broken"
    assert "context.json" in caught.value.facts["file"]


def test_nothing_known_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        find_context(None, {"HEADGATE_CONFIG": str(tmp_path)})
    assert caught.value.code == "context_missing"


def test_a_pointer_to_a_deleted_folder_counts_as_nothing_known(folders: dict[str, str]) -> None:
    Path(folders["HEADGATE_CONFIG"], "last-context").write_text("/no/such/context.json\n")
    with pytest.raises(Unavailable, match="context_missing"):
        find_context(None, folders)


def test_a_configuration_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not remember_context(tmp_path / "context.json", {"HEADGATE_CONFIG": str(tmp_path / "file" / "config")})


def test_a_command_uses_the_context_file(cli: Cli, server: Recorded, tmp_path: Path) -> None:
    write_context(tmp_path / "context.json", Context(server.url, "token-in-the-file"))
    server.answer("GET", "/workspaces/default/jobs", (200, page(make_job())))
    assert cli("job", "list", "--context", str(tmp_path / "context.json")).code == 0
    assert server.requests[0].headers["authorization"] == "Bearer token-in-the-file"


@pytest.mark.parametrize("status", [401, 403, 500], ids=str)
@pytest.mark.parametrize("output", ["table", "json", "yaml"])
def test_the_token_is_never_shown(talk: Cli, server: Recorded, status: int, output: str) -> None:
    server.answer("GET", "/workspaces/default/jobs", (status, {"code": "x", "detail": "no"}))
    result = talk("job", "list", "--output", output)
    assert result.code != 0
    assert "token-of-this-test" not in result.out + result.err


@pytest.mark.parametrize(("flink_url", "command"), [("http://127.0.0.1:2", "dev"), ("", "serve")])
def test_a_server_that_has_ended_is_started_on_its_own_folder(
    cli: Cli, tmp_path: Path, flink_url: str, command: str
) -> None:
    file = tmp_path / CONTEXT_FILE
    write_context(file, Context("http://127.0.0.1:1", "token", flink_url, 4711))
    result = cli("job", "list", "--context", str(file))
    assert f"`headgate {command} --data {tmp_path}`" in result.err


def test_a_borrowed_note_is_put_back(tmp_path: Path) -> None:
    environment = {"HEADGATE_CONFIG": str(tmp_path / "config")}
    note = tmp_path / "config" / "last-context"
    with borrow_last_context(tmp_path / "demo", environment):
        remember_context(tmp_path / "demo" / CONTEXT_FILE, environment)
    assert not note.exists()
    remember_context(tmp_path / "mine" / CONTEXT_FILE, environment)
    before = note.read_text()
    with borrow_last_context(tmp_path / "demo", environment):
        remember_context(tmp_path / "demo" / CONTEXT_FILE, environment)
    assert note.read_text() == before


def test_a_server_that_was_started_meanwhile_keeps_its_note(tmp_path: Path) -> None:
    environment = {"HEADGATE_CONFIG": str(tmp_path / "config")}
    with borrow_last_context(tmp_path / "demo", environment):
        remember_context(tmp_path / "newer" / CONTEXT_FILE, environment)
    assert str(tmp_path / "newer") in (tmp_path / "config" / "last-context").read_text()
