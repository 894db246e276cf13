"""The composition root: builds a server, or one tool of it, from the settings.

The only module that knows all layers. It owns the real clock, the threads and the order in which
things start and end; it decides nothing about jobs.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from random import Random

import uvicorn

from headgate.adapters.artifacts.files import ArtifactFolder
from headgate.adapters.calls import CallFiles
from headgate.adapters.clock import SystemClock
from headgate.adapters.db.connect import connect, is_shared
from headgate.adapters.db.migrate import upgrade
from headgate.adapters.db.notifications import DatabaseWakeups
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.adapters.engine.install import EngineFolder
from headgate.adapters.engine.local_cluster import EmbeddedCluster, find_running, is_stopped, stop_cluster
from headgate.adapters.flink.gateway import ClientEnds, RestGateway
from headgate.adapters.flink.rest import FlinkRest
from headgate.adapters.flink.sql.client import SqlClient
from headgate.adapters.flink.sql.seats import choose_seat, find_neighbour
from headgate.adapters.ids import RandomIds
from headgate.adapters.machine import ServerMachine
from headgate.data_folder import choose_token, hold_data_dir
from headgate.domain.catalogue import Language
from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import HeadgateError
from headgate.domain.operations import Finding
from headgate.domain.policy import Policy
from headgate.domain.workspaces import DEFAULT_WORKSPACE, Actor
from headgate.listening import listen
from headgate.logs import configure_logging
from headgate.ports.engines import Engine, LocalClusterShape, OnProgress
from headgate.ports.wakeups import Wakeups
from headgate.reconciler.act import Tools
from headgate.reconciler.lease import Lease
from headgate.reconciler.loop import Loop, Pace
from headgate.reconciler.reconcile import Reconciler
from headgate.services.clusters import Clusters, LocalRegistration
from headgate.services.health import Check
from headgate.services.tokens import OneToken, digest_token
from headgate.settings import Settings
from headgate.web.app import create_app
from headgate.web.context import WebContext, WebSettings

log = logging.getLogger(__name__)

KEEP_ALIVE = timedelta(seconds=1)
"""How often the local cluster's processes are looked at."""

SILENCE = timedelta(seconds=15)
"""A reconciler that has not turned for so long is not ready: a turn takes a second at most."""

