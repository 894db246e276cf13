"""The listening socket of a server, bound before anything else starts: a taken port is found at once."""

import socket

from headgate.domain.errors import Conflict


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes any free one. Conflict("port_in_use") with the system's reason."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
        # Without this two servers could bind one port and only the second would fail later.
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise Conflict("port_in_use", host=host, port=port, reason=error.strerror or error) from None
    return listener
