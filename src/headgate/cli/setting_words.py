"""Wrong settings in the words of the command line: options for variables, ranges and examples for patterns.

What a setting may be is read from the settings themselves.
"""

from typing import Any

from headgate.cli.context import read_environment
from headgate.cli.words import Language, say
from headgate.domain.errors import Problem

# The settings that are options of `headgate dev`, `serve` and others.
_OPTIONS = {
    "HEADGATE_PORT": "--port",
    "HEADGATE_DATA_DIR": "--data",
    "HEADGATE_FLINK_VERSION": "--flink-version",
    "HEADGATE_SLOTS": "--slots",
}
_OWN_WORDS = frozenset({"setting_range", "setting_form"})


def describe_setting(problem: Problem, language: Language) -> str:
    """The sentence for a wrong setting; an option is named where it was not a variable that set it."""
    facts = dict(problem.facts)
    variable = facts.get("variable", problem.path)
    name = _OPTIONS.get(variable, variable) if variable not in read_environment() else variable
    field = _find_field(variable)
    if field is None or problem.code not in _OWN_WORDS:
        return say(language, problem.code, {**facts, "variable": name})
    limits = _read_limits(field)
    if problem.code == "setting_range" and limits:
        code = "option_range" if len(limits) == 2 else "option_range_open"
        return say(language, code, {"option": name, "least": limits[0], "most": limits[-1]})
    example = field.default if isinstance(field.default, str) else ""
    if problem.code == "setting_form" and example:
        return say(language, "option_form", {"option": name, "example": example})
    return say(language, problem.code, {**facts, "variable": name})


def _find_field(variable: str) -> Any:
    from headgate.settings import Settings, name_variable

    return next((field for name, field in Settings.model_fields.items() if name_variable(name) == variable), None)


def _read_limits(field: Any) -> list[str]:
    """The least and the most that a number may be, as far as there are bounds."""
    bounds = {
        name: getattr(part, name) for part in field.metadata for name in ("gt", "ge", "lt", "le") if hasattr(part, name)
    }
    return [f"{bounds[name]:g}" for name in ("ge", "gt", "le", "lt") if bounds.get(name) is not None]
