"""Snapshots, events, clusters, artifacts and kept answers come back as written, in their order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.clusters import ClusterId, ClusterState, Incarnation, Reachability
from headgate.domain.errors import Conflict, NotFound, StaleRevision
from headgate.domain.events import EventLevel, EventType
from headgate.domain.snapshots import PathStatus
from headgate.ports.store import KeptAnswer, Store
from tests.adapters.db.samples import NOW, add_job, artifact, cluster, event, snapshot


def test_snapshots_come_back_newest_first(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        first, second = snapshot(made, "1"), snapshot(made, "2", size=None, duration=None, trigger_id="ab" * 16)
        imported = snapshot(made, "3", created_at=NOW - timedelta(days=9))
        for each in (first, imported, second):
            unit.snapshots.add(each)
        gone = replace(first, path_status=PathStatus.GONE)
        unit.snapshots.save(gone)
    with store.read() as unit:
        assert unit.snapshots.list_of_job(made.id) == [second, gone, imported]
        assert unit.snapshots.get(second.id) == second
        assert unit.snapshots.find_by_path(made.id, second.path) == second
        assert unit.snapshots.find_by_path("job-other", second.path) is None
        with pytest.raises(NotFound, match="snapshot_not_found"):
            unit.snapshots.get("snap-none")


def test_events_are_numbered_by_the_store_and_never_twice(store: Store) -> None:
    with store.write() as unit:
        made, other = add_job(unit), add_job(unit, "other")
        unit.events.record(event(made, number=99))
        unit.events.record(event(other))
        unit.events.record(
            event(
                made,
                type=EventType.OPERATION_FAILED,
                level=EventLevel.ERROR,
                instance_id="ins-1",
                operation_id="op-1",
                actor="ann",
            )
        )
    with store.write() as unit:
        found = unit.events.list_of_job(made.id, 10, None)
        assert [each.number for each in found] == [3, 1]
        assert found[1] == event(made, number=1)
        assert (found[0].type, found[0].level, found[0].actor) == (
            EventType.OPERATION_FAILED,
            EventLevel.ERROR,
            "ann",
        )
        assert [each.number for each in unit.events.list_of_job(made.id, 10, 3)] == [1]
        assert [each.number for each in unit.events.list_of_workspace("default", 2, None)] == [3, 2]
        assert unit.events.list_of_workspace("other", 2, None) == []
        unit.jobs.delete(made.id)
        unit.events.record(event(other))
        assert [each.number for each in unit.events.list_of_job(other.id, 10, None)] == [4, 2]


def test_clusters_are_named_once_in_a_workspace_and_edited_by_revision(store: Store) -> None:
    made = cluster()
    with store.write() as unit:
        unit.clusters.add(made)
        unit.clusters.add(cluster("east", id=ClusterId("clu-0"), workspace="other"))
        unit.clusters.update(replace(made, url="http://10.0.0.1:8081", revision=2))
    with pytest.raises(Conflict) as caught, store.write() as unit:
        unit.clusters.add(replace(made, id=ClusterId("clu-2")))
    assert (caught.value.code, caught.value.facts["name"]) == ("cluster_name_taken", "local")
    with pytest.raises(StaleRevision), store.write() as unit:
        unit.clusters.update(replace(made, revision=2))
    with store.read() as unit:
        assert unit.clusters.get(made.id) == replace(made, url="http://10.0.0.1:8081", revision=2)
        assert unit.clusters.find_by_name("other", "east") is not None
        assert unit.clusters.find_by_name("default", "east") is None
        assert [found.name for found in unit.clusters.list_all()] == ["local", "east"]
        assert [found.name for found in unit.clusters.list_all("other")] == ["east"]


def test_a_cluster_goes_with_its_state(store: Store) -> None:
    made = cluster()
    state = ClusterState(made.id, Reachability.UNREACHABLE, NOW, None, None, timedelta(hours=1), "Connection refused")
    with store.write() as unit:
        unit.clusters.add(made)
        assert unit.clusters.find_state(made.id) is None
        unit.clusters.save_state(state)
        state = replace(state, reachability=Reachability.REACHABLE, last_good_sweep=NOW, incarnation=Incarnation("a"))
        state = replace(state, heartbeat_timeout=timedelta(minutes=3), high_availability=True)
        unit.clusters.save_state(state)
        assert unit.clusters.find_state(made.id) == state
        unit.clusters.delete(made.id)
    with store.write() as unit:
        assert unit.clusters.find_state(made.id) is None
        with pytest.raises(NotFound, match="cluster_not_found"):
            unit.clusters.get(made.id)
        with pytest.raises(NotFound, match="cluster_not_found"):
            unit.clusters.delete(made.id)


def test_the_newest_artifact_of_a_name_counts(store: Store) -> None:
    first = artifact()
    second = replace(first, id="art-2", digest="cd" * 32)
    with store.write() as unit:
        unit.artifacts.add(first)
        unit.artifacts.add(second)
        unit.artifacts.add(artifact("other.jar", workspace="other"))
    with store.write() as unit:
        assert unit.artifacts.find_by_name("default", "app.jar") == second
        assert unit.artifacts.list_all("default") == [first, second]
        unit.artifacts.delete(second.id)
        assert unit.artifacts.find_by_name("default", "app.jar") == first
        assert unit.artifacts.find_by_name("default", "other.jar") is None
        with pytest.raises(NotFound, match="artifact_not_found"):
            unit.artifacts.delete(second.id)
        with pytest.raises(NotFound, match="artifact_not_found"):
            unit.artifacts.get(second.id)


def test_the_first_answer_to_a_key_is_kept_until_it_is_old(store: Store) -> None:
    kept = KeptAnswer("token-1", "key", "digest", 202, '{"id":"op-1"}', NOW)
    with store.write() as unit:
        unit.answers.add(kept)
        unit.answers.add(replace(kept, owner="token-2", at=NOW + timedelta(seconds=1)))
    with pytest.raises(Conflict, match="idempotency_key_busy"), store.write() as unit:
        unit.answers.add(replace(kept, body="{}"))
    with store.write() as unit:
        assert unit.answers.find("token-1", "key") == kept
        assert unit.answers.find("token-1", "other") is None
        assert unit.answers.delete_before(NOW) == 0
        assert unit.answers.delete_before(NOW + timedelta(seconds=1)) == 1
        assert unit.answers.find("token-1", "key") is None
