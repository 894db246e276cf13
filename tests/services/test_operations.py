"""Operations as rows: joined double clicks, withdrawals, and dry runs that change nothing."""

from dataclasses import replace

import pytest

from headgate.domain.clusters import Cluster, Reachability
from headgate.domain.errors import NotAllowed, NotFound
from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.operations import ClaimMode, OperationStatus, Options, RestoreFrom, StepStatus, StopSnapshot
from headgate.domain.restore import FromSnapshot, Stateless
from headgate.domain.snapshots import PathStatus
from tests.services.world import World

NONE = Options(restore_from=RestoreFrom.NONE)


@pytest.mark.requirement("T0-12")
def test_the_same_request_twice_is_one_operation(world: World) -> None:
    world.add_cluster()
    job = world.add_published()
    first = world.operations.request(world.actor, job.id, Verb.RUN, NONE)
    second = world.operations.request(world.actor, job.id, Verb.RUN, NONE)
    assert second == first
    assert world.list_event_types(job)[-2:] == ["OPERATION_REQUESTED", "OPERATION_JOINED"]


def test_a_request_with_other_options_is_another_operation(world: World) -> None:
    world.add_cluster()
    job = world.add_settled(Settled.RUNNING)
    first = world.operations.request(world.actor, job.id, Verb.STOP, Options(snapshot=StopSnapshot.NONE))
    second = world.operations.request(world.actor, job.id, Verb.STOP, Options(snapshot=StopSnapshot.NONE, force=True))
    assert (second.number > first.number, second.id != first.id) == (True, True)


def test_a_closed_operation_is_not_joined(world: World) -> None:
    world.add_cluster()
    job = world.add_published()
    first = world.operations.request(world.actor, job.id, Verb.RUN, NONE)
    world.close(first, OperationStatus.FAIL)
    assert world.operations.request(world.actor, job.id, Verb.RUN, NONE).id != first.id


def test_somebody_without_the_workspace_finds_nothing(world: World) -> None:
    world.add_cluster()
    job = world.add_published()
    operation = world.operations.request(world.actor, job.id, Verb.RUN, NONE)
    with pytest.raises(NotFound) as of_job:
        world.operations.request(world.stranger, job.id, Verb.STOP, Options(snapshot=StopSnapshot.NONE))
    with pytest.raises(NotFound) as of_operation:
        world.operations.get(world.stranger, operation.id)
    assert (of_job.value.code, of_operation.value.code) == ("job_not_found", "operation_not_found")


