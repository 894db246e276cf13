"""What may be concluded from a look: absence, age, back-off, and whose id a Flink job has."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.clusters import ClusterId, ClusterState, Incarnation, Reachability
from headgate.domain.evidence import is_alive, is_gone, reachable_age
from headgate.domain.instances import Absence, FlinkStatus, Instance, is_ours, new_flink_job_id
from headgate.domain.intents import IntentKind
from headgate.domain.observation import Seen, count_absence
from headgate.domain.policy import Policy, choose_back_off
from tests.unit.domain.facts import FIRST, NOW, POLICY, SECOND, ago, instance, intent, missing, seen, unreachable

HALF_A_MINUTE, HOUR = timedelta(seconds=30), timedelta(hours=1)

GONE = [
    pytest.param(seen(incarnation=SECOND, absence=missing(2, SECOND, seconds=10)), True, id="another life"),
    pytest.param(seen(incarnation=SECOND, absence=missing(2, SECOND, seconds=9.9)), False, id="sweeps too close"),
    pytest.param(seen(incarnation=SECOND, absence=missing(1, SECOND, hours=1)), False, id="one sweep only"),
    pytest.param(
        seen(incarnation=SECOND, absence=missing(2, SECOND, minutes=9), high_availability=True),
        False,
        id="another leader with high availability",
    ),
    pytest.param(
        seen(incarnation=SECOND, absence=missing(2, SECOND, minutes=10), high_availability=True),
        True,
        id="another leader with high availability, for ten minutes",
    ),
    pytest.param(seen(absence=missing(2, FIRST, minutes=9, seconds=59)), False, id="the same life, not ten minutes"),
    pytest.param(seen(absence=missing(2, FIRST, minutes=10)), True, id="the same life, ten minutes"),
    pytest.param(
        seen(absence=missing(2, FIRST, minutes=10), unreachable_total=timedelta(seconds=1)),
        False,
        id="ten minutes of which one second was unreachable",
    ),
    pytest.param(
        seen(absence=replace(missing(2, FIRST, minutes=10), unreachable_before=HOUR), unreachable_total=HOUR),
        True,
        id="the same life, ten minutes, all that was unreachable lies before them",
    ),
    pytest.param(seen(), False, id="nothing was missed yet"),
    pytest.param(
        unreachable(incarnation=SECOND, absence=missing(2, SECOND, hours=1)), False, id="the cluster does not answer"
    ),
]


@pytest.mark.requirement("U-09", "D-08")
@pytest.mark.parametrize(("look", "gone"), GONE)
def test_a_missing_job_is_gone_only_with_proof(look: Seen, gone: bool) -> None:
    assert is_gone(instance(), look, POLICY) is gone


def test_what_never_was_is_not_gone() -> None:
    assert not is_gone(None, seen(absence=missing(2, FIRST, hours=1)), POLICY)


@pytest.mark.requirement("U-08", "D-04", "D-05")
def test_flink_s_own_words_are_eleven_and_three_of_them_are_final() -> None:
    words = "INITIALIZING CREATED RUNNING FAILING FAILED CANCELLING CANCELED FINISHED RESTARTING SUSPENDED RECONCILING"
    assert {*FlinkStatus} == {*words.split(), "UNKNOWN"}
    assert {status for status in FlinkStatus if status.is_terminal} == {"FAILED", "CANCELED", "FINISHED"}


@pytest.mark.parametrize("status", list(FlinkStatus))
def test_alive_is_whatever_is_shown_and_not_final(status: FlinkStatus) -> None:
    assert is_alive(seen(status)) is not status.is_terminal
    assert not is_alive(seen())


class TestAge:
    act = intent(IntentKind.SUBMIT, sent_at=ago(minutes=5), unreachable_before=timedelta(minutes=1))

    def test_it_is_the_time_since_the_last_send(self) -> None:
        assert reachable_age(self.act, seen(unreachable_total=timedelta(minutes=1))) == timedelta(minutes=5)

    def test_without_what_was_unreachable_since(self) -> None:
        assert reachable_age(self.act, seen(unreachable_total=timedelta(minutes=3))) == timedelta(minutes=3)

    def test_it_ends_at_the_look_not_now(self) -> None:
        look = seen(at=ago(minutes=4), unreachable_total=timedelta(minutes=1))
        assert reachable_age(self.act, look) == timedelta(minutes=1)

    def test_what_was_not_sent_yet_is_as_old_as_its_row(self) -> None:
        act = intent(IntentKind.SUBMIT, None, created_at=ago(seconds=7), sent_at=None)
        assert reachable_age(act, seen()) == timedelta(seconds=7)


class TestCountingAbsence:
    def test_a_first_miss_begins_it(self) -> None:
        look = seen(unreachable_total=HALF_A_MINUTE)
        assert count_absence(instance(), look) == Absence(FIRST, NOW, HALF_A_MINUTE, 1)

    def test_a_second_miss_counts(self) -> None:
        assert count_absence(self.missed(missing(1, seconds=5)), seen()) == missing(2, seconds=5)

    def test_the_same_look_counts_once(self) -> None:
        assert count_absence(self.missed(missing(1)), seen()) == missing(1)

    def test_more_than_two_add_nothing(self) -> None:
        before = self.missed(missing(2, seconds=5))
        assert count_absence(before, seen()) is before.absence

    def test_another_jobmanager_begins_it_anew(self) -> None:
        assert count_absence(self.missed(missing(2, minutes=9)), seen(incarnation=SECOND)) == missing(1, SECOND)

    def test_being_shown_ends_it(self) -> None:
        assert count_absence(self.missed(missing(2, minutes=9)), seen(FlinkStatus.RUNNING)) is None

    @pytest.mark.requirement("U-09")
    def test_a_cluster_that_does_not_answer_adds_nothing(self) -> None:
        before = self.missed(missing(1, minutes=9))
        assert count_absence(before, unreachable(incarnation=SECOND)) == before.absence

    @staticmethod
    def missed(absence: Absence) -> Instance:
        return replace(instance(), absence=absence)


class TestBackOff:
    @pytest.mark.parametrize(
        ("attempts", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (10_000, 30)]
    )
    def test_it_doubles_up_to_its_longest(self, attempts: int, seconds: int) -> None:
        assert choose_back_off(Policy(), attempts, 0.5) == timedelta(seconds=seconds)

    @staticmethod
    @given(st.integers(1, 10**6), st.floats(0, 1))
    def test_the_jitter_is_a_quarter_at_most(attempts: int, jitter: float) -> None:
        middle = choose_back_off(Policy(), attempts, 0.5)
        assert middle * 0.75 <= choose_back_off(Policy(), attempts, jitter) <= middle * 1.25

    @staticmethod
    @given(st.integers(1, 100), st.floats(0, 1))
    def test_a_later_attempt_never_waits_less(attempts: int, jitter: float) -> None:
        assert choose_back_off(Policy(), attempts, jitter) <= choose_back_off(Policy(), attempts + 1, jitter)


class TestFlinkJobIds:
    bits = st.integers(0, 2**64 - 1)

    @staticmethod
    @pytest.mark.requirement("D-13")
    @given(st.text(max_size=20), bits)
    def test_it_has_32_hexadecimal_digits(job_id: str, bits: int) -> None:
        made = new_flink_job_id(job_id, bits)
        assert len(made) == 32
        assert set(made) <= set("0123456789abcdef")

    @staticmethod
    @given(st.text(max_size=20), st.text(max_size=20), bits)
    def test_it_is_known_as_ours_without_a_row_and_as_nobody_else_s(job_id: str, other: str, bits: int) -> None:
        made = new_flink_job_id(job_id, bits)
        assert is_ours(made, job_id)
        assert is_ours(made, other) is (job_id == other)

    @staticmethod
    @given(bits, bits)
    def test_every_attempt_has_its_own(one: int, two: int) -> None:
        assert (new_flink_job_id("job-1", one) == new_flink_job_id("job-1", two)) is (one == two)


class TestReachableTime:
    state = ClusterState(
        ClusterId("clu-1"), Reachability.REACHABLE, ago(minutes=2), NOW, Incarnation("a"), timedelta(minutes=3)
    )

    def test_what_answers_adds_nothing(self) -> None:
        assert self.state.unreachable_total(NOW) == timedelta(minutes=3)

    def test_what_does_not_answer_adds_the_time_since(self) -> None:
        silent = replace(self.state, reachability=Reachability.UNREACHABLE)
        assert silent.unreachable_total(NOW) == timedelta(minutes=5)
