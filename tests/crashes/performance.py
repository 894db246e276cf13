"""One case from its set-up to its judged end: a server of its own, one job, one death, and the next server."""

import signal
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx2

from headgate.reconciler.points import Point
from tests.crashes.doomed import doom
from tests.crashes.judge import judge_history, judge_rest
from tests.crashes.plays import Case, Force
from tests.crashes.theatre import Theatre
from tests.stories.house import House
from tests.stories.patience import await_that
from tests.stories.people import JobHandle, Json, Person
from tests.stories.specs import endless, ledger

CLUSTER = "stage"
DOOMED = "tests.crashes.doomed"
DEATH_S = 90.0
END_S = 240.0
"""With a lost JobManager: two looks ten seconds apart, then fifty seconds until its tasks are surely dead."""
_STARTING = threading.Semaphore(3)


class Strikes(Protocol):
    """Whoever kills the JobManager when all who wait for it are ready."""

    def await_strike(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all cases share. `deaths` counts the servers that died at each point."""

    theatre: Theatre
    test_jar: Path
    strikes: Strikes
    deaths: Counter[Point]


class Performance:
    """Plays one case; `play` raises AssertionError where it does not end as it should.

    `successor` is the module of the server that comes after the death.
    """

    def __init__(self, case: Case, around: Surroundings, successor: str = DOOMED) -> None:
        self.case = case
        self.around = around
        self.successor = successor
        self.name = case.id if successor == DOOMED else f"{case.id} {successor}"
        self.folder = around.theatre.folder / "cases" / self.name
        self.ledger = self.folder / "ledger"
        self.house = House(self.folder, command="serve")
        self.person: Person | None = None

    def play(self) -> None:
        try:
            self._play()
        finally:
            if self.person is not None:
                self.person.leave()
            self.house.kill_if_alive()

    def _play(self) -> None:
        job = self._prepare()
        operation_id = self._die(job)
        if self.case.point is Point.GIVEN_UP:
            self.around.strikes.await_strike()
            self._start(Point.GIVEN_UP)
            self._await_death(Point.GIVEN_UP)
        if self.case.force is Force.JOB_MANAGER:
            self.around.strikes.await_strike()
        self._start(None, self.successor)
        job = JobHandle(self._whoever, job.id, job.name)
        self._await_end(job, operation_id)
        judge_rest(job, self.around.theatre.flink, self.case.end)
        self._lead_out(job)
        judge_history(job, self.around.theatre, self.ledger if not self.case.play.is_sql else None)
        job.end()
        assert self.around.theatre.flink.list_live(job.name) == []

    @property
    def _whoever(self) -> Person:
        assert self.person is not None
        return self.person

    def _start(self, dies_at: Point | None, module: str = DOOMED) -> None:
        """The next server; it dies when it passes `dies_at` from now on."""
        self._doom(dies_at)
        with _STARTING:
            self.house.start(module, crash_file=str(self.folder / "DIES_AT"), sweep_s="1")
        if self.person is None:
            self.person = Person(self.house)
        else:
            self.person.sign_in()

    def _doom(self, point: Point | None) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        doom(self.folder / "DIES_AT", point, self.case.number if point is self.case.point else 1)

    def _prepare(self) -> JobHandle:
        """A published job, brought to where the verb applies."""
        self._start(None)
        person, theatre, play = self._whoever, self.around.theatre, self.case.play
        person.register(CLUSTER, theatre.url, savepoint_dir=theatre.savepoint_dir)
        if play.is_sql:
            spec = endless(cluster=CLUSTER)
        else:
            artifact = person.upload(self.around.test_jar)
            spec = ledger(artifact, self.ledger, cluster=CLUSTER)
        job = person.publish(self.name, spec)
        for verb, options in play.before:
            job.succeed(verb, **options)
        return job

    def _die(self, job: JobHandle) -> str | None:
        """Ask for the verb and see the server die of it; the operation's id, where it was still told."""
        first = Point.SUBMIT_CALLED if self.case.point is Point.GIVEN_UP else self.case.point
        self._doom(first)
        operation_id = None
        try:
            operation_id = str(job.ask(self.case.play.verb, **self.case.play.options)["id"])
        except httpx2.TransportError:
            assert first is Point.ACCEPTED, "the server died before the answer"
        self._await_death(first)
        return operation_id

    def _await_death(self, point: Point) -> None:
        code = self.house.await_death(DEATH_S)
        assert code == -signal.SIGKILL, self.house.read_output()
        assert (self.folder / "DIED").read_text(encoding="utf-8") == point
        self.around.deaths[point] += 1

    def _await_end(self, job: JobHandle, operation_id: str | None) -> None:
        """The operation has its status, and the job its phase."""
        if operation_id is None:
            operation_id = str(job.list("operations")[0]["id"])
        path = f"/operations/{operation_id}"

        def find_end() -> Json | None:
            operation: Json = self._whoever.get(f"{path}?wait=10")
            return operation if operation["ended_at"] else None

        operation = await_that(find_end, END_S, lambda: self._whoever.get(path))
        assert operation["verb"] == self.case.play.verb
        status, phase = self.case.end
        assert operation["status"] == status, operation
        job.await_phase(phase, seconds=END_S)

    def _lead_out(self, job: JobHandle) -> None:
        """Every savepoint restores, and every end has a verb that leads to a running job again."""
        shown = job.show()
        if shown["phase"] == "RUNNING":
            return
        if shown["phase"] == "SUSPENDED":
            verb, options = "resume", {}
        else:
            verb, options = "run", {"from": "LATEST" if shown["restore_point"] else "NONE"}
        assert verb in shown["allowed_verbs"], shown
        operation = job.do(verb, seconds=60, **options) if self.case.force is Force.PLAIN else None
        if operation is None:
            operation_id = str(job.ask(verb, **options)["id"])
            path = f"/operations/{operation_id}?wait=10"
            await_that(lambda: self._whoever.get(path)["ended_at"], END_S, job.show)
            operation = self._whoever.get(f"/operations/{operation_id}")
        assert operation["status"] == "SUCCESS", operation
        if not self.case.play.is_sql:
            self._await_count(job)

    def _await_count(self, job: JobHandle) -> None:
        """The new run has counted: what it began from is in the ledger."""
        flink_job_id = job.show()["instance"]["flink_job_id"]
        await_that(lambda: flink_job_id in self.ledger.read_text(encoding="utf-8"), 30.0)
