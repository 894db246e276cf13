"""The codes that src names, found in its syntax trees: each must have words, and a line in the reference.

A code is whatever is given to a parameter or a field called `code`. Those of errors and of problems
in an input are told apart from all others, for they must also say what to do.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

from headgate.domain import errors
from tools.sources import parsed, python_files

ERROR_CLASSES = frozenset(
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.HeadgateError) and not issubclass(value, errors.FlinkError)
)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
PARAMETER = "code"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def error_codes() -> dict[str, str]:
    """The codes of errors and problems in src, each with a place that uses it (`file:line`)."""
    found = _codes_of(_makers(frozenset({*ERROR_CLASSES, "Problem"})))
    for path in _sources():
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef):
                found |= dict.fromkeys(_default_codes(node), f"{path}:{node.lineno}")
    return dict(sorted(found.items()))


@cache
def finding_codes() -> dict[str, str]:
    """The codes of findings: results, warnings, risks, what is waited for, what is off; not those of errors."""
    found = _codes_of(_makers(frozenset({"Finding", "Rule"})))
    return {code: place for code, place in sorted(found.items()) if code not in error_codes()}


@cache
def other_codes() -> dict[str, str]:
    """Whatever else is given to a parameter called `code`: sentences of the command line and its like."""
    known = {*error_codes(), *finding_codes()}
    found = {code: f"{path}:{call.lineno}" for path, call, code in _given_codes() if code not in known}
    return dict(sorted(found.items()))


def _codes_of(makers: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, call, code in _given_codes():
        if _scoped(path, _called(call)) in makers:
            found.setdefault(code, f"{path}:{call.lineno}")
    return found


@cache
def _sources() -> tuple[Path, ...]:
    return tuple(path for path in python_files() if path.parts[0] == "src")


@cache
def _given_codes() -> tuple[tuple[Path, ast.Call, str], ...]:
    """Every code that a call in src is given, with that call."""
    constants = _constants()
    return tuple(
        (path, call, code)
        for path in _sources()
        for call, names in _calls(parsed(path), {})
        for argument in _code_arguments(path, call)
        for code in _strings(argument, {**constants, **names})
    )


def _code_arguments(path: Path, call: ast.Call) -> Iterator[ast.expr]:
    yield from (word.value for word in call.keywords if word.arg == PARAMETER)
    for position in _positions().get(_scoped(path, _called(call)), ()):
        yield from call.args[position : position + 1]


@cache
def _positions() -> Mapping[str, set[int]]:
    """Where the code stands among the positional arguments, by the name of what is called."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for name in ERROR_CLASSES:
        found[name].add(0)
    for path in _sources():
        for node in ast.walk(parsed(path)):
            if isinstance(node, DEFINITIONS) and PARAMETER in (names := _parameters(node)):
                found[_scoped(path, node.name)].add(names.index(PARAMETER))
    return found


def _makers(seeds: Collection[str]) -> Collection[str]:
    """`seeds`, and what passes the code that it is given on to one of them."""
    makers = set(seeds)
    while True:
        before = len(makers)
        for path in _sources():
            for node in ast.walk(parsed(path)):
                if isinstance(node, DEFINITIONS) and PARAMETER in _parameters(node) and _passes_on(path, node, makers):
                    makers.add(_scoped(path, node.name))
        if len(makers) == before:
            return makers


def _passes_on(path: Path, definition: Definition, makers: Collection[str]) -> bool:
    return any(
        isinstance(name, ast.Name) and name.id == PARAMETER
        for call in ast.walk(definition)
        if isinstance(call, ast.Call) and _scoped(path, _called(call)) in makers
        for argument in _code_arguments(path, call)
        for name in ast.walk(argument)
    )


def _parameters(definition: Definition) -> list[str]:
    """The positional parameters of a function, the fields of a record."""
    if isinstance(definition, ast.ClassDef):
        fields = [node.target for node in definition.body if isinstance(node, ast.AnnAssign)]
        return [target.id for target in fields if isinstance(target, ast.Name)]
    arguments = definition.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    return [name for name in names if name not in {"self", "cls"}]


def _scoped(path: Path, name: str) -> str:
    """A private name means something in its own file only."""
    return f"{path}:{name}" if name.startswith("_") else name


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _calls(
    node: ast.AST, names: Mapping[str, list[ast.expr]]
) -> Iterator[tuple[ast.Call, Mapping[str, list[ast.expr]]]]:
    """Every call below `node`, with what the local names around it were assigned."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        names = {**names, **_assigned(ast.walk(node))}
    if isinstance(node, ast.Call):
        yield node, names
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, names)


def _assigned(nodes: Iterator[ast.AST]) -> dict[str, list[ast.expr]]:
    found: defaultdict[str, list[ast.expr]] = defaultdict(list)
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id].append(node.value)
    return found


@cache
def _constants() -> dict[str, list[ast.expr]]:
    """The constants of all modules by their names."""
    found: dict[str, list[ast.expr]] = {}
    for path in _sources():
        assigned = _assigned(iter(parsed(path).body))
        found |= {name: values for name, values in assigned.items() if name.isupper()}
    return found


def _default_codes(definition: ast.ClassDef) -> Iterator[str]:
    for node in definition.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "default_code" for target in targets):
            yield from _strings(getattr(node, "value", None), {})


def _strings(expression: ast.expr | None, names: Mapping[str, list[ast.expr]]) -> Iterator[str]:
    """The text that `expression` is, or the texts that it chooses among."""
    choices: list[ast.expr] = []
    match expression:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            choices = [body, orelse]
        case ast.Subscript(value=ast.Dict(values=values)):
            choices = values
        case ast.Name(id=name) | ast.Attribute(attr=name):
            choices = names.get(name, [])
            names = {key: value for key, value in names.items() if key != name}
    for choice in choices:
        yield from _strings(choice, names)
