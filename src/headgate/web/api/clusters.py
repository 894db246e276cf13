"""Clusters: register, show, change, remove, and ask one now."""

from fastapi import APIRouter, Response

from headgate.domain.clusters import Cluster
from headgate.ports.store import UnitOfWork
from headgate.services.clusters import ClusterView
from headgate.services.pages import cut_page
from headgate.services.receipts import Keep
from headgate.web.callers import Caller, Edited, MaybeEdited, write_etag
from headgate.web.context import Served
from headgate.web.declared import KEYS, WORKSPACE, declare
from headgate.web.languages import Spoken
from headgate.web.models.clusters import ClusterCheckModel, ClusterEditBody, ClusterModel, NewClusterBody
from headgate.web.models.shapes import PageModel, list_models
from headgate.web.once import OnceOnly
from headgate.web.windows import Shown

router = APIRouter(tags=["clusters"])

_UNKNOWN = {404: ("cluster_not_found",)}
_TAKEN = ("cluster_name_taken", "cluster_url_taken")
_HELD = ("cluster_in_use", "cluster_is_local")


@router.get("/clusters", responses=declare({422: ("query_invalid",)}))
def list_clusters(window: Shown, actor: Caller, services: Served, language: Spoken) -> PageModel[ClusterModel]:
    """The registered clusters and whether they answer, by name."""
    views = services.clusters.list_all(actor)
    page = cut_page(views, window, lambda view: (view.cluster.name.casefold(), view.cluster.id), descending=False)
    return list_models(page.map(lambda view: ClusterModel.of(view, language)))


@router.post(
    "/clusters",
    status_code=201,
    response_model=ClusterModel,
    responses=declare({404: WORKSPACE, 409: (*_TAKEN, *KEYS), 422: ("cluster_invalid",)}),
)
def create_cluster(body: NewClusterBody, actor: Caller, services: Served, once: OnceOnly, language: Spoken) -> Response:
    """Register a session cluster by the address of its JobManager."""

    def act(keep: Keep[Cluster]) -> Cluster:
        return services.clusters.create(actor, body.workspace, body.to_order(), keep)

    def render(unit: UnitOfWork, cluster: Cluster) -> ClusterModel:
        return ClusterModel.of(ClusterView(cluster, unit.clusters.find_state(cluster.id)), language)

    return once.answer(201, act, render)


@router.get("/clusters/{cluster_id}", responses=declare(_UNKNOWN))
def get_cluster(cluster_id: str, actor: Caller, services: Served, response: Response, language: Spoken) -> ClusterModel:
    """One cluster, by id or name."""
    view = services.clusters.get(actor, cluster_id)
    response.headers["ETag"] = write_etag(view.cluster.revision)
    return ClusterModel.of(view, language)


@router.patch(
    "/clusters/{cluster_id}",
    responses=declare(
        {
            **_UNKNOWN,
            409: (*_TAKEN, *_HELD),
            412: ("stale_revision",),
            422: ("cluster_invalid",),
            428: ("revision_required",),
        }
    ),
)
def update_cluster(
    cluster_id: str, body: ClusterEditBody, revision: Edited, actor: Caller, services: Served, language: Spoken
) -> ClusterModel:
    """Change a registration. Its address can change only while nothing runs there."""
    return ClusterModel.of(services.clusters.update(actor, cluster_id, body.to_edit(), revision), language)


@router.delete(
    "/clusters/{cluster_id}",
    status_code=204,
    responses=declare({**_UNKNOWN, 409: _HELD, 412: ("stale_revision",)}),
)
def delete_cluster(cluster_id: str, revision: MaybeEdited, actor: Caller, services: Served) -> None:
    """Forget a cluster. The cluster itself goes on; refused while an instance may still run there."""
    services.clusters.delete(actor, cluster_id, revision)


@router.post("/clusters/{cluster_id}/check", responses=declare(_UNKNOWN))
def check_cluster(cluster_id: str, actor: Caller, services: Served, language: Spoken) -> ClusterCheckModel:
    """Ask the cluster now. What is wrong with it is part of the answer."""
    view = services.clusters.get(actor, cluster_id)
    return ClusterCheckModel.of_check(view, services.clusters.check(actor, view.cluster.id), language)
