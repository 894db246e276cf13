"""How a refusal is told to a person: what, where, and what to do; never a traceback.

Takes the errors of the client, of the commands and of the domain; gives lines of text, or with
`--output json` and `yaml` one document. Whose words are used is decided in `rephrasing.py`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from headgate.cli.causes import is_shortened, shorten_cause, tidy_text
from headgate.cli.client import ServerRefused
from headgate.cli.guesses import guess_from_text
from headgate.cli.jobfile import Origin, Place
from headgate.cli.rephrasing import name_field, rephrase, say_own
from headgate.cli.session import Declined
from headgate.cli.setting_words import describe_setting
from headgate.cli.waiting import OperationFailed
from headgate.cli.words import Language, advise, say
from headgate.domain.errors import HeadgateError, Problem

# Faults of a name, not of a value: their mark belongs below the name, and a like name may have been meant.
_NAME_FAULTS = frozenset({"field_unknown", "field_not_known", "option_unknown", "flink_config_owned"})
_MARGIN = "      "
_UNAUTHORISED = 401


@contextmanager
def explaining(origin: Origin, **told: object) -> Iterator[None]:
    """Refusals of what is sent inside are shown with their place in `origin`."""
    with naming(**told):
        try:
            yield
        except ServerRefused as refusal:
            refusal.problem["origin"] = origin
            raise


@contextmanager
def naming(**told: object) -> Iterator[None]:
    """Refusals inside may be said in words that need `told`: the job's name, the verb, the file."""
    try:
        yield
    except ServerRefused as refusal:
        refusal.told |= {name: str(value) for name, value in told.items()}
        raise


def describe_error(error: HeadgateError, language: Language) -> list[str]:
    """The lines that tell a person of `error`."""
    match error:
        case ServerRefused():
            return _describe_refusal(error, language)
        case OperationFailed():
            return _describe_operation(error.operation, language)
        case Declined():
            return [say(language, error.code)]
        case _:
            return _describe_own(error, language)


def build_document(error: HeadgateError, language: Language) -> dict[str, Any]:
    """The same as one document, in the form of the API's problem documents; `cause` is whole."""
    if isinstance(error, ServerRefused):
        sent = {name: value for name, value in error.problem.items() if name != "origin"}
        text, hint = _choose_words(error, language)
        return {**sent, "code": error.code, "status": error.status, "detail": text, "hint": hint}
    return {
        "code": error.code,
        "detail": say(language, error.code, error.facts),
        "hint": _advise_own(error, language),
        "problems": [_say_problem(problem, language) for problem in error.problems],
        "cause": error.cause,
    }


def describe_problem(
    problem: Mapping[str, Any], origin: Origin | None, language: Language, told: Mapping[str, str] | None = None
) -> list[str]:
    """One entry of `problems`: its place and message, the line of the text, and what to do about it."""
    path, line, column = str(problem.get("path") or ""), problem.get("line"), problem.get("column")
    code = str(problem.get("code") or "")
    place = origin.locate(path, line, column, of_name=code in _NAME_FAULTS) if origin is not None else None
    own = say_own(language, code, {"job": "JOB", "field": name_field(path), **(told or {})})
    message, hint = own or (str(problem.get("message") or code), str(problem.get("hint") or ""))
    first, *more = [rephrase(line) for line in tidy_text(message)] or [code]
    guessed = _guess_name(code, path, hint, language)
    more = [_MARGIN + line for line in shorten_cause("\n".join(more))]
    hints = [_MARGIN + text for text in (guessed, _hint(language, rephrase(hint)) if hint else "") if text]
    if place is not None:
        where = _name_place(place.name, place.line, place.column, language)
        field = f" ({path})" if path and path != place.name else ""
        return [f"  {where}{field}: {first}", *more, *_quote(place), *hints]
    name = name_field(path)
    # An option that its sentence names already is not named before it as well.
    where = _name_place("" if name != path and name in message else name, line, column, language)
    return [f"  {where}: {first}" if where else f"  {first}", *more, *hints]


