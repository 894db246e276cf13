"""The engines of one cache folder: `engines/<version>` and the Java runtime they share, `java/<version>`.

One process at a time installs (a lock file); what is listed was verified, unpacked to the end and
has the sizes that its manifest names. Running a cluster is not done here.
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from headgate.adapters.engine.class_archives import archive_java_classes
from headgate.adapters.engine.distributions import (
    JAVA_VERSION,
    Distribution,
    choose_flink,
    choose_java,
    is_version,
    list_known_versions,
)
from headgate.adapters.engine.download import OnBytes, fetch
from headgate.adapters.engine.unpack import (
    choose_flink_name,
    choose_java_name,
    disk_faults_named,
    is_complete,
    remove_parts,
    remove_tree,
    unpacked_beside,
)
from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import EngineFailed, NotFound
from headgate.ports.engines import Engine, EngineStore, InstallProgress, OnProgress

# A cold start of a JVM takes a fraction of a second; a machine under load some seconds.
_JAVA_CHECK_TIMEOUT_S = 60

# Room that must stay free beside what an installation needs.
_SPARE_BYTES = 64 << 20


class EngineFolder(EngineStore):
    """The engines below `root`. `environment` is given to pip; None inherits that of this process."""

    def __init__(self, root: Path, environment: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._environment = environment
        self._java_home = root / "java" / JAVA_VERSION

    def list_engines(self) -> list[Engine]:
        folder = self._root / "engines"
        if not is_complete(self._java_home) or not folder.is_dir():
            return []
        versions = sorted(entry.name for entry in folder.iterdir() if is_version(entry.name))
        return [self._engine(EngineVersion(name)) for name in versions if is_complete(folder / name)]

    def get_engine(self, version: EngineVersion) -> Engine:
        engine = self._engine(version)
        if not is_complete(engine.home) or not is_complete(self._java_home):
            raise _not_installed(version)
        return engine

    def install(self, version: EngineVersion, on_progress: OnProgress, digest: str = "") -> Engine:
        flink = choose_flink(version, digest)
        java = choose_java()
        engine = self._engine(version)
        with disk_faults_named(self._root), self._locked(on_progress):
            for folder in ("engines", "java", "downloads"):
                remove_parts(self._root / folder)
            self._check_space([d for d, at in ((flink, engine.home), (java, self._java_home)) if not is_complete(at)])
            if not is_complete(self._java_home):
                self._install_java(java, on_progress)
            if not is_complete(engine.home):
                self._install_flink(flink, engine.home, on_progress)
            archive_java_classes(engine.java)
        return engine

    def remove(self, version: EngineVersion) -> None:
        home = self._engine(version).home
        if not home.is_dir():
            raise _not_installed(version)
        with disk_faults_named(self._root), self._locked(lambda _: None):
            remove_tree(home)

    def _engine(self, version: EngineVersion) -> Engine:
        """Where `version` is, or would be. Whatever is no version (`..`) must not lead to another folder."""
        if not is_version(version):
            raise _not_installed(version)
        return Engine(version, self._root / "engines" / version, self._java_home / "bin" / "java")

    def _install_java(self, java: Distribution, on_progress: OnProgress) -> None:
        archive = self._fetch(java, _report(on_progress, "download_java"))
        with unpacked_beside(self._java_home, archive, choose_java_name, _report(on_progress, "unpack_java")) as home:
            on_progress(InstallProgress("check_java", 0, 0))
            check_java(home / "bin" / "java")
        archive.unlink()

    def _install_flink(self, flink: Distribution, home: Path, on_progress: OnProgress) -> None:
        archive = self._fetch(flink, _report(on_progress, "download_flink"))
        with unpacked_beside(home, archive, choose_flink_name, _report(on_progress, "unpack_flink")) as part:
            if not any((part / "lib").glob("flink-dist*.jar")):
                raise EngineFailed("engine_archive_broken", file=archive.name)
        archive.unlink()

    def _fetch(self, distribution: Distribution, on_bytes: OnBytes) -> Path:
        on_bytes(0, distribution.size)
        return fetch(distribution, self._root / "downloads", on_bytes, self._environment)

    def _check_space(self, missing: list[Distribution]) -> None:
        needed = sum(d.size + d.unpacked for d in missing)
        free = shutil.disk_usage(self._root).free
        if missing and free < needed + _SPARE_BYTES:
            needed_mb = (needed + _SPARE_BYTES) >> 20
            raise EngineFailed("engine_disk_too_small", folder=self._root, needed_mb=needed_mb, free_mb=free >> 20)

    @contextmanager
    def _locked(self, on_progress: OnProgress) -> Iterator[None]:
        self._root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._root / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_progress(InstallProgress("wait_for_other_process", 0, 0))
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def _not_installed(version: str) -> NotFound:
    return NotFound("engine_not_installed", version=version, known=", ".join(list_known_versions()))


def check_java(java: Path) -> None:
    """Raise EngineFailed("java_does_not_start") unless `java -version` ends well."""
    try:
        ended = subprocess.run(
            [java, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_JAVA_CHECK_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineFailed("java_does_not_start", cause=str(error), java=java) from error
    if ended.returncode != 0:
        cause = (ended.stderr + ended.stdout).strip() or f"exit code {ended.returncode}"
        raise EngineFailed("java_does_not_start", cause=cause, java=java)


def _report(on_progress: OnProgress, step: str) -> OnBytes:
    def on_bytes(done: int, total: int) -> None:
        on_progress(InstallProgress(step, done, total))

    return on_bytes
