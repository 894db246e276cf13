"""The client JVMs: one per engine version, which compile SQL and send it to a cluster.

A JVM is reached through py4j on the loopback interface with a secret that stays in this process's
memory. It dies with this process (its input closes), and it is written down, so that a successor
can end one that survived: a late submission cannot come from the dead. What the JVM does is not
decided here; see `session.py`.

    RUN_DIR/client-jvm-VERSION.log              what the last JVM of a version wrote
    RUN_DIR/client-jvm-VERSION-OWNER-XXXX/      one JVM's own folder, gone when it has ended; OWNER is the
                                                pid and start time of the process that started it
        process.json                            its pid and start time
        tmp/                                    its temporary files
"""

import contextlib
import json
import logging
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import psutil
from py4j import java_gateway
from py4j.protocol import Py4JError, Py4JNetworkError, is_fatal_error

from headgate.domain.diagnosis import LeftOverClient
from headgate.domain.secrets import mask_secrets
from headgate.ports.engines import Engine

_PREFIX: Final = "client-jvm-"
# psutil's start times are good to a clock tick; two processes with one pid are much further apart.
_SAME_START_S: Final = 0.5
_END_WITHIN_S: Final = 10.0
# A JVM that does not end by itself within this when asked is killed.
_CLOSE_WITHIN_S: Final = 3.0
_LOOK_EVERY_S: Final = 0.05
# What Flink's default configuration opens for Java 17 (env.java.opts.all), without what a Java runtime has not got.
_OPENED: Final = (
    "lang", "net", "io", "nio", "lang.reflect", "text", "time", "util", "util.concurrent",
    "util.concurrent.atomic", "util.concurrent.locks",
)  # fmt: skip


class ClientJvmLost(Exception):
    """The JVM did not start, died, or was ended because a call took too long; the text says which."""


@dataclass(frozen=True, slots=True)
class JvmLimits:
    """Bounds of one client JVM. Times in seconds.

    `calls` at once share the heap; more wait. `environment` is all that the JVM gets of one: code
    of users runs in it, so nothing of the server's own environment reaches it by itself.
    """

    heap_mb: int = 256
    metaspace_mb: int = 256
    start_timeout_s: float = 60.0
    calls: int = 4
    environment: Mapping[str, str] = field(default_factory=lambda: {"LC_ALL": "C.UTF-8"})


