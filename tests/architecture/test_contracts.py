"""The layers hold: the contracts of .importlinter are kept, and they forbid what they say."""

import ast
import configparser
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools.sources import ROOT, parsed, python_files

# Where the name that is imported is not the name of the project with "_" for "-".
IMPORT_NAMES = {"pyyaml": "yaml"}


def test_every_import_contract_is_kept() -> None:
    # In a process of its own: the linter sets up logging anew and silences every logger that exists.
    linter = Path(sys.executable).with_name("lint-imports")
    command = [str(linter), "--config", str(ROOT / ".importlinter"), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_contract_of_purity_names_every_library() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[<>=\[; ]", requirement)[0] for requirement in project["dependencies"]]
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    forbidden = contracts["importlinter:contract:pure"]["forbidden_modules"].split()
    assert {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in names} <= set(forbidden)


@pytest.mark.parametrize("room", ["domain", "ports"])
def test_the_domain_and_the_ports_import_the_standard_library_only(room: str) -> None:
    strangers = {
        f"{path}: {name}"
        for path in python_files()
        if path.is_relative_to(Path("src/headgate") / room)
        for name in _imported(parsed(path))
        if name.split(".")[0] not in sys.stdlib_module_names | {"headgate"}
    }
    assert not strangers


def _imported(module: ast.Module) -> set[str]:
    names = {alias.name for node in ast.walk(module) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(module) if isinstance(node, ast.ImportFrom)}
