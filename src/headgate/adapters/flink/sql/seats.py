"""Where a server's client JVMs are, written into the name under which it holds the lease.

Whoever takes over reads it there: JVMs on the same machine it can end, those on another it must await.
"""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil

_SIGN = " @ "
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PIDS = Path("/proc/self/ns/pid")


@dataclass(frozen=True, slots=True)
class Seat:
    """One server process: its machine (a boot of it, and a namespace of pids), an id of its own, its JVMs' folder."""

    machine: str
    server: str
    run_dir: Path

    def __str__(self) -> str:
        return _SIGN.join((self.machine, self.server, str(self.run_dir)))


def choose_seat(server: str, run_dir: Path) -> Seat:
    """The seat of this process; `server` tells it from every other. The folder is there from now on."""
    run_dir.mkdir(parents=True, exist_ok=True)
    return Seat(_name_machine(), f"{platform.node()}:{os.getpid()}:{server}", run_dir)


def find_neighbour(holder: str) -> Path | None:
    """The folder of the client JVMs of a lease's holder, where it is (or was) on this machine.

    None where it cannot be read, be it another user's or another container's: an empty look would end nothing.
    """
    parts = holder.split(_SIGN, 2)
    if len(parts) != 3 or parts[0] != _name_machine():
        return None
    return Path(parts[2]) if os.access(parts[2], os.R_OK | os.X_OK) else None


def _name_machine() -> str:
    """Equal names mean that a pid is the same process. Host names do not: two containers may share one."""
    try:
        return f"{_BOOT.read_text(encoding='ascii').strip()}:{_PIDS.stat().st_ino}"
    except OSError:  # no Linux
        return f"{platform.node()}:{psutil.boot_time():.0f}"
