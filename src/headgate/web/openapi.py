"""The OpenAPI document: what FastAPI knows, and every refusal that an endpoint declares."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from headgate.domain.catalogue import texts
from headgate.web.declared import CODES
from headgate.web.errors import PROBLEM_TYPE
from headgate.web.models.drafts import SPEC_SCHEMA
from headgate.web.models.shapes import ProblemModel

MARK = "x-schema"
_REFERENCE = "#/components/schemas/Problem"
_DESCRIPTION = (
    "Publish, run, pause, resume, stop and watch Apache Flink jobs. Every refusal is a problem document (RFC 9457); "
    "its `code` is stable. Texts follow Accept-Language: en or zh."
)


def build_openapi(app: FastAPI) -> dict[str, Any]:
    """The whole document."""
    document: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes
    )
    schemas = document["components"]["schemas"]
    problem = ProblemModel.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["JobSpec"] = SPEC_SCHEMA
    schemas["Problem"] = {**problem, "title": "Problem"}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    _refer(document)
    for methods in document["paths"].values():
        for entry in methods.values():
            for answer in entry["responses"].values():
                _describe_refusal(answer)
    return document


def _refer(document: dict[str, Any]) -> None:
    """Put a reference wherever a schema is marked to stand elsewhere."""
    pending: list[Any] = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, dict):
            name = item.pop(MARK, None)
            if name is not None:
                item.clear()
                item["$ref"] = f"#/components/schemas/{name}"
            pending.extend(item.values())


def _describe_refusal(answer: dict[str, Any]) -> None:
    """A declared refusal as a documented response: its codes with their English words."""
    codes = answer.get(CODES)
    if codes is None:
        return
    lines = (f"`{code}`: {texts()[code].en}" for code in codes)
    answer["description"] = "\n\n".join(lines)
    answer["content"] = {PROBLEM_TYPE: {"schema": {"$ref": _REFERENCE}}}
