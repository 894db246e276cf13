"""Clusters and what is known of their health, in the database."""

from sqlalchemy import Connection, bindparam, delete
from sqlalchemy.exc import IntegrityError

from headgate.adapters.db import tables
from headgate.adapters.db.notifications import notify
from headgate.adapters.db.refusals import explain
from headgate.adapters.db.rows import Records
from headgate.domain.clusters import Cluster, ClusterState
from headgate.ports.store import ClusterStore

CLUSTERS = Records(tables.clusters, Cluster, "id", "cluster_not_found")
STATES = Records(tables.cluster_states, ClusterState, "cluster_id", "cluster_not_found")

_clusters = tables.clusters
_all = CLUSTERS.select.order_by(_clusters.c.created_at, _clusters.c.ordinal)
_of_workspace = _all.where(_clusters.c.workspace == bindparam("workspace"))
_named = _of_workspace.where(_clusters.c.name == bindparam("name"))


class DatabaseClusters(ClusterStore):
    """Clusters are written by services, their states by the reconciler."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, cluster: Cluster) -> None:
        try:
            CLUSTERS.add(self._connection, cluster)
        except IntegrityError as error:
            raise explain(error, name=cluster.name, workspace=cluster.workspace) from error
        notify(self._connection)

    def get(self, cluster_id: str) -> Cluster:
        return CLUSTERS.get(self._connection, cluster_id)

    def find_by_name(self, workspace: str, name: str) -> Cluster | None:
        return CLUSTERS.find_by(self._connection, _named, workspace=workspace, name=name)

    def update(self, cluster: Cluster) -> None:
        try:
            CLUSTERS.save_revision(self._connection, cluster, cluster.revision)
        except IntegrityError as error:
            raise explain(error, name=cluster.name, workspace=cluster.workspace) from error

    def delete(self, cluster_id: str) -> None:
        if not self._connection.execute(delete(_clusters).where(_clusters.c.id == cluster_id)).rowcount:
            raise CLUSTERS.missing(cluster_id)

    def list_all(self, workspace: str | None = None) -> list[Cluster]:
        if workspace is None:
            return CLUSTERS.list_by(self._connection, _all)
        return CLUSTERS.list_by(self._connection, _of_workspace, workspace=workspace)

    def find_state(self, cluster_id: str) -> ClusterState | None:
        return STATES.find(self._connection, cluster_id)

    def save_state(self, state: ClusterState) -> None:
        STATES.put(self._connection, state)
