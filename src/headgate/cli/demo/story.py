"""The story: a job is run, paused with windows open, its server is killed, and it is resumed.

Nothing may be lost and nothing counted twice; the last step proves it. Every act is a call of the
API that the command line makes as well.
"""

import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from headgate.cli.client import Client, Document, fetch_json
from headgate.cli.context import Context
from headgate.cli.demo.feed import AHEAD_DAYS_PAUSED, Feed
from headgate.cli.demo.flights import Flight
from headgate.cli.demo.ledger import Committed, Comparison, aggregate, compare
from headgate.cli.demo.narrator import Narrator
from headgate.cli.demo.pipeline import JOB_NAME, Folders, write_job_file
from headgate.cli.demo.server import DemoServer
from headgate.cli.jobfile import read_job_file
from headgate.cli.render import Stopwatch
from headgate.cli.session import WORKSPACE, Session
from headgate.cli.waiting import await_operation, check_operation
from headgate.domain.errors import HeadgateError, NotConverged

STEPS = 10
_PACE_S = 0.1
_LEAST_CHECKPOINTS = 3
_FILES_WHILE_PAUSED = 10
_OPERATION_TIMEOUT_S = 120.0
# A step that moves nothing for so long has gone wrong.
_STALL_S = 60.0


class Story:
    """The demo on one data folder, from the first start of the server to the verdict."""

    def __init__(self, server: DemoServer, narrator: Narrator, flights: list[Flight]) -> None:
        self._server = server
        self._narrator = narrator
        folder = server.folder / "demo"
        self._job_file = folder / "flights.yaml"
        self._folders = Folders(folder / "input", folder / "output", folder / "files-read")
        self._folders.make()
        self._feed = Feed(self._folders.source, flights)
        self._committed = Committed(self._folders.daily, self._folders.files_read)
        self._pause = threading.Event()
        self.context = Context("")
        self._job = ""

    def tell(self) -> Comparison:
        """Live it through; the comparison at its end."""
        self._start_server()
        with self._open() as client:
            session = Session(client, self._narrator.screen)
            self._publish(session)
            self._run(session)
            self._replay_first_half(session)
            self._pause_job(session)
        self._crash()
        with self._open() as client:
            session = Session(client, self._narrator.screen)
            self._resume(session)
            self._replay_rest()
        return self._compare()

    def _open(self) -> Client:
        return Client(self.context, self._narrator.screen.language)

    def _start_server(self) -> None:
        self._narrator.step("demo_step_start")
        self._narrator.show_command(f"headgate dev --data {self._server.folder} --port 0")
        watch = Stopwatch()
        self.context = self._server.start()
        self._narrator.tell("demo_started", url=self.context.url, seconds=f"{watch.read():.1f}")

    def _publish(self, session: Session) -> None:
        self._narrator.step("demo_step_publish", job=JOB_NAME)
        write_job_file(self._job_file, self._folders)
        source = read_job_file(self._job_file)
        self._narrator.show_command(f"headgate job create -f {self._job_file}")
        body = {name: value for name, value in source.data.items() if name != "kind"}
        self._job = f"/jobs/{session.client.post(f'{WORKSPACE}/jobs', body)['id']}"
        self._narrator.show_command(f"headgate job check {JOB_NAME}")
        found = session.client.post(f"{self._job}/draft/check")
        if not found["ok"]:
            raise HeadgateError("demo_check_failed", problems=found["problems"])
        tables = ", ".join(f"{table['name']} ({table['role']})" for table in found["tables"])
        self._narrator.tell("demo_checked", tables=tables)
        self._narrator.show_command(f'headgate job publish {JOB_NAME} -m "{session.screen.say("demo_version")}"')
        session.client.post(f"{self._job}/versions", {"description": session.screen.say("demo_version")})

    def _run(self, session: Session) -> None:
        self._narrator.step("demo_step_run")
        self._operate(session, "run", {"from": "NONE"})
        job = session.client.get(self._job)
        instance = job["instance"]["flink_job_id"]
        self._narrator.tell("demo_running", flink_job=instance, flink_url=self.context.flink_url)

    def _replay_first_half(self, session: Session) -> None:
        self._narrator.step("demo_step_replay", files=self._feed.total)
        half = self._feed.total * 6 // 10
        checkpoints = self._count_checkpoints(session)
        self._replay(lambda: self._feed.position >= half and checkpoints() >= _LEAST_CHECKPOINTS, half)
        self._narrator.tell(
            "demo_replayed",
            records=self._feed.records,
            files=self._feed.position,
            checkpoints=checkpoints(),
            rows=len(self._committed.rows),
        )

    def _pause_job(self, session: Session) -> None:
        self._narrator.step("demo_step_pause")
        self._operate(session, "pause", {})
        self._committed.refresh()
        job = session.client.get(self._job)
        point = job["restore_point"]
        self._narrator.tell(
            "demo_paused",
            phase=job["phase"],
            path=point["path"],
            rows=len(self._committed.rows),
            open=len(aggregate(self._folders.source)) - len(self._committed.rows),
        )

    def _crash(self) -> None:
        self._narrator.step("demo_step_crash")
        self._narrator.show_command(f"kill -9 {self._server.pid}")
        self._server.kill()
        before = self._feed.position
        while not self._feed.is_done and self._feed.position < before + _FILES_WHILE_PAUSED:
            if not self._feed.is_safe(self._committed.files_read, AHEAD_DAYS_PAUSED):
                break
            self._feed.put_next()
        self._narrator.tell("demo_crashed", files=self._feed.position - before)
        self._narrator.step("demo_step_start_again")
        watch = Stopwatch()
        # The same port, so that an address that somebody has open stays good.
        self.context = self._server.start(urlsplit(self.context.url).port or 0)
        self._narrator.tell("demo_started_again", url=self.context.url, seconds=f"{watch.read():.1f}")

    def _resume(self, session: Session) -> None:
        job = session.client.get(self._job)
        self._narrator.tell("demo_still_paused", phase=job["phase"])
        self._narrator.step("demo_step_resume")
        self._operate(session, "resume", {})
        instance = session.client.get(self._job)["instance"]
        self._narrator.tell("demo_resumed", number=instance["number"], flink_job=instance["flink_job_id"])

    def _replay_rest(self) -> None:
        self._narrator.step("demo_step_rest")
        self._replay(lambda: self._feed.is_done, self._feed.total)
        self._await("demo_waiting_read", lambda: self._feed.has_been_read(self._committed.files_read))
        self._feed.put_marker()
        self._narrator.tell("demo_marker", records=self._feed.records)

    def _compare(self) -> Comparison:
        self._narrator.step("demo_step_compare")
        expected = aggregate(self._folders.source)
        try:
            self._await("demo_waiting_rows", lambda: len(self._committed.rows) >= len(expected))
        except NotConverged:
            self._committed.refresh()  # rows that never came are what the comparison is there to show
        return compare(expected, self._committed.rows)

    def _operate(self, session: Session, verb: str, options: Document) -> None:
        words = "".join(f" --{name} {str(value).lower()}" for name, value in options.items())
        self._narrator.show_command(f"headgate job {verb} {JOB_NAME}{words} --wait")
        operation = session.client.post(f"{self._job}/operations", {"verb": verb, "options": options})
        check_operation(await_operation(session, operation, _OPERATION_TIMEOUT_S))

    def _count_checkpoints(self, session: Session) -> Callable[[], int]:
        """Flink itself is asked: it is the witness that Headgate is not."""
        flink_job = session.client.get(self._job)["instance"]["flink_job_id"]
        url = f"{self.context.flink_url}/jobs/{flink_job}/checkpoints"
        return lambda: int(fetch_json(url)["counts"]["completed"])

    def _replay(self, is_enough: Callable[[], bool], most: int) -> None:
        """Let files appear, at most until `most` of them are there, and go on until it is enough."""
        stalled = Stopwatch()
        with self._narrator.screen.progress() as report:
            while not is_enough():
                self._committed.refresh()
                if self._feed.position < most and self._feed.is_safe(self._committed.files_read):
                    self._feed.put_next()
                    stalled = Stopwatch()
                elif stalled.read() > _STALL_S:
                    raise NotConverged("demo_stalled", seconds=int(_STALL_S), folder=self._server.folder / "log")
                report(self._describe())
                self._pause.wait(_PACE_S)

    def _await(self, code: str, is_reached: Callable[[], bool]) -> None:
        watch = Stopwatch()
        with self._narrator.screen.progress() as report:
            while not is_reached():
                if watch.read() > _STALL_S:
                    raise NotConverged("demo_stalled", seconds=int(_STALL_S), folder=self._server.folder / "log")
                report(f"{self._narrator.screen.say(code)}\t{len(self._committed.rows)}")
                self._pause.wait(_PACE_S)
                self._committed.refresh()

    def _describe(self) -> str:
        screen = self._narrator.screen
        facts = {"files": self._feed.position, "total": self._feed.total, "rows": len(self._committed.rows)}
        return f"{screen.say('demo_replaying')}\t{screen.say('demo_replay_counts', **facts)}"
