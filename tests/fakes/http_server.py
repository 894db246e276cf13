"""A loopback HTTP server that answers as told, byte for byte: for what a client must survive."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

Behaviour = Callable[[socket.socket], None]


def answer(body: bytes | str, status: int = 200, content_type: str = "application/json") -> Behaviour:
    """One whole answer."""
    content = body.encode() if isinstance(body, str) else body
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(content)}\r\n\r\n"
    return lambda connection: connection.sendall(head.encode() + content)


def cut_off(connection: socket.socket) -> None:
    """The head of an answer, half a body, and the end of the connection."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"jobs":')
    connection.close()


def close(connection: socket.socket) -> None:
    connection.close()


def no_http(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example.org ESMTP\r\n")
    connection.close()


@dataclass
class ScriptedServer:
    """Answers each request by its path, and keeps the requests (method, path and body)."""

    routes: dict[str, Behaviour | list[Behaviour]]
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "ScriptedServer":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        # Closing alone does not wake a thread that waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def hang(self, connection: socket.socket) -> None:
        """Nothing, until the test is over."""
        self.released.wait(30)

    def drip(self, connection: socket.socket) -> None:
        """A body that grows by a byte now and then and never ends."""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not self.released.wait(0.05):
            connection.sendall(b" ")

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while self._serve_one(connection):
                    pass
            except OSError:
                return

    def _serve_one(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return False
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += connection.recv(65536)
        method, target = head.decode().split(" ")[:2]
        self.requests.append((method, target, body))
        behaviour = self.routes[target.partition("?")[0]]
        if isinstance(behaviour, list):
            behaviour = behaviour.pop(0) if len(behaviour) > 1 else behaviour[0]
        behaviour(connection)
        return True
