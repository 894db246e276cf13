"""What the framework's validator complains about, as problems with paths and words of ours."""

from collections.abc import Sequence
from typing import Any

from headgate.domain.errors import Problem
from headgate.domain.lifecycle import Verb

# The tags of the one union of bodies: the verbs of an operation.
_TAGS = frozenset(verb.value for verb in Verb)
_PLACES = frozenset({"body", "query", "path", "header"})
_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "max_length": "length ≤", "min_length": "length ≥"}

# The validator's kinds of complaint, as codes of the catalogue; everything else is "field_invalid".
_CODES: dict[str, str] = {
    "missing": "field_missing",
    "union_tag_not_found": "field_missing",
    "extra_forbidden": "field_not_known",
    "enum": "field_choice",
    "literal_error": "field_choice",
    "union_tag_invalid": "field_choice",
    "json_invalid": "json_invalid",
    "text_characters": "text_characters",
    "string_type": "field_type",
    "int_type": "field_type",
    "int_parsing": "field_type",
    "int_parsing_size": "field_type",
    "int_from_float": "field_type",
    "finite_number": "field_type",
    "float_type": "field_type",
    "float_parsing": "field_type",
    "bool_type": "field_type",
    "bool_parsing": "field_type",
    "dict_type": "field_type",
    "list_type": "field_type",
    "model_type": "field_type",
    "model_attributes_type": "field_type",
    "greater_than_equal": "field_bounds",
    "greater_than": "field_bounds",
    "less_than_equal": "field_bounds",
    "less_than": "field_bounds",
    "string_too_long": "field_bounds",
    "string_too_short": "field_bounds",
}

_WANTED: dict[str, str] = {
    "string": "text",
    "int": "whole number",
    "float": "number",
    "finite": "number",
    "bool": "boolean",
}
# A choice that nobody may make for a person is explained better than "missing".
_MISSING: dict[str, str] = {
    "options.snapshot": "stop_snapshot_required",
    "options.keep_state": "keep_state_required",
    "options.reason": "reason_required",
}


def describe_faults(faults: Sequence[Any]) -> list[Problem]:
    """One problem for each complaint."""
    return [_describe(fault) for fault in faults]


def _describe(fault: Any) -> Problem:
    kind = str(fault["type"])
    code = _CODES.get(kind, "field_invalid")
    context = fault.get("ctx") or {}
    path = _write_path(fault["loc"], kind)
    if code == "field_missing":
        code = _MISSING.get(path, code)
    if code == "json_invalid":
        return Problem("", code, (("reason", str(context.get("error", ""))),))
    facts = {
        "field": path or "body",
        "value": str(context.get("tag", fault.get("input", "")))[:80],
        "allowed": str(context.get("expected_tags") or context.get("expected") or "").replace("'", ""),
        "wanted": _WANTED.get(kind.partition("_")[0], "mapping"),
        "bounds": " ".join(f"{_SIGNS[name]} {context[name]}" for name in _SIGNS if name in context),
        "reason": str(fault.get("msg", "")),
    }
    return Problem(path, code, tuple(facts.items()))


def _write_path(location: Sequence[Any], kind: str) -> str:
    """The field as a client knows it: `options.snapshot`, without the place and the tag of a union."""
    parts = [str(part) for part in location]
    if parts and parts[0] in _PLACES:
        parts = parts[1:]
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return ".".join([*parts, "verb"])
    if len(parts) > 1 and parts[0] in _TAGS:
        parts = parts[1:]
    return ".".join(parts)
