"""The page of all endpoints, made from an OpenAPI document.

Which application the document comes from is the caller's matter: this only turns it into text.
"""

from collections.abc import Iterator, Mapping
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")

Document = Mapping[str, Any]


def api_page(document: Document) -> str:
    """All endpoints, grouped by their first tag, each with its parameters, its body and its answers."""
    lines = [
        "<!-- Written by `make docs` from the code. Do not edit. -->",
        "",
        "# HTTP API",
        "",
        "Errors are problem documents (RFC 9457); their codes are in [errors.md](errors.md).",
    ]
    groups: dict[str, list[str]] = {}
    for path, method, operation in endpoints(document):
        tag = (operation.get("tags") or ["other"])[0]
        groups.setdefault(tag, []).extend(_endpoint(path, method, operation))
    for tag, entries in groups.items():
        lines += ["", f"## {tag.capitalize()}", *entries]
    return "\n".join(lines) + "\n"


def endpoints(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Every operation of the document as (path, method, operation)."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _endpoint(path: str, method: str, operation: Document) -> Iterator[str]:
    yield from ("", f"### `{method.upper()} {path}`", "", operation.get("summary", ""))
    if operation.get("description"):
        yield from ("", " ".join(operation["description"].split()))
    facts = [*_parameters(operation), *_body(operation), *_answers(operation)]
    if facts:
        yield from ("", *facts)


def _parameters(operation: Document) -> Iterator[str]:
    for parameter in operation.get("parameters", []):
        need = ", required" if parameter.get("required") else ""
        meaning = parameter.get("description", "")
        yield f"- `{parameter['name']}` ({parameter['in']}{need})" + (f": {meaning}" if meaning else "")


def _body(operation: Document) -> Iterator[str]:
    body = operation.get("requestBody")
    if body:
        kinds = [f"`{kind}`" + _model(content) for kind, content in body["content"].items()]
        yield "- body: " + ", ".join(kinds)


def _answers(operation: Document) -> Iterator[str]:
    for status, answer in operation["responses"].items():
        models = {_model(content) for content in answer.get("content", {}).values()}
        yield f"- {status}: {answer['description']}" + "".join(sorted(models))


def _model(content: Document) -> str:
    reference = content.get("schema", {}).get("$ref", "")
    return f" `{reference.rsplit('/', 1)[-1]}`" if reference else ""
