"""Writes docs/requirements.md: each requirement with the tests that prove it.

The sentences are in docs/requirements.toml, the proofs are the marks in tests/. The marks are read
from the source, so that neither Flink nor a browser is needed to write the page.
"""

import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tools.sources import ROOT, parsed, python_files

SENTENCES = Path("docs/requirements.toml")
PAGE = Path("docs/requirements.md")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def requirements() -> dict[str, str]:
    """Every id with its sentence, in the order of the file."""
    return dict(tomllib.loads((ROOT / SENTENCES).read_text(encoding="utf-8"))["requirements"])


@cache
def proofs() -> dict[str, list[str]]:
    """The tests (`path::name`) by the id that their mark names, known or not."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in python_files():
        if path.parts[0] == "tests":
            for name, ids in _marked(parsed(path)):
                for requirement in ids:
                    found[requirement].append(f"{path}::{name}" if name else str(path))
    return dict(found)


def page() -> str:
    proved = [name for name in requirements() if name in proofs()]
    titles = tomllib.loads((ROOT / SENTENCES).read_text(encoding="utf-8"))["titles"]
    lines = [
        "<!-- Written by `make docs` from docs/requirements.toml and the marks in tests/. Do not edit. -->",
        "",
        "# Requirements",
        "",
        f"{len(proved)} of {len(requirements())} are proved by a test. One without a test is not done.",
    ]
    for group, title in titles.items():
        lines += ["", f"## {group}: {title}", "", "| id | requirement | proved by |", "|---|---|---|"]
        for name, sentence in requirements().items():
            if name.startswith(f"{group}-"):
                tests = "<br>".join(f"`{test}`" for test in proofs().get(name, []))
                lines.append(f"| {name} | {sentence} | {tests} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    (ROOT / PAGE).write_text(page(), encoding="utf-8")
    print(PAGE)
    return 0


def _marked(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Names of tests with the ids that they carry; a module's own `pytestmark` has the name ""."""
    for node in module.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        ):
            yield "", _ids(node.value)
        if isinstance(node, Definition):
            yield from _marked_definitions(node, prefix="")


def _marked_definitions(node: Definition, prefix: str) -> Iterator[tuple[str, list[str]]]:
    name = prefix + node.name
    yield name, [requirement for decorator in node.decorator_list for requirement in _ids(decorator)]
    if isinstance(node, ast.ClassDef):
        for child in node.body:
            if isinstance(child, Definition):
                yield from _marked_definitions(child, prefix=f"{name}::")


def _ids(expression: ast.expr) -> list[str]:
    """The ids in every `pytest.mark.requirement(...)` inside `expression`."""
    calls = [node for node in ast.walk(expression) if isinstance(node, ast.Call)]
    marks = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "requirement"]
    arguments = [argument for mark in marks for argument in mark.args]
    return [
        argument.value
        for argument in arguments
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


if __name__ == "__main__":
    sys.exit(main())
