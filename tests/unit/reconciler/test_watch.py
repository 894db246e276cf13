"""One sweep for all who want to know, and what is kept of a cluster's health."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from headgate.domain.clusters import (
    REGISTERED_TWICE,
    REPLACED,
    Cluster,
    ClusterId,
    ClusterKind,
    ClusterState,
    Incarnation,
    Reachability,
)
from headgate.domain.errors import FlinkUnavailable
from headgate.domain.instances import InstanceEnd
from headgate.domain.observation import OTHER_REGISTRATION
from headgate.ports.flink import Submission, Sweep
from headgate.reconciler.watch import CACHE_S, ClusterWatch, advance_state
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Fault
from tests.fakes.flink import FakeFlink
from tests.fakes.words import REFUSED
from tests.unit.domain.facts import NOW
from tests.unit.reconciler.house import CLUSTER, House

SECOND = timedelta(seconds=1)
LIFE, OTHER = Sweep(Incarnation("one"), {}), Sweep(Incarnation("other"), {})
GOOD = ClusterState(CLUSTER.id, Reachability.REACHABLE, NOW, NOW, LIFE.incarnation, timedelta(0))
SILENT = replace(GOOD, reachability=Reachability.UNREACHABLE, unreachable_before=SECOND, cause="refused")


@pytest.fixture
def watch(house: House) -> ClusterWatch:
    return ClusterWatch(house.store, house.flink, house.clock, CLUSTER.id)


def sweeps(house: House) -> int:
    return sum(call.name == "sweep" for call in house.flink.calls)


class TestLooking:
    def test_a_look_that_is_new_enough_is_shared(self, house: House, watch: ClusterWatch) -> None:
        first = watch.look(CLUSTER, NOW, None)
        house.clock.advance(1)
        assert watch.look(CLUSTER, NOW, None) is first is watch.newest
        assert first.reachability is Reachability.REACHABLE
        assert sweeps(house) == 1

    def test_one_that_is_too_old_is_taken_anew_and_dated_before_the_call(
        self, house: House, watch: ClusterWatch
    ) -> None:
        watch.look(CLUSTER, NOW, None)
        house.clock.advance(1)
        house.flink.inject(Fault.HANG)
        look = watch.look(CLUSTER, NOW + SECOND, None)
        assert look.at == NOW + SECOND
        assert house.clock.now() > look.at + SECOND
        assert sweeps(house) == 2

    @pytest.mark.requirement("A-30", "U-09")
    @pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.LOST_REPLY, Fault.HANG])
    def test_an_error_shows_no_jobs_and_keeps_the_last_known_jobmanager(
        self, house: House, watch: ClusterWatch, fault: Fault
    ) -> None:
        known = watch.look(CLUSTER, NOW, None).incarnation
        house.clock.advance(1)
        house.flink.inject(fault)
        look = watch.look(CLUSTER, house.clock.now(), None)
        assert (look.reachability, look.jobs, look.is_reachable) == (Reachability.UNREACHABLE, None, False)
        assert look.incarnation == known

    @pytest.mark.requirement("A-30", "U-09")
    def test_a_look_tells_when_the_last_silence_was_over(self, house: House, watch: ClusterWatch) -> None:
        began = watch.look(CLUSTER, NOW, None).answers_since
        house.clock.advance(1)
        assert watch.look(CLUSTER, house.clock.now(), None).answers_since == began == NOW
        house.clock.advance(1)
        house.flink.inject(Fault.REFUSED)
        watch.look(CLUSTER, house.clock.now(), None)
        house.clock.advance(1)
        assert watch.look(CLUSTER, house.clock.now(), None).answers_since == house.clock.now()


class TestWhatIsKept:
    def test_what_the_configuration_says_outlives_the_job_manager(self) -> None:
        told = replace(LIFE, heartbeat_timeout=timedelta(minutes=3), high_availability=True)
        seen = advance_state(None, CLUSTER, NOW, told, "")
        for state in (seen, advance_state(seen, CLUSTER, NOW + SECOND, None, "refused")):
            assert (state.heartbeat_timeout, state.high_availability) == (timedelta(minutes=3), True)

    @pytest.mark.requirement("A-30", "D-08", "U-09")
    def test_reachability_and_the_last_good_sweep(self, house: House, watch: ClusterWatch) -> None:
        watch.look(CLUSTER, NOW, None)
        house.clock.advance(10)
        house.flink.cut_off(CLUSTER, 30)
        watch.look(CLUSTER, house.clock.now(), None)
        state = self.find(house)
        assert (state.reachability, state.since, state.last_good_sweep) == (
            Reachability.UNREACHABLE,
            NOW + 10 * SECOND,
            NOW,
        )
        assert state.cause

    @pytest.mark.requirement("D-08")
    def test_every_idle_sweep_is_kept_as_the_last_good_look(self, house: House, watch: ClusterWatch) -> None:
        for _ in range(3):
            watch.look(CLUSTER, house.clock.now(), None)
            assert self.find(house).last_good_sweep == house.clock.now()
            house.clock.advance(5)

    def test_the_many_looks_of_a_busy_cluster_are_written_now_and_then(self, house: House, watch: ClusterWatch) -> None:
        written = set()
        for _ in range(16):
            watch.look(CLUSTER, house.clock.now(), None)
            written.add(self.find(house).last_good_sweep)
            house.clock.advance(0.5)
        assert sorted(written, key=str) == [NOW, NOW + 4 * SECOND]

    def test_that_a_cluster_has_not_answered_yet_is_written_once(self, house: House, watch: ClusterWatch) -> None:
        house.flink.cut_off(CLUSTER, 600)
        watch.look(CLUSTER, house.clock.now(), None)
        house.clock.advance(60)
        look = watch.look(CLUSTER, house.clock.now(), 99)  # nobody's lease: a write would be refused
        assert look.reachability is Reachability.UNREACHABLE

    def test_the_last_good_look_before_a_silence_is_kept_to_the_second(self, house: House, watch: ClusterWatch) -> None:
        for _ in range(2):
            watch.look(CLUSTER, house.clock.now(), None)
            house.clock.advance(1)
        house.flink.cut_off(CLUSTER, 30)
        watch.look(CLUSTER, house.clock.now(), None)
        assert self.find(house).last_good_sweep == NOW + SECOND

    def test_a_silence_is_a_warning_in_the_log(
        self, house: House, watch: ClusterWatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        watch.look(CLUSTER, NOW, None)
        house.clock.advance(1)
        house.flink.cut_off(CLUSTER, 30)
        for _ in range(2):
            watch.look(CLUSTER, house.clock.now(), None)
            house.clock.advance(1)
            assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
                ("INFO", f"cluster local answers at {CLUSTER.url}"),
                ("WARNING", f"cluster local does not answer at {CLUSTER.url}: {REFUSED}"),
            ]

    @pytest.mark.parametrize("error", [FlinkUnavailable("refused"), FlinkUnavailable("")], ids=["told", "untold"])
    def test_why_it_is_silent_is_kept_while_it_is(
        self, house: House, watch: ClusterWatch, monkeypatch: pytest.MonkeyPatch, error: FlinkUnavailable
    ) -> None:
        def fail(cluster: Cluster) -> Sweep:
            raise error

        with monkeypatch.context() as broken:
            broken.setattr(house.flink, "sweep", fail)
            watch.look(CLUSTER, NOW, None)
        assert self.find(house).cause == (error.cause or str(error)) != ""
        house.clock.advance(1)
        watch.look(CLUSTER, house.clock.now(), None)
        assert self.find(house).cause == ""

    def test_a_watch_of_a_new_server_goes_on_from_the_row(self, house: House, watch: ClusterWatch) -> None:
        house.flink.cut_off(CLUSTER, 600)
        watch.look(CLUSTER, NOW, None)
        house.clock.advance(60)
        look = ClusterWatch(house.store, house.flink, house.clock, CLUSTER.id).look(CLUSTER, house.clock.now(), None)
        assert look.unreachable_total == 60 * SECOND
        assert self.find(house).since == NOW

    @staticmethod
    def find(house: House) -> ClusterState:
        with house.store.read() as work:
            state = work.clusters.find_state(CLUSTER.id)
        assert state is not None
        return state


class TestAdvancing:
    at = NOW + 10 * SECOND

    def test_a_first_sweep(self) -> None:
        assert advance_state(None, CLUSTER, NOW, LIFE, "") == GOOD
        first = advance_state(None, CLUSTER, NOW, None, "refused")
        assert (first.reachability, first.last_good_sweep, first.incarnation) == (Reachability.UNREACHABLE, None, None)

    def test_still_good(self) -> None:
        assert advance_state(GOOD, CLUSTER, self.at, LIFE, "") == replace(GOOD, last_good_sweep=self.at)

    def test_another_jobmanager(self) -> None:
        assert advance_state(GOOD, CLUSTER, self.at, OTHER, "").incarnation == OTHER.incarnation

    def test_it_falls_silent(self) -> None:
        after = advance_state(GOOD, CLUSTER, self.at, None, "refused")
        assert after == replace(GOOD, reachability=Reachability.UNREACHABLE, since=self.at, cause="refused")

    def test_still_silent(self) -> None:
        after = advance_state(SILENT, CLUSTER, self.at, None, "time-out")
        assert after == replace(SILENT, cause="time-out")
        assert after.unreachable_total(self.at) == 11 * SECOND

    def test_it_answers_again_and_the_silence_is_summed_up(self) -> None:
        after = advance_state(SILENT, CLUSTER, self.at, LIFE, "")
        assert (after.unreachable_before, after.since, after.cause) == (11 * SECOND, self.at, "")
        assert after.unreachable_total(self.at + SECOND) == 11 * SECOND


@pytest.mark.requirement("U-09", "A-30")
class TestWhoAnswers:
    """What answers at the address may be another cluster than the one on which the jobs were started."""

    def look(self, house: House, watch: ClusterWatch, cluster: Cluster = CLUSTER) -> str:
        house.clock.advance(1)
        watch.look(cluster, house.clock.now(), None)
        with house.store.read() as work:
            state = work.clusters.find_state(cluster.id)
        assert state is not None
        return state.cause if state.reachability is Reachability.UNREACHABLE else ""

    def test_another_one_is_not_taken_for_it_while_jobs_are_on_the_old_one(
        self, house: House, watch: ClusterWatch
    ) -> None:
        house.flink.submit(CLUSTER, Submission(house.add_instance(), "orders"))
        assert self.look(house, watch) == ""
        house.flink.replace_cluster(CLUSTER)
        assert self.look(house, watch) == self.look(house, watch) == REPLACED
        again = ClusterWatch(house.store, house.flink, house.clock, CLUSTER.id)
        assert self.look(house, again) == REPLACED, "the next server knows it too"
        given_up = replace(house.list_instances()[0], end=InstanceEnd.GIVEN_UP)
        with house.store.write() as work:
            work.instances.save(given_up)
        assert self.look(house, again) == ""

    def test_a_restart_of_the_same_one_is(self, house: House, watch: ClusterWatch) -> None:
        house.add_instance()
        self.look(house, watch)
        house.flink.restart_job_manager(CLUSTER, 0.0)
        assert self.look(house, watch) == ""

    @pytest.mark.parametrize("kind", ["local", "high availability"])
    def test_one_that_may_change_is(self, house: House, watch: ClusterWatch, kind: str) -> None:
        cluster = replace(CLUSTER, high_availability=True)
        if kind == "local":
            cluster = replace(CLUSTER, kind=ClusterKind.LOCAL)
        house.add_instance()
        self.look(house, watch, cluster)
        house.flink.replace_cluster(cluster)
        assert self.look(house, watch, cluster) == ""

    def test_a_second_registration_of_the_same_flink_is_none(self, house: House, watch: ClusterWatch) -> None:
        twin = replace(CLUSTER, id=ClusterId("clu-2"), name="twin", created_at=CLUSTER.created_at + SECOND)
        with house.store.write() as work:
            work.clusters.add(twin)
        self.look(house, watch)
        house.flink.share_job_manager(CLUSTER, twin)
        second = ClusterWatch(house.store, house.flink, house.clock, twin.id)
        assert self.look(house, second, twin) == REGISTERED_TWICE + CLUSTER.name
        assert second.newest is not None
        assert second.newest.silence == OTHER_REGISTRATION
        assert self.look(house, watch) == ""

    def test_flink_says_itself_whether_it_has_high_availability(self, house: House, watch: ClusterWatch) -> None:
        house.flink.job_manager(CLUSTER)
        house.clock.advance(1)
        told = replace(CLUSTER, high_availability=True)
        assert watch.look(told, house.clock.now(), None).high_availability

    @pytest.mark.parametrize("registered", [True, False])
    def test_one_whose_high_availability_is_known_from_either_side_may_change(
        self, house: House, registered: bool
    ) -> None:
        class Telling(FakeFlink):
            def sweep(self, cluster: Cluster) -> Sweep:
                return replace(super().sweep(cluster), high_availability=not registered)

        own = House(house.store, Telling(FakeClock(NOW)))
        cluster = replace(CLUSTER, high_availability=registered)
        own.add_instance()
        watch = ClusterWatch(own.store, own.flink, own.clock, CLUSTER.id)
        self.look(own, watch, cluster)
        own.flink.replace_cluster(cluster)
        assert self.look(own, watch, cluster) == ""


def test_an_end_is_new_until_flink_s_cache_has_surely_run_out(house: House, watch: ClusterWatch) -> None:
    run = house.add_instance()
    house.flink.submit(CLUSTER, Submission(run, "orders"))
    house.flink.finish_job(run.flink_job_id)
    began = house.clock.monotonic()
    assert watch.look(CLUSTER, NOW, None).just_ended == {run.flink_job_id}
    for at, known in ((CACHE_S, {run.flink_job_id}), (CACHE_S + 0.1, set())):
        house.clock.advance(began + at - house.clock.monotonic())
        assert watch.look(CLUSTER, house.clock.now(), None).just_ended == known


class Skipping(FakeClock):
    """It tells of a skip that the test has made."""

    skipped: datetime | None = None

    def skipped_to(self) -> datetime | None:
        return self.skipped


class TestSkippedTime:
    """An hour that the clock has skipped is no hour of answers, and none of silence."""

    HOUR = timedelta(hours=1)

    def test_while_it_answered_no_deadline_comes_nearer(self) -> None:
        after = GOOD.without(self.HOUR)
        assert (after.since, after.unreachable_total(NOW)) == (GOOD.since, self.HOUR)

    def test_while_it_was_silent_the_silence_is_no_longer_and_the_sum_the_same(self) -> None:
        at = NOW + self.HOUR
        after = SILENT.without(self.HOUR)
        assert (after.since, after.unreachable_total(at)) == (NOW + self.HOUR, SILENT.unreachable_total(at))

    def test_what_was_skipped_between_two_looks_is_taken_out_of_a_silence_once(self, house: House) -> None:
        clock = Skipping(NOW)
        flink = FakeFlink(clock)
        watch = ClusterWatch(house.store, flink, clock, CLUSTER.id)
        flink.cut_off(CLUSTER, 10_000)
        began = []
        for seconds in (0, 10, 3600, 1):
            clock.advance(seconds)
            if seconds == 3600:
                clock.skipped = clock.now()
            watch.look(CLUSTER, clock.now(), None)
            began.append(TestWhatIsKept.find(house).since - NOW)
        assert began == [0 * SECOND, 0 * SECOND, 3600 * SECOND, 3600 * SECOND]

    def test_a_new_fence_means_that_another_server_may_have_written(self, house: House, watch: ClusterWatch) -> None:
        watch.look(CLUSTER, NOW, None)
        with house.store.write() as work:
            state = work.clusters.find_state(CLUSTER.id)
            assert state is not None
            work.clusters.save_state(replace(state, unreachable_before=self.HOUR))
        assert watch.look(CLUSTER, NOW, None).unreachable_total == timedelta(0)
        fence = house.make_lease()
        assert fence.keep()
        assert watch.look(CLUSTER, NOW, fence.fence).unreachable_total == self.HOUR