class ClientJvm:
    """One running JVM. `jvm` is py4j's view of its classes; any thread may use it.

    A call that lost the JVM raises Py4JNetworkError (or ClientJvmLost where it was known to be
    dead); `lost_because` then tells why.
    """

    def __init__(self, engine: Engine, run_dir: Path, limits: JvmLimits) -> None:
        """Start it. ClientJvmLost where it does not come up in time."""
        self.engine = engine
        self.lost_because = ""
        self.slots = threading.BoundedSemaphore(limits.calls)
        run_dir.mkdir(parents=True, exist_ok=True)
        self.log_path = run_dir / f"{_PREFIX}{engine.version}.log"
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{engine.version}-{_own_mark()}-", dir=run_dir))
        try:
            self._process = self._launch(limits)
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise ClientJvmLost(f"{engine.java} does not start: {error}") from error
        self._gateway = self._connect(limits.start_timeout_s)

    @property
    def jvm(self) -> Any:
        return self._gateway.jvm

    @property
    def pid(self) -> int:
        return self._process.pid

    def new_array(self, java_class: Any, length: int) -> Any:
        return self._gateway.new_array(java_class, length)

    def is_alive(self) -> bool:
        return not self.lost_because and self._process.poll() is None

    @contextlib.contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """End the JVM when the block takes longer: every call in it then fails, and none hangs."""
        timer = threading.Timer(seconds, self.kill, (f"no answer within {seconds:g} s",))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def kill(self, because: str) -> None:
        """End it at once. Returns when the process is gone."""
        self.lost_because = self.lost_because or because
        self._process.kill()
        self._clean_up()

    def give_up(self) -> None:
        """The connection broke: the JVM has died, or is of no use any more. `describe_loss` then tells which."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)  # a dying process closes its sockets before it can be waited for
        code = self._process.poll()
        self.kill("the client JVM does not answer" if code is None else f"the client JVM ended with code {code}")

    def close(self) -> None:
        """End it in good order: first the gateway, then the process."""
        if self.is_alive():
            self.lost_because = "closed"
            with contextlib.suppress(Py4JError, OSError):
                self._gateway.shutdown()
            if self._process.stdin:
                self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_CLOSE_WITHIN_S)
        self.kill("closed")

    def describe_loss(self) -> str:
        """Why it is gone, with the end of what it wrote."""
        because = self.lost_because or f"the client JVM ended with code {self._process.poll()}"
        with contextlib.suppress(OSError):
            tail = self.log_path.read_bytes()[-2000:].decode("utf-8", "replace").strip()
            return mask_secrets(f"{because}\n{tail}") if tail else because
        return because

    def _launch(self, limits: JvmLimits) -> "subprocess.Popen[bytes]":
        """py4j's own launch_gateway waits for ever for a JVM that prints nothing, and hands it our environment."""
        temporary = self._folder / "tmp"
        temporary.mkdir()
        engine = self.engine
        command = [
            str(engine.java),
            f"-Xmx{limits.heap_mb}m",
            f"-XX:MaxMetaspaceSize={limits.metaspace_mb}m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",  # measured: a fifth less time for the first script, 30 MB less memory
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-UsePerfData",
            "-XX:+DisplayVMOutputToStderr",  # the first lines of the other stream are the port and the secret
            f"-Djava.io.tmpdir={temporary}",
            "-Dfile.encoding=UTF-8",
            "-Dorg.apache.logging.log4j.level=FATAL",  # failures are reported anyway; the file must not grow for ever
            *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in _OPENED),
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
            "-classpath",
            os.pathsep.join((java_gateway.find_jar_path(), engine.class_path)),
            "py4j.GatewayServer",
            "--die-on-broken-pipe",
            "--enable-auth",
            "0",
        ]
        with self.log_path.open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=temporary,
                env=dict(limits.environment),
                start_new_session=True,  # an interrupt from the terminal must not end a submission half-way
            )
        self._write_down(process.pid)
        return process

    def _write_down(self, pid: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            record = {"pid": pid, "started": psutil.Process(pid).create_time(), "version": self.engine.version}
            (self._folder / "process.json").write_text(json.dumps(record), encoding="utf-8")

    def _connect(self, timeout_s: float) -> Any:
        """Read the port and the secret, which the JVM prints first; what it prints later is log."""
        output = self._process.stdout
        assert output is not None
        with self.deadline(timeout_s):
            port, secret = output.readline().strip(), output.readline().strip()
        if not port.isdigit() or not secret or not self.is_alive():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)  # its output is closed: it is about to end, with a code that tells something
            cause = self.describe_loss()
            self.kill(cause)
            output.close()
            raise ClientJvmLost(f"{self.engine.java} did not become a client JVM: {cause}")
        # py4j writes every command and answer at DEBUG: the secret, and scripts with passwords. Its ERROR lines
        # repeat exceptions that are raised anyway.
        logging.getLogger("py4j").setLevel(logging.CRITICAL)
        threading.Thread(target=_drain, args=(output, self.log_path), daemon=True, name="client-jvm-log").start()
        parameters = java_gateway.GatewayParameters(address="127.0.0.1", port=int(port), auth_token=secret.decode())
        return java_gateway.JavaGateway(gateway_client=_OnceOnlyClient(gateway_parameters=parameters))

    def _clean_up(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_WITHIN_S)
        gateway = getattr(self, "_gateway", None)
        if gateway is not None:
            # Or py4j would look for the dead JVM's port for every object that is collected from now on.
            gateway._gateway_client.is_connected = False
            gateway._gateway_client.close()
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class _OnceOnlyClient(java_gateway.GatewayClient):  # type: ignore[misc]  # py4j has no types
    """Sends a command once and raises what happened.

    py4j's own client sends a command again after an empty answer: that could be a submission.
    """

    def send_command(self, command: str, retry: bool = True, binary: bool = False) -> str:
        connection = self._get_connection()
        try:
            response: str = connection.send_command(command)
        except Py4JNetworkError:
            connection.close(False)
            raise
        if is_fatal_error(response):
            connection.close(False)
        else:
            self._give_back_connection(connection)
        if not self.is_connected:
            self.close()  # it was closed while this command ran: what was given back since would stay open
        return response

    def _create_connection(self) -> Any:
        connection = java_gateway.GatewayConnection(self.gateway_parameters, self.gateway_property)
        try:
            connection.start()
        except Py4JError:
            # py4j leaves both open: the socket, and the stream over it where there is one already.
            with contextlib.suppress(AttributeError):
                connection.stream.close()
            connection.socket.close()
            raise
        return connection