class TestWithdrawal:
    def test_what_was_taken_back_is_not_joined(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        first = world.operations.request(world.actor, job.id, Verb.RUN, Options())
        world.operations.withdraw(world.actor, first.id)
        with pytest.raises(NotAllowed):
            world.operations.request(world.actor, job.id, Verb.RUN, Options())

    def test_a_run_of_an_older_version_is_not_joined(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        world.operations.request(world.actor, job.id, Verb.RUN, Options())
        world.publish(job)
        with pytest.raises(NotAllowed) as refusal:
            world.operations.request(world.actor, job.id, Verb.RUN, Options())
        assert refusal.value.code == "verb_not_allowed"

    def test_a_waiting_operation_is_marked_for_the_reconciler(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        operation = world.operations.request(world.actor, job.id, Verb.RUN, NONE)
        world.operations.withdraw(world.actor, operation.id)
        with world.store.read() as unit:
            assert unit.operations.is_withdrawal_requested(operation.id)
        assert world.wakes == 2

    def test_asked_twice_is_asked_once(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        operation = world.operations.request(world.actor, job.id, Verb.RUN, NONE)
        world.operations.withdraw(world.actor, operation.id)
        assert world.operations.withdraw(world.actor, operation.id).id == operation.id

    def test_one_that_has_called_flink_is_refused_and_not_marked(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        operation = world.operations.request(world.actor, job.id, Verb.RUN, NONE)
        sent = replace(operation.steps[0], status=StepStatus.OPERATING)
        with world.store.write() as unit:
            unit.operations.save(replace(operation, status=OperationStatus.OPERATING, steps=(sent,)))
        with pytest.raises(NotAllowed) as refusal:
            world.operations.withdraw(world.actor, operation.id)
        assert refusal.value.code == "operation_not_withdrawable"
        with world.store.read() as unit:
            assert not unit.operations.is_withdrawal_requested(operation.id)

    def test_one_that_has_ended_is_refused(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        operation = world.operations.request(world.actor, job.id, Verb.RUN, NONE)
        world.close(operation)
        with pytest.raises(NotAllowed) as refusal:
            world.operations.withdraw(world.actor, operation.id)
        assert refusal.value.code == "operation_not_withdrawable"


class TestPlan:
    def test_it_changes_nothing(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        before = world.list_event_types(job)
        plan = world.operations.plan(world.actor, job.id, Verb.RUN, Options())
        assert (plan.version, plan.restore, plan.risks) == (1, Stateless(), ())
        assert world.list_event_types(job) == before
        assert not world.queries.get_job(world.actor, job.id).view.executing
        assert world.wakes == 0

    def test_it_refuses_what_the_request_would(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        with pytest.raises(NotAllowed):
            world.operations.plan(world.actor, job.id, Verb.PAUSE, Options())

    @pytest.mark.requirement("T0-25", "T0-27", "T0-28")
    def test_a_resume_names_the_snapshot_of_the_pause_and_its_age(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED)
        world.clock.advance(600)
        plan = world.operations.plan(world.actor, job.id, Verb.RESUME, Options())
        assert isinstance(plan.restore, FromSnapshot)
        assert plan.restore.snapshot == world.queries.get_job(world.actor, job.id).restore_point
        assert [(risk.code, risk.facts) for risk in plan.risks] == [("risk_offsets_expired", {"age_min": "10"})]

    @pytest.mark.requirement("T0-27")
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            pytest.param(PathStatus.GONE, True, id="gone"),
            pytest.param(PathStatus.AVAILABLE, False, id="there"),
            pytest.param(PathStatus.UNKNOWN, False, id="out of sight"),
        ],
    )
    def test_it_looks_whether_the_files_are_there(self, world: World, status: PathStatus, expected: bool) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED)
        looked: list[str] = []

        def look(cluster: Cluster, path: str) -> PathStatus:
            looked.append(path)
            return status

        operations = replace(world.operations, look_at_path=look)
        plan = operations.plan(world.actor, job.id, Verb.RESUME, Options())
        assert ("risk_snapshot_gone" in [risk.code for risk in plan.risks]) is expected
        assert isinstance(plan.restore, FromSnapshot)
        assert looked == [plan.restore.path]

    def test_a_restart_says_that_a_newer_version_stays_behind(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        world.publish(job)
        plan = world.operations.plan(world.actor, job.id, Verb.RESTART, Options(keep_state=True))
        assert ("risk_not_newest_version", {"version": "1", "newest": "2"}) in [
            (risk.code, risk.facts) for risk in plan.risks
        ]

    @pytest.mark.requirement("T0-31", "T0-32", "T2-17")
    def test_a_stop_without_snapshot_warns_that_the_state_goes(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        plan = world.operations.plan(world.actor, job.id, Verb.STOP, Options(snapshot=StopSnapshot.NONE))
        assert [risk.code for risk in plan.risks] == ["risk_stop_discards_state"]

    @pytest.mark.requirement("T0-29")
    def test_a_pause_warns_of_the_retention_of_the_sources(self, world: World) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        plan = world.operations.plan(world.actor, job.id, Verb.PAUSE, Options())
        assert [risk.code for risk in plan.risks] == ["risk_source_retention"]

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            (Options(restore_from=RestoreFrom.NONE), "risk_starts_without_state"),
            (Options(restore_from=RestoreFrom.LATEST, claim_mode=ClaimMode.CLAIM), "risk_claim_deletes_snapshot"),
            (Options(restore_from=RestoreFrom.LATEST, allow_non_restored_state=True), "risk_non_restored_state"),
            (Options(restore_from=RestoreFrom.LATEST, version=2), "risk_other_version"),
        ],
        ids=["no state", "claim", "non-restored", "other version"],
    )
    def test_a_run_says_what_its_options_risk(self, world: World, options: Options, code: str) -> None:
        world.add_cluster()
        job = world.add_settled(Settled.SUSPENDED)
        world.publish(job)
        plan = world.operations.plan(world.actor, job.id, Verb.RUN, options)
        assert code in [risk.code for risk in plan.risks]

    @pytest.mark.requirement("U-09", "A-30")
    def test_a_cluster_that_does_not_answer_is_a_risk_and_no_refusal(self, world: World) -> None:
        cluster = world.add_cluster()
        job = world.add_settled(Settled.RUNNING)
        world.see_cluster(cluster, Reachability.UNREACHABLE)
        plan = world.operations.plan(world.actor, job.id, Verb.STOP, Options(snapshot=StopSnapshot.CREATE))
        assert [risk.code for risk in plan.risks] == ["risk_cluster_unreachable"]

    def test_it_says_what_gives_way(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        world.operations.request(world.actor, job.id, Verb.RUN, NONE)
        plan = world.operations.plan(world.actor, job.id, Verb.STOP, Options(snapshot=StopSnapshot.CREATE))
        assert ("risk_supersedes_operation", {"verb": "run"}) in [(risk.code, risk.facts) for risk in plan.risks]

    def test_its_hash_changes_with_what_it_says_and_with_nothing_else(self, world: World) -> None:
        world.add_cluster()
        job = world.add_published()
        first = world.operations.plan(world.actor, job.id, Verb.RUN, NONE)
        world.clock.advance(60)
        assert world.operations.plan(world.actor, job.id, Verb.RUN, NONE).hash == first.hash
        world.publish(job)
        assert world.operations.plan(world.actor, job.id, Verb.RUN, NONE).hash != first.hash
