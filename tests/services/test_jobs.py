"""Creating, editing and deleting jobs; drafts and versions."""

import pytest

from headgate.domain.errors import Conflict, Invalid, NotAllowed, NotFound, StaleRevision
from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.operations import Options
from headgate.domain.spec import JobSpec, JobType
from headgate.domain.workspaces import DEFAULT_WORKSPACE
from headgate.services.jobs import JobEdit, NewJob
from tests.services.world import SPEC, World, make_jar


class TestCreate:
    def test_a_job_has_an_id_of_its_own_and_a_draft(self, world: World) -> None:
        job = world.add_job()
        assert job.id.startswith("job-")
        assert len(job.id) == 14
        assert world.drafts.get(world.actor, job.id).spec == SPEC
        assert world.list_event_types(job) == ["JOB_CREATED"]

    def test_a_name_stands_once_in_a_workspace(self, world: World) -> None:
        world.add_job()
        with pytest.raises(Conflict) as refusal:
            world.add_job()
        assert refusal.value.code == "job_name_taken"

    @pytest.mark.parametrize(
        ("new", "code"),
        [
            (NewJob("", SPEC), "field_required"),
            (NewJob("  ", SPEC), "field_required"),
            (NewJob("x" * 101, SPEC), "field_too_long"),
            (NewJob("a/b", SPEC), "name_characters"),
            (NewJob("a\nb", SPEC), "name_characters"),
            (NewJob("job-0123456789", SPEC), "name_like_id"),
            (NewJob("a", SPEC, folder="x/../y"), "folder_invalid"),
            (NewJob("a", SPEC, folder="x//y"), "folder_invalid"),
            (NewJob("a", SPEC, folder="x" * 256), "field_too_long"),
            (NewJob("a", SPEC, labels={"no spaces": "x"}), "label_invalid"),
            (NewJob("a", SPEC, labels={"k": "x" * 256}), "label_invalid"),
            (NewJob("a", SPEC, labels={f"k{i}": "" for i in range(33)}), "labels_too_many"),
        ],
        ids=str,
    )
    def test_what_will_not_do_is_refused(self, world: World, new: NewJob, code: str) -> None:
        with pytest.raises(Invalid) as refusal:
            world.jobs.create(world.actor, DEFAULT_WORKSPACE, new)
        assert [problem.code for problem in refusal.value.problems] == [code]

    def test_a_workspace_that_one_may_not_see_is_not_there(self, world: World) -> None:
        with pytest.raises(NotFound) as refusal:
            world.jobs.create(world.stranger, DEFAULT_WORKSPACE, NewJob("a", SPEC))
        assert refusal.value.code == "workspace_not_found"

    def test_a_folder_is_written_without_slashes_at_its_ends(self, world: World) -> None:
        job = world.jobs.create(world.actor, DEFAULT_WORKSPACE, NewJob("a", SPEC, folder="/etl/ orders/"))
        assert job.folder == "etl/orders"


class TestEdit:
    def test_what_is_given_changes_and_the_rest_stays(self, world: World) -> None:
        job = world.add_job()
        after = world.jobs.update(world.actor, job.id, JobEdit(folder="etl", protected=True), 1)
        assert (after.name, after.folder, after.protected, after.revision) == ("orders", "etl", True, 2)
        assert world.list_event_types(job)[-1] == "JOB_UPDATED"

    def test_an_edit_of_an_older_revision_is_refused(self, world: World) -> None:
        job = world.add_job()
        world.jobs.update(world.actor, job.id, JobEdit(folder="etl"), 1)
        with pytest.raises(StaleRevision):
            world.jobs.update(world.actor, job.id, JobEdit(folder="other"), 1)

    def test_no_change_is_no_edit(self, world: World) -> None:
        job = world.add_job()
        assert world.jobs.update(world.actor, job.id, JobEdit(name="orders"), 1).revision == 1
        assert world.list_event_types(job) == ["JOB_CREATED"]

    def test_a_name_cannot_be_taken_twice(self, world: World) -> None:
        world.add_job("other")
        job = world.add_job()
        with pytest.raises(Conflict) as refusal:
            world.jobs.update(world.actor, job.id, JobEdit(name="other"), 1)
        assert refusal.value.code == "job_name_taken"


