"""The diagnosis on a real store: each rule finds what it is for, and says where and since when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from string import Formatter

import pytest

from headgate.domain.catalogue import texts
from headgate.domain.clusters import Cluster, EngineVersion, Incarnation, Reachability
from headgate.domain.diagnosis import Diagnosis, LeftOverClient, Symptom
from headgate.domain.diagnosis_rules import LITTLE_SPACE, NO_SPACE, RULES, Rule
from headgate.domain.events import EventLevel
from headgate.domain.instances import Absence, FlinkJobId, Instance, InstanceEnd, new_flink_job_id
from headgate.domain.intents import INTENT_FORMAT, Intent, IntentId, IntentKind
from headgate.domain.jobs import Job
from headgate.domain.lifecycle import Lane, Settled, Verb
from headgate.domain.operations import Finding, Options, StopSnapshot
from headgate.domain.snapshots import PathStatus
from headgate.ports.flink import Submission
from headgate.ports.store import JobFilter
from headgate.services.clusters import ClusterOrder, LocalRegistration
from tests.fakes.history import FakeSavepoint
from tests.services.world import World

HOLDER = "the server"


def take_lease(world: World, seconds: float = 3600) -> None:
    with world.store.write() as unit:
        unit.lease.acquire(HOLDER, world.clock.now(), world.clock.now() + timedelta(seconds=seconds))


def add_cluster(world: World) -> Cluster:
    cluster = world.add_cluster()
    world.see_cluster(cluster, Reachability.REACHABLE)
    return cluster


def run_on_flink(world: World, cluster: Cluster, instance: Instance) -> None:
    """Let the instance live in the fake Flink."""
    world.flink.submit(cluster, Submission(instance, "a job"))
    world.clock.advance(10)


def add_running(world: World, cluster: Cluster, name: str = "orders") -> tuple[Job, Instance]:
    job = world.add_published(name)
    instance = world.settle(job, Settled.RUNNING)
    assert instance is not None
    run_on_flink(world, cluster, instance)
    return job, instance


def find(world: World, code: str) -> list[Symptom]:
    return [symptom for symptom in diagnose(world).symptoms if symptom.finding.code == code]


def diagnose(world: World) -> Diagnosis:
    take_lease(world)
    return world.diagnoses.make(world.actor)


def keep_files(world: World, job: Job) -> None:
    """The files of all snapshots of the job are on the disk."""
    with world.store.read() as unit:
        for snapshot in unit.snapshots.list_of_job(job.id):
            files = FakeSavepoint(snapshot.path, new_flink_job_id(job.id, 1), (), 0.0, snapshot.created_at)
            world.flink.disk.savepoints[snapshot.path] = files


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


def _lose_pause(world: World) -> dict[str, str]:
    add_cluster(world)
    job = world.add_settled(Settled.SUSPENDED)
    with world.store.read() as unit:
        snapshot = unit.snapshots.list_of_job(job.id)[0]
    return {"job": "orders", "snapshot": snapshot.id, "path": snapshot.path}


def _lose_restore_point(world: World) -> dict[str, str]:
    cluster = add_cluster(world)
    job, instance = add_running(world, cluster)
    snapshot = world.add_snapshot(job, instance)
    return {"job": "orders", "snapshot": snapshot.id, "path": snapshot.path}


def _lose_old_snapshot(world: World) -> dict[str, str]:
    cluster = add_cluster(world)
    job, instance = add_running(world, cluster)
    old = world.add_snapshot(job, instance)
    world.add_snapshot(job, instance)
    keep_files(world, job)
    world.flink.delete_path(old.path)
    return {"job": "orders", "count": "1", "path": old.path}


def _be_overdue(world: World) -> dict[str, str]:
    cluster = add_cluster(world)
    job, _ = add_running(world, cluster)
    operation = world.operations.request(world.actor, job.id, Verb.STOP, Options(snapshot=StopSnapshot.CREATE))
    waits_for = Finding("still_waiting", {"act": "STOP_WITH_SAVEPOINT"})
    with world.store.write() as unit:
        unit.operations.save(replace(operation, waits_for=waits_for, started_at=world.clock.now()))
    return {"job": "orders", "verb": "stop", "operation": operation.id, "act": "STOP_WITH_SAVEPOINT"}


def _have_foreign_intent(world: World) -> dict[str, str]:
    cluster = add_cluster(world)
    job, instance = add_running(world, cluster)
    intent = Intent(
        id=IntentId("int-1"),
        job_id=job.id,
        instance_id=instance.id,
        cluster_id=cluster.id,
        flink_job_id=instance.flink_job_id,
        operation_id=None,
        lane=Lane.MAIN,
        kind=IntentKind.CANCEL,
        key=instance.flink_job_id,
        created_at=world.clock.now(),
        unreachable_before=timedelta(0),
        incarnation=None,
        format=INTENT_FORMAT + 1,
    )
    with world.store.write() as unit:
        unit.intents.add(intent)
    return {"job": "orders", "act": "CANCEL", "format": str(INTENT_FORMAT + 1)}


def _have_orphan(world: World) -> dict[str, str]:
    cluster = add_cluster(world)
    job, instance = add_running(world, cluster)
    orphan = new_flink_job_id(job.id, 99)
    run_on_flink(world, cluster, replace(instance, flink_job_id=orphan))
    return {"job": "orders", "cluster": "local", "url": cluster.url, "flink_job_id": orphan}


def _have_revenant(world: World) -> dict[str, str]:
    cluster = add_cluster(world)
    job, instance = add_running(world, cluster)
    now = world.clock.now()
    world.change_instance(job, lambda found: replace(found, end=InstanceEnd.GIVEN_UP, ended_at=now))
    return {"job": "orders", "number": "1", "cluster": "local", "flink_job_id": instance.flink_job_id}


def _miss_job(world: World) -> dict[str, str]:
    add_cluster(world)
    job = world.add_settled(Settled.RUNNING)
    absence = Absence(Incarnation("life-1"), world.clock.now(), timedelta(0))
    world.change_instance(job, lambda found: replace(found, absence=absence))
    return {"job": "orders", "cluster": "local"}


def _silence_cluster(world: World) -> dict[str, str]:
    cluster = add_cluster(world)
    add_running(world, cluster)
    world.see_cluster(cluster, Reachability.UNREACHABLE)
    world.flink.cut_off(cluster, 1000)
    return {"cluster": "local", "url": cluster.url, "count": "1", "last_seen": world.clock.now().isoformat()}


def _register_twice(world: World) -> dict[str, str]:
    add_cluster(world)
    order = ClusterOrder("again", "http://another-name:8081", "2.2.1", "file:///savepoints")
    world.see_cluster(world.clusters.create(world.actor, "default", order), Reachability.REACHABLE)
    return {"cluster": "again", "other": "local"}


def _lack_savepoint_dir(world: World) -> dict[str, str]:
    world.see_cluster(world.add_cluster(savepoint_dir=None), Reachability.REACHABLE)
    return {"cluster": "local"}


def _lack_engine(world: World) -> dict[str, str]:
    add_cluster(world)
    world.add_job()
    world.engines.remove(world.engines.list_engines()[0].version)
    return {"cluster": "local", "version": "2.2.1", "jobs": "orders"}


def _move_flink_clock(world: World) -> dict[str, str]:
    add_running(world, add_cluster(world))
    world.flink.clock_gap = timedelta(seconds=-3600)
    return {"cluster": "local", "gap_s": "-3600.0"}


def _move_database_clock(world: World) -> dict[str, str]:
    world.machine.change(database_clock=world.clock.now() + timedelta(seconds=5))
    return {"gap_s": "+5.0"}


def _fill_disk(world: World) -> dict[str, str]:
    world.machine.change(free_bytes=NO_SPACE - 1)
    return {"folder": "/data", "free_mb": "63"}


def _nearly_fill_disk(world: World) -> dict[str, str]:
    world.machine.change(free_bytes=LITTLE_SPACE - 1)
    return {"folder": "/data", "free_mb": "1023"}


def _lose_lease(world: World) -> dict[str, str]:
    world.machine.change(database_clock=world.clock.now() + timedelta(hours=2))
    return {"holder": HOLDER}


def _change_schema(world: World) -> dict[str, str]:
    world.machine.change(schema="9999")
    return {"revision": "9999", "known": "0001"}


def _leave_client(world: World) -> dict[str, str]:
    world.machine.change(clients=(LeftOverClient(42, "2.2.1"),))
    return {"pid": "42", "version": "2.2.1"}


def _have_foreign_jobs(world: World) -> dict[str, str]:
    cluster = add_cluster(world)
    _, instance = add_running(world, cluster)
    ids = [FlinkJobId(f"{number:032x}") for number in range(7)]
    for flink_job_id in ids:
        run_on_flink(world, cluster, replace(instance, flink_job_id=flink_job_id))
    return {"cluster": "local", "count": "7", "jobs": f"{', '.join(ids[:5])}, … (+2)"}


Scenario = Callable[[World], dict[str, str]]
# What happens, and whether it is known since when.
SCENARIOS: dict[str, tuple[Scenario, bool]] = {
    "diagnosis_pause_snapshot_gone": (_lose_pause, False),
    "diagnosis_orphan": (_have_orphan, False),
    "diagnosis_lease_free": (_lose_lease, True),
    "diagnosis_schema_other": (_change_schema, False),
    "diagnosis_disk_full": (_fill_disk, False),
    "diagnosis_cluster_silent": (_silence_cluster, True),
    "diagnosis_cluster_twice": (_register_twice, False),
    "diagnosis_intent_foreign": (_have_foreign_intent, True),
    "diagnosis_restore_point_gone": (_lose_restore_point, False),
    "diagnosis_operation_overdue": (_be_overdue, True),
    "diagnosis_closed_job_lives": (_have_revenant, True),
    "diagnosis_job_missing": (_miss_job, True),
    "diagnosis_no_savepoint_dir": (_lack_savepoint_dir, False),
    "diagnosis_engine_missing": (_lack_engine, False),
    "diagnosis_clock_flink": (_move_flink_clock, False),
    "diagnosis_clock_database": (_move_database_clock, False),
    "diagnosis_disk_low": (_nearly_fill_disk, False),
    "diagnosis_client_left": (_leave_client, False),
    "diagnosis_old_snapshots_gone": (_lose_old_snapshot, False),
    "diagnosis_foreign_jobs": (_have_foreign_jobs, False),
}


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
    _have_foreign_jobs(world)
    _leave_client(world)
    _change_schema(world)
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
