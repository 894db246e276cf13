"""Jobs, drafts, versions and job states come back as they were written; revisions and names are guarded."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.errors import Conflict, NotFound, StaleRevision
from headgate.domain.jobs import JobId, JobState, Warning
from headgate.domain.lifecycle import Settled, Wanted
from headgate.domain.operations import Finding, OperationId
from headgate.domain.recovery import RecoveryState
from headgate.domain.snapshots import SnapshotId
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.store import Store
from tests.adapters.db.samples import NOW, add_job, draft, event, instance, intent, job, operation, snapshot, version


def test_a_job_and_its_draft_come_back_as_written(store: Store) -> None:
    made = job(folder="etl/订单", protected=True)
    with store.write() as unit:
        unit.jobs.add(made, draft(made))
    with store.read() as unit:
        assert unit.jobs.get(made.id) == made
        assert unit.jobs.get_draft(made.id) == draft(made)
        assert unit.jobs.find_by_name("default", "orders") == made
        assert unit.jobs.find_by_name("other", "orders") is None


def test_what_is_not_there_is_not_found_under_its_own_code(store: Store) -> None:
    with store.read() as unit:
        for get in (unit.jobs.get, unit.jobs.get_draft, unit.jobs.get_row, unit.jobs.get_state):
            with pytest.raises(NotFound) as caught:
                get("job-none")
            assert (caught.value.code, caught.value.facts) == ("job_not_found", {"job": "job-none"})
        with pytest.raises(NotFound, match="version_not_found"):
            unit.jobs.get_version("job-none", 1)
        assert unit.jobs.find_newest_version("job-none") is None


def test_a_name_is_taken_once_in_a_workspace(store: Store) -> None:
    with store.write() as unit:
        add_job(unit)
    with pytest.raises(Conflict) as caught, store.write() as unit:
        add_job(unit, id=JobId("job-2"))
    assert (caught.value.code, caught.value.facts["name"]) == ("job_name_taken", "orders")
    with store.write() as unit:
        add_job(unit, id=JobId("job-3"), workspace="other")


def test_a_job_may_not_be_renamed_to_a_taken_name(store: Store) -> None:
    with store.write() as unit:
        add_job(unit)
        second = add_job(unit, "second")
    with pytest.raises(Conflict, match="job_name_taken"), store.write() as unit:
        unit.jobs.update(replace(second, name="orders", revision=2))


def test_an_edit_replaces_the_revision_before_it(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        unit.jobs.update(replace(made, folder="etl", revision=2))
        unit.jobs.update_draft(draft(made, updated_by="bob", revision=2))
    with store.read() as unit:
        assert unit.jobs.get(made.id).folder == "etl"
        assert unit.jobs.get_draft(made.id).updated_by == "bob"


def test_an_edit_of_an_older_revision_is_stale(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        unit.jobs.update(replace(made, folder="etl", revision=2))
    with pytest.raises(StaleRevision) as caught, store.write() as unit:
        unit.jobs.update(replace(made, folder="late", revision=2))
    assert caught.value.facts == {"expected": "1", "actual": "2"}
    with pytest.raises(StaleRevision), store.write() as unit:
        unit.jobs.update_draft(draft(made, revision=3))
    with pytest.raises(NotFound, match="job_not_found"), store.write() as unit:
        unit.jobs.update(job("none", revision=2))


def test_versions_are_listed_newest_first_and_never_change(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        for number in (1, 2, 3):
            unit.jobs.add_version(version(made, number, description=f"the {number}."))
    with store.read() as unit:
        assert [found.number for found in unit.jobs.list_versions(made.id)] == [3, 2, 1]
        assert unit.jobs.find_newest_version(made.id) == version(made, 3, description="the 3.")
        assert unit.jobs.get_version(made.id, 2) == version(made, 2, description="the 2.")
    with pytest.raises(Conflict, match="version_exists"), store.write() as unit:
        unit.jobs.add_version(version(made, 3, description="another"))


@pytest.mark.parametrize(
    "spec",
    [
        JobSpec(JobType.SQL, sql="SELECT '\u0000'; -- 😀\n\tINSERT"),
        JobSpec(JobType.JAR, artifact="a.jar", main_class="a.B", args=("--x", "", "é"), parallelism=7),
        JobSpec(JobType.SQL, sql="x", checkpoint_interval=timedelta(milliseconds=1500), savepoint_dir="s3://b/sp"),
    ],
    ids=["sql", "jar", "intervals"],
)
def test_a_spec_comes_back_as_written(store: Store, spec: JobSpec) -> None:
    made = job()
    with store.write() as unit:
        unit.jobs.add(made, draft(made, spec=spec))
    with store.read() as unit:
        assert unit.jobs.get_draft(made.id).spec == spec


def test_a_job_begins_with_a_fresh_state_and_keeps_the_saved_one(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        assert unit.jobs.get_state(made.id) == JobState(made.id)
        for settled in (Settled.RUNNING, Settled.SUSPENDED):
            state = JobState(
                made.id,
                settled,
                Wanted.SUSPENDED,
                Warning(Finding("savepoint_failed", {"path": "file:///x"}, "磁盘"), NOW, OperationId("op-1")),
                SnapshotId("snap-1"),
                NOW - timedelta(days=1),
                changed_at=NOW,
                recovery=RecoveryState((NOW,), Finding("recovery_exhausted", {"attempts": "5"})),
                recovery_at=NOW + timedelta(seconds=10),
            )
            unit.jobs.save_state(state)
    with store.read() as unit:
        found = unit.jobs.get_state(made.id)
        assert found == state
        assert found.changed_at == NOW


def test_deleting_a_job_leaves_nothing_of_it(store: Store) -> None:
    with store.write() as unit:
        kept, gone = add_job(unit, "kept"), add_job(unit, "gone")
        for number, made in enumerate((kept, gone), start=1):
            unit.jobs.add_version(version(made))
            unit.jobs.save_state(JobState(made.id))
            unit.instances.add(instance(made))
            unit.intents.add(intent(instance(made)))
            unit.operations.add(operation(made, number))
            unit.operations.request_withdrawal(OperationId(f"op-{number}"), "ann", NOW)
            unit.snapshots.add(snapshot(made, made.name))
            unit.events.record(event(made))
    with store.write() as unit:
        unit.jobs.delete(gone.id)
    with store.read() as unit:
        assert unit.operations.list_busy_jobs() == [kept.id]
        assert unit.jobs.list_versions(gone.id) == []
        assert unit.instances.list_of_job(gone.id) == []
        assert unit.intents.list_of_job(gone.id) == []
        assert unit.operations.list_of_job(gone.id, 10, None) == []
        assert not unit.operations.is_withdrawal_requested(OperationId("op-2"))
        assert unit.snapshots.list_of_job(gone.id) == []
        assert unit.events.list_of_job(gone.id, 10, None) == []
        assert len(unit.events.list_of_workspace("default", 10, None)) == 1
        assert unit.jobs.get_row(kept.id).open_operations == (operation(kept, 1),)
    with pytest.raises(NotFound, match="job_not_found"), store.write() as unit:
        unit.jobs.delete(gone.id)
