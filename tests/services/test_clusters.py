"""Registering clusters, and asking one now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.clusters import REGISTERED_TWICE, REPLACED, ClusterKind, ClusterState, EngineVersion, Reachability
from headgate.domain.errors import Conflict, Invalid, NotAllowed, NotFound, StaleRevision
from headgate.domain.intents import IntentKind, IntentStatus
from headgate.domain.lifecycle import Settled
from headgate.domain.operations import Finding
from headgate.domain.workspaces import DEFAULT_WORKSPACE
from headgate.services.clusters import ClusterEdit, ClusterOrder, LocalRegistration
from tests.fakes.faults import Fault
from tests.services.world import World
from tests.unit.domain.facts import intent

LOCAL = LocalRegistration("http://127.0.0.1:40001", EngineVersion("2.2.1"), "file:///sp", "file:///cp")


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (ClusterOrder("", "http://a:1", "2.2.1"), "name"),
        (ClusterOrder("two words", "http://a:1", "2.2.1"), "name"),
        (ClusterOrder("cluster-0123456789", "http://a:1", "2.2.1"), "name"),
        (ClusterOrder("a", "flink:8081", "2.2.1"), "url"),
        (ClusterOrder("a", "ftp://flink", "2.2.1"), "url"),
        (ClusterOrder("a", "http://", "2.2.1"), "url"),
        (ClusterOrder("a", "http://flink:99999", "2.2.1"), "url"),
        (ClusterOrder("a", "http://me:secret@flink:1", "2.2.1"), "url"),
        (ClusterOrder("a", "http://flink?x=1", "2.2.1"), "url"),
        (ClusterOrder("a", "http://a:1", "newest"), "engine_version"),
        (ClusterOrder("a", "http://a:1", "2.2.1", savepoint_dir="/data"), "savepoint_dir"),
        (ClusterOrder("a", "http://a:1", "2.2.1", checkpoint_dir="data"), "checkpoint_dir"),
    ],
    ids=str,
)
def test_what_will_not_do_is_refused(world: World, order: ClusterOrder, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        world.clusters.create(world.actor, DEFAULT_WORKSPACE, order)
    assert [problem.path for problem in refusal.value.problems] == [field]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (ClusterOrder("local", "http://other:1", "2.2.1"), "cluster_name_taken"),
        (ClusterOrder("other", "http://local:8081/", "2.2.1"), "cluster_url_taken"),
    ],
    ids=["name", "address"],
)
def test_a_cluster_is_registered_once(world: World, order: ClusterOrder, code: str) -> None:
    world.add_cluster()
    with pytest.raises(Conflict) as refusal:
        world.clusters.create(world.actor, DEFAULT_WORKSPACE, order)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("first", "same"),
    [
        ("http://127.0.0.1:8081", "http://localhost:8081"),
        ("http://localhost:8081", "http://[::1]:8081/"),
        ("http://flink:8081", "HTTP://Flink:8081"),
        ("https://flink", "https://flink:443/"),
        ("http://flink/east", "http://FLINK:80/east"),
    ],
)
def test_another_spelling_of_an_address_is_the_same_address(world: World, first: str, same: str) -> None:
    world.clusters.create(world.actor, DEFAULT_WORKSPACE, ClusterOrder("one", first, "2.2.1"))
    other = world.clusters.create(world.actor, DEFAULT_WORKSPACE, ClusterOrder("two", "http://other:1", "2.2.1"))
    with pytest.raises(Conflict) as refusal:
        world.clusters.create(world.actor, DEFAULT_WORKSPACE, ClusterOrder("three", same, "2.2.1"))
    assert (refusal.value.code, refusal.value.facts["cluster"]) == ("cluster_url_taken", "one")
    with pytest.raises(Conflict):
        world.clusters.update(world.actor, other.id, ClusterEdit(url=same), other.revision)


@pytest.mark.parametrize(
    "other", ["http://flink:8082", "http://flink:8081/b", "http://flink2:8081", "https://flink:8081"]
)
def test_another_address_is_another_cluster(world: World, other: str) -> None:
    world.clusters.create(world.actor, DEFAULT_WORKSPACE, ClusterOrder("one", "http://flink:8081", "2.2.1"))
    assert world.clusters.create(world.actor, DEFAULT_WORKSPACE, ClusterOrder("two", other, "2.2.1")).url == other


def test_an_address_is_kept_in_small_letters_but_for_its_path(world: World) -> None:
    order = ClusterOrder("one", " HTTPS://Flink.Example:8443/Gate/East/ ", "2.2.1")
    assert world.clusters.create(world.actor, DEFAULT_WORKSPACE, order).url == "https://flink.example:8443/Gate/East"


def test_a_cluster_is_found_by_id_and_by_name(world: World) -> None:
    cluster = world.add_cluster()
    assert world.clusters.get(world.actor, "local") == world.clusters.get(world.actor, cluster.id)
    with pytest.raises(NotFound):
        world.clusters.get(world.stranger, "local")


class TestEdit:
    def test_what_is_given_changes(self, world: World) -> None:
        cluster = world.add_cluster()
        edit = ClusterEdit(savepoint_dir="", region="north")
        after = world.clusters.update(world.actor, cluster.id, edit, 1).cluster
        assert (after.savepoint_dir, after.region, after.revision) == (None, "north", 2)
        with pytest.raises(StaleRevision):
            world.clusters.update(world.actor, cluster.id, edit, 1)

    def test_the_address_stays_while_something_runs_there(self, world: World) -> None:
        cluster = world.add_cluster()
        world.add_settled(Settled.RUNNING)
        with pytest.raises(NotAllowed) as refusal:
            world.clusters.update(world.actor, cluster.id, ClusterEdit(url="http://elsewhere:1"), None)
        assert refusal.value.code == "cluster_in_use"

    def test_names_stay_unique(self, world: World) -> None:
        world.add_cluster()
        other = world.add_cluster("other")
        with pytest.raises(Conflict) as refusal:
            world.clusters.update(world.actor, other.id, ClusterEdit(name="local"), None)
        assert refusal.value.code == "cluster_name_taken"


class TestDelete:
    def test_it_waits_for_every_instance(self, world: World) -> None:
        cluster = world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        with pytest.raises(NotAllowed) as refusal:
            world.clusters.delete(world.actor, cluster.id)
        assert refusal.value.code == "cluster_in_use"
        world.settle(job, Settled.CANCELLED)
        world.clusters.delete(world.actor, cluster.id)
        assert world.clusters.list_all(world.actor) == []
        assert world.queries.get_job(world.actor, job.id).view.cluster_name == "local"

    def test_it_waits_for_an_act_under_way_though_no_instance_lives(self, world: World) -> None:
        cluster = world.add_cluster()
        job = world.add_settled(Settled.CANCELLED)
        with world.store.write() as unit:
            given_up = unit.instances.list_of_job(job.id)[0]
            act = intent(IntentKind.CANCEL, job_id=job.id, instance_id=given_up.id, cluster_id=cluster.id)
            unit.intents.add(act)
        with pytest.raises(NotAllowed) as refusal:
            world.clusters.delete(world.actor, cluster.id)
        assert (refusal.value.code, refusal.value.facts["instances"]) == ("cluster_in_use", "1")
        with world.store.write() as unit:
            unit.intents.save(replace(act, status=IntentStatus.DONE, closed_at=world.clock.now()))
        world.clusters.delete(world.actor, cluster.id)


class TestLocal:
    def test_its_row_follows_its_address(self, world: World) -> None:
        first = world.clusters.register_local(DEFAULT_WORKSPACE, LOCAL)
        assert world.clusters.register_local(DEFAULT_WORKSPACE, LOCAL) == first
        moved = LocalRegistration("http://127.0.0.1:40002", LOCAL.engine_version, "file:///sp", "file:///cp")
        second = world.clusters.register_local(DEFAULT_WORKSPACE, moved)
        assert (second.id, second.url, second.revision) == (first.id, "http://127.0.0.1:40002", 2)
        assert second.kind is ClusterKind.LOCAL

    def test_it_belongs_to_headgate(self, world: World) -> None:
        world.clusters.register_local(DEFAULT_WORKSPACE, LOCAL)
        with pytest.raises(NotAllowed) as of_edit:
            world.clusters.update(world.actor, "local", ClusterEdit(url="http://x:1"), None)
        with pytest.raises(NotAllowed) as of_delete:
            world.clusters.delete(world.actor, "local")
        assert (of_edit.value.code, of_delete.value.code) == ("cluster_is_local", "cluster_is_local")


class TestCheck:
    def test_a_cluster_that_is_well(self, world: World) -> None:
        cluster = world.add_cluster()
        found = world.clusters.check(world.actor, cluster.id)
        assert (found.finding, found.live_jobs) == (None, 0)
        assert found.is_reachable
        assert found.slots is not None
        assert found.slots.total > 0

    def test_a_flink_that_is_registered_under_another_address_too_is_named(self, world: World) -> None:
        one, two = world.add_cluster(), world.add_cluster("alias")
        life = world.clusters.check(world.actor, two.id).incarnation
        assert life is not None
        seen = ClusterState(one.id, Reachability.REACHABLE, world.clock.now(), world.clock.now(), life, timedelta())
        with world.store.write() as unit:
            unit.clusters.save_state(seen)
        found = world.clusters.check(world.actor, two.id).finding
        assert found == Finding("cluster_registered_twice", {"cluster": "alias", "other": "local"})
        assert world.clusters.check(world.actor, one.id).finding is None

    @pytest.mark.parametrize(
        ("running", "code"),
        [
            pytest.param("1.20.5", "cluster_other_version", id="another line"),
            pytest.param("2.2.0", None, id="another patch"),
            pytest.param("<unknown>", None, id="does not know"),
        ],
    )
    def test_a_flink_of_another_version_than_registered_is_named(
        self, world: World, running: str, code: str | None
    ) -> None:
        cluster = world.add_cluster()
        world.flink.job_manager(cluster).version = running
        found = world.clusters.check(world.actor, cluster.id).finding
        assert (found.code if found else None) == code
        if found is not None:
            assert found.facts == {"cluster": "local", "registered": "2.2.1", "running": "1.20.5"}

    @pytest.mark.parametrize(
        ("fault", "code"), [(Fault.REFUSED, "flink_unavailable"), (Fault.HANG, "cluster_silent")], ids=["gone", "hangs"]
    )
    def test_a_cluster_that_does_not_answer_is_an_answer(self, world: World, fault: Fault, code: str) -> None:
        cluster = world.add_cluster()
        world.flink.inject(fault)
        found = world.clusters.check(world.actor, cluster.id)
        assert found.finding is not None
        assert found.finding.code == code
        assert (found.is_reachable, found.live_jobs, found.slots) == (False, None, None), "unknown is not zero"

    @pytest.mark.parametrize(
        ("stopped", "code"), [(True, "local_cluster_stopped"), (False, "local_cluster_silent")], ids=["stopped", "dead"]
    )
    def test_of_the_embedded_one_it_is_known_whether_it_was_stopped(
        self, world: World, stopped: bool, code: str
    ) -> None:
        clusters = replace(world.clusters, is_local_stopped=lambda: stopped)
        local = clusters.register_local(DEFAULT_WORKSPACE, LOCAL)
        world.flink.cut_off(local, 60)
        found = clusters.check(world.actor, "local").finding
        assert found is not None
        assert found.code == code
        shown = [clusters.get(world.actor, "local").finding, clusters.list_all(world.actor)[0].finding]
        assert [finding.code if finding else None for finding in shown] == [code if stopped else None] * 2


@pytest.mark.parametrize(
    ("cause", "code", "other"),
    [(REPLACED, "cluster_replaced", None), (f"{REGISTERED_TWICE}first", "cluster_registered_twice", "first")],
    ids=["another one answers", "registered twice"],
)
def test_why_what_answers_is_not_taken_for_the_cluster_is_said(
    world: World, cause: str, code: str, other: str | None
) -> None:
    cluster = world.add_cluster()
    world.see_cluster(cluster, Reachability.UNREACHABLE)
    with world.store.write() as unit:
        state = unit.clusters.find_state(cluster.id)
        assert state is not None
        unit.clusters.save_state(replace(state, cause=cause))
    finding = world.clusters.get(world.actor, cluster.id).finding
    assert finding is not None
    assert (finding.code, finding.facts.get("other")) == (code, other)
