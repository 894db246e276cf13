"""What is known of a job before Flink is asked: whose turn it is, where it would run, what it would restore."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.clusters import FLINK_HEARTBEAT, Cluster, ClusterId, ClusterState, Reachability
from headgate.domain.errors import NotFound
from headgate.domain.instances import FlinkStatus, InstanceEnd, InstanceId, new_flink_job_id
from headgate.domain.intents import IntentKind
from headgate.domain.jobs import JobId
from headgate.domain.lifecycle import Lane, Settled, Verb
from headgate.domain.operations import Finding, Options, RestoreFrom, StopSnapshot
from headgate.domain.recovery import Recovery, RecoveryPolicy
from headgate.domain.restore import FromSnapshot, Refused, Stateless
from headgate.domain.snapshots import PathStatus
from headgate.domain.spec import Restore, RestoreStrategy
from headgate.reconciler.situation import load_situation
from tests.unit.domain.facts import FIRST, JOB, NOW, SPEC, intent
from tests.unit.reconciler.house import CLUSTER, House

NONE = Options(snapshot=StopSnapshot.NONE)
FORCE = Options(snapshot=StopSnapshot.NONE, force=True)


def test_a_job_that_nobody_asks_anything_of(house: House) -> None:
    situation = house.load()
    assert situation.job.id == JOB
    assert (situation.operation, situation.intent, situation.instance, situation.version) == (None,) * 4
    assert situation.facts.state.settled is Settled.NONE
    assert situation.cluster is None, "it never ran and is not to run"


def test_a_job_that_was_deleted(house: House) -> None:
    with pytest.raises(NotFound) as caught, house.store.read() as work:
        load_situation(work, "job-gone", Lane.MAIN, NOW)
    assert caught.value.code == "job_not_found"


class TestWhoseTurnItIs:
    @pytest.mark.requirement("A-33", "U-06")
    def test_the_newest_that_has_sent_nothing_supersedes_the_older_ones(self, house: House) -> None:
        run, pause, stop = house.ask(Verb.RUN), house.ask(Verb.PAUSE), house.ask(Verb.STOP, NONE)
        situation = house.load()
        assert situation.operation == stop
        assert situation.to_close == (run, pause)

    @pytest.mark.requirement("A-33", "U-06")
    def test_one_that_has_sent_finishes_first(self, house: House) -> None:
        house.add_instance()
        pause = house.ask(Verb.PAUSE, sent=1)
        house.ask(Verb.RESUME)
        situation = house.load()
        assert (situation.operation, situation.to_close, situation.facts.forced) == (pause, (), None)

    def test_a_forced_stop_is_known_to_the_one_it_cuts_short(self, house: House) -> None:
        house.add_instance()
        pause = house.ask(Verb.PAUSE, sent=1)
        stop = house.ask(Verb.STOP, FORCE)
        situation = house.load()
        assert (situation.operation, situation.facts.forced) == (pause, stop)

    def test_the_owner_of_an_open_act_goes_first_whatever_was_asked_since(self, house: House) -> None:
        house.add_instance()
        pause = house.ask(Verb.PAUSE)
        house.add_intent(intent(IntentKind.STOP_WITH_SAVEPOINT, operation_id=pause.id))
        house.ask(Verb.STOP, NONE)
        assert house.load().operation == pause

    def test_one_taken_back_before_it_sent_anything_is_passed_over(self, house: House) -> None:
        pause = house.ask(Verb.RUN)
        house.withdraw(pause)
        situation = house.load()
        assert (situation.operation, situation.withdrawn) == (None, (pause,))

    def test_one_that_has_sent_cannot_be_taken_back(self, house: House) -> None:
        house.add_instance()
        pause = house.ask(Verb.PAUSE, sent=1)
        house.withdraw(pause)
        situation = house.load()
        assert (situation.operation, situation.withdrawn) == (pause, ())

    def test_each_lane_sees_its_own(self, house: House) -> None:
        house.add_instance()
        savepoint, pause = house.ask(Verb.SAVEPOINT), house.ask(Verb.PAUSE)
        assert house.load(Lane.MAIN).operation == pause
        assert house.load(Lane.SAVEPOINT).operation == savepoint


class TestTheOtherLane:
    @pytest.mark.parametrize(("sent", "busy"), [(0, False), (1, True)])
    def test_the_savepoint_lane_knows_whether_the_main_lane_executes(self, house: House, sent: int, busy: bool) -> None:
        house.add_instance()
        house.ask(Verb.SAVEPOINT)
        house.ask(Verb.PAUSE, sent=sent)
        assert house.load(Lane.SAVEPOINT).facts.main_is_busy is busy

    def test_an_open_act_of_the_main_lane_makes_it_busy_too(self, house: House) -> None:
        house.add_instance()
        house.ask(Verb.SAVEPOINT)
        house.add_intent(intent(IntentKind.CANCEL))
        assert house.load(Lane.SAVEPOINT).facts.main_is_busy
        assert not house.load(Lane.MAIN).facts.main_is_busy, "this is said to the savepoint lane only"

    def test_the_main_lane_knows_the_savepoint_in_flight(self, house: House) -> None:
        house.add_instance()
        house.ask(Verb.PAUSE)
        flying = house.add_intent(intent(IntentKind.SAVEPOINT))
        assert house.load(Lane.MAIN).facts.in_flight == flying
        assert house.load(Lane.SAVEPOINT).facts.in_flight is None


class TestAStartIsNext:
    @pytest.mark.requirement("T0-11")
    def test_its_version_and_what_it_restores_are_loaded(self, house: House) -> None:
        house.ask(Verb.RUN, Options(restore_from=RestoreFrom.NONE))
        situation = house.load()
        assert situation.version is not None
        assert (situation.version.number, situation.facts.restore) == (1, Stateless())
        assert situation.cluster == CLUSTER

    @pytest.mark.requirement("T0-27")
    def test_a_resume_restores_from_the_pause_s_snapshot(self, house: House) -> None:
        house.add_instance(end=InstanceEnd.SUSPENDED)
        kept, _ = house.add_snapshot(1), house.add_snapshot(2)
        house.save_state(Settled.SUSPENDED, suspended_on=kept.id)
        house.ask(Verb.RESUME)
        assert house.load().facts.restore == FromSnapshot(kept.path, kept)

    def test_a_refusal_is_loaded_too(self, house: House) -> None:
        house.add_instance(end=InstanceEnd.CANCELLED)
        house.ask(Verb.RUN, Options(restore_from=RestoreFrom.LATEST))
        assert house.load().facts.restore == Refused(Finding("no_restore_point"))

    @pytest.mark.parametrize(("sent", "known"), [(0, False), (1, False), (2, True)])
    def test_a_restart_knows_its_version_only_once_the_stop_is_done(self, house: House, sent: int, known: bool) -> None:
        house.add_instance(end=InstanceEnd.SUSPENDED if known else None)
        house.ask(Verb.RESTART, Options(keep_state=True), sent=sent)
        situation = house.load()
        assert (situation.version is not None, situation.facts.restore is not None) == (known, known)


class TestTheCluster:
    def test_of_the_open_act_first(self, house: House) -> None:
        self._add_cluster(house, "clu-2", "other")
        house.add_instance(cluster_id=ClusterId("clu-2"))
        house.add_intent(intent(IntentKind.CANCEL, cluster_id=ClusterId("clu-1")))
        assert self._found(house) == "clu-1"

    def test_of_the_live_instance_before_that_of_the_version(self, house: House) -> None:
        self._add_cluster(house, "clu-2", "other")
        house.add_instance(cluster_id=ClusterId("clu-2"))
        house.ask(Verb.RUN)
        assert self._found(house) == "clu-2"

    def test_of_the_version_once_the_instance_has_ended(self, house: House) -> None:
        self._add_cluster(house, "clu-2", "other")
        house.add_instance(cluster_id=ClusterId("clu-2"), end=InstanceEnd.CANCELLED)
        house.ask(Verb.RUN)
        assert self._found(house) == "clu-1"

    def test_of_the_ended_instance_where_nothing_is_to_start(self, house: House) -> None:
        house.add_instance(end=InstanceEnd.CANCELLED)
        assert self._found(house) == "clu-1"

    @pytest.mark.parametrize(
        ("verb", "options", "sent"),
        [
            pytest.param(Verb.RESUME, Options(), 0, id="a resume"),
            pytest.param(Verb.RESTART, Options(keep_state=True), 2, id="a restart"),
        ],
    )
    def test_what_goes_on_goes_on_where_it_was(self, house: House, verb: Verb, options: Options, sent: int) -> None:
        self._add_cluster(house, "clu-2", "other")
        house.add_instance(cluster_id=ClusterId("clu-2"), end=InstanceEnd.SUSPENDED)
        kept = house.add_snapshot()
        house.save_state(Settled.SUSPENDED, suspended_on=kept.id)
        house.ask(verb, options, sent=sent)
        assert self._found(house) == "clu-2"

    def test_one_that_is_not_registered_is_none(self, house: House) -> None:
        house.add_job(JobId("job-2"), replace(SPEC, cluster="nowhere"))
        house.ask(Verb.RUN, job_id="job-2")
        with house.store.read() as work:
            assert load_situation(work, "job-2", Lane.MAIN, NOW).cluster is None

    @staticmethod
    def _add_cluster(house: House, cluster_id: str, name: str) -> None:
        other: Cluster = replace(CLUSTER, id=ClusterId(cluster_id), name=name)
        with house.store.write() as work:
            work.clusters.add(other)

    @staticmethod
    def _found(house: House) -> str | None:
        cluster = house.load().cluster
        return cluster.id if cluster else None


class TestInstances:
    def test_the_pass_is_about_the_open_act_s_instance_else_the_newest(self, house: House) -> None:
        old = house.add_instance(1, end=InstanceEnd.GIVEN_UP)
        new = house.add_instance(2, end=InstanceEnd.CANCELLED)
        assert house.load().instance == new
        house.add_intent(intent(IntentKind.CANCEL, instance_id=InstanceId("ins-1")))
        situation = house.load()
        assert (situation.instance, situation.facts.instance) == (old, new)

    def test_the_ids_of_ended_instances_are_known(self, house: House) -> None:
        house.add_instance(1, end=InstanceEnd.GIVEN_UP)
        house.add_instance(2)
        assert house.load().closed_ids == {new_flink_job_id(JOB, 1)}

    def test_the_job_s_own_savepoint_directory_goes_before_the_cluster_s(self, house: House) -> None:
        house.add_instance(1, end=InstanceEnd.CANCELLED)
        assert house.load().facts.savepoint_dir == "file:///savepoints"
        house.add_instance(2, spec=replace(SPEC, savepoint_dir="s3://own"))
        assert house.load().facts.savepoint_dir == "s3://own"

    @pytest.mark.parametrize(
        ("status", "gone"), [(PathStatus.AVAILABLE, False), (PathStatus.UNKNOWN, False), (PathStatus.GONE, True)]
    )
    def test_whether_the_files_of_the_pause_are_gone(self, house: House, status: PathStatus, gone: bool) -> None:
        house.add_instance(end=InstanceEnd.SUSPENDED)
        kept = house.add_snapshot(path_status=status)
        house.save_state(Settled.SUSPENDED, suspended_on=kept.id)
        assert house.load().facts.pause_is_gone is gone


class TestTheRecoveryThatIsDue:
    """It is the next start only where nobody has asked for anything and no act is open."""

    @pytest.fixture
    def due(self, house: House) -> None:
        house.add_instance(end=InstanceEnd.FAILED)
        house.add_snapshot()
        house.save_state(Settled.FAILED, recovery_at=NOW)

    @pytest.mark.usefixtures("due")
    def test_where_nothing_is_open_its_version_and_restore_point_are_loaded(self, house: House) -> None:
        situation = house.load()
        assert situation.version is not None
        assert situation.facts.restore == FromSnapshot("file:///savepoints/1", house.list_snapshots()[0])
        assert house.load(Lane.SAVEPOINT).version is None

    @pytest.mark.usefixtures("due")
    def test_it_gives_way_to_what_a_person_asks_for(self, house: House) -> None:
        house.ask(Verb.STOP, NONE)
        assert (house.load().version, house.load().facts.restore) == (None, None)

    @pytest.mark.usefixtures("due")
    def test_it_waits_for_an_open_act(self, house: House) -> None:
        house.add_intent(intent(IntentKind.CANCEL, operation_id=None))
        assert (house.load().version, house.load().facts.restore) == (None, None)

    @pytest.mark.usefixtures("due")
    def test_what_is_older_than_the_job_allows_is_refused(self, house: House) -> None:
        with house.store.write() as work:
            job = work.jobs.get(JOB)
            young = Recovery(RecoveryPolicy.RESTORE, max_age=timedelta(minutes=1))
            work.jobs.update(replace(job, recovery=young, revision=job.revision + 1))
        restore = house.load().facts.restore
        assert isinstance(restore, Refused)
        assert restore.finding.code == "recovery_too_old"


def test_a_run_from_the_default_restores_what_the_job_s_own_setting_names(house: House) -> None:
    own = Restore(RestoreStrategy.CUSTOM, "file:///own/savepoint")
    with house.store.write() as work:
        version = work.jobs.get_version(JOB, 1)
        work.jobs.add_version(replace(version, number=2, spec=replace(SPEC, restore=own)))
    house.ask(Verb.RUN, Options(restore_from=RestoreFrom.DEFAULT), version=2)
    assert house.load().facts.restore == FromSnapshot("file:///own/savepoint")


@pytest.mark.parametrize("told", [timedelta(minutes=3), None], ids=["as the cluster says", "Flink's own"])
def test_how_long_old_tasks_may_outlive_their_jobmanager(house: House, told: timedelta | None) -> None:
    house.add_instance()
    if told is not None:
        state = ClusterState(CLUSTER.id, Reachability.REACHABLE, NOW, NOW, FIRST, timedelta(0), heartbeat_timeout=told)
        with house.store.write() as work:
            work.clusters.save_state(state)
    assert house.load().facts.heartbeat_timeout == (told or FLINK_HEARTBEAT)


class TestWhatBecameOfTheInstance:
    def test_where_no_act_is_open_it_is_the_newest_one(self, house: House) -> None:
        changed = replace(house.add_instance(), flink_status=FlinkStatus.RESTARTING)
        situation = house.load().with_instance(changed)
        assert (situation.facts.instance, situation.intent_instance) == (changed, None)

    def test_of_an_act_about_the_newest_it_is_both(self, house: House) -> None:
        changed = replace(house.add_instance(), flink_status=FlinkStatus.RESTARTING)
        house.add_intent(intent(IntentKind.CANCEL))
        situation = house.load().with_instance(changed)
        assert (situation.facts.instance, situation.intent_instance) == (changed, changed)

    def test_of_an_act_about_an_older_one_the_newest_stays_as_it_is(self, house: House) -> None:
        old = house.add_instance(1, end=InstanceEnd.GIVEN_UP)
        new = house.add_instance(2)
        house.add_intent(intent(IntentKind.CANCEL))
        changed = replace(old, flink_status=FlinkStatus.CANCELED)
        situation = house.load().with_instance(changed)
        assert (situation.facts.instance, situation.intent_instance) == (new, changed)
