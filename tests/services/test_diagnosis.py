"""The diagnosis on a real store: each rule finds what it is for, and says where and since when."""

from dataclasses import replace
from datetime import timedelta
from string import Formatter

import pytest

from headgate.domain.catalogue import texts
from headgate.domain.clusters import REGISTERED_TWICE, EngineVersion, Reachability
from headgate.domain.diagnosis import Diagnosis, Symptom
from headgate.domain.diagnosis_rules import RULES, Rule
from headgate.domain.events import EventLevel
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Settled, Verb, Wanted
from headgate.domain.operations import Finding, Options, RestoreFrom, StopSnapshot
from headgate.domain.recovery import RecoveryState
from headgate.domain.snapshots import PathStatus
from headgate.ports.store import JobFilter
from headgate.services.clusters import LocalRegistration
from tests.services.ailments import (
    HOLDER,
    SCENARIOS,
    add_cluster,
    add_failed,
    add_running,
    change_schema,
    have_foreign_jobs,
    keep_files,
    leave_client,
    refuse_cluster,
    take_lease,
)
from tests.services.world import World


def find(world: World, code: str) -> list[Symptom]:
    return [symptom for symptom in diagnose(world).symptoms if symptom.finding.code == code]


def diagnose(world: World) -> Diagnosis:
    take_lease(world)
    return world.diagnoses.make(world.actor)


def test_a_sound_server_has_nothing_to_tell(world: World) -> None:
    cluster = add_cluster(world)
    add_running(world, cluster)
    paused = world.add_settled(Settled.SUSPENDED, "paused")
    keep_files(world, paused)
    diagnosis = diagnose(world)
    assert diagnosis.symptoms == ()
    assert diagnosis.is_well
    assert (diagnosis.clusters, diagnosis.jobs, diagnosis.schema) == (1, 2, "0001")
    assert diagnosis.lease is not None
    assert (diagnosis.lease.holder, diagnosis.lease.fence) == (HOLDER, 1)


def test_nothing_is_changed_by_looking(world: World) -> None:
    cluster = add_cluster(world)
    job, _ = add_running(world, cluster)
    before = world.list_event_types(job)
    world.flink.calls.clear()
    diagnose(world)
    assert world.list_event_types(job) == before
    assert {call.name for call in world.flink.calls} == {"sweep", "read_clock"}


def test_only_what_somebody_may_see_is_told(world: World) -> None:
    world.add_settled(Settled.SUSPENDED)
    take_lease(world)
    assert world.diagnoses.make(world.stranger).jobs == 0


@pytest.mark.parametrize("code", SCENARIOS)
def test_a_rule_finds_what_it_is_for(code: str, world: World) -> None:
    happen, knows_since = SCENARIOS[code]
    facts = happen(world)
    began = world.clock.now()
    diagnosis = diagnose(world)
    found = [symptom for symptom in diagnosis.symptoms if symptom.finding.code == code]
    assert len(found) == 1
    assert facts.items() <= found[0].finding.facts.items()
    assert (found[0].since is not None) == knows_since == ("since" in found[0].finding.facts)
    assert found[0].since is None or code == "diagnosis_lease_free" or found[0].since <= began
    assert diagnosis.is_well == (found[0].level is EventLevel.INFO)
    assert diagnosis.at == began


@pytest.mark.parametrize("code", SCENARIOS)
def test_the_words_of_a_rule_are_filled_and_programs_get_ids(code: str, world: World) -> None:
    SCENARIOS[code][0](world)
    [symptom] = find(world, code)
    facts, text = symptom.finding.facts, texts()[code]
    asked = {name for _, name, _, _ in Formatter().parse(text.en + text.advice_en) if name}
    assert asked <= facts.keys()
    assert None not in facts.values()
    with world.store.read() as unit:
        jobs = {row.job.name: row.job.id for row in unit.jobs.list_rows(JobFilter("default"))}
        clusters = {cluster.name: cluster.id for cluster in unit.clusters.list_all()}
    assert facts.get("job_id") == jobs.get(facts.get("job", ""))
    assert facts.get("cluster_id") == clusters.get(facts.get("cluster", ""))


