"""The page of endpoints names everything that an application serves."""

from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel

from tools.api_reference import CODES, api_page, common_refusals, endpoints


class Cup(BaseModel):
    size: int


def _application() -> FastAPI:
    application = FastAPI()

    @application.get("/cups", tags=["cups"], summary="All cups")
    def list_cups(limit: Annotated[int, Query(description="At most so many")] = 10) -> list[Cup]:
        return [Cup(size=limit)]

    @application.post("/cups", tags=["cups"], summary="One more", responses={409: {"description": "No room"}})
    def add_cup(cup: Cup) -> Cup:
        return cup

    return application


def test_every_endpoint_is_on_the_page_with_parameters_body_and_answers() -> None:
    document = _application().openapi()
    page = api_page(document)
    assert [(path, method) for path, method, _ in endpoints(document)] == [("/cups", "get"), ("/cups", "post")]
    assert "## Cups" in page
    assert "### `GET /cups`\n\nAll cups" in page
    assert "- `limit` (query): integer, default `10`. At most so many" in page
    assert "- body: `application/json` [Cup](#cup)" in page
    assert "- 409: No room" in page
    assert "### Cup\n\n| field | type | meaning |\n|---|---|---|\n| `size` | integer |  |\n" in page


def test_what_any_endpoint_refuses_is_said_once() -> None:
    refusal = {"description": "", CODES: ["unknown", "late"]}
    both = {"responses": {"404": refusal, "500": {"description": "", CODES: ["fault"]}}}
    other = {"responses": {"404": {"description": "", CODES: ["late"]}, "500": {"description": "", CODES: ["fault"]}}}
    document = {"paths": {"/a": {"get": both}, "/b": {"get": other, "post": {"responses": {}}}}}
    assert common_refusals(document) == {"404": ["late"], "500": ["fault"]}
    page = api_page(document)
    assert page.count("`late`") == page.count("`fault`") == 1
    assert "### `GET /a`\n\n\n\n- 404: `unknown`\n" in page
