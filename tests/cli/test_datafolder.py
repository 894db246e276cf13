"""A data folder that cannot be used is told before anything starts."""

from pathlib import Path

import pytest

from headgate.cli.datafolder import prepare_folder
from headgate.domain.errors import Unavailable
from tests.cli.conftest import Cli
from tests.small_disk import small_disk


def test_a_missing_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    prepare_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not list(folder.iterdir())


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable) as caught:
        prepare_folder(tmp_path / "file" / "data")
    assert caught.value.code == "data_dir_unusable"


def test_a_full_disk_is_refused(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "1m") as disk:
        with pytest.raises(Unavailable) as caught:
            prepare_folder(disk)
        assert not list(disk.iterdir())
    assert caught.value.code == "data_dir_full"


@pytest.mark.parametrize("command", ["dev", "serve"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_starter_says_what_is_wrong_with_the_folder(cli: Cli, tmp_path: Path, command: str, language: str) -> None:
    (tmp_path / "file").touch()
    result = cli(command, "--data", str(tmp_path / "file" / "data"), "--language", language)
    assert result.code == 1
    assert str(tmp_path / "file" / "data") in result.err
    assert "--data" in result.err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_wrong_setting_is_named_and_ends_with_two(
    cli: Cli, environment: pytest.MonkeyPatch, tmp_path: Path, language: str
) -> None:
    environment.setenv("HEADGATE_PORT", "eighty")
    environment.setenv("HEADGATE_TOKEN", "do-not-show-me")
    result = cli("serve", "--data", str(tmp_path), "--language", language)
    assert result.code == 2
    assert "HEADGATE_PORT" in result.err
    assert "do-not-show-me" not in result.err
