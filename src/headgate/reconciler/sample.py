"""The newest checkpoint of each run, asked for in turn: one job of a cluster at a time.

It is what is left to start from should nobody be able to look once the run has ended. A sample is
written only where it differs; nothing is concluded from it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from headgate.domain.clusters import Cluster
from headgate.domain.errors import FlinkError, NotFound
from headgate.domain.instances import FlinkStatus, Instance
from headgate.ports.flink import FlinkGateway
from headgate.ports.store import Store

EVERY = 2
"""One sweep of so many asks: an idle cluster is to see half a request a second, and sweeps alone make two in five."""


class Sampler:
    """Remembers of each cluster how often it was swept, and whose turn it was last."""

    def __init__(self, store: Store, gateway: FlinkGateway) -> None:
        self._store = store
        self._gateway = gateway
        self._last: dict[str, str] = {}
        self._sweeps: Counter[str] = Counter()

    def sample(self, cluster: Cluster, live: Sequence[Instance], fence: int | None) -> None:
        """A look at the next of the `live` instances that runs; one that goes unanswered waits for its next turn."""
        instance = self._choose(cluster, live)
        if instance is None:
            return
        self._sweeps[cluster.id] += 1
        if self._sweeps[cluster.id] % EVERY != 1:
            return
        self._last[cluster.id] = instance.id
        try:
            seen = self._gateway.sample_checkpoint(cluster, instance.flink_job_id)
        except FlinkError:
            return
        if seen is None or seen == instance.checkpoint:
            return
        with self._store.write(fence) as work:
            try:
                fresh = work.instances.get(instance.id)
            except NotFound:
                return  # the job was deleted meanwhile
            if fresh.is_live:
                work.instances.save(replace(fresh, checkpoint=seen))

    def _choose(self, cluster: Cluster, live: Sequence[Instance]) -> Instance | None:
        running = sorted((i for i in live if i.flink_status is FlinkStatus.RUNNING), key=lambda instance: instance.id)
        last = self._last.get(cluster.id, "")
        return next((instance for instance in running if instance.id > last), next(iter(running), None))
