"""A database with a row in every table and two acts under way, as the present code writes it.

`python -m tests.migrations.sample` writes it to `data/REVISION.sql`. It is run once for a schema, by the code
that is released with it; from then on the file stays as it is, and later releases are tested on it
(docs/checklists/change-an-intent.md).
"""

import sqlite3
import sys
import tempfile
from pathlib import Path
from random import Random

from headgate.adapters.db.connect import connect
from headgate.adapters.db.migrate import newest_revision, upgrade
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.domain.jobs import Job
from headgate.domain.lifecycle import Lane, Verb
from headgate.domain.operations import OPEN_STATUSES, OperationStatus, Options, RestoreFrom
from headgate.domain.policy import Policy
from headgate.ports.store import KeptAnswer
from headgate.reconciler.act import Tools
from headgate.reconciler.points import Reached
from headgate.reconciler.reconcile import Reconciler
from tests.fakes.faults import SimulatedCrash
from tests.services.world import World, make_jar

DATA = Path(__file__).parent / "data"
PAUSED, PAUSING, STARTING = "rests-on-a-snapshot", "is-being-paused", "is-being-started"
"""The jobs: one has been paused; the pause of one was accepted; the start of one was sent, and nothing answered yet."""
NO_OPTIONS = Options()
_PASSES = 200


class Sample:
    """The world in which the sample happens, with a reconciler that can be made to die at a point."""

    def __init__(self, store: DatabaseStore, folder: Path) -> None:
        self.world = World(store, folder)
        self.die_at = ""
        reached: Reached = self._reach
        world = self.world
        tools = Tools(store, world.flink, world.files, world.clock, world.ids, Policy(), Random(0), reached)
        self.reconciler = Reconciler(tools)

    def _reach(self, point: str) -> None:
        if point == self.die_at:
            raise SimulatedCrash(point)

    def ask(self, job: Job, verb: Verb, options: Options = NO_OPTIONS) -> None:
        """Ask, and let the reconciler carry it out, to its end or its death."""
        operation = self.world.operations.request(self.world.actor, job.id, verb, options)
        try:
            for _ in range(_PASSES):
                for lane in Lane:
                    self.reconciler.pass_over(job.id, lane, None)
                self.world.clock.advance(0.5)
                if self.world.operations.get(self.world.actor, operation.id).status not in OPEN_STATUSES:
                    return
        except SimulatedCrash:
            return
        raise AssertionError(f"{verb} of {job.name} does not end")

    def happen(self) -> None:
        """Everything that the sample holds, in the order in which people would do it."""
        world, run = self.world, Options(restore_from=RestoreFrom.NONE)
        world.artifacts.add(world.actor, "default", "program.jar", make_jar())
        world.add_cluster()
        paused, pausing, starting = (world.add_published(name) for name in (PAUSED, PAUSING, STARTING))
        for job in (paused, pausing):
            self.ask(job, Verb.RUN, run)
            self.ask(job, Verb.SAVEPOINT)
        self.ask(paused, Verb.PAUSE)
        self.die_at = "stop.answer_written"
        self.ask(pausing, Verb.PAUSE)
        waiting = world.operations.request(world.actor, pausing.id, Verb.RESUME, NO_OPTIONS)
        world.operations.withdraw(world.actor, waiting.id)
        self.die_at = "submit.called"
        self.ask(starting, Verb.RUN, run)
        now = world.clock.now()
        with world.store.write() as unit:
            unit.answers.add(KeptAnswer("token-1", "key-1", "digest", 202, "{}", now))
            unit.lease.acquire("the server that died", now, now + Policy().start_deadline)
            assert unit.operations.get(waiting.id).status is OperationStatus.INIT


def write_sample(folder: Path) -> Path:
    """The file of the present schema, in `folder`."""
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "headgate.sqlite"
        engine = connect(path)
        upgrade(engine)
        Sample(DatabaseStore(engine), Path(temporary)).happen()
        engine.dispose()
        made = folder / f"{newest_revision()}.sql"
        with sqlite3.connect(path) as connection:
            made.write_text("\n".join(connection.iterdump()) + "\n", encoding="utf-8")
        connection.close()
    return made


if __name__ == "__main__":
    sys.stdout.write(f"{write_sample(DATA)}\n")
