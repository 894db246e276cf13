"""What a start restores from: never a guess, never state dropped unless somebody said so."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.instances import Instance, InstanceEnd
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Settled, Verb
from headgate.domain.operations import Finding, Options, RestoreFrom
from headgate.domain.restore import (
    FromSnapshot,
    History,
    Refused,
    RestoreChoice,
    Stateless,
    choose_restore,
    find_paused_instance,
    find_restore_point,
)
from headgate.domain.snapshots import PathStatus, Snapshot, SnapshotId, SnapshotStatus, find_latest
from headgate.domain.spec import Restore, RestoreStrategy
from tests.unit.domain.facts import JOB, NOW, instance, snapshot

BY_DEFAULT = Restore()
STOPPED, PAUSED = InstanceEnd.CANCELLED, InstanceEnd.SUSPENDED
FIRST, SECOND, THIRD = snapshot(1), snapshot(2), snapshot(3, of=2)
LATEST, NONE, DEFAULT = (
    Options(restore_from=kind) for kind in (RestoreFrom.LATEST, RestoreFrom.NONE, RestoreFrom.DEFAULT)
)


def history(*runs: Instance, snapshots: tuple[Snapshot, ...] = (), suspended_on: str | None = None) -> History:
    """Instances and snapshots are given oldest first; the history has them newest first."""
    rests = Settled.SUSPENDED if suspended_on else Settled.CANCELLED
    state = JobState(JOB, rests, suspended_on=SnapshotId(suspended_on) if suspended_on else None)
    return History(state, runs[::-1], snapshots[::-1])


def run(number: int = 1, end: InstanceEnd = STOPPED, restored: Snapshot | None = None) -> Instance:
    made = instance(number, end=end)
    return made if restored is None else replace(made, restored_from=restored.path, restored_snapshot_id=restored.id)


def chosen(verb: Verb, options: Options, past: History, setting: Restore = BY_DEFAULT) -> RestoreChoice:
    return choose_restore(verb, options, setting, past)


ONE_RUN = history(run(), snapshots=(FIRST, SECOND))
NEVER_RUN = history()
RAN_WITHOUT_SNAPSHOT = history(run())


class TestAStartThatDoesNotSayFromWhere:
    @pytest.mark.parametrize("end", [InstanceEnd.FAILED, InstanceEnd.LOST, InstanceEnd.GIVEN_UP], ids=str)
    def test_after_a_run_that_ended_by_itself_it_is_refused(self, end: InstanceEnd) -> None:
        past = history(replace(run(end=end), running_at=NOW))
        assert chosen(Verb.RUN, Options(), past) == Refused(Finding("from_required"))

    def test_after_an_attempt_that_never_got_going_nothing_is_at_stake(self) -> None:
        past = history(replace(run(1, STOPPED), running_at=NOW), replace(run(2, InstanceEnd.FAILED), running_at=None))
        assert chosen(Verb.RUN, Options(), past) == Stateless()


class TestResume:
    @pytest.mark.requirement("T0-25", "T0-27", "T1-05", "U-03")
    def test_from_the_snapshot_of_the_pause_though_newer_ones_exist(self) -> None:
        past = history(run(end=PAUSED), snapshots=(FIRST, SECOND), suspended_on="snap-1")
        assert chosen(Verb.RESUME, Options(), past) == FromSnapshot(FIRST.path, FIRST)

    def test_from_a_chosen_one(self) -> None:
        past = history(run(end=PAUSED), snapshots=(FIRST, SECOND), suspended_on="snap-1")
        assert chosen(Verb.RESUME, Options(snapshot_id="snap-2"), past) == FromSnapshot(SECOND.path, SECOND)

    @pytest.mark.parametrize("setting", list(RestoreStrategy))
    def test_the_job_s_own_setting_has_no_say(self, setting: RestoreStrategy) -> None:
        past = history(run(end=PAUSED), snapshots=(FIRST,), suspended_on="snap-1")
        assert chosen(Verb.RESUME, Options(), past, Restore(setting, "file:///own")) == FromSnapshot(FIRST.path, FIRST)

    @pytest.mark.parametrize(
        "past",
        [
            pytest.param(history(run(end=PAUSED), suspended_on="snap-1"), id="its row is gone"),
            pytest.param(
                history(
                    run(end=PAUSED), snapshots=(replace(FIRST, status=SnapshotStatus.FAILED),), suspended_on="snap-1"
                ),
                id="it was not completed",
            ),
        ],
    )
    def test_no_usable_snapshot_is_refused_never_stateless(self, past: History) -> None:
        refusal = Refused(Finding("snapshot_not_usable", {"snapshot": "snap-1"}))
        assert chosen(Verb.RESUME, Options(), past) == refusal


class TestRun:
    @pytest.mark.requirement("T0-11", "T1-08", "T1-10", "T2-06")
    def test_a_first_run_is_without_state_and_nobody_is_asked(self) -> None:
        assert chosen(Verb.RUN, Options(), NEVER_RUN) == Stateless()

    @pytest.mark.requirement("U-04")
    def test_once_there_is_a_snapshot_somebody_must_say_what_becomes_of_the_state(self) -> None:
        assert chosen(Verb.RUN, Options(), ONE_RUN) == Refused(Finding("from_required"))

    @pytest.mark.requirement("T0-31", "T1-06")
    def test_from_none_is_without_state_whatever_there_is(self) -> None:
        assert chosen(Verb.RUN, NONE, ONE_RUN) == Stateless()

    @pytest.mark.requirement("T2-17", "T2-10")
    def test_from_latest_is_the_newest_of_the_newest_instance(self) -> None:
        assert chosen(Verb.RUN, LATEST, ONE_RUN) == FromSnapshot(SECOND.path, SECOND)

    def test_from_latest_passes_over_what_was_not_completed(self) -> None:
        past = history(run(), snapshots=(FIRST, replace(SECOND, status=SnapshotStatus.FAILED)))
        assert chosen(Verb.RUN, LATEST, past) == FromSnapshot(FIRST.path, FIRST)

    def test_from_latest_of_an_instance_without_any_is_what_it_was_started_from(self) -> None:
        past = history(run(), run(2, restored=FIRST), snapshots=(FIRST, SECOND))
        assert chosen(Verb.RUN, LATEST, past) == FromSnapshot(FIRST.path, FIRST)

    def test_also_where_that_snapshot_has_no_row(self) -> None:
        past = history(run(restored=FIRST))
        assert chosen(Verb.RUN, LATEST, past) == FromSnapshot(FIRST.path)

    def test_from_latest_of_an_instance_that_began_empty_is_refused_an_older_one_only_by_name(self) -> None:
        past = history(run(), run(2), snapshots=(FIRST,))
        assert chosen(Verb.RUN, LATEST, past) == Refused(Finding("no_restore_point"))
        by_name = Options(restore_from=RestoreFrom.SNAPSHOT, snapshot_id="snap-1")
        assert chosen(Verb.RUN, by_name, past) == FromSnapshot(FIRST.path, FIRST)

    def test_an_attempt_that_never_became_a_job_is_passed_over(self) -> None:
        past = history(run(), run(2, InstanceEnd.NOT_STARTED), snapshots=(FIRST,))
        assert chosen(Verb.RUN, LATEST, past) == FromSnapshot(FIRST.path, FIRST)

    @pytest.mark.parametrize("past", [NEVER_RUN, RAN_WITHOUT_SNAPSHOT, history(run(1, InstanceEnd.NOT_STARTED))])
    def test_from_latest_without_any_is_refused(self, past: History) -> None:
        assert chosen(Verb.RUN, LATEST, past) == Refused(Finding("no_restore_point"))

    @pytest.mark.parametrize("name", ["snap-9", None])
    def test_from_a_snapshot_that_is_not_there_is_refused(self, name: str | None) -> None:
        options = Options(restore_from=RestoreFrom.SNAPSHOT, snapshot_id=name)
        refusal = Refused(Finding("snapshot_not_usable", {"snapshot": name or "-"}))
        assert chosen(Verb.RUN, options, ONE_RUN) == refusal


class TestTheJobsOwnSetting:
    def test_none(self) -> None:
        assert chosen(Verb.RUN, DEFAULT, ONE_RUN, Restore(RestoreStrategy.NONE)) == Stateless()

    def test_a_path_of_its_own(self) -> None:
        setting = Restore(RestoreStrategy.CUSTOM, "s3://bucket/savepoint")
        assert chosen(Verb.RUN, DEFAULT, ONE_RUN, setting) == FromSnapshot("s3://bucket/savepoint")

    def test_the_latest(self) -> None:
        assert chosen(Verb.RUN, DEFAULT, ONE_RUN) == FromSnapshot(SECOND.path, SECOND)

    @pytest.mark.parametrize("past", [NEVER_RUN, history(run(1, InstanceEnd.NOT_STARTED))])
    def test_the_latest_of_a_job_that_never_ran_loses_nothing_without_state(self, past: History) -> None:
        assert chosen(Verb.RUN, DEFAULT, past) == Stateless()

    def test_the_latest_of_a_job_that_ran_and_has_none_is_refused(self) -> None:
        assert chosen(Verb.RUN, DEFAULT, RAN_WITHOUT_SNAPSHOT) == Refused(Finding("no_restore_point"))


class TestRestart:
    def test_with_its_state(self) -> None:
        assert chosen(Verb.RESTART, Options(keep_state=True), ONE_RUN) == FromSnapshot(SECOND.path, SECOND)

    @pytest.mark.requirement("D-16")
    @pytest.mark.parametrize("setting", list(RestoreStrategy))
    def test_without_its_state(self, setting: RestoreStrategy) -> None:
        assert chosen(Verb.RESTART, Options(keep_state=False), ONE_RUN, Restore(setting, "file:///own")) == Stateless()

    def test_with_state_that_there_is_none_of_is_refused(self) -> None:
        refusal = Refused(Finding("no_restore_point"))
        assert chosen(Verb.RESTART, Options(keep_state=True), RAN_WITHOUT_SNAPSHOT) == refusal


def test_the_restore_point_that_is_shown_is_the_pause_s_else_the_latest() -> None:
    paused = history(run(end=PAUSED), snapshots=(FIRST, SECOND), suspended_on="snap-1")
    assert find_restore_point(paused) == FIRST
    assert find_restore_point(ONE_RUN) == SECOND
    assert find_restore_point(NEVER_RUN) is None
    assert find_restore_point(history(run(restored=FIRST))) is None


def test_the_paused_instance_is_the_one_that_made_the_pause_s_snapshot() -> None:
    runs = (run(end=PAUSED), run(2, end=InstanceEnd.FAILED))
    assert find_paused_instance(history(*runs, snapshots=(FIRST, THIRD), suspended_on="snap-1")) == runs[0]
    assert find_paused_instance(history(*runs, snapshots=(FIRST, THIRD), suspended_on="snap-3")) == runs[1]
    assert find_paused_instance(history(*runs, snapshots=(FIRST, THIRD))) is None


def test_the_latest_of_an_instance_is_the_newest_completed_one_of_its_own_whatever_its_files() -> None:
    gone = replace(SECOND, path_status=PathStatus.GONE)
    assert find_latest([THIRD, gone, FIRST], "ins-1") == gone
    assert find_latest([FIRST, gone, THIRD], "ins-1") == gone
    assert find_latest([THIRD], "ins-1") is None


past_runs = st.lists(
    st.tuples(st.sampled_from(InstanceEnd), st.sampled_from([None, FIRST, THIRD])), min_size=1, max_size=4
)


@pytest.mark.requirement("U-04", "T0-27")
@given(past_runs, st.lists(st.sampled_from([FIRST, SECOND, THIRD]), unique=True), st.sampled_from([*RestoreStrategy]))
def test_state_is_dropped_only_where_somebody_said_so_or_there_was_none(
    runs: list[tuple[InstanceEnd, Snapshot | None]], snapshots: list[Snapshot], strategy: RestoreStrategy
) -> None:
    instances = [run(number, end, restored) for number, (end, restored) in enumerate(runs, 1)]
    past = history(*instances, snapshots=tuple(sorted(snapshots, key=lambda s: s.created_at)))
    began = any(end is not InstanceEnd.NOT_STARTED for end, _ in runs)
    for options in (Options(), LATEST, DEFAULT, Options(restore_from=RestoreFrom.SNAPSHOT)):
        if isinstance(chosen(Verb.RUN, options, past, Restore(strategy, "file:///own")), Stateless):
            by_setting = options is DEFAULT and (strategy is RestoreStrategy.NONE or not began)
            assert by_setting or (options.restore_from is None and not snapshots)
    assert not isinstance(chosen(Verb.RESUME, Options(), past), Stateless)
    assert not isinstance(chosen(Verb.RESTART, Options(keep_state=True), past), Stateless)
