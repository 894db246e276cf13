"""Engines without downloads: installing reports its steps, ends when it is let, or fails as it is told."""

import threading
from pathlib import Path

from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import EngineFailed, NotFound
from headgate.ports.engines import Engine, EngineStore, InstallProgress, OnProgress

# A test that forgot to let an installation end should fail, not hang.
PATIENCE_S = 20


class FakeEngines(EngineStore):
    """`gate` is open at first; closed, an installation stays half-way. `failure` ends the next one."""

    def __init__(self, *versions: str) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()
        self.failure: EngineFailed | None = None
        self.installs = 0
        self._engines = {version: _engine(version) for version in versions}

    def list_engines(self) -> list[Engine]:
        return list(self._engines.values())

    def get_engine(self, version: EngineVersion) -> Engine:
        if version not in self._engines:
            raise NotFound("engine_not_installed", version=version, known="2.2.1")
        return self._engines[version]

    def install(self, version: EngineVersion, on_progress: OnProgress, digest: str = "") -> Engine:
        self.installs += 1
        on_progress(InstallProgress("download_flink", 30, 120))
        self.reached.set()
        assert self.gate.wait(PATIENCE_S)
        if self.failure is not None:
            raise self.failure
        self._engines[version] = _engine(version)
        return self._engines[version]

    def remove(self, version: EngineVersion) -> None:
        del self._engines[version]


def _engine(version: str) -> Engine:
    return Engine(EngineVersion(version), Path("/engines") / version, Path("/java/bin/java"))
