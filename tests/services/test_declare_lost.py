"""Whether a job may be declared lost now: only where something was sent of which nobody can see the end."""

from dataclasses import replace

import pytest

from headgate.domain.clusters import Cluster, Reachability
from headgate.domain.errors import Invalid, NotAllowed
from headgate.domain.instances import Absence
from headgate.domain.intents import IntentKind
from headgate.domain.jobs import Job
from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.operations import Operation, Options, StepName
from tests.services.world import World
from tests.unit.domain.facts import intent as make_intent

REASON = Options(reason="the machine burnt")


@pytest.fixture
def cluster(world: World) -> Cluster:
    return world.add_cluster()


@pytest.fixture
def job(world: World, cluster: Cluster) -> Job:
    return world.add_settled(Settled.RUNNING)


def declare(world: World, job: Job) -> Operation:
    return world.operations.request(world.actor, job.id, Verb.DECLARE_LOST, REASON)


def lose_sight(world: World, cluster: Cluster, seconds: float = 61) -> None:
    world.see_cluster(cluster, Reachability.UNREACHABLE)
    world.clock.advance(seconds)


@pytest.mark.requirement("U-15")
def test_a_job_whose_cluster_is_silent_for_a_minute_may_be_declared_lost(
    world: World, cluster: Cluster, job: Job
) -> None:
    lose_sight(world, cluster)
    assert Verb.DECLARE_LOST in world.queries.get_job(world.actor, job.id).view.standing.allowed_verbs
    assert [step.name for step in declare(world, job).steps] == [StepName.DECLARE_LOST]
    with world.store.read() as unit:
        [asked, *_] = unit.events.list_of_job(job.id, 10, None)
    assert (asked.actor, asked.facts["options"]) == ("mei", "reason=the machine burnt")


def test_one_that_the_cluster_has_missed_for_a_minute_too(world: World, cluster: Cluster, job: Job) -> None:
    world.see_cluster(cluster, Reachability.REACHABLE)
    absence = Absence(None, world.clock.now(), world.clock.now() - world.clock.now())
    world.change_instance(job, lambda instance: replace(instance, absence=absence))
    world.clock.advance(61)
    assert declare(world, job).is_open


def test_one_whose_cluster_is_registered_no_more_at_once(world: World, cluster: Cluster, job: Job) -> None:
    with world.store.write() as unit:
        unit.clusters.delete(cluster.id)
    assert declare(world, job).is_open


def test_one_that_was_stopped_but_whose_cancellation_is_not_confirmed(world: World, cluster: Cluster, job: Job) -> None:
    instance = world.settle(job, Settled.CANCELLED)
    assert instance is not None
    act = make_intent(IntentKind.CANCEL, job_id=job.id, instance_id=instance.id, cluster_id=cluster.id)
    with world.store.write() as unit:
        unit.intents.add(act)
    lose_sight(world, cluster)
    assert declare(world, job).is_open


@pytest.mark.parametrize("seconds", [0, 59], ids=["just now", "for less than a minute"])
def test_a_silence_that_has_just_begun_is_no_loss(world: World, cluster: Cluster, job: Job, seconds: float) -> None:
    lose_sight(world, cluster, seconds)
    with pytest.raises(NotAllowed) as refusal:
        declare(world, job)
    assert refusal.value.code == "not_out_of_sight"
    assert "declare_lost" not in refusal.value.facts["allowed_verbs"]


@pytest.mark.parametrize("settled", [Settled.NONE, Settled.SUSPENDED, Settled.CANCELLED, Settled.FAILED])
def test_a_job_of_which_every_end_is_known_cannot_be_lost(world: World, cluster: Cluster, settled: Settled) -> None:
    rests = world.add_settled(settled, "resting")
    lose_sight(world, cluster)
    with pytest.raises(NotAllowed) as refusal:
        declare(world, rests)
    assert refusal.value.code == "not_out_of_sight"


@pytest.mark.parametrize("reason", ["", "   "], ids=["none", "blank"])
def test_it_needs_a_reason(world: World, cluster: Cluster, job: Job, reason: str) -> None:
    lose_sight(world, cluster)
    with pytest.raises(Invalid) as refusal:
        world.operations.request(world.actor, job.id, Verb.DECLARE_LOST, Options(reason=reason))
    assert [problem.code for problem in refusal.value.problems] == ["reason_required"]


def test_a_dry_run_names_the_danger(world: World, cluster: Cluster, job: Job) -> None:
    lose_sight(world, cluster)
    plan = world.operations.plan(world.actor, job.id, Verb.DECLARE_LOST, REASON)
    assert "risk_declared_lost_may_live" in [risk.code for risk in plan.risks]
