"""The web application: guards around routers around services. Built from a `WebContext`, nothing else."""

from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from headgate.domain.errors import HeadgateError
from headgate.web.api import (
    artifacts,
    clusters,
    diagnosis,
    drafts,
    engines,
    history,
    jobs,
    operations,
    server,
    versions,
)
from headgate.web.callers import bearer
from headgate.web.context import WebContext, build_services
from headgate.web.errors import BugBoundary, answer_expected, answer_http, answer_malformed
from headgate.web.exposition import Traffic, TrafficCounter
from headgate.web.guards import API, HeadAnswers, HostGuard, RequestIds, SizeGuard, TextGuard, TokenGuard
from headgate.web.openapi import build_openapi

_CONCEPTS = (jobs, drafts, versions, operations, history, clusters, engines, artifacts, diagnosis)


def create_app(context: WebContext) -> FastAPI:
    """The application of one server."""
    settings = context.settings
    traffic = Traffic()
    app = FastAPI(
        title="Headgate",
        version=settings.version,
        openapi_url=f"{API}/openapi.json",
        # Their pages load scripts from elsewhere; ours is web/documents.py.
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_name_operation,
        middleware=[
            Middleware(TrafficCounter, traffic=traffic),
            Middleware(RequestIds),
            Middleware(HeadAnswers),
            Middleware(BugBoundary),
            Middleware(HostGuard, allowed=settings.allowed_hosts),
            Middleware(TokenGuard, authenticate=context.authenticate),
            Middleware(TextGuard),
            Middleware(SizeGuard, body_bytes=settings.body_bytes, upload_bytes=settings.upload_bytes),
        ],
        exception_handlers={
            HeadgateError: answer_expected,
            RequestValidationError: answer_malformed,
            HTTPException: answer_http,
        },
    )
    app.state.services = build_services(context)
    app.state.traffic = traffic
    _route(app)
    _document(app)
    return app


def describe_api() -> dict[str, Any]:
    """The OpenAPI document without a server behind it, for reference pages."""
    app = FastAPI(title="Headgate", generate_unique_id_function=_name_operation)
    _route(app)
    return build_openapi(app)


def _route(app: FastAPI) -> None:
    api = APIRouter(prefix=API, dependencies=[Depends(bearer)])
    for concept in _CONCEPTS:
        api.include_router(concept.router)
    api.include_router(server.api_router)
    app.include_router(api)
    app.include_router(server.router)


def _name_operation(route: APIRoute) -> str:
    return route.name


def _document(app: FastAPI) -> None:
    """The document is made once, when somebody first asks."""
    made: dict[str, Any] = {}

    def get_document() -> dict[str, Any]:
        if not made:
            made.update(build_openapi(app))
        return made

    app.openapi = get_document  # type: ignore[method-assign]  # FastAPI's own way to replace its document
