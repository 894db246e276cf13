"""What may be wrong with a server, its clusters and its jobs, one ailment for each rule of the diagnosis."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from headgate.domain.clusters import REPLACED, Cluster, Incarnation, Reachability
from headgate.domain.diagnosis import LeftOverClient
from headgate.domain.diagnosis_rules import LITTLE_SPACE, NO_SPACE
from headgate.domain.instances import Absence, FlinkJobId, Instance, InstanceEnd, new_flink_job_id
from headgate.domain.intents import INTENT_FORMAT, Intent, IntentId, IntentKind
from headgate.domain.jobs import Job, JobState, Warning
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.operations import Finding, Options, StopSnapshot
from headgate.domain.recovery import RecoveryState
from headgate.ports.flink import Submission
from headgate.services.clusters import ClusterOrder
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


def keep_files(world: World, job: Job) -> None:
    """The files of all snapshots of the job are on the disk."""
    with world.store.read() as unit:
        for snapshot in unit.snapshots.list_of_job(job.id):
            files = FakeSavepoint(snapshot.path, new_flink_job_id(job.id, 1), (), 0.0, snapshot.created_at)
            world.flink.disk.savepoints[snapshot.path] = files


def add_failed(world: World, recovery: RecoveryState | None = None, at: datetime | None = None) -> tuple[Job, Instance]:
    """A job that is to run and has failed; recovery stands at `recovery`, its next attempt is due at `at`."""
    add_cluster(world)
    job = world.add_published()
    instance = world.settle(job, Settled.FAILED)
    assert instance is not None
    warning = Warning(Finding("lost_with_cluster", {}, "what Flink says"), world.clock.now())
    state = JobState(job.id, Settled.FAILED, Wanted.RUNNING, warning, recovery=recovery, recovery_at=at)
    with world.store.write() as unit:
        unit.jobs.save_state(state)
    return job, instance


def _fail(world: World) -> dict[str, str]:
    job, instance = add_failed(world)
    snapshot = world.add_snapshot(job, instance)
    keep_files(world, job)
    return {"job": "orders", "snapshot": snapshot.id}


def _fail_without_restore_point(world: World) -> dict[str, str]:
    add_failed(world)
    return {"job": "orders"}


def _fail_and_lose_files(world: World) -> dict[str, str]:
    job, instance = add_failed(world)
    snapshot = world.add_snapshot(job, instance)
    return {"job": "orders", "snapshot": snapshot.id, "path": snapshot.path}


def _fail_and_lose_newest_files(world: World) -> dict[str, str]:
    job, instance = add_failed(world)
    world.add_snapshot(job, instance)
    usable = world.add_snapshot(job, instance)
    lost = world.add_snapshot(job, instance)
    keep_files(world, job)
    world.flink.delete_path(lost.path)
    return {"job": "orders", "snapshot": lost.id, "usable": usable.id}


def _await_recovery(world: World) -> dict[str, str]:
    at = world.clock.now() + timedelta(minutes=5)
    add_failed(world, RecoveryState(), at)
    return {"job": "orders", "next_at": at.isoformat(timespec="seconds")}


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


def _replace_cluster(world: World) -> dict[str, str]:
    cluster = add_cluster(world)
    add_running(world, cluster)
    refuse_cluster(world, cluster, REPLACED)
    return {"cluster": "local", "url": cluster.url, "count": "1"}


def refuse_cluster(world: World, cluster: Cluster, cause: str) -> None:
    """It answers, and the reconciler does not take it for the one that it should be."""
    world.see_cluster(cluster, Reachability.UNREACHABLE)
    with world.store.write() as unit:
        state = unit.clusters.find_state(cluster.id)
        assert state is not None
        unit.clusters.save_state(replace(state, cause=cause, incarnation=None))


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


def change_schema(world: World) -> dict[str, str]:
    world.machine.change(schema="9999")
    return {"revision": "9999", "known": "0001"}


def leave_client(world: World) -> dict[str, str]:
    world.machine.change(clients=(LeftOverClient(42, "2.2.1"),))
    return {"pid": "42", "version": "2.2.1"}


def have_foreign_jobs(world: World) -> dict[str, str]:
    cluster = add_cluster(world)
    _, instance = add_running(world, cluster)
    ids = [FlinkJobId(f"{number:032x}") for number in range(7)]
    for flink_job_id in ids:
        run_on_flink(world, cluster, replace(instance, flink_job_id=flink_job_id))
    return {"cluster": "local", "count": "7", "jobs": f"{', '.join(ids[:5])}, … (+2)"}


Scenario = Callable[[World], dict[str, str]]
# What happens, and whether it is known since when.
SCENARIOS: dict[str, tuple[Scenario, bool]] = {
    "diagnosis_job_failed": (_fail, True),
    "diagnosis_job_failed_stateless": (_fail_without_restore_point, True),
    "diagnosis_job_failed_older": (_fail_and_lose_newest_files, True),
    "diagnosis_job_failed_gone": (_fail_and_lose_files, True),
    "diagnosis_recovery_due": (_await_recovery, True),
    "diagnosis_pause_snapshot_gone": (_lose_pause, False),
    "diagnosis_orphan": (_have_orphan, False),
    "diagnosis_lease_free": (_lose_lease, True),
    "diagnosis_schema_other": (change_schema, False),
    "diagnosis_disk_full": (_fill_disk, False),
    "diagnosis_cluster_silent": (_silence_cluster, True),
    "diagnosis_cluster_replaced": (_replace_cluster, True),
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
    "diagnosis_client_left": (leave_client, False),
    "diagnosis_old_snapshots_gone": (_lose_old_snapshot, False),
    "diagnosis_foreign_jobs": (have_foreign_jobs, False),
}