def test_a_failure_is_told_once_with_what_led_to_it(world: World) -> None:
    add_failed(world)
    [symptom] = diagnose(world).symptoms
    assert symptom.because == Finding("lost_with_cluster", {}, "what Flink says")
    assert symptom.finding.cause == "what Flink says"


def test_a_failure_that_nobody_has_explained_is_told_all_the_same(world: World) -> None:
    job, _ = add_failed(world)
    with world.store.write() as unit:
        unit.jobs.save_state(JobState(job.id, Settled.FAILED, Wanted.RUNNING))
    [symptom] = diagnose(world).symptoms
    assert (symptom.because, symptom.since, symptom.finding.cause) == (None, None, "")


def test_a_held_recovery_is_an_error_with_why_it_is_held(world: World) -> None:
    held = Finding("recovery_too_old", {"max_age": "1 h"})
    add_failed(world, RecoveryState(held=held))
    [symptom] = diagnose(world).symptoms
    assert (symptom.level, symptom.because) == (EventLevel.ERROR, held)


def test_lost_files_of_a_failed_job_are_told_once(world: World) -> None:
    world.add_snapshot(*add_failed(world))
    assert [symptom.finding.code for symptom in diagnose(world).symptoms] == ["diagnosis_job_failed_gone"]


def test_a_failed_job_that_somebody_acts_on_or_gave_up_is_no_news(world: World) -> None:
    job, _ = add_failed(world)
    operation = world.operations.request(world.actor, job.id, Verb.RUN, Options(restore_from=RestoreFrom.NONE))
    assert diagnose(world).symptoms == ()
    world.close(operation)
    with world.store.write() as unit:
        unit.jobs.save_state(JobState(job.id, Settled.FAILED, Wanted.CANCELLED))
    assert diagnose(world).symptoms == ()


def test_every_rule_has_a_scenario() -> None:
    codes = [rule.code for rule in RULES]
    # The embedded cluster's has a test of its own.
    assert {*SCENARIOS, "diagnosis_cluster_stopped"} == set(codes)
    assert len(set(codes)) == len(codes)


def test_the_embedded_cluster_that_was_stopped_on_purpose_is_not_called_silent(world: World) -> None:
    found = LocalRegistration("http://127.0.0.1:1", EngineVersion("2.2.1"), "file:///savepoints", "file:///checkpoints")
    world.flink.cut_off(world.clusters.register_local("default", found), 1000)
    take_lease(world)
    silent, stopped = (
        [symptom.finding.code for symptom in replace(world.diagnoses, is_local_stopped=told).make(world.actor).symptoms]
        for told in (lambda: False, lambda: True)
    )
    assert (silent, stopped) == (["diagnosis_cluster_silent"], ["diagnosis_cluster_stopped"])


def test_the_gravest_comes_first(world: World) -> None:
    have_foreign_jobs(world)
    leave_client(world)
    change_schema(world)
    levels = [symptom.level for symptom in diagnose(world).symptoms]
    assert levels == [EventLevel.ERROR, EventLevel.WARNING, EventLevel.INFO]


def test_nobody_ever_looked_after_the_jobs(world: World) -> None:
    diagnosis = world.diagnoses.make(world.actor)
    assert [symptom.finding for symptom in diagnosis.symptoms] == [Finding("diagnosis_lease_free", {"holder": "-"})]
    assert diagnosis.lease is None


def test_a_lease_that_was_given_back_is_free(world: World) -> None:
    take_lease(world)
    with world.store.write() as unit:
        unit.lease.release(HOLDER)
    [symptom] = world.diagnoses.make(world.actor).symptoms
    assert (symptom.finding.code, symptom.finding.facts["holder"]) == ("diagnosis_lease_free", "-")


def test_a_cluster_that_nobody_has_looked_at_yet_is_silent_since_nobody_knows_when(world: World) -> None:
    world.flink.cut_off(world.add_cluster(), 1000)
    [symptom] = find(world, "diagnosis_cluster_silent")
    assert (symptom.since, symptom.finding.facts["last_seen"]) == (None, "-")
    assert symptom.finding.cause


