"""The Flink cluster that Headgate runs itself: one JobManager and its TaskManagers, for one data folder.

It outlives the server that started it. A later server adopts it when the process is ours, lives, and
answers as the incarnation that was written down. Jobs and savepoints are not known here.
"""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import CalledProcessError

from filelock import FileLock, Timeout

from headgate.adapters.engine.class_archives import choose_archive_options
from headgate.adapters.engine.configuration import (
    HOST,
    ClusterFolder,
    Ports,
    file_uri,
    java_environment,
    job_manager_command,
    log_name,
    task_manager_command,
    write_configuration,
)
from headgate.adapters.engine.loopback import find_free_port, is_free
from headgate.adapters.engine.probe import find_incarnation, find_slots
from headgate.adapters.engine.processes import DetachedProcess, end, is_alive, launch
from headgate.adapters.engine.restarts import Restarts, count_start, is_due, plan_restart
from headgate.adapters.engine.state_file import LocalState, find_state, write_state
from headgate.adapters.engine.unpack import disk_faults_named
from headgate.domain.errors import EngineFailed
from headgate.ports.clock import Clock
from headgate.ports.engines import Engine, LocalCluster, LocalClusterFacts, LocalClusterShape

# A start takes 3 to 5 s; a machine under heavy load is given far longer.
_START_TIMEOUT_S = 90.0

# A JobManager that lives but stays silent for this long is not adopted, and not killed either.
_ADOPT_TIMEOUT_S = 20.0

# One look of `keep_alive`, or a start by another server, ends within this.
_LOCK_TIMEOUT_S = 120.0

# The first process of a kind archives its classes at its end: 2 s, and more on a busy machine.
_STOP_GRACE_S = 20.0
_POLL_S = 0.1
_TAIL_LINES = 15
_JOB_MANAGER = "job_manager"