def _drain(output: IO[bytes], log_path: Path) -> None:
    """Keep the pipe empty, or the JVM would stand still on a full one."""
    with contextlib.suppress(OSError, ValueError), log_path.open("ab", buffering=0) as log, output:
        while chunk := output.read1(65536):  # type: ignore[attr-defined]  # Popen's pipe is a BufferedReader
            log.write(chunk)


class ClientJvms:
    """The running JVM of each version; a dead one is replaced when it is asked for."""

    def __init__(self, run_dir: Path, limits: JvmLimits, start: Callable[..., ClientJvm] = ClientJvm) -> None:
        self._run_dir = run_dir
        self._limits = limits
        self._start = start
        self._lock = threading.Lock()
        self._running: dict[str, ClientJvm] = {}
        self._closed = False

    def get(self, engine: Engine) -> ClientJvm:
        """The JVM of this engine's version. ClientJvmLost where none can be started."""
        with self._lock:
            if self._closed:
                raise ClientJvmLost("closed")
            running = self._running.get(engine.version)
            if running is not None and running.is_alive():
                return running
            if running is not None:
                running.give_up()
            self._running[engine.version] = self._start(engine, self._run_dir, self._limits)
            return self._running[engine.version]

    def end_all(self) -> None:
        """End every JVM at once; the next `get` starts a new one. For a server that lost its lease."""
        with self._lock:
            for running in self._running.values():
                running.kill("ended by Headgate")
            self._running.clear()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for running in self._running.values():
                running.close()
            self._running.clear()


def end_predecessors(run_dir: Path) -> int:
    """End the client JVMs that another process started in this folder; how many were still alive."""
    ended = 0
    for folder in sorted(run_dir.glob(f"{_PREFIX}*-*-*/")):
        mark = folder.name.rsplit("-", 2)[-2]
        if mark == _own_mark():
            continue
        has_record = (folder / "process.json").exists()
        ended += _end_recorded(folder / "process.json")
        if has_record or not _is_owner_alive(mark):
            shutil.rmtree(folder, ignore_errors=True)
    return ended


def list_left_over(run_dir: Path) -> list[LeftOverClient]:
    """The client JVMs in this folder that outlived the process that started them."""
    found = []
    for folder in sorted(run_dir.glob(f"{_PREFIX}*-*-*/")):
        process, version = _find_recorded(folder / "process.json")
        if process is not None and not _is_owner_alive(folder.name.rsplit("-", 2)[-2]):
            found.append(LeftOverClient(process.pid, version))
    return found


def _own_mark() -> str:
    """This process, told apart from an earlier one with the same pid (in a container: always the same)."""
    return _mark(psutil.Process())


def _mark(process: psutil.Process) -> str:
    return f"{process.pid}.{round(process.create_time())}"


def _is_owner_alive(mark: str) -> bool:
    try:
        return _mark(psutil.Process(int(mark.split(".")[0]))) == mark
    except (ValueError, psutil.NoSuchProcess):
        return False


def _await_end(process: psutil.Process) -> None:
    """Until it is gone, or dead and not yet buried by a parent that still lives."""
    for _ in range(round(_END_WITHIN_S / _LOOK_EVERY_S)):
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(_LOOK_EVERY_S)
            return
        if process.status() == psutil.STATUS_ZOMBIE:
            return


def _end_recorded(record_path: Path) -> bool:
    """End the process that the record names, if it is still that process."""
    process, _ = _find_recorded(record_path)
    if process is None:
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()
        _await_end(process)
    return True


def _find_recorded(record_path: Path) -> tuple[psutil.Process | None, str]:
    """The process that the record names, where it still is that process, and the version that it was started for."""
    try:
        record = json.loads(record_path.read_text(encoding="utf-8"))
        process = psutil.Process(int(record["pid"]))
        is_same = abs(process.create_time() - float(record["started"])) <= _SAME_START_S
        return (process if is_same else None), str(record.get("version", ""))
    except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
        return None, ""
