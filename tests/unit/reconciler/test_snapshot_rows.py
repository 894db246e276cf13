"""The row of a snapshot: made by the act that is open, or found after a run has ended."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.decisions import Outcome, SnapshotMade
from headgate.domain.events import EventType
from headgate.domain.intents import Intent, IntentKind
from headgate.domain.lifecycle import Lane, Verb
from headgate.domain.operations import Options, SavepointFormat
from headgate.domain.snapshots import Snapshot, SnapshotKind, SnapshotOrigin
from headgate.reconciler import record
from headgate.reconciler.record import NewIds
from tests.unit.domain.facts import NOW, SAVEPOINT, ago, intent
from tests.unit.reconciler.house import CLUSTER, House

LATER = NOW + timedelta(seconds=2)
MADE = SnapshotMade(SAVEPOINT, SnapshotOrigin.USER_REQUEST, size=7)
FOUND = SnapshotMade("file:///checkpoints/chk-7", SnapshotOrigin.RETAINED_CHECKPOINT, 7, SnapshotKind.CHECKPOINT, NOW)


@pytest.fixture
def act(house: House) -> Intent:
    """An open savepoint in Flink's own form, begun a second ago."""
    house.add_instance()
    asked = house.ask(Verb.SAVEPOINT, Options(format=SavepointFormat.NATIVE), sent=1)
    return house.add_intent(intent(IntentKind.SAVEPOINT, operation_id=asked.id))


def add(house: House, made: SnapshotMade) -> Snapshot:
    situation = house.load(Lane.SAVEPOINT)
    assert situation.instance is not None
    with house.store.write() as work:
        made_id = record.add_snapshot(work, situation, situation.instance, made, NewIds(house.ids, LATER))
    return next(row for row in house.list_snapshots() if row.id == made_id)


def test_one_that_was_made_knows_its_act_and_how_long_it_took(house: House, act: Intent) -> None:
    row = add(house, MADE)
    assert (row.trigger_id, row.duration, row.created_at) == (act.key, timedelta(seconds=3), LATER)
    assert (row.format, row.size, row.flink_version) == ("NATIVE", 7, CLUSTER.engine_version)
    assert row.id.startswith("snap-")
    [told] = house.list_events()
    assert (told.type, told.facts) == (EventType.SNAPSHOT_CREATED, {"path": SAVEPOINT, "snapshot": row.id})


@pytest.mark.usefixtures("act")
def test_one_that_was_found_is_nobody_s_and_is_dated_by_flink(house: House) -> None:
    row = add(house, replace(FOUND, at=ago(seconds=9)))
    assert (row.trigger_id, row.duration, row.created_at) == (None, None, ago(seconds=9))
    [told] = house.list_events()
    assert (told.type, told.at, told.facts["origin"]) == (EventType.SNAPSHOT_FOUND, LATER, "RETAINED_CHECKPOINT")
    assert (told.facts["path"], told.facts["snapshot"]) == (row.path, row.id)


def test_none_is_dated_later_than_now_though_flink_s_clock_be_ahead(house: House) -> None:
    house.add_instance()
    assert add(house, replace(FOUND, at=LATER + timedelta(hours=1))).created_at == LATER


def test_what_was_just_made_is_the_newest_though_our_own_clock_was_set_back(house: House) -> None:
    house.add_instance()
    older = house.add_snapshot(created_at=LATER + timedelta(hours=1))
    assert add(house, MADE).created_at == older.created_at


def test_what_an_ended_run_has_left_is_recorded_with_its_outcome(house: House) -> None:
    run = house.add_instance()
    situation = house.load()
    with house.store.write() as work:
        record.apply_outcome(work, situation, Outcome(found=(FOUND,)), house.ids, LATER)
    [row] = house.list_snapshots()
    assert (row.path, row.instance_id, row.created_at) == (FOUND.path, run.id, NOW)


@pytest.mark.usefixtures("act")
def test_a_checkpoint_is_in_flink_s_own_form_whatever_was_asked_for(house: House) -> None:
    assert add(house, replace(FOUND, at=None)).format == "NATIVE"


def test_a_savepoint_that_nobody_asked_for_is_taken_for_canonical(house: House) -> None:
    house.add_instance()
    assert add(house, MADE).format == "CANONICAL"


def test_of_a_cluster_that_is_registered_no_more_the_version_is_not_known(house: House) -> None:
    house.add_instance()
    with house.store.write() as work:
        work.clusters.delete(CLUSTER.id)
    assert add(house, MADE).flink_version == ""


@pytest.mark.parametrize(
    ("origin", "is_found", "becomes"),
    [
        pytest.param(SnapshotOrigin.IMPORTED, False, SnapshotOrigin.USER_REQUEST, id="it was found before its act"),
        pytest.param(SnapshotOrigin.IMPORTED, True, SnapshotOrigin.IMPORTED, id="it is found once more"),
        pytest.param(
            SnapshotOrigin.STOP_WITH_SAVEPOINT, False, SnapshotOrigin.STOP_WITH_SAVEPOINT, id="another act has made it"
        ),
    ],
)
def test_a_path_has_one_row_which_learns_the_act_that_made_it(
    house: House, act: Intent, origin: SnapshotOrigin, is_found: bool, becomes: SnapshotOrigin
) -> None:
    known = house.add_snapshot(path=SAVEPOINT, origin=origin)
    row = add(house, replace(MADE, at=NOW if is_found else None))
    learnt = act.key if becomes is not origin else None
    assert house.list_snapshots() == [row] == [replace(known, origin=becomes, trigger_id=learnt)]
    assert house.list_events() == []
