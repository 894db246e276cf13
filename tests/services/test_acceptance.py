"""Which verbs are accepted when, and with which options: the rules that a person meets."""

from dataclasses import replace

import pytest

from headgate.domain.errors import Invalid, NotAllowed, NotFound
from headgate.domain.lifecycle import VERBS, Settled, Verb
from headgate.domain.operations import Options, RestoreFrom, StepName, StopSnapshot
from headgate.domain.spec import JobSpec, JobType
from headgate.services.acceptance import accept, load_request
from headgate.services.clusters import ClusterEdit
from tests.services.world import SQL, World

READY: dict[Verb, Options] = {
    Verb.RUN: Options(restore_from=RestoreFrom.NONE),
    Verb.PAUSE: Options(),
    Verb.RESUME: Options(),
    Verb.STOP: Options(snapshot=StopSnapshot.NONE),
    Verb.RESTART: Options(keep_state=True),
    Verb.SAVEPOINT: Options(),
}
SETTLED = pytest.mark.parametrize("settled", list(Settled))
SEEN = [verb for verb in Verb if not VERBS[verb].out_of_sight]
"""What is asked of a job that can be seen; what becomes of one that cannot is in `test_declare_lost.py`."""


@pytest.mark.requirement("T0-13", "T0-26", "T0-30", "T0-33", "T1-04", "T1-10", "T0-04", "T1-02")
@SETTLED
@pytest.mark.parametrize("verb", SEEN)
def test_a_verb_is_accepted_exactly_where_the_table_says(world: World, verb: Verb, settled: Settled) -> None:
    world.add_cluster()
    job = world.add_settled(settled)
    phase = world.queries.get_job(world.actor, job.id).view.standing.phase
    if phase in VERBS[verb].allowed_from:
        operation = world.operations.request(world.actor, job.id, verb, READY[verb])
        assert (operation.verb, operation.is_open) == (verb, True)
        assert world.wakes == 1
    else:
        with pytest.raises(NotAllowed) as refusal:
            world.operations.request(world.actor, job.id, verb, READY[verb])
        assert refusal.value.code == "verb_not_allowed"
        assert refusal.value.facts["phase"] == phase
        assert verb.value not in refusal.value.facts["allowed_verbs"].split(",")
        assert world.wakes == 0


@pytest.mark.parametrize("verb", SEEN)
def test_nothing_may_be_done_with_a_job_that_was_never_published(world: World, verb: Verb) -> None:
    world.add_cluster()
    job = world.add_job()
    with pytest.raises(NotAllowed) as refusal:
        world.operations.request(world.actor, job.id, verb, READY[verb])
    assert refusal.value.code == "job_not_published"


@pytest.mark.requirement("A-33", "U-06")
def test_a_change_of_mind_is_judged_by_where_the_job_is_going(world: World) -> None:
    world.add_cluster()
    job = world.add_published()
    world.operations.request(world.actor, job.id, Verb.RUN, READY[Verb.RUN])
    pause = world.operations.request(world.actor, job.id, Verb.PAUSE, READY[Verb.PAUSE])
    resume = world.operations.request(world.actor, job.id, Verb.RESUME, READY[Verb.RESUME])
    assert (pause.version, resume.version) == (None, 1)
    with pytest.raises(NotAllowed) as refusal:
        world.operations.request(world.actor, job.id, Verb.RUN, READY[Verb.RUN])
    assert (refusal.value.facts["phase"], refusal.value.facts["expected_phase"]) == ("TRANSITIONING", "RUNNING")


def test_a_run_may_go_on_from_the_snapshot_that_a_pause_is_about_to_make(world: World) -> None:
    world.add_cluster()
    job = world.add_settled(Settled.RUNNING)
    world.operations.request(world.actor, job.id, Verb.PAUSE, Options())
    latest = Options(restore_from=RestoreFrom.LATEST)
    assert world.operations.request(world.actor, job.id, Verb.RUN, latest).version == 1


@pytest.mark.requirement("U-04")
@pytest.mark.parametrize(
    ("verb", "code"),
    [(Verb.STOP, "stop_snapshot_required"), (Verb.RESTART, "keep_state_required")],
    ids=["stop", "restart"],
)
def test_what_happens_to_the_state_has_no_silent_default(world: World, verb: Verb, code: str) -> None:
    world.add_cluster()
    job = world.add_settled(Settled.RUNNING)
    with pytest.raises(Invalid) as refusal:
        world.operations.request(world.actor, job.id, verb, Options())
    assert [problem.code for problem in refusal.value.problems] == [code]


@pytest.mark.parametrize("verb", SEEN)
def test_an_option_of_another_verb_is_refused(world: World, verb: Verb) -> None:
    world.add_cluster()
    job = world.add_settled(Settled.RUNNING)
    foreign = Options(version=1) if verb is not Verb.RUN else Options(force=True)
    with pytest.raises(Invalid) as refusal:
        world.operations.request(world.actor, job.id, verb, foreign)
    assert [problem.code for problem in refusal.value.problems] == ["option_unknown"]


