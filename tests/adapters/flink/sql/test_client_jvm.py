"""Client JVMs die with us, or by us; none is forgotten, and none tells its secret."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from py4j.protocol import Py4JError, Py4JNetworkError

from headgate.adapters.flink.sql.client import SqlClient, SqlTimeouts
from headgate.adapters.flink.sql.client_jvm import ClientJvm, ClientJvmLost, ClientJvms, JvmLimits, end_predecessors
from headgate.domain.errors import FlinkOutcomeUnknown, FlinkUnavailable
from headgate.ports.engines import Engine
from headgate.ports.sql import SqlSubmission

pytestmark = pytest.mark.real

Make = Callable[..., SqlSubmission]


def folders(run_dir: Path) -> list[Path]:
    return [path for path in run_dir.iterdir() if path.is_dir()]


def recorded_pid(run_dir: Path) -> int:
    (record,) = run_dir.glob("*/process.json")
    return int(json.loads(record.read_text())["pid"])


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def remote_ports(pid: int) -> set[int]:
    sockets = psutil.Process(pid).net_connections()
    return {getattr(each.raddr, "port", 0) for each in sockets}


def own_sockets() -> set[int]:
    return {each.fd for each in psutil.Process().net_connections()}


def listening_at(pid: int) -> set[str]:
    sockets = psutil.Process(pid).net_connections()
    return {each.laddr.ip.removeprefix("::ffff:") for each in sockets if each.status == psutil.CONN_LISTEN}


def halt(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)


def use(jvm: ClientJvm) -> None:
    assert jvm.jvm.java.lang.System.getProperty("java.version")


@pytest.fixture
def jvms(tmp_path: Path) -> Iterator[ClientJvms]:
    running = ClientJvms(tmp_path, JvmLimits())
    yield running
    running.close()


def test_a_jvm_that_is_killed_during_a_submission_leaves_the_outcome_open(
    engine_221: Engine, submission: Make, deaf_server: str, tmp_path: Path
) -> None:
    client = SqlClient(lambda _: engine_221, tmp_path)
    port = int(deaf_server.rsplit(":", 1)[1])
    with contextlib.closing(client), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.submit, submission(deaf_server))
        wait_until(lambda: list(tmp_path.glob("*/process.json")) != [])
        pid = recorded_pid(tmp_path)
        wait_until(lambda: port in remote_ports(pid), 60)
        os.kill(pid, signal.SIGKILL)
        error = waiting.exception(timeout=20)
        assert isinstance(error, FlinkOutcomeUnknown)
        assert "ended with code -9" in error.cause
        assert not client.check(engine_221.version, "INSERT INTO nowhere SELECT 1", {}, ()).is_ok
        assert recorded_pid(tmp_path) != pid
        assert len(folders(tmp_path)) == 1


def test_a_jvm_that_stands_still_before_sending_has_surely_sent_nothing(
    engine_221: Engine, submission: Make, closed_port: str, tmp_path: Path
) -> None:
    client = SqlClient(lambda _: engine_221, tmp_path, SqlTimeouts(submit_s=1))
    with contextlib.closing(client), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.submit, submission(closed_port))
        wait_until(lambda: list(tmp_path.glob("*/process.json")) != [])
        pid = recorded_pid(tmp_path)
        wait_until(lambda: listening_at(pid) != set())
        halt(pid)
        error = waiting.exception(timeout=20)
        assert isinstance(error, FlinkUnavailable)
        assert "no answer within 1 s" in error.cause
        assert not psutil.pid_exists(pid)


def test_a_call_in_a_jvm_that_stands_still_ends_at_the_deadline(jvms: ClientJvms, engine_221: Engine) -> None:
    jvm = jvms.get(engine_221)
    use(jvm)
    halt(jvm.pid)
    with pytest.raises(Py4JNetworkError), jvm.deadline(0.2):
        use(jvm)
    assert not jvm.is_alive()
    assert "no answer within 0.2 s" in jvm.describe_loss()
    use(jvms.get(engine_221))


def test_a_jvm_that_died_between_calls_is_replaced(jvms: ClientJvms, engine_221: Engine, tmp_path: Path) -> None:
    first = jvms.get(engine_221)
    assert jvms.get(engine_221) is first
    psutil.Process(first.pid).kill()
    wait_until(lambda: not first.is_alive())
    use(jvms.get(engine_221))
    assert len(folders(tmp_path)) == 1


def test_closing_leaves_no_process_and_no_folder(jvms: ClientJvms, engine_221: Engine, tmp_path: Path) -> None:
    jvm = jvms.get(engine_221)
    use(jvm)
    jvms.close()
    assert not psutil.pid_exists(jvm.pid)
    assert folders(tmp_path) == []
    with pytest.raises(ClientJvmLost):
        jvms.get(engine_221)


def test_end_all_ends_them_and_the_next_call_starts_anew(jvms: ClientJvms, engine_221: Engine) -> None:
    jvm = jvms.get(engine_221)
    jvms.end_all()
    assert not psutil.pid_exists(jvm.pid)
    use(jvms.get(engine_221))


def test_many_threads_share_one_jvm(jvms: ClientJvms, engine_221: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda _: jvms.get(engine_221), range(8)))
        assert len({jvm.pid for jvm in started}) == 1
        list(pool.map(use, started * 20))


def test_a_jvm_that_dies_under_many_calls_leaves_no_socket_open(jvms: ClientJvms, engine_221: Engine) -> None:
    before = own_sockets()
    jvm = jvms.get(engine_221)
    is_over = threading.Event()

    def call_until_lost() -> None:
        with contextlib.suppress(Py4JError):
            while not is_over.is_set():
                use(jvm)

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(call_until_lost) for _ in range(8)]
        wait_until(lambda: len(own_sockets() - before) > 4)
        jvm.kill("on purpose")
        is_over.set()
        for call in calls:
            call.result(timeout=20)
        assert own_sockets() - before == set()


START_AND_WAIT = """
import sys
from pathlib import Path
from headgate.adapters.flink.sql.client_jvm import ClientJvm, JvmLimits
from headgate.ports.engines import Engine
jvm = ClientJvm(Engine(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])), Path(sys.argv[4]), JvmLimits())
print(jvm.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def predecessor(engine_221: Engine, tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Another server process with a client JVM: the process, and the JVM's pid."""
    arguments = [engine_221.version, engine_221.home, engine_221.java, tmp_path]
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        process.kill()


def test_a_jvm_dies_with_its_server(predecessor: tuple["subprocess.Popen[str]", int], tmp_path: Path) -> None:
    process, pid = predecessor
    process.kill()
    process.wait(10)
    wait_until(lambda: not psutil.pid_exists(pid))
    assert end_predecessors(tmp_path) == 0
    assert folders(tmp_path) == []


def test_a_successor_ends_the_jvm_that_a_server_left(
    predecessor: tuple["subprocess.Popen[str]", int], jvms: ClientJvms, engine_221: Engine, tmp_path: Path
) -> None:
    ours = jvms.get(engine_221)
    _, pid = predecessor
    assert end_predecessors(tmp_path) == 1
    assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE, "dead; its server, which still lives, has to bury it"
    use(ours)
    assert len(folders(tmp_path)) == 1
    assert end_predecessors(tmp_path) == 0


def test_a_recycled_pid_is_not_killed(tmp_path: Path) -> None:
    folder = tmp_path / "client-jvm-2.2.1-1.1-abc"
    folder.mkdir()
    record = {"pid": os.getpid(), "started": psutil.Process().create_time() - 100, "version": "2.2.1"}
    (folder / "process.json").write_text(json.dumps(record))
    (tmp_path / "client-jvm-2.2.1-1.1-torn").mkdir()
    (tmp_path / "client-jvm-2.2.1-1.1-torn" / "process.json").write_text("{")
    (tmp_path / "something else").mkdir()
    assert end_predecessors(tmp_path) == 0
    assert [path.name for path in folders(tmp_path)] == ["something else"]


def test_the_secret_is_in_no_file_no_argument_and_no_log(
    jvms: ClientJvms, engine_221: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    jvm = jvms.get(engine_221)
    secret = jvm._gateway._gateway_client.gateway_parameters.auth_token
    assert len(secret) >= 32
    use(jvm)
    process = psutil.Process(jvm.pid)
    assert secret not in " ".join([*process.cmdline(), *process.environ().values()])
    assert "HOME" not in process.environ(), "the server's environment holds secrets, and code of users runs there"
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if secret.encode() in path.read_bytes()]
    assert secret not in caplog.text


def test_it_listens_on_the_loopback_interface_only(jvms: ClientJvms, engine_221: Engine) -> None:
    assert listening_at(jvms.get(engine_221).pid) == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("java", "said"),
    [
        pytest.param("#!/bin/sh\necho 'no memory' >&2; exit 7\n", "ended with code 7\nno memory", id="ends at once"),
        pytest.param("#!/bin/sh\necho hello; echo there; sleep 60\n", "did not become", id="says something else"),
        pytest.param("#!/bin/sh\nexec sleep 60\n", "no answer within 1 s", id="says nothing"),
    ],
)
def test_a_java_that_does_not_come_up_is_told_and_ended(
    engine_221: Engine, tmp_path: Path, java: str, said: str
) -> None:
    path = tmp_path / "java"
    path.write_text(java)
    path.chmod(0o755)
    run_dir = tmp_path / "run"
    with pytest.raises(ClientJvmLost, match="did not become") as caught:
        ClientJvm(Engine(engine_221.version, engine_221.home, path), run_dir, JvmLimits(start_timeout_s=1))
    assert said in str(caught.value)
    assert folders(run_dir) == []