@pytest.mark.requirement("A-41", "U-15")
class TestDelete:
    @pytest.mark.parametrize(
        "settled", [Settled.NONE, Settled.SUSPENDED, Settled.CANCELLED, Settled.FINISHED, Settled.FAILED], ids=str
    )
    def test_a_job_at_rest_goes_with_its_history(self, world: World, settled: Settled) -> None:
        world.add_cluster()
        job = world.add_settled(settled)
        deleted = world.jobs.delete(world.actor, job.id)
        assert deleted.snapshots_left == (1 if settled is Settled.SUSPENDED else 0)
        with pytest.raises(NotFound):
            world.queries.get_job(world.actor, job.id)

    def test_a_running_job_stays(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        with pytest.raises(NotAllowed) as refusal:
            world.jobs.delete(world.actor, job.id)
        assert refusal.value.code == "job_not_deletable"

    def test_a_job_in_transition_stays(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        world.operations.request(world.actor, job.id, Verb.RUN, Options())
        with pytest.raises(NotAllowed) as refusal:
            world.jobs.delete(world.actor, job.id)
        assert (refusal.value.code, refusal.value.facts["phase"]) == ("job_not_deletable", "TRANSITIONING")

    def test_a_job_whose_run_is_not_confirmed_ended_stays(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        with world.store.write() as unit:
            unit.jobs.save_state(type(unit.jobs.get_state(job.id))(job.id, Settled.FAILED))
        with pytest.raises(NotAllowed) as refusal:
            world.jobs.delete(world.actor, job.id)
        assert refusal.value.code == "job_may_still_run"

    def test_a_protected_job_stays(self, world: World) -> None:
        job = world.add_job()
        world.jobs.update(world.actor, job.id, JobEdit(protected=True), None)
        with pytest.raises(NotAllowed) as refusal:
            world.jobs.delete(world.actor, job.id)
        assert refusal.value.code == "job_protected"

    def test_a_revision_that_is_given_must_fit(self, world: World) -> None:
        job = world.add_job()
        with pytest.raises(StaleRevision):
            world.jobs.delete(world.actor, job.id, 7)


class TestDraft:
    def test_saving_counts_the_revision_up(self, world: World) -> None:
        job = world.add_job()
        changed = JobSpec(JobType.SQL, sql="INSERT INTO x SELECT 1")
        assert world.drafts.save(world.actor, job.id, changed, 1).revision == 2
        assert world.drafts.save(world.actor, job.id, changed, 2).revision == 2
        with pytest.raises(StaleRevision):
            world.drafts.save(world.actor, job.id, SPEC, 1)

    def test_the_job_s_revision_is_another(self, world: World) -> None:
        job = world.add_job()
        world.drafts.save(world.actor, job.id, JobSpec(JobType.SQL, sql="INSERT INTO x SELECT 1"), 1)
        assert world.queries.get_job(world.actor, job.id).view.job.revision == 1

    def test_a_check_compiles_on_the_cluster_s_engine(self, world: World) -> None:
        world.add_cluster()
        job = world.add_job(spec=JobSpec(JobType.SQL, sql="INSERT", parallelism=3, flink_config={"a.b": "c"}))
        assert world.drafts.check(world.actor, job.id).is_ok
        ((version, script, settings),) = world.compiler.asked
        assert (version, script) == ("2.2.1", "INSERT")
        assert settings == {"a.b": "c", "parallelism.default": "3"}

    def test_a_check_names_a_cluster_that_is_not_there(self, world: World) -> None:
        job = world.add_job()
        assert [problem.code for problem in world.drafts.check(world.actor, job.id).problems] == [
            "spec_cluster_unknown"
        ]

    @pytest.mark.parametrize(
        ("main_class", "in_manifest", "artifact", "codes"),
        [
            ("", True, "app.jar", []),
            ("demo.Main", False, "app.jar", []),
            ("", False, "app.jar", ["main_class_missing"]),
            ("demo.Other", True, "app.jar", ["main_class_not_in_jar"]),
            ("", True, "none.jar", ["spec_artifact_unknown"]),
        ],
        ids=["from the manifest", "named", "no main class", "not in the jar", "no such jar"],
    )
    def test_a_check_looks_into_the_jar(
        self, world: World, main_class: str, in_manifest: bool, artifact: str, codes: list[str]
    ) -> None:
        world.add_cluster()
        world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", make_jar(in_manifest=in_manifest))
        job = world.add_job(spec=JobSpec(JobType.JAR, artifact=artifact, main_class=main_class))
        assert [problem.code for problem in world.drafts.check(world.actor, job.id).problems] == codes


class TestVersions:
    @pytest.mark.requirement("T0-06", "T2-05")
    def test_the_system_numbers_them_and_they_never_change(self, world: World) -> None:
        job = world.add_published()
        first = world.versions.get(world.actor, job.id, 1)
        world.drafts.save(world.actor, job.id, JobSpec(JobType.SQL, sql="INSERT INTO x SELECT 1"), None)
        assert world.publish(job).number == 2
        assert world.versions.get(world.actor, job.id, 1) == first
        assert [version.number for version in world.versions.list_of_job(world.actor, job.id)] == [2, 1]

    @pytest.mark.requirement("T2-03", "U-02")
    def test_publishing_starts_nothing(self, world: World) -> None:
        job = world.add_published()
        assert world.queries.get_job(world.actor, job.id).view.executing is None
        assert world.wakes == 0

    @pytest.mark.requirement("T2-05")
    @pytest.mark.parametrize("description", ["", "  \n"], ids=["empty", "blank"])
    def test_a_description_is_required(self, world: World, description: str) -> None:
        job = world.add_job()
        with pytest.raises(Invalid) as refusal:
            world.versions.publish(world.actor, job.id, description)
        assert refusal.value.code == "description_required"

    def test_a_version_keeps_the_jar_that_it_was_published_with(self, world: World) -> None:
        first = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", make_jar())
        job = world.add_published(spec=JobSpec(JobType.JAR, artifact="app.jar"))
        world.clock.advance(1)
        world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", make_jar("demo.Newer"))
        assert world.versions.get(world.actor, job.id, 1).spec.artifact == first.id
        assert world.queries.get_job(world.actor, job.id).view.draft_changed

    def test_a_jar_that_is_not_there_cannot_be_published(self, world: World) -> None:
        job = world.add_job(spec=JobSpec(JobType.JAR, artifact="app.jar"))
        with pytest.raises(Invalid) as refusal:
            world.publish(job)
        assert [problem.code for problem in refusal.value.problems] == ["spec_artifact_unknown"]
