"""What counts as a secret, in one table: for options that are shown, for causes that are kept, for the log.

Here a secret is known by its name or its place in a text. One that is known by its very value is the
log's care (`logs.Redactor`).
"""

import re
from typing import Any

MASK = "***"

# A key is secret if one of these stands anywhere in it.
_WORDS = (
    "passw", "secret", "token", "jaas", "credential", "access[-._]?key", "api[-._]?key", "private[-._]?key",
    "account[-._]?key", "basic-auth", "auth-params", "service-key",
)  # fmt: skip
_KEY = re.compile("|".join(_WORDS), re.IGNORECASE)

_HEADER = re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?)(?:(?:bearer|basic|token)\s+)?[^\s'\",;]+")
_BEARER = re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}")
_IN_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s:/@]*:)[^\s/]+(@)")
# What follows the name of an exception (`InvalidTokenException: ...`) is its message.
_ASSIGNED = re.compile(
    rf"((?:{'|'.join(_WORDS)})[\w.-]{{0,60}}(?<!exception)(?<!error)[\\'\"`]{{0,2}}\s*[=:]\s*)"
    r"(?!\\?['\"]?\*\*\*)"
    r"(?:(?P<quote>')(?:[^']|'')*'|(?P<double>\\?\")[^\"]*\"|['\"][^'\"\n]*|[^\s'\",;&)}\]]+)",
    re.IGNORECASE,
)


def is_secret_key(key: str) -> bool:
    """Whether the value under this key must not be shown."""
    return _KEY.search(key) is not None


def mask_secrets(text: str) -> str:
    """`text` without what looks like a secret: values of secret keys, authorisation headers, passwords in addresses."""
    text = _HEADER.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1{MASK}", text)
    text = _IN_ADDRESS.sub(rf"\1{MASK}\2", text)
    return _ASSIGNED.sub(_mask_assigned, text)


def mask_document(value: Any) -> Any:
    """A document without what looks like a secret, at any depth: a key's value, an argument's (`--password`, `x`)."""
    match value:
        case str():
            return mask_secrets(value)
        case dict():
            return {key: MASK if is_secret_key(str(key)) else mask_document(item) for key, item in value.items()}
        case list() | tuple():
            names = [None, *value]
            return [MASK if _is_secret_option(names[n]) else mask_document(item) for n, item in enumerate(value)]
        case _:
            return value


def _is_secret_option(name: object) -> bool:
    return isinstance(name, str) and name.startswith("-") and "=" not in name and is_secret_key(name)


def _mask_assigned(match: re.Match[str]) -> str:
    quote = match["quote"] or match["double"] or ""
    return f"{match[1]}{quote}{MASK}{quote}"
