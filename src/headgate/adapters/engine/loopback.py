"""Free ports on the loopback address, outside the range from which outgoing connections take theirs.

A port that is remembered must still be free when a dead JobManager comes back to it.
"""

import random
import socket

from headgate.adapters.engine.configuration import HOST

# Below the ephemeral range of Linux (32768) and macOS (49152), above the well-known services.
_LOWEST, _HIGHEST = 20000, 29999
_TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket() as probe:
        # As a JVM does: the closing connections of a dead process do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError:
            return False
    return True


def find_free_port(*, not_in: tuple[int, ...] = ()) -> int | None:
    """A free port; None where none was found in many tries."""
    for _ in range(_TRIES):
        port = random.randint(_LOWEST, _HIGHEST)
        if port not in not_in and is_free(port):
            return port
    return None
