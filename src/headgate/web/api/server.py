"""The server itself: what it is, whether it is well, who asks. Only `/me` needs a token."""

import json

from fastapi import APIRouter, Request, Response

from headgate.services.health import check_database
from headgate.web.callers import Caller
from headgate.web.context import Served
from headgate.web.declared import declare
from headgate.web.documents import list_links, write_api_page, write_front_page
from headgate.web.exposition import TEXT_TYPE, write_metrics
from headgate.web.languages import Spoken
from headgate.web.models.server import CheckView, HealthModel, MeModel, ReadinessModel

api_router = APIRouter(tags=["server"])
router = APIRouter(tags=["server"])


@api_router.get("/me", responses=declare())
def get_me(actor: Caller) -> MeModel:
    """Who the token belongs to, and the workspaces that it may enter."""
    return MeModel(name=actor.name, token_id=actor.token_id, workspaces=sorted(actor.workspaces))


@api_router.get("/docs", include_in_schema=False)
def show_api(request: Request, language: Spoken) -> Response:
    """Every endpoint on one page, made here: nothing is loaded from elsewhere."""
    return Response(write_api_page(request.app.openapi(), language), media_type="text/html")


@router.get("/", include_in_schema=False)
def show_front(request: Request, services: Served, language: Spoken) -> Response:
    """What this is, and where the documents are."""
    links = list_links(services.context.settings.version, language)
    if "text/html" in request.headers.get("accept", ""):
        return Response(write_front_page(links), media_type="text/html")
    return Response(json.dumps(links, ensure_ascii=False), media_type="application/json")


@router.get("/healthz")
def get_health(services: Served) -> HealthModel:
    """The process answers."""
    return HealthModel(status="ok", version=services.context.settings.version)


@router.get("/readyz", response_model=ReadinessModel, responses={503: {"model": ReadinessModel}})
def get_readiness(services: Served, language: Spoken) -> Response:
    """Whether the server can do its work: database, lease, sweeps. 503 while one of them is not well."""
    checks = [check_database(services.context.store), *services.context.readiness()]
    ready = all(check.is_ok for check in checks)
    model = ReadinessModel(ready=ready, checks=[CheckView.of(check, language) for check in checks])
    return Response(model.model_dump_json(), 200 if ready else 503, media_type="application/json")


@router.get("/metrics", response_class=Response, responses={200: {"content": {TEXT_TYPE: {}}}})
def get_metrics(request: Request, services: Served) -> Response:
    """Counts for Prometheus; they name clusters, never jobs."""
    text = write_metrics(services, request.app.state.traffic)
    return Response(text, media_type=TEXT_TYPE)
