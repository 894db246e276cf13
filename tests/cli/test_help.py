"""Help of every command, complete in both languages, and fast."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from cyclopts import App

from headgate.cli import help as help_page
from headgate.cli.app import build_app
from headgate.cli.words import Language
from headgate.domain.catalogue import texts
from tests.cli.conftest import Cli

# What the command line must not pay for before it knows what it is asked.
HEAVY = ("httpx2", "yaml", "pydantic", "fastapi", "sqlalchemy", "py4j", "uvicorn", "headgate.bootstrap")


def list_commands(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name in app:
        if not name.startswith("-"):
            yield from list_commands(app[name], (*path, name))


COMMANDS = pytest.mark.parametrize(
    "path", list(list_commands(build_app(Language.EN))), ids=lambda p: " ".join(p) or "-"
)


@COMMANDS
def test_every_command_explains_itself(cli: Cli, path: tuple[str, ...]) -> None:
    result = cli(*path, "--help", "--language", "en")
    assert result.code == 0
    assert result.out.startswith("Usage: headgate")
    assert "\x1b" not in result.out


@COMMANDS
def test_every_command_explains_itself_in_chinese(
    cli: Cli, path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    chinese = {text.en for code, text in texts().items() if code.startswith("help_")}
    shown: set[str] = set()

    def translate(language: Language, english: str) -> str:
        shown.add(english)
        return english

    monkeypatch.setattr(help_page, "translate", translate)
    cli(*path, "--help", "--language", "zh")
    assert shown - {""} <= chinese


def test_chinese_columns_are_aligned(cli: Cli) -> None:
    out = cli("engine", "--help", "--language", "zh").out
    assert "  install  下载某个 Flink 版本及其专用 Java，校验后解包。\n" in out
    assert "用法：" in out


@pytest.mark.parametrize(
    ("environment_language", "asked", "start"),
    [
        ("zh_CN.UTF-8", "", "用法："),
        ("en_GB.UTF-8", "", "Usage:"),
        ("zh_CN.UTF-8", "en", "Usage:"),
        ("C", "zh", "用法："),
    ],
    ids=["LANG", "other LANG", "option over LANG", "option"],
)
def test_the_language_comes_from_the_option_then_the_environment(
    cli: Cli, environment: pytest.MonkeyPatch, environment_language: str, asked: str, start: str
) -> None:
    environment.setenv("LANG", environment_language)
    arguments = ["--help", f"--language={asked}"] if asked else ["--help"]
    assert cli("job", *arguments).out.startswith(start)


def test_help_imports_nothing_heavy() -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "headgate", "--help"], capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert not {name for name in imported if name in HEAVY}