@pytest.mark.requirement("U-05", "A-36", "A-39")
@pytest.mark.parametrize(
    ("verb", "options"),
    [
        (Verb.PAUSE, Options()),
        (Verb.SAVEPOINT, Options()),
        (Verb.STOP, Options(snapshot=StopSnapshot.CREATE)),
        (Verb.RESTART, Options(keep_state=True)),
    ],
    ids=["pause", "savepoint", "stop with snapshot", "restart with state"],
)
class TestWithoutSavepointDirectory:
    def test_it_is_refused(self, world: World, verb: Verb, options: Options) -> None:
        world.add_cluster(savepoint_dir=None)
        job = world.add_settled(Settled.RUNNING)
        with pytest.raises(NotAllowed) as refusal:
            world.operations.request(world.actor, job.id, verb, options)
        assert refusal.value.code == "savepoint_dir_missing"

    def test_it_is_refused_while_the_job_is_starting(self, world: World, verb: Verb, options: Options) -> None:
        world.add_cluster(savepoint_dir=None)
        job = world.add_published()
        world.operations.request(world.actor, job.id, Verb.RUN, Options())
        with pytest.raises(NotAllowed) as refusal:
            world.operations.request(world.actor, job.id, verb, options)
        assert refusal.value.code == "savepoint_dir_missing"

    def test_the_job_s_own_directory_is_enough(self, world: World, verb: Verb, options: Options) -> None:
        world.add_cluster(savepoint_dir=None)
        job = world.add_settled(Settled.RUNNING, spec=JobSpec(JobType.SQL, sql=SQL, savepoint_dir="file:///own"))
        assert world.operations.request(world.actor, job.id, verb, options).is_open


@pytest.mark.requirement("U-05", "A-35")
def test_a_pause_without_a_directory_needs_the_loss_of_state_said_and_records_it(world: World) -> None:
    world.add_cluster(savepoint_dir=None)
    job = world.add_settled(Settled.RUNNING)
    world.operations.request(world.actor, job.id, Verb.PAUSE, Options(allow_state_loss=True))
    with world.store.read() as unit:
        (event,) = unit.events.list_of_job(job.id, 1, None)
    assert event.facts == {"verb": "pause", "options": "allow_state_loss=true"}
    assert event.actor == world.actor.name


class TestRestore:
    def test_the_first_run_needs_no_word_about_state(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        assert world.operations.request(world.actor, job.id, Verb.RUN, Options()).version == 1

    @pytest.mark.parametrize("settled", [Settled.SUSPENDED, Settled.CANCELLED], ids=["suspended", "cancelled"])
    def test_a_run_must_say_from_what_once_a_snapshot_exists(self, world: World, settled: Settled) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED)
        if settled is not Settled.SUSPENDED:
            world.settle(job, settled)
        with pytest.raises(NotAllowed) as refusal:
            world.operations.request(world.actor, job.id, Verb.RUN, Options())
        assert refusal.value.code == "from_required"

    def test_a_run_must_say_from_what_after_one_that_failed_by_itself(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.FAILED)
        with pytest.raises(NotAllowed) as refusal:
            world.operations.request(world.actor, job.id, Verb.RUN, Options())
        assert refusal.value.code == "from_required"

    def test_a_run_after_a_stop_that_kept_nothing_need_not_say_from_what(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.CANCELLED)
        assert world.operations.request(world.actor, job.id, Verb.RUN, Options()).version == 1

    def test_latest_without_any_snapshot_is_refused(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.CANCELLED)
        with pytest.raises(NotAllowed) as refusal:
            world.operations.request(world.actor, job.id, Verb.RUN, Options(restore_from=RestoreFrom.LATEST))
        assert refusal.value.code == "no_restore_point"

    def test_a_snapshot_must_be_named(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED)
        with pytest.raises(Invalid) as refusal:
            world.operations.request(world.actor, job.id, Verb.RUN, Options(restore_from=RestoreFrom.SNAPSHOT))
        assert [problem.code for problem in refusal.value.problems] == ["snapshot_id_required"]

    def test_a_snapshot_named_without_use_is_refused(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED)
        with pytest.raises(Invalid) as refusal:
            world.operations.request(
                world.actor, job.id, Verb.RUN, Options(restore_from=RestoreFrom.NONE, snapshot_id="snap-1")
            )
        assert [problem.code for problem in refusal.value.problems] == ["snapshot_id_unused"]

    def test_the_snapshot_must_be_the_job_s_own(self, world: World) -> None:
        world.add_cluster()
        job, other = world.add_settled(Settled.SUSPENDED), world.add_settled(Settled.SUSPENDED, "other")
        with world.store.read() as unit:
            (foreign,) = unit.snapshots.list_of_job(other.id)
        with pytest.raises(NotFound) as refusal:
            world.operations.request(world.actor, job.id, Verb.RESUME, Options(snapshot_id=foreign.id))
        assert refusal.value.code == "snapshot_not_found"


