"""A server of an earlier release died with acts under way; this one takes its database and ends them as it would have.

The databases are those that the released code wrote (`data/REVISION.sql`, see `sample.py`). What happened in Flink
meanwhile is played on the fake one, by the very keys that stand in the database.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, MetaData, func, select

from headgate.adapters.artifacts.files import ArtifactFolder
from headgate.adapters.db.connect import connect
from headgate.adapters.db.migrate import current_revision, list_revisions, newest_revision, upgrade
from headgate.adapters.db.tables import metadata
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.adapters.ids import RandomIds
from headgate.domain.events import EventType
from headgate.domain.instances import FlinkStatus, Instance, InstanceEnd
from headgate.domain.intents import INTENT_FORMAT, Answer, Intent, IntentKind, IntentStatus
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Lane, Settled
from headgate.domain.operations import Operation, OperationStatus
from headgate.domain.policy import Policy
from headgate.domain.snapshots import Snapshot
from headgate.ports.flink import SavepointOrder, Submission
from headgate.reconciler.act import Tools
from headgate.reconciler.reconcile import Reconciler
from tests.fakes.clock import FakeClock
from tests.fakes.flink import FakeFlink
from tests.migrations.sample import DATA, PAUSED, PAUSING, STARTING, write_sample

SAMPLES = sorted(path.stem for path in DATA.glob("*.sql"))
_PASSES = 100
_DOWN_S = 60.0


@pytest.fixture(params=SAMPLES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """The database as an earlier release left it."""
    path = tmp_path / "headgate.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript((DATA / f"{request.param}.sql").read_text(encoding="utf-8"))
    connection.close()
    engine = connect(path)
    assert current_revision(engine) == request.param
    yield engine
    engine.dispose()


class Successor:
    """A server of this release on the upgraded database, and the Flink that went on without a server."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.store = DatabaseStore(engine)
        clock = FakeClock(self.get_intent(PAUSING).created_at)
        self.flink = FakeFlink(clock)
        tools = Tools(self.store, self.flink, ArtifactFolder(folder), clock, RandomIds(), Policy(), Random(0))
        self.reconciler = Reconciler(tools)
        self._let_flink_go_on()

    def _let_flink_go_on(self) -> None:
        """Both jobs are what their intents say: one on its way to its end, the other on its way to running."""
        with self.store.read() as unit:
            cluster = unit.clusters.list_all()[0]
        for name in (PAUSING, STARTING):
            self.flink.submit(cluster, Submission(self.get_instance(name), name))
        self.flink.clock.advance(10)
        pause = self.get_intent(PAUSING)
        assert pause.directory is not None
        self.flink.stop_with_savepoint(cluster, SavepointOrder(pause.flink_job_id, pause.key, pause.directory))
        self.flink.clock.advance(_DOWN_S)
        self.flink.calls.clear()

    def go_on(self) -> None:
        """As many passes over all jobs as they may need."""
        for _ in range(_PASSES):
            for name in (PAUSED, PAUSING, STARTING):
                for lane in Lane:
                    self.reconciler.pass_over(self.get_job_id(name), lane, None)
            self.flink.clock.advance(1)

    def get_job_id(self, name: str) -> str:
        with self.store.read() as unit:
            job = unit.jobs.find_by_name("default", name)
        assert job is not None
        return job.id

    def get_state(self, name: str) -> JobState:
        with self.store.read() as unit:
            return unit.jobs.get_state(self.get_job_id(name))

    def get_instance(self, name: str) -> Instance:
        with self.store.read() as unit:
            instance = unit.instances.find_newest(self.get_job_id(name))
        assert instance is not None
        return instance

    def get_intent(self, name: str) -> Intent:
        """The act under way."""
        with self.store.read() as unit:
            intent = unit.intents.find_open(self.get_job_id(name), Lane.MAIN)
        assert intent is not None
        return intent

    def list_intents(self, name: str) -> list[Intent]:
        with self.store.read() as unit:
            return unit.intents.list_of_job(self.get_job_id(name))

    def list_snapshots(self, name: str) -> list[Snapshot]:
        with self.store.read() as unit:
            return unit.snapshots.list_of_job(self.get_job_id(name))

    def get_operation(self, intent: Intent) -> Operation:
        assert intent.operation_id is not None
        with self.store.read() as unit:
            return unit.operations.get(intent.operation_id)

    def change_intent(self, intent: Intent) -> None:
        with self.store.write() as unit:
            unit.intents.save(intent)


@pytest.fixture
def successor(database: Engine, tmp_path: Path) -> Successor:
    upgrade(database)
    assert current_revision(database) == newest_revision()
    return Successor(database, tmp_path)


def test_every_earlier_schema_has_a_sample() -> None:
    assert set(list_revisions()) - {newest_revision()} <= set(SAMPLES) <= set(list_revisions())


