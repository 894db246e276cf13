"""The server of the demo: `headgate dev` as a process of its own, started, killed and ended.

The embedded Flink outlives it by design; `end_cluster` ends that too.
"""

import contextlib
import signal
import subprocess
import sys
import threading
from pathlib import Path

from headgate.cli import local
from headgate.cli.context import CONTEXT_FILE, Context, read_context, read_environment
from headgate.cli.render import Stopwatch
from headgate.domain.errors import HeadgateError, Unavailable

_READY_S = 120.0
_END_S = 20.0
_POLL_S = 0.1
_OUTPUT_FILE = "demo-server.log"
_TAIL_LINES = 8
# What the demo's server may take from the environment. Never a database or a token of somebody's real server.
_KEPT = frozenset({"HEADGATE_CACHE", "HEADGATE_CONFIG", "HEADGATE_LANG"})


class DemoServer:
    """One server on `folder`. After `kill` or `end`, `start` starts the next one."""

    def __init__(self, folder: Path, flink_version: str, language: str) -> None:
        self.folder = folder
        self._flink_version = flink_version
        self._language = language
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    @property
    def _output(self) -> Path:
        return self.folder / "log" / _OUTPUT_FILE

    def start(self, port: int = 0) -> Context:
        """Start a server and wait until it is ready. Unavailable("demo_server_failed") with what it said."""
        self._output.parent.mkdir(parents=True, exist_ok=True)
        command = [
            *(sys.executable, "-m", "headgate", "dev", "--data", str(self.folder), "--port", str(port)),
            *("--flink-version", self._flink_version, "--language", self._language),
        ]
        with self._output.open("ab") as output:
            # Not in our group: Ctrl-C reaches the demo alone, which then ends everything in order. The standard
            # output has the token on it, so it is not kept.
            self._process = subprocess.Popen(
                command,
                env=_choose_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=output,
                start_new_session=True,
            )
        return self._await_ready(self._process)

    def kill(self) -> None:
        """End the server as a crash does: SIGKILL, nothing is told to anybody."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def end(self) -> None:
        """Ask the server to end; kill it when it does not."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def end_cluster(self) -> None:
        """End the embedded Flink of this folder."""
        # A folder that never held a cluster, or one already gone, is as good as ended.
        with contextlib.suppress(HeadgateError):
            local.stop_local_cluster(self.folder)

    def _await_ready(self, process: subprocess.Popen[bytes]) -> Context:
        watch, pause = Stopwatch(), threading.Event()
        while process.poll() is None and watch.read() < _READY_S:
            context = self._find_context()
            if context is not None and context.server_pid == process.pid:
                return context
            pause.wait(_POLL_S)
        lines = self._output.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:]
        raise Unavailable("demo_server_failed", cause="\n".join(lines), file=self._output)

    def _find_context(self) -> Context | None:
        try:
            return read_context(self.folder / CONTEXT_FILE)
        except HeadgateError:
            return None


def _choose_environment() -> dict[str, str]:
    return {
        name: value for name, value in read_environment().items() if not name.startswith("HEADGATE_") or name in _KEPT
    }
