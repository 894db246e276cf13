"""A real Flink for a benchmark that is not the server's own: one JobManager, one TaskManager, many slots."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.machine import FLINK_VERSION
from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.install import EngineFolder
from headgate.adapters.engine.local_cluster import EmbeddedCluster
from headgate.domain.clusters import EngineVersion
from headgate.ports.engines import Engine, LocalClusterShape
from headgate.settings import load_settings


def install_engine() -> Engine:
    """The engine of all benchmarks, installed where it is missing: no figure contains its download."""
    return EngineFolder(load_settings().cache_dir).install(EngineVersion(FLINK_VERSION), lambda _: None)


@contextmanager
def run_flink(folder: Path, slots: int) -> Iterator[str]:
    """The address of a cluster with its slots ready; it ends with the block."""
    cluster = EmbeddedCluster(folder, install_engine(), LocalClusterShape(slots=slots), SystemClock())
    try:
        yield cluster.ensure_running().rest_url
    finally:
        cluster.stop()