_OWN_DATABASE = "the server of this data folder"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A server that is ready. `token` is the sign-in token; `flink_url` is None without a local cluster."""

    url: str
    token: str
    flink_url: str | None
    server_pid: int


Announce = Callable[[Announcement], None]


def install_engine(settings: Settings, flink_version: str, on_progress: OnProgress) -> Engine:
    """Install a Flink version; EngineFailed with what failed and what to do."""
    return _open_engines(settings).install(EngineVersion(flink_version), on_progress)


def list_engines(settings: Settings) -> list[Engine]:
    """The installed Flink versions."""
    return _open_engines(settings).list_engines()


def remove_engine(settings: Settings, flink_version: str) -> None:
    """Remove an installed Flink version; NotFound where there is none."""
    _open_engines(settings).remove(EngineVersion(flink_version))


def stop_local_cluster(data_dir: Path) -> bool:
    """End the embedded Flink of a data folder; False where none ran."""
    return stop_cluster(data_dir, SystemClock())


def find_local_cluster(data_dir: Path) -> str | None:
    """The address of the embedded Flink of a data folder, while its JobManager lives."""
    facts = find_running(data_dir)
    return facts.rest_url if facts is not None else None


def serve(settings: Settings, *, with_local_cluster: bool, announce: Announce) -> bool:
    """Run a server until SIGTERM or SIGINT, in the main thread. `announce` is called once it is ready for work.

    False where it was told to end before that; a local cluster that was only just starting has ended too.

    Conflict("data_dir_in_use") when another server has the data folder, Conflict("port_in_use"),
    Unavailable("data_dir_unusable"), EngineFailed when the local cluster does not start.
    """
    stopping = threading.Event()
    _on_signals(stopping.set)
    with ExitStack() as stack:
        stack.enter_context(hold_data_dir(settings.data_dir))
        server = _Server(settings, stack, stopping)
        server.run(with_local_cluster, announce)
    return server.is_announced


def _on_signals(act: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: act())


class _ToldToEnd(Exception):
    """The server was told to end while it waited for its cluster."""


class _EndableClock(SystemClock):
    """A clock whose sleepers wake with `_ToldToEnd` when the server is told to end."""

    def __init__(self, stopping: threading.Event) -> None:
        super().__init__()
        self._stopping = stopping

    def sleep(self, seconds: float) -> None:
        if self._stopping.wait(max(0.0, seconds)):
            raise _ToldToEnd


class _Server:
    """Everything of one server process, ended in the reverse order by its exit stack."""

    def __init__(self, settings: Settings, stack: ExitStack, stopping: threading.Event) -> None:
        self.settings = settings
        self.stopping = stopping
        self.is_announced = False
        self.socket = listen(settings.host, settings.port)
        stack.callback(self.socket.close)
        self.token = choose_token(settings.token, settings.data_dir)
        configure_logging(settings.data_dir / "log", settings.log_level, settings.log_format, console=False).hide(
            self.token
        )
        self.clock = SystemClock()
        self.ids = RandomIds()
        self.store, self.wakeups = _open_store(settings, stack)
        self.engines = _open_engines(settings)
        self.files = ArtifactFolder(settings.artifacts)
        self.run_dir = settings.data_dir / "run"
        self.sql = SqlClient(self.engines.get_engine, self.run_dir)
        stack.callback(self.sql.close)
        self.calls = CallFiles(settings.data_dir / "trace", self.clock)
        rest = FlinkRest(self.clock, calls=self.calls)
        stack.callback(rest.close)
        ends = ClientEnds(self._end_predecessors, self.sql.end_all)
        self.gateway = RestGateway(rest, self.sql, ends, self.calls)
        self.clusters = Clusters(self.store, self.clock, self.ids, self.gateway)
        self.lease = Lease(self.store, self.gateway, self.clock, self._name_holder())
        self.loop = self._build_loop()
        web = uvicorn.Config(
            create_app(self._build_context()), log_config=None, access_log=False, timeout_graceful_shutdown=5
        )
        self.web = uvicorn.Server(web)
        self._registered_url = ""

    @property
    def url(self) -> str:
        host, port = self.socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def run(self, with_local_cluster: bool, announce: Announce) -> None:
        """Serve until told to end; what ended one of the threads is raised after the orderly end."""
        with ThreadPoolExecutor(3, thread_name_prefix="server") as threads:
            futures = [
                threads.submit(self.loop.run),
                threads.submit(self._look_after, with_local_cluster, announce),
            ]
            if self.wakeups is not None:
                futures.append(threads.submit(self.wakeups.listen, self.loop.wake, self.stopping))
            for future in futures:
                future.add_done_callback(self._end_on_failure)
            # The web server has handlers of its own while it runs, and raises the signal once more when it is
            # done. One that comes before these are in place must end it all the same.
            _on_signals(self._stop)
            try:
                if not self.stopping.is_set():
                    self.web.run(sockets=[self.socket])
            finally:
                self.stopping.set()
                self.loop.stop()
        for future in futures:
            future.result()

    def _stop(self) -> None:
        self.stopping.set()
        self.web.should_exit = True

    def _end_on_failure(self, future: "Future[None]") -> None:
        if future.exception() is not None:
            self.web.should_exit = True

    def _look_after(self, with_local_cluster: bool, announce: Announce) -> None:
        """Bring the local cluster up, announce, then look after the cluster until the end."""
        if not with_local_cluster:
            self._announce(announce, None)
            return
        cluster = self._build_cluster()
        url = self._start_cluster(cluster)
        if url is None:
            return
        self._register(cluster, url)
        self._announce(announce, url)
        self._warm_up()
        while not self.stopping.wait(KEEP_ALIVE.total_seconds()):
            with suppress(_ToldToEnd):
                self._look_at(cluster)

    def _announce(self, announce: Announce, flink_url: str | None) -> None:
        announce(Announcement(self.url, self.token, flink_url, os.getpid()))
        self.is_announced = True

    def _start_cluster(self, cluster: EmbeddedCluster) -> str | None:
        """The address of the running cluster; None where the server was told to end meanwhile."""
        had_cluster = find_running(self.settings.data_dir) is not None
        with suppress(_ToldToEnd):
            facts = cluster.ensure_running()
            if not self.stopping.is_set():
                return facts.rest_url
        if not had_cluster:  # nothing runs on a cluster that was only just starting
            stop_cluster(self.settings.data_dir, self.clock)
        return None

    def _look_at(self, cluster: EmbeddedCluster) -> None:
        try:
            cluster.keep_alive()
            facts = find_running(self.settings.data_dir)
            if facts is not None:
                self._register(cluster, facts.rest_url)
        except HeadgateError as error:
            log.error("the local cluster: %s", error)

    def _warm_up(self) -> None:
        """Have the SQL client ready before somebody waits for it; a failure will show at the first use."""
        try:
            self.sql.warm_up(EngineVersion(self.settings.flink_version))
        except HeadgateError as error:
            log.warning("the SQL client did not warm up: %s", error)

    def _build_cluster(self) -> EmbeddedCluster:
        settings = self.settings
        shape = LocalClusterShape(
            slots=settings.slots,
            task_managers=settings.task_managers,
            rest_store_duration_s=settings.rest_store_duration_s,
        )
        engine = self.engines.get_engine(EngineVersion(settings.flink_version))
        return EmbeddedCluster(settings.data_dir, engine, shape, _EndableClock(self.stopping))

    def _register(self, cluster: EmbeddedCluster, url: str) -> None:
        """Keep the row of the local cluster true: its port changes when a stranger has taken the old one."""
        if url == self._registered_url:
            return
        found = LocalRegistration(
            url=url,
            engine_version=EngineVersion(self.settings.flink_version),
            savepoint_dir=cluster.savepoint_dir,
            checkpoint_dir=cluster.checkpoint_dir,
        )
        self.clusters.register_local(DEFAULT_WORKSPACE, found)
        self._registered_url = url
        self.loop.refresh()

    def _build_loop(self) -> Loop:
        settings = self.settings
        policy = Policy(
            start_deadline=timedelta(seconds=settings.start_deadline_s),
            pause_deadline=timedelta(seconds=settings.pause_deadline_s),
            savepoint_deadline=timedelta(seconds=settings.savepoint_deadline_s),
        )
        tools = Tools(
            self.store,
            self.gateway,
            self.files,
            self.clock,
            self.ids,
            policy,
            Random(),
            calls=self.calls,
            may_send=self.lease.may_send,
            awaits_predecessor=self.lease.awaits_predecessor,
        )
        self.lease.length = timedelta(seconds=settings.lease_s)
        self.lease.renewal = timedelta(seconds=settings.lease_renew_s)
        return Loop(Reconciler(tools), self.lease, Pace(timedelta(seconds=settings.sweep_s)))

    def _build_context(self) -> WebContext:
        return WebContext(
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            compiler=self.sql,
            files=self.files,
            engines=self.engines,
            probe=self.gateway,
            machine=ServerMachine(self.settings.data_dir, self.store.engine),
            wake=self.loop.wake,
            sweep=self.loop.refresh,
            # As a daemon: a download does not hold the end of the server up, and is begun again by asking again.
            start=lambda work: threading.Thread(target=work, name="task", daemon=True).start(),
            authenticate=OneToken(digest_token(self.token), Actor("admin", "first")).authenticate,
            readiness=self._check_reconciler,
            is_local_stopped=lambda: is_stopped(self.settings.data_dir),
            calls=self.calls,
            settings=WebSettings(
                allowed_hosts=self.settings.allowed_hosts,
                language=Language(self.settings.language),
                version=version("headgate"),
            ),
        )

    def _name_holder(self) -> str:
        """The name that this server holds the lease under.

        The lock of the data folder shows that no other server uses the database in it: whoever held the
        lease before us is dead, and its end need not be awaited.
        """
        if self.settings.database_url is not None:
            return str(choose_seat(self.ids.new("at"), self.run_dir))
        with self.store.write() as unit:
            unit.lease.release(_OWN_DATABASE)
        return _OWN_DATABASE

    def _check_reconciler(self) -> list[Check]:
        """Whether this server's loop turns; another server may hold the lease."""
        last = self.loop.last_turn
        turns = last is not None and self.clock.monotonic() - last < SILENCE.total_seconds()
        return [Check("reconciler", None if turns else Finding("reconciler_silent"))]

    def _end_predecessors(self, holder: str | None) -> bool:
        ended = self.sql.end_predecessors()
        neighbour = find_neighbour(holder) if holder not in (None, _OWN_DATABASE) else self.run_dir
        if neighbour not in (None, self.run_dir):
            ended += self.sql.end_predecessors(neighbour)
        if ended:
            log.info("ended %d client JVM(s) of an earlier server", ended)
        return neighbour is not None


def _open_store(settings: Settings, stack: ExitStack) -> tuple[DatabaseStore, Wakeups | None]:
    """The database, brought to the newest schema, and what tells of other servers' doings where there can be any."""
    database = connect(settings.database)
    store = DatabaseStore(database, own_clock=is_shared(database))
    stack.callback(store.close)
    upgrade(database)
    return store, DatabaseWakeups(database) if is_shared(database) else None


def _open_engines(settings: Settings) -> EngineFolder:
    return EngineFolder(settings.cache_dir)
