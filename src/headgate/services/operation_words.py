"""The options of an operation as one line, for the audit trail and for the hash of a plan."""

from dataclasses import fields
from enum import Enum

from headgate.domain.operations import Options


def describe_options(options: Options) -> str:
    """The options that differ from their defaults, for the audit trail: `snapshot=CREATE, force=true`."""
    default = Options()
    given = [(f.name, getattr(options, f.name)) for f in fields(Options)]
    return ", ".join(f"{_name(name)}={_word(value)}" for name, value in given if value != getattr(default, name))


def _name(field: str) -> str:
    return "from" if field == "restore_from" else field


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.value) if isinstance(value, Enum) else str(value)
