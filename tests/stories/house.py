"""A real server process on a data folder of its own, with the embedded Flink that belongs to it.

It can be killed, started again and ended. What the stories ask of the server is in `people.py`, what
they ask of Flink behind its back in `flink.py`.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from headgate.adapters.engine.local_cluster import find_running
from headgate.ports.engines import LocalClusterFacts
from tests.stories.patience import await_that
from tools.sources import ROOT

READY_S = 90.0
END_S = 20.0


class House:
    """One data folder and whatever runs on it. `output` collects what the servers print."""

    def __init__(self, folder: Path, *arguments: str, command: str = "dev") -> None:
        self.folder = folder
        self.data = folder / "data"
        self.output = folder / "server.out"
        self.tokens: list[str] = []
        self.url = ""
        self.token = ""
        self._command = (command, "--data", str(self.data), "--port", "0", *arguments)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def flink(self) -> LocalClusterFacts:
        """The embedded Flink as its processes are now."""
        found = find_running(self.data)
        assert found is not None, "no embedded Flink runs"
        return found

    def start(self, module: str = "headgate", **settings: str) -> None:
        """Start a server and return once it says that it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *self._command],
                cwd=ROOT,
                env=choose_environment(self.folder, **settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        context = await_that(self._find_context, READY_S, self.read_output)
        self.url, self.token = context["url"], context["token"]
        self.tokens.append(self.token)

    def kill(self) -> None:
        """End the server as a crash does."""
        self._signal(signal.SIGKILL)

    def end(self) -> int:
        """Ask the server to end; its exit code."""
        return self._signal(signal.SIGTERM)

    def await_death(self, seconds: float) -> int:
        """The exit code of a server that dies by itself."""
        assert self._process is not None
        code = self._process.wait(seconds)
        self._process = None
        return code

    def kill_if_alive(self) -> None:
        """Leave no server behind, whatever happened before."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def end_all(self) -> None:
        """End the server and the embedded Flink; fails where a process of this folder is left."""
        if self._process is not None and self._process.poll() is None:
            self.end()
        run_headgate(self.folder, "cluster", "stop", "local", "--data", str(self.data))
        left = self.list_processes()
        for process in left:
            process.kill()
        assert not left, [process.cmdline() for process in left]

    def list_processes(self) -> list[psutil.Process]:
        """Every process whose command line names this folder."""
        named = psutil.process_iter(["cmdline"])
        return [process for process in named if any(str(self.folder) in word for word in process.info["cmdline"] or ())]

    def list_client_jvms(self) -> list[psutil.Process]:
        """The client JVMs that the server has started."""
        children = psutil.Process(self.pid).children()
        return [child for child in children if "py4j.GatewayServer" in child.cmdline()]

    def list_flink_processes(self) -> list[psutil.Process]:
        """The JobManager and the TaskManagers."""
        return [psutil.Process(pid) for pid in (self.flink.job_manager_pid, *self.flink.task_manager_pids)]

    def read_output(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")[-3000:]

    def _signal(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(END_S)
        self._process = None
        return code

    def _find_context(self) -> dict[str, str] | None:
        assert self._process is not None
        assert self._process.poll() is None, self.read_output()
        try:
            context: dict[str, str] = json.loads((self.data / "context.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return context if str(context["server_pid"]) == str(self._process.pid) else None


def choose_environment(folder: Path, **settings: str) -> dict[str, str]:
    """The environment of a server or command: nobody else's server, settings or configuration folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADGATE_")}
    if "HEADGATE_CACHE" in os.environ:
        kept["HEADGATE_CACHE"] = os.environ["HEADGATE_CACHE"]
    ours = {f"HEADGATE_{name.upper()}": value for name, value in settings.items()}
    return kept | {"HEADGATE_CONFIG": str(folder / "config")} | ours


def run_headgate(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """One command of the command line, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "headgate", *arguments],
        env=choose_environment(folder, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
