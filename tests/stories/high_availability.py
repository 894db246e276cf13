"""A Flink whose jobs outlive their JobManager: its processes, and the ZooKeeper that its distribution carries.

Nobody watches over the JobManager: a story kills it and starts the next one, as a supervisor would.
"""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from headgate.adapters.engine.configuration import (
    ClusterFolder,
    Ports,
    file_uri,
    java_environment,
    job_manager_command,
    task_manager_command,
    write_configuration,
)
from headgate.adapters.engine.loopback import find_free_port
from headgate.ports.engines import Engine, LocalClusterShape
from tests.stories.flink import Flink
from tests.stories.patience import await_that

_ZOOKEEPER = "org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.quorum.QuorumPeerMain"
START_S = 60.0


class HaFlink:
    """One ZooKeeper, one JobManager at a time, one TaskManager."""

    def __init__(self, data: Path, engine: Engine, slots: int) -> None:
        self.data = data
        self._engine = engine
        self._slots = slots
        self._folder = ClusterFolder(data)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        first, second, third = _choose_ports()
        self._zookeeper_port = first
        self._ports = Ports(rest=second, rpc=third)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._ports.rest}"

    @property
    def flink(self) -> Flink:
        return Flink(self.url)

    @contextmanager
    def opened(self) -> Iterator["HaFlink"]:
        """Started, and ended whatever happens."""
        try:
            self._configure()
            self._start("zookeeper", self._zookeeper_command())
            await_that(self._is_zookeeper_ready, START_S)
            self.start_job_manager()
            self._start("taskmanager-1", task_manager_command(self._engine, self._folder, "ha-task-manager", 1))
            await_that(self._has_slots, START_S, self._read_log)
            yield self
        finally:
            for process in reversed(self._running.values()):
                process.kill()
                process.wait()

    def kill_job_manager(self) -> None:
        process = self._running.pop("jobmanager")
        process.kill()
        process.wait()

    def start_job_manager(self) -> None:
        self._start("jobmanager", job_manager_command(self._engine, self._folder, "ha-job-manager"))

    def _configure(self) -> None:
        write_configuration(self._folder, LocalClusterShape(slots=self._slots), self._ports)
        values = {
            "high-availability.type": "zookeeper",
            "high-availability.zookeeper.quorum": f"127.0.0.1:{self._zookeeper_port}",
            "high-availability.storageDir": file_uri(self.data / "ha"),
            "high-availability.cluster-id": "/story",
            "high-availability.zookeeper.client.session-timeout": "6000",
        }
        with (self._folder.conf / "config.yaml").open("a", encoding="utf-8") as file:
            file.writelines(f"{key}: {json.dumps(value)}\n" for key, value in values.items())

    def _zookeeper_command(self) -> list[str]:
        settings = self.data / "zookeeper.properties"
        settings.write_text(
            f"dataDir={(self.data / 'zookeeper').as_posix()}\n"
            f"clientPort={self._zookeeper_port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n",
            encoding="utf-8",
        )
        logging = f"-Dlog4j.configurationFile={self._folder.conf / 'log4j.properties'}"
        log = f"-Dlog.file={self._folder.log / 'zookeeper.log'}"
        java = [str(self._engine.java), "-Xmx96m", "-XX:+UseSerialGC", logging, log]
        return [*java, "-cp", self._engine.class_path, _ZOOKEEPER, str(settings)]

    def _start(self, name: str, command: list[str]) -> None:
        with (self._folder.log / f"{name}.out").open("ab") as output:
            self._running[name] = subprocess.Popen(
                command,
                cwd=self.data,
                env={**os.environ, **java_environment(self._engine)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _is_zookeeper_ready(self) -> bool:
        assert self._running["zookeeper"].poll() is None, (self._folder.log / "zookeeper.out").read_text("utf-8")
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self._zookeeper_port), timeout=1).close()
            return True
        return False

    def _has_slots(self) -> bool:
        with suppress(OSError, ValueError):
            return self.flink.count_slots() > 0
        return False

    def _read_log(self) -> str:
        return (self._folder.log / "jobmanager.log").read_text(encoding="utf-8", errors="replace")[-3000:]


def _choose_ports() -> tuple[int, int, int]:
    found: tuple[int, ...] = ()
    while len(found) < 3:
        port = find_free_port(not_in=found)
        assert port is not None, "no free port on the loopback address"
        found = (*found, port)
    return found[0], found[1], found[2]