class TestVersionAndCluster:
    def test_a_run_takes_the_newest_version_or_the_one_named(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        world.publish(job)
        none = RestoreFrom.NONE
        newest = world.operations.request(world.actor, job.id, Verb.RUN, Options(restore_from=none))
        world.close(newest)
        named = world.operations.request(world.actor, job.id, Verb.RUN, Options(restore_from=none, version=1))
        assert (newest.version, named.version) == (2, 1)

    def test_an_unknown_version_is_not_found(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        with pytest.raises(NotFound) as refusal:
            world.operations.request(world.actor, job.id, Verb.RUN, Options(version=9))
        assert refusal.value.code == "version_not_found"

    @pytest.mark.parametrize("verb", [Verb.RESUME, Verb.RESTART], ids=str)
    def test_resume_and_restart_keep_the_version_that_ran(self, world: World, verb: Verb) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED if verb is Verb.RESUME else Settled.RUNNING)
        world.publish(job)
        assert world.operations.request(world.actor, job.id, verb, READY[verb]).version == 1

    def test_resume_takes_the_paused_version_after_another_one_failed_to_start(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED)
        world.publish(job)
        world.fail_to_start(job)
        assert world.queries.get_job(world.actor, job.id).view.online_version == 1
        assert world.operations.request(world.actor, job.id, Verb.RESUME, Options()).version == 1

    @pytest.mark.parametrize("verb", [Verb.RESUME, Verb.RESTART], ids=str)
    def test_what_goes_on_goes_on_where_it_was(self, world: World, verb: Verb) -> None:
        was_on = world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED if verb is Verb.RESUME else Settled.RUNNING)
        with world.store.write() as unit:
            unit.clusters.update(replace(was_on, name="renamed", revision=was_on.revision + 1))
        world.add_cluster("other")
        with world.store.read() as unit:
            request = load_request(unit, unit.jobs.get_row(job.id), verb, READY[verb], world.clock)
        chosen = accept(request).cluster
        assert chosen is not None
        assert (chosen.id, chosen.name) == (was_on.id, "renamed")

    @pytest.mark.parametrize(
        ("version", "is_refused"),
        [
            pytest.param("2.2.7", False, id="another patch"),
            pytest.param("2.3.0", True, id="newer"),
            pytest.param("1.20.5", True, id="older"),
        ],
    )
    def test_a_resume_does_not_restore_across_lines_of_flink(
        self, world: World, version: str, is_refused: bool
    ) -> None:
        """The cluster was upgraded while the job was paused: only a run may try it, for that is what it says."""
        cluster = world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED)
        world.clusters.update(world.actor, cluster.id, ClusterEdit(engine_version=version), None)
        if not is_refused:
            assert world.operations.request(world.actor, job.id, Verb.RESUME, Options()).is_open
            return
        with pytest.raises(NotAllowed) as refusal:
            world.operations.request(world.actor, job.id, Verb.RESUME, Options())
        assert refusal.value.code == "resume_on_other_flink"
        assert (refusal.value.facts["snapshot_version"], refusal.value.facts["version"]) == ("2.2.1", version)
        latest = Options(restore_from=RestoreFrom.LATEST)
        assert world.operations.request(world.actor, job.id, Verb.RUN, latest).is_open

    def test_a_run_on_a_cluster_that_is_not_registered_is_refused(self, world: World) -> None:
        job = world.add_published()
        with pytest.raises(NotAllowed) as refusal:
            world.operations.request(world.actor, job.id, Verb.RUN, Options())
        assert refusal.value.code == "cluster_missing"


@pytest.mark.parametrize(
    ("verb", "settled", "options", "steps"),
    [
        (Verb.RUN, Settled.NONE, Options(), [StepName.SUBMIT]),
        (Verb.PAUSE, Settled.RUNNING, Options(), [StepName.STOP_WITH_SAVEPOINT]),
        (Verb.STOP, Settled.RUNNING, Options(snapshot=StopSnapshot.NONE), [StepName.CANCEL]),
        (Verb.STOP, Settled.RUNNING, Options(snapshot=StopSnapshot.CREATE), [StepName.STOP_WITH_SAVEPOINT]),
        (Verb.RESTART, Settled.RUNNING, Options(keep_state=False), [StepName.CANCEL, StepName.SUBMIT]),
    ],
    ids=["run", "pause", "stop", "stop with snapshot", "restart without state"],
)
@pytest.mark.requirement("T2-15")
def test_an_operation_is_appended_with_its_steps(
    world: World, verb: Verb, settled: Settled, options: Options, steps: list[StepName]
) -> None:
    world.add_cluster()
    job = world.add_settled(settled)
    operation = world.operations.request(world.actor, job.id, verb, options)
    assert [step.name for step in operation.steps] == steps
    assert world.list_event_types(job)[-1] == "OPERATION_REQUESTED"