class EmbeddedCluster(LocalCluster):
    """The local cluster of `data_dir`, run by `engine`. Several objects may serve one folder."""

    def __init__(self, data_dir: Path, engine: Engine, shape: LocalClusterShape, clock: Clock) -> None:
        self._folder = ClusterFolder(data_dir.absolute())
        self._engine = engine
        self._shape = shape
        self._clock = clock
        self._restarts: dict[str, Restarts] = {}

    @property
    def checkpoint_dir(self) -> str:
        return file_uri(self._folder.checkpoints)

    @property
    def savepoint_dir(self) -> str:
        return file_uri(self._folder.savepoints)

    @property
    def archive_dir(self) -> str:
        """Where the JobManager leaves a file for each job that ended."""
        return file_uri(self._folder.archive)

    def ensure_running(self) -> LocalClusterFacts:
        with disk_faults_named(self._folder.root), _locked(self._folder):
            state = self._adopt() or self._start()
            state = self._start_task_managers(state)
            self._await_slots(state)
            return _facts(state)

    def keep_alive(self) -> None:
        with disk_faults_named(self._folder.root), _locked(self._folder, is_optional=True) as held:
            if held:  # else another server, or our own start, is at it
                self._look()

    def stop(self) -> bool:
        self._restarts.clear()
        return stop_cluster(self._folder.data, self._clock)

    def _adopt(self) -> LocalState | None:
        """The living cluster of the folder, once it answers; None where there is none to keep."""
        state = find_state(self._folder.state_file)
        if state is None or state.job_manager is None or not is_alive(state.job_manager):
            return None
        if state.engine != self._engine.version:
            raise EngineFailed("local_cluster_other_version", running=state.engine, wanted=self._engine.version)
        incarnation = self._await_answer(state, _ADOPT_TIMEOUT_S)
        if incarnation is None and state.incarnation:
            # It may hold running jobs: ending it is for a person to decide.
            if is_alive(state.job_manager):
                raise EngineFailed("local_cluster_hangs", pid=state.job_manager.pid, url=_rest_url(state))
            return None
        if incarnation is None or state.incarnation not in ("", incarnation):
            return None
        return self._write(replace(state, incarnation=incarnation))

    def _start(self) -> LocalState:
        """A new JobManager that answers. What an earlier cluster left behind is ended first."""
        self._restarts.clear()
        state = self._launch_job_manager(find_state(self._folder.state_file))
        incarnation = self._await_answer(state, _START_TIMEOUT_S)
        if incarnation is None:
            raise self._failure(state, None)
        return self._write(replace(state, incarnation=incarnation))

    def _look(self) -> None:
        state = find_state(self._folder.state_file)
        if state is None or state.job_manager is None:
            return  # stopped on purpose
        if not is_alive(state.job_manager):
            if self._may_restart(_JOB_MANAGER):
                self._launch_job_manager(state)
            return
        if not state.incarnation:
            incarnation = find_incarnation(_rest_url(state))
            if incarnation is None:
                return  # still starting: TaskManagers that come too early lose time
            state = self._write(replace(state, incarnation=incarnation))
        self._start_task_managers(state, self._may_restart)

    def _may_restart(self, name: str) -> bool:
        now = self._clock.monotonic()
        history = plan_restart(self._restarts.get(name, Restarts()), now)
        due = is_due(history, now)
        self._restarts[name] = count_start(history, now) if due else history
        return due

    def _launch_job_manager(self, last: LocalState | None) -> LocalState:
        """Start the JobManager, on the ports of `last` if these are free.

        The TaskManagers of its predecessor are killed: their tasks must not live on beside new ones.
        """
        if last is not None:
            end(last.processes, self._clock, grace_s=0)
        shutil.rmtree(self._folder.tmp, ignore_errors=True)
        ports = self._choose_ports(last.ports if last else None)
        write_configuration(self._folder, self._shape, ports)
        job_manager = DetachedProcess(_new_token())
        state = self._write(LocalState(self._engine.version, ports, job_manager=job_manager))
        command = job_manager_command(self._engine, self._folder, job_manager.token)
        return self._write(replace(state, job_manager=self._launch(job_manager, command, None)))

    def _start_task_managers(self, state: LocalState, may_start: Callable[[str], bool] = lambda _: True) -> LocalState:
        for number in range(1, self._shape.task_managers + 1):
            known = state.task_managers[number - 1] if number <= len(state.task_managers) else None
            if (known and is_alive(known)) or not may_start(log_name(number)):
                continue
            started = DetachedProcess(_new_token())
            state = self._write(_with_task_manager(state, number, started))
            command = task_manager_command(self._engine, self._folder, started.token, number)
            state = self._write(_with_task_manager(state, number, self._launch(started, command, number)))
        return state

    def _launch(self, process: DetachedProcess, command: list[str], number: int | None) -> DetachedProcess:
        name = log_name(number)
        output = self._folder.log / f"{name}.out"
        java, *rest = command
        command = [
            java,
            *choose_archive_options(self._engine, "jobmanager" if number is None else "taskmanager"),
            *rest,
        ]
        try:
            pid = launch(command, java_environment(self._engine), self._folder.root, output)
        except (OSError, CalledProcessError) as error:
            raise EngineFailed("local_cluster_did_not_start", cause=str(error), process=name, log=output) from error
        return replace(process, pid=pid)

    def _choose_ports(self, last: Ports | None) -> Ports:
        fixed = self._shape.rest_port
        if fixed and not is_free(fixed):
            raise EngineFailed("local_port_in_use", port=fixed)
        rest = fixed or (last.rest if last and is_free(last.rest) else find_free_port())
        rpc = last.rpc if last and last.rpc != rest and is_free(last.rpc) else find_free_port(not_in=(rest or 0,))
        if rest is None or rpc is None:
            raise EngineFailed("local_no_free_port", host=HOST)
        return Ports(rest, rpc)

    def _await_answer(self, state: LocalState, seconds: float) -> str | None:
        """The JobManager's incarnation; None where it died or stayed silent."""
        deadline = self._clock.monotonic() + seconds
        while state.job_manager and is_alive(state.job_manager) and self._clock.monotonic() < deadline:
            if (incarnation := find_incarnation(_rest_url(state))) is not None:
                return incarnation
            self._clock.sleep(_POLL_S)
        return None

    def _await_slots(self, state: LocalState) -> None:
        deadline = self._clock.monotonic() + _START_TIMEOUT_S
        wanted = self._shape.slots * self._shape.task_managers
        while (find_slots(_rest_url(state)) or 0) < wanted:
            dead = next((n for n, process in enumerate(state.task_managers, 1) if not is_alive(process)), None)
            if dead is not None or self._clock.monotonic() >= deadline:
                raise self._failure(state, dead or 1)
            if state.job_manager and not is_alive(state.job_manager):
                raise self._failure(state, None)
            self._clock.sleep(_POLL_S)

    def _failure(self, state: LocalState, number: int | None) -> EngineFailed:
        """Why a process did not start, in its own last words; nothing of the attempt is left running."""
        end(state.processes, self._clock, grace_s=0)
        self._write(replace(state, incarnation="", job_manager=None, task_managers=()))
        log = self._folder.log / f"{log_name(number)}.log"
        cause = _tail(self._folder.log / f"{log_name(number)}.out") or _tail(log)
        return EngineFailed("local_cluster_did_not_start", cause=cause, process=log_name(number), log=log)

    def _write(self, state: LocalState) -> LocalState:
        write_state(self._folder.state_file, state)
        return state


