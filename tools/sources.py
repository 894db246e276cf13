"""The source tree as data: which Python files there are, and which codes they use.

Only reading and parsing; what is right or wrong is said in tests/architecture/.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from headgate.domain import errors

ROOT = Path(__file__).resolve().parent.parent

ROOMS = ("src", "tests", "tools", "bench", "examples")

ERROR_CLASSES = frozenset(
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.HeadgateError) and not issubclass(value, errors.FlinkError)
)


@cache
def python_files() -> tuple[Path, ...]:
    """Every Python file of ours, relative to the root."""
    return tuple(sorted(path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py")))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


@cache
def error_codes() -> dict[str, str]:
    """The codes of errors and problems in src, each with a place that uses it (`file:line`)."""
    found: dict[str, str] = {}
    for path in python_files():
        if path.parts[0] == "src":
            for code, line in _error_codes_of(parsed(path)):
                found.setdefault(code, f"{path}:{line}")
    return dict(sorted(found.items()))


@cache
def other_codes() -> dict[str, str]:
    """What src passes to a parameter called `code` elsewhere: results, warnings, reasons."""
    found: dict[str, str] = {}
    for path in python_files():
        if path.parts[0] == "src":
            for call in _calls(parsed(path)):
                for keyword in call.keywords:
                    if keyword.arg == "code":
                        found.update(dict.fromkeys(_strings(keyword.value), f"{path}:{call.lineno}"))
    return {code: place for code, place in sorted(found.items()) if code not in error_codes()}


def _error_codes_of(module: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "default_code":
            yield from ((code, node.lineno) for code in _strings(node.value))
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "default_code" for target in node.targets
        ):
            yield from ((code, node.lineno) for code in _strings(node.value))
    for call in _calls(module):
        position = _code_position(call)
        if position is not None:
            given = call.args[position : position + 1] + [word.value for word in call.keywords if word.arg == "code"]
            for argument in given:
                yield from ((code, call.lineno) for code in _strings(argument))


def _calls(module: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module) if isinstance(node, ast.Call))


def _code_position(call: ast.Call) -> int | None:
    """Where the code stands among the positional arguments, if this call makes an error or a problem."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in ERROR_CLASSES:
        return 0
    return 1 if name == "Problem" else None


def _strings(expression: ast.expr | None) -> Iterator[str]:
    """The text that `expression` is, or the texts that it chooses among."""
    match expression:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _strings(body)
            yield from _strings(orelse)
        case _:
            return