def test_a_sample_has_a_row_in_every_table(database: Engine) -> None:
    found = MetaData()
    found.reflect(database)
    with database.connect() as connection:
        counts = {name: connection.scalar(select(func.count()).select_from(t)) for name, t in found.tables.items()}
    assert not [name for name, count in counts.items() if not count]


def test_a_sample_can_be_made_of_the_present_schema(tmp_path: Path) -> None:
    path = write_sample(tmp_path)
    assert path.stem == newest_revision()
    text = path.read_text(encoding="utf-8")
    assert not [table for table in metadata.tables if f'INSERT INTO "{table}"' not in text]


def test_the_sample_has_a_pause_that_was_accepted_and_a_start_that_was_not_answered(successor: Successor) -> None:
    pause, start = successor.get_intent(PAUSING), successor.get_intent(STARTING)
    assert (pause.kind, pause.answer) == (IntentKind.STOP_WITH_SAVEPOINT, Answer.ACCEPTED)
    assert (start.kind, start.answer) == (IntentKind.SUBMIT, None)
    assert pause.format <= INTENT_FORMAT


def test_the_pause_ends_suspended_on_the_savepoint_of_its_own_trigger(successor: Successor) -> None:
    pause = successor.get_intent(PAUSING)
    before = len(successor.list_snapshots(PAUSING))
    successor.go_on()
    state, snapshots = successor.get_state(PAUSING), successor.list_snapshots(PAUSING)
    assert (state.settled, state.suspended_on) == (Settled.SUSPENDED, snapshots[0].id)
    assert (len(snapshots), snapshots[0].trigger_id) == (before + 1, pause.key)
    assert pause.directory is not None
    assert snapshots[0].path.startswith(pause.directory + "/")
    assert snapshots[0].path in successor.flink.disk.savepoints
    assert successor.get_operation(pause).status is OperationStatus.SUCCESS
    assert successor.get_instance(PAUSING).end is InstanceEnd.SUSPENDED


def test_the_start_ends_running_as_the_flink_job_that_was_sent(successor: Successor) -> None:
    start = successor.get_intent(STARTING)
    successor.go_on()
    instance = successor.get_instance(STARTING)
    assert successor.get_state(STARTING).settled is Settled.RUNNING
    assert (instance.flink_job_id, instance.flink_status) == (start.flink_job_id, FlinkStatus.RUNNING)
    assert successor.get_operation(start).status is OperationStatus.SUCCESS
    assert [job.flink_job_id for job in successor.flink.live_jobs()] == [start.flink_job_id]


def test_nothing_is_sent_twice_and_nothing_is_doubled(successor: Successor) -> None:
    intents = {name: len(successor.list_intents(name)) for name in (PAUSED, PAUSING, STARTING)}
    successor.go_on()
    looks = {"sweep", "find_job", "get_trigger", "find_evidence", "count_slots"}
    assert [call for call in successor.flink.calls if call.name not in looks] == []
    assert {name: len(successor.list_intents(name)) for name in intents} == intents
    closed = [intent for name in intents for intent in successor.list_intents(name)]
    assert {intent.status for intent in closed} == {IntentStatus.DONE}


def test_what_rested_rests_and_what_was_withdrawn_is_closed(successor: Successor) -> None:
    before = successor.get_state(PAUSED)
    successor.go_on()
    assert successor.get_state(PAUSED) == before
    assert before.settled is Settled.SUSPENDED
    with successor.store.read() as unit:
        assert unit.operations.list_busy_jobs() == []
        closed = unit.operations.list_of_job(successor.get_job_id(PAUSING), 10, None)[0]
    assert (closed.status, closed.result and closed.result.code) == (OperationStatus.CANCELLED, "operation_withdrawn")


def test_an_act_in_the_form_of_a_newer_release_is_left_to_it(successor: Successor) -> None:
    """A newer release began the pause, and then somebody went back to this one."""
    foreign = replace(successor.get_intent(PAUSING), format=INTENT_FORMAT + 1)
    successor.change_intent(foreign)
    state, instance = successor.get_state(PAUSING), successor.get_instance(PAUSING)
    successor.go_on()
    assert successor.get_intent(PAUSING) == foreign
    assert successor.get_state(PAUSING) == state
    assert successor.get_instance(PAUSING).end is instance.end is None
    operation = successor.get_operation(foreign)
    assert operation.is_open
    assert operation.waits_for is not None
    assert operation.waits_for.code == "intent_format_newer"
    formats = {"format": str(INTENT_FORMAT + 1), "known": str(INTENT_FORMAT)}
    assert operation.waits_for.facts == {"act": "STOP_WITH_SAVEPOINT", **formats}
    with successor.store.read() as unit:
        events = unit.events.list_of_job(successor.get_job_id(PAUSING), 100, None)
    told = [event for event in events if event.type is EventType.OPERATION_OVERDUE]
    assert [event.facts["code"] for event in told] == ["intent_format_newer"]
    assert successor.get_state(STARTING).settled is Settled.RUNNING