def find_running(data_dir: Path) -> LocalClusterFacts | None:
    """The local cluster of `data_dir` whose JobManager lives, asked of the processes alone; else None."""
    state = find_state(ClusterFolder(data_dir.absolute()).state_file)
    return _facts(state) if state and state.job_manager and is_alive(state.job_manager) else None


def is_stopped(data_dir: Path) -> bool:
    """Whether the local cluster of `data_dir` was stopped on purpose: it has no JobManager to keep alive."""
    state = find_state(ClusterFolder(data_dir.absolute()).state_file)
    return state is not None and state.job_manager is None


def stop_cluster(data_dir: Path, clock: Clock) -> bool:
    """End the local cluster of `data_dir`, whoever started it; False where none ran. Needs no engine."""
    folder = ClusterFolder(data_dir.absolute())
    if find_state(folder.state_file) is None:
        return False
    with disk_faults_named(folder.root), _locked(folder):
        state = find_state(folder.state_file)
        if state is None:
            return False
        ended = end(state.processes, clock, _STOP_GRACE_S)
        # Ports are remembered; the lack of a JobManager says that it was stopped on purpose.
        write_state(folder.state_file, replace(state, incarnation="", job_manager=None, task_managers=()))
        shutil.rmtree(folder.tmp, ignore_errors=True)
        return ended


@contextmanager
def _locked(folder: ClusterFolder, *, is_optional: bool = False) -> Iterator[bool]:
    """Hold the folder's lock. Where it is optional, False says that another process holds it."""
    folder.root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.root / ".lock")
    try:
        lock.acquire(timeout=0 if is_optional else _LOCK_TIMEOUT_S)
    except Timeout as error:
        if not is_optional:
            raise EngineFailed("local_cluster_busy", folder=folder.root) from error
    try:
        yield lock.is_locked
    finally:
        lock.release()


def _facts(state: LocalState) -> LocalClusterFacts:
    pid = state.job_manager.pid if state.job_manager else 0
    task_managers = tuple(process.pid for process in state.task_managers if is_alive(process))
    return LocalClusterFacts(_rest_url(state), state.incarnation, pid, task_managers)


def _rest_url(state: LocalState) -> str:
    return f"http://{HOST}:{state.ports.rest}"


def _with_task_manager(state: LocalState, number: int, process: DetachedProcess) -> LocalState:
    others = state.task_managers
    return replace(state, task_managers=(*others[: number - 1], process, *others[number:]))


def _new_token() -> str:
    return uuid.uuid4().hex


def _tail(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.strip().splitlines()[-_TAIL_LINES:])