@pytest.mark.parametrize("gap_s", [-1.9, 0, 1.9])
def test_a_clock_that_is_nearly_right_is_right(gap_s: float, world: World) -> None:
    add_running(world, add_cluster(world))
    world.flink.clock_gap = timedelta(seconds=gap_s)
    assert find(world, "diagnosis_clock_flink") == []


@pytest.mark.parametrize(("gap_s", "is_found"), [(20, False), (-20, False), (30, True), (-30, True)])
def test_without_a_running_job_a_clock_is_known_less_exactly(gap_s: float, is_found: bool, world: World) -> None:
    add_cluster(world)
    world.flink.clock_gap = timedelta(seconds=gap_s)
    assert bool(find(world, "diagnosis_clock_flink")) == is_found


def test_an_operation_that_has_begun_is_overdue_since_then_whatever_else_waits(world: World) -> None:
    job, _ = add_running(world, add_cluster(world))
    waiting = Finding("waits_for_turn", {"verb": "stop"})
    overdue = Finding("still_waiting", {"act": "CANCEL"}, "what Flink says")
    asked = [
        world.operations.request(world.actor, job.id, Verb.SAVEPOINT, Options()),
        world.operations.request(world.actor, job.id, Verb.STOP, Options(snapshot=StopSnapshot.NONE)),
    ]
    began = world.clock.now() + timedelta(minutes=1)
    with world.store.write() as unit:
        unit.operations.save(replace(asked[0], waits_for=waiting))
        unit.operations.save(replace(asked[1], waits_for=overdue, started_at=began))
    [symptom] = find(world, "diagnosis_operation_overdue")
    assert (symptom.since, symptom.finding.cause) == (began, "what Flink says")
    assert symptom.finding.facts["operation"] == asked[1].id


def test_a_second_registration_that_nothing_is_sent_to_is_told_with_the_first(world: World) -> None:
    add_cluster(world)
    again = world.add_cluster("again")
    refuse_cluster(world, again, f"{REGISTERED_TWICE}local")
    [symptom] = find(world, "diagnosis_cluster_twice")
    assert (symptom.finding.facts["cluster"], symptom.finding.facts["other"]) == ("again", "local")


def test_two_clusters_that_do_not_answer_are_not_called_one(world: World) -> None:
    for name in ("local", "other"):
        cluster = world.add_cluster(name)
        world.see_cluster(cluster, Reachability.UNREACHABLE)
        world.flink.cut_off(cluster, 1000)
    assert find(world, "diagnosis_cluster_twice") == []


def test_a_job_that_is_only_waited_for_is_not_overdue(world: World) -> None:
    job, _ = add_running(world, add_cluster(world))
    operation = world.operations.request(world.actor, job.id, Verb.STOP, Options(snapshot=StopSnapshot.CREATE))
    with world.store.write() as unit:
        unit.operations.save(replace(operation, waits_for=Finding("waits_for_cluster")))
    assert diagnose(world).symptoms == ()


def test_what_cannot_be_looked_at_is_as_it_was_at_the_last_look(world: World) -> None:
    cluster = add_cluster(world)
    job, instance = add_running(world, cluster)
    snapshot = world.add_snapshot(job, instance, "s3://bucket/savepoint")
    assert find(world, "diagnosis_restore_point_gone") == []
    with world.store.write() as unit:
        unit.snapshots.save(replace(snapshot, path_status=PathStatus.GONE))
    assert len(find(world, "diagnosis_restore_point_gone")) == 1


def test_an_engine_that_no_sql_job_needs_is_not_missed(world: World) -> None:
    add_cluster(world)
    world.engines.remove(world.engines.list_engines()[0].version)
    assert find(world, "diagnosis_engine_missing") == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_words_for_what_it_gives(rule: Rule) -> None:
    text = texts()[rule.code]
    assert text.advice_en
    assert text.advice_zh
