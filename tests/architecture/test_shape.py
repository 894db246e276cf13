"""The house stays readable: sizes, names and the marks of unfinished work."""

import ast
import re
from pathlib import Path

import pytest

from tools.sources import ROOT, parsed, python_files

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
MAX_PARAMETERS = 6

# Names that say nothing of what is inside.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "core", "misc", "manager", "handler"}

# What no file may hold: unfinished work, a developer's machine, the address of a package registry.
BANNED = {
    "unfinished work": re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b"),
    "a path of one machine": re.compile(r"(?<![\w.}])/(?:root|work|home/[a-z]+)/"),
    "a registry's address": re.compile(r"\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs|crates\.io)"),
}
EXCUSE = re.compile(r"#\s*(?:type: ignore(?:\[[^\]]+\])?|noqa(?:: ?[A-Z0-9, ]+)?)(?P<reason>.*)")

FILES = pytest.mark.parametrize("path", python_files(), ids=str)


def _texts() -> list[Path]:
    rooms = [ROOT / room for room in ("src", "tests", "tools", "docs", "bench", "examples", ".ci")]
    suffixes = {".py", ".md", ".toml", ".yaml", ".yml", ".sql", ".mako", ".ini", ""}
    found = [path for room in rooms for path in room.rglob("*") if path.is_file() and path.suffix in suffixes]
    return sorted(path.relative_to(ROOT) for path in [*found, *ROOT.glob("*.md"), ROOT / "Makefile"])


@FILES
def test_a_file_is_short_enough_to_be_read_at_once(path: Path) -> None:
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES


@FILES
def test_a_module_says_why_it_exists(path: Path) -> None:
    module = parsed(path)
    assert not module.body or ast.get_docstring(module)


@FILES
def test_functions_are_short_and_take_few_parameters(path: Path) -> None:
    functions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [f"{node.name}: {_length(node)} lines" for node in functions if _length(node) > MAX_FUNCTION_LINES]
    wide = [f"{node.name}: {_width(node)} parameters" for node in functions if _width(node) > MAX_PARAMETERS]
    assert not [*long, *wide]


@FILES
def test_a_name_says_what_is_inside(path: Path) -> None:
    assert not EMPTY_NAMES & {Path(part).stem for part in path.parts}


@FILES
def test_a_silenced_rule_has_its_reason_on_the_same_line(path: Path) -> None:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    excuses = [(number, found) for number, line in enumerate(lines, 1) if (found := EXCUSE.search(line))]
    assert not [f"line {number}" for number, found in excuses if len(found["reason"].strip(" #:-")) < 4]


@pytest.mark.parametrize("path", _texts(), ids=str)
def test_nothing_banned_is_written(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert not [what for what, pattern in BANNED.items() if pattern.search(text)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _width(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = function.args
    named = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in named if name not in {"self", "cls"}])
