"""Drafts: the specification that people edit, as JSON or YAML, and a check that runs nothing."""

import json
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from headgate.domain.errors import Invalid, Problem
from headgate.domain.jobs import Draft
from headgate.domain.spec import dump_spec, parse_spec
from headgate.web.callers import Caller, Edited, write_etag
from headgate.web.context import Served
from headgate.web.declared import JOB, declare
from headgate.web.errors import is_json, read_media_type
from headgate.web.languages import Spoken
from headgate.web.models.drafts import SPEC_MARK, CheckModel, SpecBody
from headgate.web.models.shapes import has_odd_text
from headgate.web.yaml_text import YAML_TYPE, read_yaml, write_yaml

router = APIRouter(tags=["drafts"])

_CONTENT: dict[str, Any] = {"application/json": {"schema": SPEC_MARK}, YAML_TYPE: {"schema": SPEC_MARK}}
_YAML_TYPES = frozenset({YAML_TYPE, "application/x-yaml", "text/yaml", "text/x-yaml"})
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The specification; ETag is its revision.", "content": _CONTENT}
}


@router.get("/jobs/{job_id}/draft", response_model=SpecBody, responses={**_ANSWER, **declare({404: JOB})})
def get_draft(job_id: str, request: Request, actor: Caller, services: Served) -> Response:
    """The draft's specification. `ETag` is its revision, for If-Match."""
    return _show(request, services.drafts.get(actor, job_id))


async def read_spec_document(request: Request) -> Any:
    """The data of the body, in either form."""
    body = await request.body()
    kind = read_media_type(request)
    if kind not in _YAML_TYPES and not is_json(kind):
        raise HTTPException(415)
    # Megabytes of YAML take long to read: nobody else must wait for that.
    data = await to_thread.run_sync(read_yaml if kind in _YAML_TYPES else _read_json, body)
    if not isinstance(data, dict):
        raise Invalid(
            "body_malformed", problems=[Problem("spec", "field_type", (("field", "spec"), ("wanted", "mapping")))]
        )
    if has_odd_text(data):
        raise Invalid("body_malformed", problems=[Problem("spec", "text_characters")])
    return data


@router.put(
    "/jobs/{job_id}/draft",
    response_model=SpecBody,
    responses={
        **_ANSWER,
        **declare(
            {
                404: JOB,
                412: ("stale_revision",),
                422: ("spec_invalid", "yaml_invalid"),
                428: ("revision_required",),
            }
        ),
    },
    openapi_extra={"requestBody": {"required": True, "content": _CONTENT}},
)
def save_draft(
    job_id: str,
    document: Annotated[Any, Depends(read_spec_document)],
    revision: Edited,
    request: Request,
    actor: Caller,
    services: Served,
) -> Response:
    """Replace the draft's specification. What runs keeps the configuration that it was started with."""
    return _show(request, services.drafts.save(actor, job_id, parse_spec(document), revision))


@router.post(
    "/jobs/{job_id}/draft/check",
    responses=declare({404: (*JOB, "engine_not_installed"), 503: ("sql_client_failed",)}),
)
def check_draft(job_id: str, actor: Caller, services: Served, language: Spoken) -> CheckModel:
    """Compile the draft without running it. A faulty draft answers 200 with `ok` false and its problems."""
    return CheckModel.of(services.drafts.check(actor, job_id), language)


def _show(request: Request, draft: Draft) -> Response:
    data = dump_spec(draft.spec)
    headers = {"ETag": write_etag(draft.revision)}
    if any(kind in request.headers.get("accept", "") for kind in _YAML_TYPES):
        return Response(write_yaml(data), headers=headers, media_type=YAML_TYPE)
    return Response(json.dumps(data, ensure_ascii=False), headers=headers, media_type="application/json")


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
        problem = Problem("", "json_invalid", (("reason", str(error)),), line=line, column=column)
        raise Invalid("body_malformed", problems=[problem]) from None
