"""Processes that outlive us: started in a session of their own, found again, and ended.

A process is known by a random mark on its command line. A pid may be given to a stranger, and a
start time shifts with the machine's clock; the mark does neither. What runs in it is not known here.
"""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from headgate.adapters.engine.configuration import process_mark
from headgate.domain.errors import EngineFailed
from headgate.ports.clock import Clock

# The shell starts the command in the background and ends, so that it is nobody's child: no zombie
# is left here, and neither Ctrl-C in the terminal nor our end reaches it.
_DETACH = 'output="$1"; shift; "$@" >"$output" 2>&1 </dev/null & echo $!'

# While a process becomes another program its command line is empty for a moment: it is read again,
# for some tenths of a second at most, before it counts as nobody's.
_EXEC_READS = 5000

_POLL_S = 0.05
_KILL_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class DetachedProcess:
    """A process of ours: `pid` 0 where we were cut off between starting it and learning its pid."""

    token: str
    pid: int = 0


def launch(command: list[str], environment: dict[str, str], folder: Path, output: Path) -> int:
    """Start `command` in `folder`, apart from us, with `environment` added to ours. Returns its pid.

    OSError or CalledProcessError where not even the shell starts; whether `command` does shows later.
    """
    variables = [f"{name}={value}" for name, value in environment.items()]
    shell = subprocess.run(
        ["/bin/sh", "-c", _DETACH, "sh", str(output), "env", *variables, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
        check=True,
    )
    return int(shell.stdout)


def find_process(record: DetachedProcess) -> psutil.Process | None:
    """The living process of `record`; None where it ended or its pid is a stranger's."""
    if record.pid:
        try:
            process = psutil.Process(record.pid)
        except psutil.NoSuchProcess:
            return None
        return process if _is_ours(process, record.token, _EXEC_READS) else None
    return next((process for process in psutil.process_iter() if _is_ours(process, record.token)), None)


def is_alive(record: DetachedProcess) -> bool:
    return find_process(record) is not None


def end(records: Iterable[DetachedProcess], clock: Clock, grace_s: float) -> bool:
    """Ask these processes to end, and make them after `grace_s`. False where none was alive."""
    living = [process for record in records if (process := find_process(record)) is not None]
    for process in living:
        _signal(process, force=grace_s <= 0)
    left = _wait(living, clock, grace_s)
    for process in left:
        _signal(process, force=True)
    if _wait(left, clock, _KILL_TIMEOUT_S):
        raise EngineFailed("local_cluster_does_not_end", pids=", ".join(str(process.pid) for process in left))
    return bool(living)


def _wait(processes: list[psutil.Process], clock: Clock, seconds: float) -> list[psutil.Process]:
    deadline = clock.monotonic() + seconds
    left = [process for process in processes if _is_running(process)]
    while left and clock.monotonic() < deadline:
        clock.sleep(_POLL_S)
        left = [process for process in left if _is_running(process)]
    return left


def _signal(process: psutil.Process, *, force: bool) -> None:
    try:
        if force:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return


def _is_ours(process: psutil.Process, token: str, reads: int = 1) -> bool:
    try:
        for _ in range(reads):
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            if line := process.cmdline():
                return process_mark(token) in line
    except psutil.Error:
        return False
    return False


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
