"""How a refusal is told to a person: what, where, and what to do; never a traceback.

Takes the errors of the client, of the commands and of the domain; gives lines of text.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from headgate.cli.client import ServerRefused
from headgate.cli.jobfile import Origin, Place
from headgate.cli.waiting import OperationFailed
from headgate.cli.words import Language, advise, say
from headgate.domain.errors import HeadgateError, Problem

# Flink's raw text can be a stack trace of hundreds of lines; the whole of it is in `operation show`.
_CAUSE_LINES = 12


@contextmanager
def explaining(origin: Origin) -> Iterator[None]:
    """Refusals of what is sent inside are shown with their place in `origin`."""
    try:
        yield
    except ServerRefused as refusal:
        refusal.problem["origin"] = origin
        raise


def describe_error(error: HeadgateError, language: Language) -> list[str]:
    """The lines that tell a person of `error`."""
    match error:
        case ServerRefused():
            return _describe_refusal(error, language)
        case OperationFailed():
            return _describe_operation(error.operation, language)
        case _:
            return _describe_own(error, language)


def describe_problem(problem: Mapping[str, Any], origin: Origin | None, language: Language) -> list[str]:
    """One entry of `problems`: its place and message, and below them the line of the text."""
    path, line, column = str(problem.get("path") or ""), problem.get("line"), problem.get("column")
    place = origin.locate(path, line, column) if origin is not None else None
    message = str(problem.get("message") or problem.get("code") or "")
    if place is not None:
        where = _name_place(place.name, place.line, place.column, language)
        field = f" ({path})" if path and path != place.name else ""
        return [f"  {where}{field}: {message}", *_quote(place)]
    where = _name_place(path, line, column, language)
    return [f"  {where}: {message}" if where else f"  {message}"]


def _describe_refusal(refusal: ServerRefused, language: Language) -> list[str]:
    problem = refusal.problem
    facts = {"status": refusal.status}
    text = problem.get("detail") or problem.get("title") or say(language, "server_refused", facts)
    lines = [_head(language, str(text))]
    for entry in problem.get("problems") or []:
        lines += describe_problem(entry, problem.get("origin"), language)
    lines += _indent(problem.get("cause"))
    if problem.get("allowed_verbs"):
        lines.append("  " + say(language, "verbs_possible", {"verbs": ", ".join(problem["allowed_verbs"])}))
    if problem.get("hint"):
        lines.append(_hint(language, str(problem["hint"])))
    if refusal.status >= 500 and problem.get("request_id"):
        lines.append("  " + say(language, "request_number", {"request": problem["request_id"]}))
    return lines


def _describe_operation(operation: Mapping[str, Any], language: Language) -> list[str]:
    facts = {"verb": operation["verb"], "status": operation["status"], "operation": operation["id"]}
    lines = [_head(language, say(language, "operation_failed", facts))]
    if operation.get("message"):
        lines.append(f"  {operation['message']}")
    lines += _indent(operation.get("cause"))
    if operation.get("advice"):
        lines.append(_hint(language, str(operation["advice"])))
    return lines


def _describe_own(error: HeadgateError, language: Language) -> list[str]:
    lines = [_head(language, say(language, error.code, error.facts))]
    for problem in error.problems:
        lines += describe_problem(_say_problem(problem, language), None, language)
    lines += _indent(error.cause)
    hint = advise(language, error.code, error.facts)
    return [*lines, _hint(language, hint)] if hint else lines


def _say_problem(problem: Problem, language: Language) -> dict[str, object]:
    message = say(language, problem.code, dict(problem.facts))
    if problem.message:
        message = f"{message} {problem.message}"
    # A setting's name stands in its sentence already.
    path = "" if problem.code.startswith("setting_") else problem.path
    return {"path": path, "message": message, "line": problem.line, "column": problem.column}


def _name_place(name: str, line: int | None, column: int | None, language: Language) -> str:
    if line is None:
        return name
    code = "place_line" if column is None else "place_line_column"
    place = say(language, code, {"line": line, "column": column})
    return f"{name}, {place}" if name else place


def _indent(cause: object) -> list[str]:
    return [f"    {line}" for line in str(cause or "").splitlines()[:_CAUSE_LINES]]


def _quote(place: Place) -> list[str]:
    margin = f"{place.line:>6} | "
    lines = [f"{margin}{place.text}"]
    if place.column is not None:
        # Tabs stay tabs, so that the mark stands below its character on every terminal.
        before = "".join(char if char == "\t" else " " * _width(char) for char in place.text[: place.column - 1])
        lines.append(f"{' ' * (len(margin) - 2)}| {before}^")
    return lines


def _width(char: str) -> int:
    from unicodedata import east_asian_width

    return 2 if east_asian_width(char) in "WF" else 1


def _head(language: Language, text: str) -> str:
    return say(language, "error_head", {"text": text})


def _hint(language: Language, text: str) -> str:
    return say(language, "error_hint", {"text": text})
