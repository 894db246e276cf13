"""What is shown of jobs: derived states, filters, counts, pages."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headgate.domain.clusters import EngineVersion, Reachability
from headgate.domain.errors import Invalid
from headgate.domain.instances import Absence, FlinkStatus, InstanceEnd
from headgate.domain.lifecycle import Lifecycle, Phase, Settled, Verb, Wanted
from headgate.domain.operations import Finding, Options, StopSnapshot
from headgate.domain.spec import JobSpec, JobType
from headgate.domain.workspaces import DEFAULT_WORKSPACE
from headgate.ports.store import JobFilter
from headgate.services.clusters import LocalRegistration
from headgate.services.jobs import JobEdit
from headgate.services.pages import Window
from headgate.services.queries import JobQuery
from headgate.services.views import JobView
from tests.services.world import SQL, World

ALL = JobQuery(JobFilter(DEFAULT_WORKSPACE))


def view(world: World, job_id: str) -> JobView:
    return world.queries.get_job(world.actor, job_id).view


def names(world: World, query: JobQuery) -> list[str]:
    return [item.job.name for item in world.queries.list_jobs(world.actor, query, Window()).page.items]


@pytest.mark.requirement("U-01", "A-22", "A-26", "A-27")
class TestStates:
    @pytest.mark.parametrize(
        ("settled", "phase", "desired", "lifecycle", "flink_status"),
        [
            (Settled.NONE, Phase.PUBLISHED, None, Lifecycle.PUBLISHED, FlinkStatus.UNKNOWN),
            (Settled.RUNNING, Phase.RUNNING, Wanted.RUNNING, Lifecycle.ONLINE, FlinkStatus.RUNNING),
            (Settled.SUSPENDED, Phase.SUSPENDED, Wanted.SUSPENDED, Lifecycle.PUBLISHED, FlinkStatus.FINISHED),
            (Settled.CANCELLED, Phase.CANCELLED, Wanted.CANCELLED, Lifecycle.PUBLISHED, FlinkStatus.CANCELED),
            (Settled.FAILED, Phase.FAILED, Wanted.RUNNING, Lifecycle.ONLINE, FlinkStatus.FAILED),
        ],
        ids=["published", "running", "suspended", "cancelled", "failed"],
    )
    def test_four_axes_stand_side_by_side(
        self,
        world: World,
        settled: Settled,
        phase: Phase,
        desired: Wanted | None,
        lifecycle: Lifecycle,
        flink_status: FlinkStatus,
    ) -> None:
        world.add_cluster()
        shown = view(world, world.add_settled(settled).id)
        standing = shown.standing
        assert (standing.phase, standing.desired_state, standing.lifecycle) == (phase, desired, lifecycle)
        assert shown.flink_status is flink_status

    @pytest.mark.requirement("A-31", "A-28", "T0-14")
    def test_the_desired_state_changes_at_the_click(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        operation = world.operations.request(world.actor, job.id, Verb.RUN, Options())
        shown = view(world, job.id)
        assert (shown.standing.desired_state, shown.standing.phase) == (Wanted.RUNNING, Phase.TRANSITIONING)
        assert shown.executing == operation

    @pytest.mark.requirement("U-08")
    def test_flink_s_suspended_is_not_our_suspended(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        world.change_instance(job, lambda instance: replace(instance, flink_status=FlinkStatus.SUSPENDED))
        shown = view(world, job.id)
        assert (shown.standing.phase, shown.flink_status) == (Phase.RUNNING, FlinkStatus.SUSPENDED)

    @pytest.mark.requirement("U-09", "A-30", "D-08")
    def test_unreachable_stands_beside_the_phase_with_the_last_word_known(self, world: World) -> None:
        cluster = world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        world.see_cluster(cluster, Reachability.UNREACHABLE)
        shown = view(world, job.id)
        assert (shown.standing.phase, shown.flink_status) == (Phase.RUNNING, FlinkStatus.UNKNOWN)
        assert shown.reachability is not None
        assert (shown.reachability.state, shown.reachability.last_known) == (
            Reachability.UNREACHABLE,
            FlinkStatus.RUNNING,
        )

    def test_of_an_embedded_cluster_that_was_stopped_it_says_so(self, world: World) -> None:
        found = LocalRegistration("http://127.0.0.1:40001", EngineVersion("2.2.1"), "file:///sp", "file:///cp")
        cluster = world.clusters.register_local(DEFAULT_WORKSPACE, found)
        job = world.add_settled(Settled.RUNNING)
        for reachability, expected in (
            (Reachability.REACHABLE, None),
            (Reachability.UNREACHABLE, Finding("local_cluster_stopped", {"cluster": "local"})),
        ):
            world.see_cluster(cluster, reachability)
            shown = replace(world.queries, is_local_stopped=lambda: True).get_job(world.actor, job.id).view
            assert shown.reachability is not None
            assert shown.reachability.finding == expected

    def test_a_job_that_its_job_manager_does_not_know_is_missing(self, world: World) -> None:
        cluster = world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        world.see_cluster(cluster, Reachability.REACHABLE)
        since = world.clock.now()
        absence = Absence(None, since, timedelta())
        world.change_instance(job, lambda instance: replace(instance, absence=absence))
        shown = view(world, job.id).reachability
        assert shown is not None
        assert (shown.state, shown.since) == (Reachability.MISSING, since)

    @pytest.mark.requirement("D-14")
    def test_a_missing_job_has_run_until_it_was_first_missed(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        world.clock.advance(40)
        absence = Absence(None, world.clock.now(), timedelta())
        world.change_instance(job, lambda instance: replace(instance, absence=absence))
        world.clock.advance(500)
        instance = view(world, job.id).instance
        assert instance is not None
        assert instance.duration == timedelta(seconds=40)

    @pytest.mark.requirement("U-01", "U-08", "D-04")
    def test_of_a_lost_job_nothing_is_known_but_flink_s_last_word(self, world: World) -> None:
        cluster = world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        world.see_cluster(cluster, Reachability.REACHABLE)
        absence = Absence(None, world.clock.now(), timedelta(), 2)
        world.change_instance(
            job,
            lambda instance: replace(instance, end=InstanceEnd.LOST, absence=absence, ended_at=world.clock.now()),
        )
        listed = world.queries.list_jobs(world.actor, ALL, Window())
        shown = listed.page.items[0]
        assert (shown.flink_status, listed.counts.flink_status) == (FlinkStatus.UNKNOWN, {"UNKNOWN": 1})
        assert shown.reachability is not None
        assert (shown.reachability.state, shown.reachability.last_known) == (Reachability.MISSING, FlinkStatus.RUNNING)

    def test_nobody_has_looked_yet(self, world: World) -> None:
        world.add_cluster()
        assert view(world, world.add_settled(Settled.RUNNING).id).reachability is None

    def test_waiting_is_the_newest_wish(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        world.operations.request(world.actor, job.id, Verb.SAVEPOINT, Options())
        stop = world.operations.request(world.actor, job.id, Verb.STOP, Options(snapshot=StopSnapshot.NONE))
        shown = view(world, job.id)
        assert shown.executing == stop
        assert shown.waiting is not None
        assert shown.waiting.verb is Verb.SAVEPOINT


@pytest.mark.requirement("T1-21", "T1-22", "T1-23", "T1-24")
def test_times_and_units_of_the_present_and_of_all_runs(world: World) -> None:
    world.add_cluster()
    job = world.add_settled(Settled.RUNNING, spec=JobSpec(JobType.SQL, sql=SQL, parallelism=4))
    world.clock.advance(100)
    world.settle(job, Settled.CANCELLED)
    world.settle(job, Settled.RUNNING)
    world.clock.advance(50)
    detail = world.queries.get_job(world.actor, job.id)
    assert detail.view.instance is not None
    assert detail.view.instance.duration == timedelta(seconds=50)
    assert detail.view.instance.instance.number == 2
    assert detail.total_run == timedelta(seconds=151)
    assert detail.view.instance.cu == 5


@pytest.mark.requirement("U-09", "T1-21")
def test_time_that_nobody_saw_it_run_does_not_count(world: World) -> None:
    cluster = world.add_cluster()
    job = world.add_settled(Settled.RUNNING)
    world.clock.advance(100)
    world.see_cluster(cluster, Reachability.UNREACHABLE)
    world.clock.advance(600)
    detail = world.queries.get_job(world.actor, job.id)
    assert detail.view.instance is not None
    assert detail.view.instance.duration == detail.total_run == timedelta(seconds=100)


class TestOnlineVersion:
    def test_it_is_what_runs_whatever_was_published_since(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        world.publish(job)
        shown = view(world, job.id)
        assert (shown.online_version, shown.newest_version) == (1, 2)

    @pytest.mark.parametrize(
        ("settled", "version"), [(Settled.SUSPENDED, 1), (Settled.CANCELLED, None)], ids=["paused", "stopped"]
    )
    def test_a_pause_holds_it_a_stop_does_not(self, world: World, settled: Settled, version: int | None) -> None:
        world.add_cluster()
        assert view(world, world.add_settled(settled).id).online_version == version

    def test_the_draft_is_changed_until_it_is_published(self, world: World) -> None:
        job = world.add_published()
        assert not view(world, job.id).draft_changed
        world.drafts.save(world.actor, job.id, JobSpec(JobType.SQL, sql="INSERT INTO x SELECT 1"), None)
        assert view(world, job.id).draft_changed


class TestList:
    @pytest.fixture
    def filled(self, world: World) -> World:
        world.add_cluster()
        world.add_job("drafted")
        world.add_settled(Settled.RUNNING, "running")
        world.add_settled(Settled.FAILED, "failed")
        last = world.add_settled(Settled.RUNNING, "Also running")
        world.jobs.update(world.actor, last.id, JobEdit(labels={"team": "ops"}), None)
        return world

    def test_newest_first(self, filled: World) -> None:
        assert names(filled, ALL) == ["Also running", "failed", "running", "drafted"]

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"sort": "name"}, ["Also running", "drafted", "failed", "running"]),
            ({"sort": "-name"}, ["running", "failed", "drafted", "Also running"]),
            ({"phases": frozenset({Phase.RUNNING})}, ["Also running", "running"]),
            pytest.param({"phases": frozenset({Phase.DRAFT, Phase.FAILED})}, ["failed", "drafted"], id="of two phases"),
            ({"flink_statuses": frozenset({FlinkStatus.UNKNOWN})}, ["drafted"]),
            ({"lifecycles": frozenset({Lifecycle.DEVELOPING})}, ["drafted"]),
            ({"labels": (("team", None),)}, ["Also running"]),
            ({"labels": (("team", "dev"),)}, []),
            ({"rows": JobFilter(DEFAULT_WORKSPACE, text="RUN")}, ["Also running", "running"]),
        ],
        ids=str,
    )
    def test_filters_and_orders(self, filled: World, change: dict[str, object], expected: list[str]) -> None:
        assert names(filled, replace(ALL, **change)) == expected  # type: ignore[arg-type]  # each case knows its field

    def test_counts_are_of_all_that_fit_but_for_the_state(self, filled: World) -> None:
        found = filled.queries.list_jobs(filled.actor, replace(ALL, phases=frozenset({Phase.FAILED})), Window())
        assert found.total == 1
        assert found.counts.phase == {"RUNNING": 2, "FAILED": 1, "DRAFT": 1}
        assert found.counts.lifecycle == {"ONLINE": 3, "DEVELOPING": 1}

    def test_pages_go_on_where_the_last_one_ended_though_rows_come(self, filled: World) -> None:
        first = filled.queries.list_jobs(filled.actor, ALL, Window(2))
        filled.add_job("brand new")
        second = filled.queries.list_jobs(filled.actor, ALL, Window(2, first.page.next_cursor))
        assert [item.job.name for item in second.page.items] == ["running", "drafted"]
        assert second.page.next_cursor is None

    @pytest.mark.parametrize("cursor", ["%%%", "bm8", "WzFd", "e30", "WyJhIl0", "dHJ1ZQ"], ids=str)
    def test_a_foreign_cursor_is_refused(self, filled: World, cursor: str) -> None:
        with pytest.raises(Invalid) as refusal:
            filled.queries.list_jobs(filled.actor, ALL, Window(2, cursor))
        assert [problem.code for problem in refusal.value.problems] == ["cursor_invalid"]


class TestHistory:
    def test_events_of_one_instance_alone(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        page = world.queries.list_job_events(world.actor, job.id, Window(), instance=1)
        assert page.items == ()
        assert len(world.queries.list_job_events(world.actor, job.id, Window()).items) == 2

    def test_operations_come_in_pages(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        made = []
        for _ in range(5):
            operation = world.operations.request(world.actor, job.id, Verb.RUN, Options())
            world.close(operation)
            made.append(operation.id)
        seen: list[str] = []
        window = Window(2)
        while True:
            page = world.queries.list_job_operations(world.actor, job.id, window)
            seen += [operation.id for operation in page.items]
            if page.next_cursor is None:
                break
            window = Window(2, page.next_cursor)
        assert seen == made[::-1]

    @pytest.mark.requirement("D-02")
    def test_instances_across_jobs_are_the_newest_or_all(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.CANCELLED)
        world.settle(job, Settled.RUNNING)
        world.add_settled(Settled.RUNNING, "other")
        current = world.queries.list_instances(world.actor, DEFAULT_WORKSPACE, current=True, window=Window())
        every = world.queries.list_instances(world.actor, DEFAULT_WORKSPACE, current=False, window=Window())
        assert [len(current.items), len(every.items)] == [2, 3]