def _guess_name(code: str, path: str, hint: str, language: Language) -> str:
    if code not in _NAME_FAULTS:
        return ""
    meant = guess_from_text(path.rpartition(".")[2], hint)
    return say(language, "did_you_mean", {"word": meant}) if meant else ""


def _describe_refusal(refusal: ServerRefused, language: Language) -> list[str]:
    problem = refusal.problem
    text, hint = _choose_words(refusal, language)
    lines = [_head(language, rephrase(text))]
    problems = problem.get("problems") or []
    for entry in problems:
        lines += describe_problem(entry, problem.get("origin"), language, refusal.told)
    lines += _indent(problem.get("cause"), say(language, "whole_cause_json"))
    # Where each problem says what to do about it, "correct what is listed" says nothing more.
    if hint and not any(entry.get("hint") for entry in problems):
        lines.append(_hint(language, rephrase(hint)))
    if refusal.status >= 500 and problem.get("request_id"):
        lines.append("  " + say(language, "request_number", {"request": problem["request_id"]}))
    return lines


def _choose_words(refusal: ServerRefused, language: Language) -> tuple[str, str]:
    """Sentence and advice: the command line's own where it has some for the code, else the server's."""
    problem = refusal.problem
    allowed = ", ".join(problem.get("allowed_verbs") or ()) or say(language, "no_verbs")
    facts = {"phase": problem.get("phase", "?"), "allowed_verbs": allowed, **refusal.told}
    own = say_own(language, refusal.code, facts) if _knows_enough(refusal) else None
    text = problem.get("detail") or problem.get("title") or say(language, "server_refused", {"status": refusal.status})
    return own or (str(text), str(problem.get("hint") or ""))


def _knows_enough(refusal: ServerRefused) -> bool:
    """Whether the command has the facts for words of its own."""
    problem = refusal.problem
    if "expected_phase" in problem and problem["expected_phase"] != problem.get("phase"):
        return False  # something is under way, and the server says what
    return bool(refusal.told) or refusal.status == _UNAUTHORISED


def _describe_operation(operation: Mapping[str, Any], language: Language) -> list[str]:
    facts = {"verb": operation["verb"], "status": operation["status"], "operation": operation["id"]}
    lines = [_head(language, say(language, "operation_failed", facts))]
    if operation.get("message"):
        lines.append(f"  {rephrase(operation['message'])}")
    lines += _indent(operation.get("cause"), say(language, "whole_cause", facts))
    if operation.get("advice"):
        lines.append(_hint(language, rephrase(str(operation["advice"]))))
    return lines


def _describe_own(error: HeadgateError, language: Language) -> list[str]:
    lines = [_head(language, say(language, error.code, error.facts))]
    for problem in error.problems:
        lines += describe_problem(_say_problem(problem, language), None, language)
    lines += [f"    {line}" for line in shorten_cause(error.cause)]
    hint = _advise_own(error, language)
    return [*lines, _hint(language, hint)] if hint else lines


def _advise_own(error: HeadgateError, language: Language) -> str:
    own = say_own(language, error.code, error.facts)
    return own[1] if own is not None else advise(language, error.code, error.facts)


def _say_problem(problem: Problem, language: Language) -> dict[str, object]:
    if problem.code.startswith("setting_"):
        # A setting's name stands in its sentence already.
        return {"path": "", "code": problem.code, "message": describe_setting(problem, language)}
    message = say(language, problem.code, dict(problem.facts))
    if problem.message:
        message = f"{message} {problem.message}"
    hint = advise(language, problem.code, dict(problem.facts))
    place = {"line": problem.line, "column": problem.column}
    return {"path": problem.path, "code": problem.code, "message": message, "hint": hint, **place}


def _name_place(name: str, line: int | None, column: int | None, language: Language) -> str:
    if line is None:
        return name
    code = "place_line" if column is None else "place_line_column"
    place = say(language, code, {"line": line, "column": column})
    return say(language, "place_in", {"name": name, "place": place}) if name else place


def _indent(cause: object, whole: str) -> list[str]:
    """The beginning of a cause, and where the whole of it is."""
    text = str(cause or "")
    return [f"    {line}" for line in (*shorten_cause(text), *([whole] if is_shortened(text) else ()))]


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
