"""A Headgate server as a process of its own, started as people start it, and what it weighs.

The settings of somebody's real server are kept away from it: its data folder is thrown away.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType

import psutil

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.local_cluster import stop_cluster
from headgate.cli.context import CONTEXT_FILE, Context, read_context
from headgate.domain.errors import Unavailable

ROOT = Path(__file__).resolve().parent.parent
READY_S = 120.0
_POLL_S = 0.005
_END_S = 30.0


class Server:
    """One server on `folder`. `program` is what is put before the command's own words."""

    def __init__(self, folder: Path, command: str, *options: str, program: Sequence[str] = ("headgate",)) -> None:
        self.folder = folder
        self.port = find_free_port()
        self.started_at = 0.0
        words = (*program, command, "--data", str(folder), "--port", str(self.port), *options)
        self._command = [sys.executable, "-m", *words]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Server":
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.out").open("ab") as output:
            self.started_at = time.monotonic()
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=choose_environment(self.folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=output,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server; the embedded Flink of its folder with it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        stop_cluster(self.folder, SystemClock())

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def await_health(self) -> float:
        """Seconds from the start of the process to the first answer of /healthz."""
        while not is_healthy(self.port):
            self._check_alive()
            time.sleep(_POLL_S)
        return time.monotonic() - self.started_at

    def await_ready(self) -> Context:
        """Where the server is, once it has said that it is ready for work."""
        while True:
            self._check_alive()
            try:
                context = read_context(self.folder / CONTEXT_FILE)
            except Unavailable:
                context = None
            if context is not None and context.server_pid == self.pid:
                return context
            time.sleep(_POLL_S * 10)

    def measure_memory(self) -> float:
        """Resident memory of the server process in MB (10^6 bytes)."""
        return float(psutil.Process(self.pid).memory_info().rss) / 1e6

    def measure_client_memory(self) -> float:
        """Resident memory of the server's child processes (the client JVM) in MB."""
        children = psutil.Process(self.pid).children(recursive=True)
        return sum(float(child.memory_info().rss) for child in children if "gateway" in _name(child).lower()) / 1e6

    def measure_cpu(self) -> float:
        """Seconds of a core that the server process has used since its start."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def _check_alive(self) -> None:
        assert self._process is not None
        late = time.monotonic() - self.started_at > READY_S
        if late or self._process.poll() is not None:
            said = (self.folder / "server.out").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"the server did not become ready: {said[-2000:]}")


def _name(process: psutil.Process) -> str:
    return " ".join(process.cmdline()[-6:])


def choose_environment(folder: Path) -> dict[str, str]:
    """This environment without any setting of Headgate's, but for the engines' cache."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HEADGATE_") or name == "HEADGATE_CACHE"
    }
    return kept | {"HEADGATE_CONFIG": str(folder / "config")}


def is_healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
