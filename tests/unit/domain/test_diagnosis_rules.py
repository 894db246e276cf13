"""Where a rule of the diagnosis begins to fit, and whom it passes over; what each is for is told on a real store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from headgate.domain.clusters import Cluster, ClusterId, ClusterKind, ClusterState, EngineVersion, Incarnation
from headgate.domain.clusters import Reachability as R
from headgate.domain.diagnosis import Case, ClusterCase, LeaseSeen, Machine, Strangers
from headgate.domain.diagnosis_rules import CLOCKS_DIFFER, LITTLE_SPACE, NAMED, NO_SPACE, examine
from headgate.domain.instances import FlinkJobId, FlinkStatus
from headgate.domain.observation import JobSeen
from tests.unit.domain.facts import FIRST, FLINK_JOB, JOB, NOW, SECOND, ago, instance, missing

MACHINE = Machine("/data", LITTLE_SPACE, LITTLE_SPACE, NOW, "0001", "0001")
LEASE = LeaseSeen("the server", 1, NOW)
TICK = timedelta(microseconds=1)
MISSED = instance(absence=missing(minutes=1))
SHOWN = {FLINK_JOB: JobSeen(FlinkStatus.RUNNING)}


def cluster(name: str = "local", life: Incarnation = FIRST, reachability: R = R.REACHABLE, **more: Any) -> ClusterCase:
    """A registered cluster that answers and shows no job."""
    url, version = f"http://{name}", EngineVersion("2.2.1")
    made = Cluster(
        ClusterId(name), "default", name, ClusterKind.SESSION, url, version, "s3://s", None, False, "", "", NOW, 1
    )
    state = ClusterState(made.id, reachability, ago(minutes=1), ago(seconds=5), life, timedelta(0))
    return replace(ClusterCase(made, state, jobs={}), **more)


def find(*clusters: ClusterCase, lease: LeaseSeen = LEASE, **machine: Any) -> dict[str, dict[str, str]]:
    """The facts of all that is found, by its code; a sound server where nothing is said."""
    symptoms = examine(Case(NOW, replace(MACHINE, **machine), lease, clusters)).symptoms
    assert len({symptom.finding.code for symptom in symptoms}) == len(symptoms)
    return {symptom.finding.code: symptom.finding.facts for symptom in symptoms}


@pytest.mark.parametrize(
    ("free", "found"),
    [
        pytest.param(LITTLE_SPACE, [], id="enough"),
        pytest.param(LITTLE_SPACE - 1, ["diagnosis_disk_low"], id="little"),
        pytest.param(NO_SPACE, ["diagnosis_disk_low"], id="just enough to start"),
        pytest.param(NO_SPACE - 1, ["diagnosis_disk_full"], id="none"),
    ],
)
def test_how_much_space_is_enough(free: int, found: list[str]) -> None:
    assert list(find(free_bytes=free)) == found


@pytest.mark.parametrize("gap", [CLOCKS_DIFFER, -CLOCKS_DIFFER], ids=["ahead", "behind"])
def test_from_two_seconds_on_a_clock_is_off(gap: timedelta) -> None:
    told = {"gap_s": f"{gap.total_seconds():+.1f}"}
    lease = replace(LEASE, until=NOW + timedelta(hours=1))
    assert find(lease=lease, database_clock=NOW + gap) == {"diagnosis_clock_database": told}
    assert find(cluster(clock_gap=gap))["diagnosis_clock_flink"].items() >= told.items()
    nearly = gap - gap / 1000
    assert find(cluster(clock_gap=nearly), lease=lease, database_clock=NOW + nearly) == {}


def test_a_lease_is_free_once_its_end_has_passed() -> None:
    assert find(lease=LEASE) == {}
    assert list(find(lease=replace(LEASE, until=NOW - TICK))) == ["diagnosis_lease_free"]


@pytest.mark.parametrize(("there", "known"), [(None, "0001"), ("0001", None)], ids=["empty", "unknown"])
def test_a_schema_that_is_not_there_is_a_hyphen(there: str | None, known: str | None) -> None:
    told = {"revision": there or "-", "known": known or "-"}
    assert find(schema=there, known_schema=known) == {"diagnosis_schema_other": told}


@pytest.mark.parametrize(("count", "rest"), [(NAMED, ""), (NAMED + 1, ", … (+1)")], ids=["all", "all but one"])
def test_so_many_of_a_list_are_named(count: int, rest: str) -> None:
    names = tuple(FlinkJobId(f"job {number}") for number in range(count))
    facts = find(cluster(strangers=Strangers(foreign=names)))["diagnosis_foreign_jobs"]
    assert facts["jobs"] == ", ".join(names[:NAMED]) + rest


@pytest.mark.parametrize(
    ("reachability", "since"), [(R.UNREACHABLE, ago(minutes=1)), (R.REACHABLE, None)], ids=["known", "just now"]
)
def test_a_cluster_is_silent_since_the_reconciler_knows(reachability: R, since: object) -> None:
    [symptom] = examine(Case(NOW, MACHINE, LEASE, [cluster(reachability=reachability, jobs=None)])).symptoms
    assert (symptom.finding.code, symptom.since) == ("diagnosis_cluster_silent", since)


class TestTwins:
    def test_are_two_registrations_that_show_one_life(self) -> None:
        found = find(cluster("new", state=None), cluster("one"), cluster("other", SECOND), cluster("two"))
        assert (found["diagnosis_cluster_twice"]["cluster"], found["diagnosis_cluster_twice"]["other"]) == (
            "two",
            "one",
        )

    def test_are_not_two_clusters(self) -> None:
        assert find(cluster("one"), cluster("other", SECOND)) == {}


class TestAMissingJob:
    def test_is_told_beside_others_that_are_there(self) -> None:
        lost = instance(2, absence=missing(minutes=1))
        [facts] = find(cluster(jobs=SHOWN, live=(instance(), lost))).values()
        assert (facts["flink_job_id"], facts["job"], facts["job_id"]) == (lost.flink_job_id, JOB, JOB)

    def test_has_been_missed_by_the_reconciler(self) -> None:
        assert find(cluster(live=(instance(),))) == {}

    def test_is_missing_now(self) -> None:
        assert find(cluster(jobs=SHOWN, live=(MISSED,))) == {}

    def test_is_not_said_to_be_missing_where_its_cluster_is_silent(self) -> None:
        assert list(find(cluster(jobs=None, live=(MISSED,)))) == ["diagnosis_cluster_silent"]


def test_a_closed_job_that_lives_is_told_by_its_id_where_nobody_may_know_its_name() -> None:
    facts = find(cluster(strangers=Strangers(closed=(instance(),))))["diagnosis_closed_job_lives"]
    assert (facts["job"], facts["job_id"]) == (JOB, JOB)
