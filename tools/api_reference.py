"""The page of all endpoints, made from an OpenAPI document.

Which application the document comes from is the caller's matter: this only turns it into text.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")

# Where the document keeps the codes of a refusal.
CODES = "x-codes"

Document = Mapping[str, Any]


def api_page(document: Document) -> str:
    """All endpoints by their first tag, each with parameters, body and answers; then all objects with their fields."""
    common = common_refusals(document)
    lines = [
        "<!-- Written by `make docs` from the code. Do not edit. -->",
        "",
        "# HTTP API",
        "",
        "A running server gives the same at `/api/v1/openapi.json`, and as a page at `/api/v1/docs`. Whatever is below",
        "`/api/v1` takes `Authorization: Bearer TOKEN`, these two excepted. Refusals are problem documents (RFC 9457);",
        "the words of their codes are in [errors.md](errors.md). HEAD is answered wherever GET is.",
    ]
    if common:
        lines += ["", "Any endpoint may refuse with:", "", *_refusals(common)]
    groups: dict[str, list[str]] = {}
    for path, method, operation in endpoints(document):
        tag = (operation.get("tags") or ["other"])[0]
        groups.setdefault(tag, []).extend(_endpoint(path, method, operation, common))
    for tag, entries in groups.items():
        lines += ["", f"## {tag.capitalize()}", *entries]
    lines += ["", "## Objects", "", "A `?` after the type: it may be null."]
    for name, schema in sorted(document.get("components", {}).get("schemas", {}).items()):
        lines += _object(name, schema)
    return "\n".join(lines) + "\n"


def endpoints(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Every operation of the document as (path, method, operation)."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def common_refusals(document: Document) -> dict[str, list[str]]:
    """The codes by status that every endpoint with declared refusals may answer."""
    declared = [found for _, _, operation in endpoints(document) if (found := _codes(operation))]
    if not declared:
        return {}
    shared = {status: [code for code in codes if _is_shared(status, code, declared)] for status, codes in declared[0]}
    return {status: codes for status, codes in shared.items() if codes}


def _codes(operation: Document) -> list[tuple[str, list[str]]]:
    return [(status, list(answer[CODES])) for status, answer in operation["responses"].items() if CODES in answer]


def _is_shared(status: str, code: str, declared: Iterable[list[tuple[str, list[str]]]]) -> bool:
    return all(code in dict(answers).get(status, []) for answers in declared)


def _endpoint(path: str, method: str, operation: Document, common: Mapping[str, list[str]]) -> Iterator[str]:
    yield from ("", f"### `{method.upper()} {path}`", "")
    yield " ".join((operation.get("description") or operation.get("summary", "")).split())
    facts = [*_parameters(operation), *_body(operation), *_answers(operation), *_own_refusals(operation, common)]
    if facts:
        yield from ("", *facts)


def _parameters(operation: Document) -> Iterator[str]:
    for parameter in operation.get("parameters", []):
        schema = parameter.get("schema", {})
        kind = _type(schema).removesuffix("?")
        need = ", required" if parameter.get("required") and parameter["in"] != "path" else ""
        default = f", default `{json.dumps(schema['default'])}`" if schema.get("default") is not None else ""
        meaning = parameter.get("description", "")
        yield f"- `{parameter['name']}` ({parameter['in']}{need}): {kind}{default}" + (
            f". {meaning}" if meaning else ""
        )


def _body(operation: Document) -> Iterator[str]:
    body = operation.get("requestBody")
    if body:
        kinds = [f"`{kind}` {_type(content.get('schema', {}))}" for kind, content in body["content"].items()]
        yield "- body: " + ", ".join(kinds)


def _answers(operation: Document) -> Iterator[str]:
    for status, answer in operation["responses"].items():
        if CODES not in answer:
            models = {_type(content["schema"]) for content in answer.get("content", {}).values() if "schema" in content}
            meaning = "" if answer["description"] == "Successful Response" else f" {answer['description']}"
            yield f"- {status}:{meaning}" + "".join(f" {model}" for model in sorted(models))


def _own_refusals(operation: Document, common: Mapping[str, list[str]]) -> Iterator[str]:
    own = {
        status: [code for code in codes if code not in common.get(status, [])] for status, codes in _codes(operation)
    }
    return _refusals({status: codes for status, codes in own.items() if codes})


def _refusals(codes: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for status, names in codes.items():
        yield f"- {status}: " + ", ".join(f"`{name}`" for name in names)


def _object(name: str, schema: Document) -> Iterator[str]:
    yield from ("", f"### {name}", "")
    if schema.get("description"):
        yield from (" ".join(schema["description"].split()), "")
    if "properties" not in schema:
        yield _type(schema)
        return
    yield from ("| field | type | meaning |", "|---|---|---|")
    for field, part in schema["properties"].items():
        default = f"default `{json.dumps(part['default'])}`" if "default" in part else ""
        meaning = ". ".join(text for text in (part.get("description", "").rstrip("."), default) if text)
        yield f"| `{field}` | {_type(part).replace('|', chr(92) + '|')} | {meaning.replace('|', chr(92) + '|')} |"


def _type(schema: Document) -> str:
    """A schema in a few words: `text`, `[JobRowModel]`, `text?`."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    several = schema.get("anyOf") or schema.get("oneOf")
    if several:
        kinds = [part for part in several if part.get("type") != "null"]
        return " or ".join(_type(part) for part in kinds) + ("?" if len(kinds) < len(several) else "")
    return _plain_type(schema)


def _plain_type(schema: Document) -> str:
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"mapping to {_type(schema['additionalProperties'])}"
    if isinstance(kind, list):
        return " or ".join(kind)
    return {"date-time": "time", "binary": "file"}.get(schema.get("format", ""), str(kind))
