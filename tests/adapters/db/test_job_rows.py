"""The rows of a list: complete, narrowed by the filter, in a constant number of queries, and fast."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from headgate.domain.clusters import ClusterId
from headgate.domain.instances import InstanceEnd
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Lane, Settled
from headgate.domain.operations import OperationStatus
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.store import JobFilter, JobRow, Store
from tests.adapters.db.samples import NOW, SPEC, add_job, cluster, draft, instance, intent, job, operation, version


def test_a_row_has_all_that_its_line_needs(store: Store) -> None:
    with store.write() as unit:
        made, bare = add_job(unit), add_job(unit, "bare")
        unit.jobs.add_version(version(made, 1))
        unit.jobs.add_version(version(made, 2))
        unit.instances.add(instance(made, 1, end=InstanceEnd.FAILED))
        unit.instances.add(instance(made, 2))
        state = JobState(made.id, Settled.RUNNING, changed_at=NOW)
        unit.jobs.save_state(state)
        closed = operation(made, 1, status=OperationStatus.SUCCESS, ended_at=NOW)
        for each in (closed, operation(made, 3), operation(made, 2)):
            unit.operations.add(each)
    expected = JobRow(
        made, draft(made), state, version(made, 2), instance(made, 2), (operation(made, 2), operation(made, 3))
    )
    with store.read() as unit:
        assert unit.jobs.get_row(made.id) == expected
        assert unit.jobs.get_row(bare.id) == JobRow(bare, draft(bare), JobState(bare.id), None, None, ())
        assert expected in unit.jobs.list_rows(JobFilter("default"))


def test_rows_are_listed_newest_first(store: Store) -> None:
    with store.write() as unit:
        for name, age in (("old", 2), ("new", 0), ("same-time", 0), ("mid", 1)):
            add_job(unit, name, created_at=NOW - timedelta(hours=age))
    assert _names(store, JobFilter("default")) == ["same-time", "new", "mid", "old"]


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        (JobFilter("default"), {"Orders", "orders_2", "ordersX2", "Ürün", "jar-100%"}),
        (JobFilter("other"), {"elsewhere"}),
        (JobFilter("nowhere"), set()),
        (JobFilter("default", text="ORDERS"), {"Orders", "orders_2", "ordersX2"}),
        (JobFilter("default", text="s_2"), {"orders_2"}),
        (JobFilter("default", text="100%"), {"jar-100%"}),
        (JobFilter("default", text="ürÜN"), {"Ürün"}),
        (JobFilter("default", text="job-orders_2"), {"orders_2"}),
        (JobFilter("default", text="'; --"), set()),
        (JobFilter("default", folder="etl"), {"orders_2"}),
        (JobFilter("default", folder="etl", recursive=True), {"orders_2", "ordersX2"}),
        (JobFilter("default", folder=""), {"Orders"}),
        (JobFilter("default", folder="", recursive=True), {"Orders", "orders_2", "ordersX2", "Ürün", "jar-100%"}),
        (JobFilter("default", folder="et%", recursive=True), set()),
        (JobFilter("default", type="JAR"), {"jar-100%"}),
        (JobFilter("default", cluster="yarn"), {"jar-100%"}),
        (JobFilter("default", cluster="yarn", type="SQL"), set()),
    ],
    ids=lambda value: repr(value).replace("JobFilter", "") if isinstance(value, JobFilter) else "",
)
def test_a_filter_narrows_the_list(store: Store, narrowed: JobFilter, names: set[str]) -> None:
    jar = JobSpec(JobType.JAR, artifact="a.jar", cluster="yarn")
    with store.write() as unit:
        add_job(unit, "Orders")
        add_job(unit, "orders_2", folder="etl")
        add_job(unit, "ordersX2", folder="etl/deep/er")
        add_job(unit, "Ürün", folder="ETL/deep")
        made = job("jar-100%", folder="etl2")
        unit.jobs.add(made, draft(made, spec=jar))
        add_job(unit, "elsewhere", workspace="other", folder="etl")
    assert set(_names(store, narrowed)) == names


def test_an_edited_draft_is_found_by_its_new_cluster(store: Store) -> None:
    with store.write() as unit:
        made = add_job(unit)
        unit.jobs.update_draft(draft(made, spec=replace(SPEC, cluster="east"), revision=2))
    assert _names(store, JobFilter("default", cluster="east")) == ["orders"]
    assert _names(store, JobFilter("default", cluster="local")) == []


def test_a_job_is_found_by_the_cluster_of_its_newest_run_too(store: Store) -> None:
    with store.write() as unit:
        for name in ("east", "west"):
            unit.clusters.add(cluster(name))
        made, other = add_job(unit), add_job(unit, "other")
        unit.instances.add(instance(made, 1, cluster_id=cluster("west").id, end=InstanceEnd.FAILED))
        unit.instances.add(instance(made, 2, cluster_id=cluster("east").id))
        unit.instances.add(instance(other, 1, cluster_id=ClusterId("forgotten")))
    assert _names(store, JobFilter("default", cluster="east")) == ["orders"]
    assert _names(store, JobFilter("default", cluster="west")) == []
    assert set(_names(store, JobFilter("default", cluster=SPEC.cluster))) == {"orders", "other"}
    with store.read() as unit:
        assert unit.jobs.list_rows(JobFilter("default", cluster="east"))[0].instance == instance(
            made, 2, cluster_id=cluster("east").id
        )


def test_a_row_names_the_clusters_on_which_an_act_is_open(store: Store) -> None:
    with store.write() as unit:
        made, other = add_job(unit), add_job(unit, "other")
        unit.instances.add(run := instance(made, 1))
        unit.intents.add(intent(run, "1", cluster_id=ClusterId("clu-2")))
        unit.intents.add(intent(run, "2", lane=Lane.SAVEPOINT, cluster_id=ClusterId("clu-3")))
    with store.read() as unit:
        assert unit.jobs.get_row(made.id).waits_on == {"clu-2", "clu-3"}
        assert unit.jobs.get_row(other.id).waits_on == frozenset()


def test_a_list_of_a_thousand_jobs_takes_five_queries(store: Store, engine: Engine) -> None:
    _fill(store, 1000)
    assert _count_queries(store, engine) == 5


def _fill(store: Store, count: int) -> None:
    with store.write() as unit:
        for index in range(count):
            spec = replace(SPEC, sql=f"INSERT INTO sink_{index} SELECT * FROM source")
            made = job(f"job {index}")
            unit.jobs.add(made, draft(made, spec=spec))
            for number in (1, 2, 3):
                unit.jobs.add_version(version(made, number, spec=spec))
                ended = InstanceEnd.CANCELLED if number < 3 else None
                unit.instances.add(instance(made, number, spec=spec, end=ended, cluster_id=ClusterId("clu-1")))
            unit.jobs.save_state(JobState(made.id, Settled.RUNNING, changed_at=NOW))
            if index % 20 == 0:
                unit.operations.add(operation(made, unit.operations.next_number(), id=f"op-{index}"))


def _count_queries(store: Store, engine: Engine) -> int:
    statements: list[str] = []

    def count(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", count)
    with store.read() as unit:
        assert len(unit.jobs.list_rows(JobFilter("default"))) == 1000
    event.remove(engine, "before_cursor_execute", count)
    return sum(statement.startswith("SELECT") for statement in statements)


def _names(store: Store, narrowed: JobFilter) -> list[str]:
    with store.read() as unit:
        return [row.job.name for row in unit.jobs.list_rows(narrowed)]
