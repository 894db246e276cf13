"""The rules of the diagnosis, as a table: what is looked for, how grave it is, and where it shows.

A rule's words and advice stand in the catalogue under its code. To add one, see
docs/checklists/add-a-diagnosis-rule.md.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from headgate.domain.clusters import REGISTERED_TWICE, REPLACED, Reachability
from headgate.domain.decide_recovery import is_recovery
from headgate.domain.diagnosis import Case, ClusterCase, Diagnosis, JobCase, Symptom
from headgate.domain.events import EventLevel
from headgate.domain.lifecycle import Settled, Wanted
from headgate.domain.operations import STILL_WAITING, Finding
from headgate.domain.snapshots import PathStatus, Snapshot

CLOCKS_DIFFER = timedelta(seconds=2)
"""From here on a clock is off: what Flink answers may be 3 s old, and that age is judged by both clocks."""

LITTLE_SPACE = 1024 * 1024 * 1024
"""Bytes below which a person should act: an engine, or the first checkpoints of a large job, take as much."""

NO_SPACE = 64 * 1024 * 1024
"""Bytes below which a server does not start."""

NAMED = 5
"""So many of a list stand in a sentence; the rest is counted."""

_NO_FACTS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Sign:
    """One place where a rule fits."""

    facts: dict[str, str] = field(default_factory=dict)
    since: datetime | None = None
    cause: str = ""
    because: Finding | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """`find` gives every place where the rule fits."""

    code: str
    level: EventLevel
    find: Callable[[Case], Iterator[Sign]]


def examine(case: Case) -> Diagnosis:
    """What the rules find, the gravest first, else in the order of the table."""
    found = [
        Symptom(Finding(rule.code, _tell(sign), sign.cause), rule.level, sign.since, sign.because)
        for rule in RULES
        for sign in rule.find(case)
    ]
    found.sort(key=lambda symptom: _GRAVEST_FIRST.index(symptom.level))
    machine = case.machine
    return Diagnosis(case.at, tuple(found), case.lease, machine.schema, len(case.clusters), len(case.jobs))


_GRAVEST_FIRST = (EventLevel.ERROR, EventLevel.WARNING, EventLevel.INFO)


def _tell(sign: Sign) -> dict[str, str]:
    return sign.facts if sign.since is None else {**sign.facts, "since": _say_moment(sign.since)}


def _say_moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


# Jobs


def _find_failed(case: Case) -> Iterator[Sign]:
    for one in case.jobs:
        if _is_left_failed(one) and one.restore_point is not None and not _is_restore_point_gone(one):
            yield _describe_failure(one, _describe_snapshot(case, one, one.restore_point).facts)


def _find_failed_without_restore_point(case: Case) -> Iterator[Sign]:
    return (_describe_failure(one) for one in case.jobs if _is_left_failed(one) and one.restore_point is None)


def _find_failed_and_gone(case: Case) -> Iterator[Sign]:
    for one in case.jobs:
        if _is_left_failed(one) and _is_restore_point_gone(one) and one.usable is None:
            yield _describe_failure(one, _describe_snapshot(case, one, one.restore_point).facts)


def _find_failed_with_older(case: Case) -> Iterator[Sign]:
    for one in case.jobs:
        if _is_left_failed(one) and _is_restore_point_gone(one) and one.usable is not None:
            older = {"usable": one.usable.id, "usable_made_at": _say_moment(one.usable.created_at)}
            yield _describe_failure(one, _describe_snapshot(case, one, one.restore_point).facts | older)


def _find_recoveries(case: Case) -> Iterator[Sign]:
    for one in case.jobs:
        at = _find_recovery(one)
        if _is_failed(one) and at is not None:
            yield _describe_failure(one, {"next_at": _say_moment(at)})


def _is_left_failed(one: JobCase) -> bool:
    """Whether it has failed, is to run, and nothing will start it but a person."""
    return _is_failed(one) and _find_recovery(one) is None


def _is_failed(one: JobCase) -> bool:
    is_acted_on = any(operation.target is not None for operation in one.operations)
    return one.state.settled is Settled.FAILED and one.state.wanted is Wanted.RUNNING and not is_acted_on


def _find_recovery(one: JobCase) -> datetime | None:
    """When the next attempt of the recovery is due, or the one under way was made."""
    under_way = (intent.created_at for intent in one.intents if is_recovery(intent))
    return one.state.recovery_at or next(under_way, None)


def _describe_failure(one: JobCase, facts: Mapping[str, str] = _NO_FACTS) -> Sign:
    state = one.state
    held = state.recovery.held if state.recovery is not None else None
    warning = state.warning
    because = held or (warning.finding if warning is not None else None)
    cause = warning.finding.cause if warning is not None else ""
    return Sign({**_name_job(one), **facts}, warning.at if warning is not None else None, cause, because)


def _find_lost_pauses(case: Case) -> Iterator[Sign]:
    for one in case.jobs:
        if one.state.settled is Settled.SUSPENDED and _is_restore_point_gone(one):
            yield _describe_snapshot(case, one, one.restore_point)


def _find_lost_restore_points(case: Case) -> Iterator[Sign]:
    for one in case.jobs:
        is_told = one.state.settled is Settled.SUSPENDED or _is_left_failed(one)
        if not is_told and _is_restore_point_gone(one):
            yield _describe_snapshot(case, one, one.restore_point)


def _find_lost_old_snapshots(case: Case) -> Iterator[Sign]:
    for one in case.jobs:
        older = [snapshot for snapshot in one.gone if snapshot is not one.restore_point]
        if older:
            yield Sign({**_name_job(one), "count": str(len(older)), "path": older[0].path})


def _is_restore_point_gone(one: JobCase) -> bool:
    return one.restore_point is not None and one.restore_point.path_status is PathStatus.GONE


def _describe_snapshot(case: Case, one: JobCase, snapshot: Snapshot | None) -> Sign:
    assert snapshot is not None
    made = {"snapshot": snapshot.id, "path": snapshot.path, "made_at": _say_moment(snapshot.created_at)}
    return Sign({**_name_job(one), **made, "at": _say_moment(case.at)})


def _find_overdue(case: Case) -> Iterator[Sign]:
    for one in case.jobs:
        for operation in one.operations:
            waits_for = operation.waits_for
            if waits_for is None or waits_for.code != STILL_WAITING:
                continue
            asked = {"verb": operation.verb.value, "operation": operation.id, **waits_for.facts}
            since = operation.started_at or operation.requested_at
            yield Sign({**_name_job(one), **asked}, since, waits_for.cause)


def _find_foreign_intents(case: Case) -> Iterator[Sign]:
    for one in case.jobs:
        for intent in one.intents:
            if intent.is_foreign:
                facts = {"act": intent.kind.value, "format": str(intent.format)}
                yield Sign({**_name_job(one), **facts}, intent.created_at)


def _name_job(one: JobCase) -> dict[str, str]:
    return {"job": one.job.name, "job_id": one.job.id}


# Clusters


def _find_stopped(case: Case) -> Iterator[Sign]:
    return (_describe_silence(one) for one in case.clusters if one.jobs is None and one.is_stopped)


def _find_silent(case: Case) -> Iterator[Sign]:
    return (_describe_silence(one) for one in case.clusters if one.jobs is None and not one.is_stopped)


def _describe_silence(one: ClusterCase) -> Sign:
    state = one.state
    is_known = state is not None and state.reachability is Reachability.UNREACHABLE
    last_good = state.last_good_sweep if state is not None else None
    facts = {
        **_name_cluster(one),
        "count": str(len(one.live)),
        "last_seen": _say_moment(last_good) if last_good is not None else "-",
    }
    return Sign(facts, state.since if state is not None and is_known else None, one.cause)


def _find_replaced(case: Case) -> Iterator[Sign]:
    for one in case.clusters:
        if one.state is not None and one.jobs is not None and one.state.cause == REPLACED:
            yield Sign({**_name_cluster(one), "count": str(len(one.live))}, one.state.since)


def _find_twins(case: Case) -> Iterator[Sign]:
    first: dict[str, ClusterCase] = {}
    for one in case.clusters:
        if one.state is None or one.jobs is None:
            continue
        cause, life = one.state.cause, one.state.incarnation
        if cause.startswith(REGISTERED_TWICE):
            yield Sign({**_name_cluster(one), "other": cause.removeprefix(REGISTERED_TWICE)})
        elif life is not None:
            other = first.setdefault(life, one)
            if other is not one:
                yield Sign({**_name_cluster(one), "other": other.cluster.name})


def _find_orphans(case: Case) -> Iterator[Sign]:
    for one in case.clusters:
        for flink_job_id, job in one.strangers.orphans:
            yield Sign({**_name_cluster(one), "job": job.name, "job_id": job.id, "flink_job_id": flink_job_id})


def _find_revenants(case: Case) -> Iterator[Sign]:
    names = _list_names(case)
    for one in case.clusters:
        for instance in one.strangers.closed:
            facts = {
                "job": names.get(instance.job_id, instance.job_id),
                "job_id": instance.job_id,
                "number": str(instance.number),
                "flink_job_id": instance.flink_job_id,
            }
            yield Sign({**_name_cluster(one), **facts}, instance.ended_at)


def _find_missing(case: Case) -> Iterator[Sign]:
    names = _list_names(case)
    for one in case.clusters:
        for instance in one.live:
            if one.jobs is None or instance.absence is None or instance.flink_job_id in one.jobs:
                continue
            facts = {
                "job": names.get(instance.job_id, instance.job_id),
                "job_id": instance.job_id,
                "flink_job_id": instance.flink_job_id,
            }
            yield Sign({**_name_cluster(one), **facts}, instance.absence.first_at)


def _list_names(case: Case) -> dict[str, str]:
    return {one.job.id: one.job.name for one in case.jobs}


def _find_without_savepoints(case: Case) -> Iterator[Sign]:
    return (Sign(_name_cluster(one)) for one in case.clusters if one.cluster.savepoint_dir is None)


def _find_missing_engines(case: Case) -> Iterator[Sign]:
    for one in case.clusters:
        if not one.has_engine and one.sql_jobs:
            facts = {"version": one.cluster.engine_version, "jobs": _list_some(one.sql_jobs)}
            yield Sign({**_name_cluster(one), **facts})


def _find_clock_gaps(case: Case) -> Iterator[Sign]:
    for one in case.clusters:
        if one.clock_gap is not None and abs(one.clock_gap) >= CLOCKS_DIFFER:
            yield Sign({**_name_cluster(one), "gap_s": f"{one.clock_gap.total_seconds():+.1f}"})


def _find_foreign_jobs(case: Case) -> Iterator[Sign]:
    for one in case.clusters:
        foreign = one.strangers.foreign
        if foreign:
            yield Sign({**_name_cluster(one), "count": str(len(foreign)), "jobs": _list_some(foreign)})


def _name_cluster(one: ClusterCase) -> dict[str, str]:
    return {"cluster": one.cluster.name, "cluster_id": one.cluster.id, "url": one.cluster.url}


def _list_some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:NAMED])
    return f"{shown}, … (+{len(names) - NAMED})" if len(names) > NAMED else shown


# The server


def _find_free_lease(case: Case) -> Iterator[Sign]:
    lease = case.lease
    if lease is None:
        yield Sign({"holder": "-"})
    elif lease.holder is None or lease.until < case.machine.database_clock:
        yield Sign({"holder": lease.holder or "-"}, lease.until)


def _find_other_schema(case: Case) -> Iterator[Sign]:
    machine = case.machine
    if machine.schema != machine.known_schema:
        yield Sign({"revision": machine.schema or "-", "known": machine.known_schema or "-"})


def _find_full_disk(case: Case) -> Iterator[Sign]:
    if case.machine.free_bytes < NO_SPACE:
        yield _describe_space(case)


def _find_little_space(case: Case) -> Iterator[Sign]:
    if NO_SPACE <= case.machine.free_bytes < LITTLE_SPACE:
        yield _describe_space(case)


def _describe_space(case: Case) -> Sign:
    return Sign({"folder": case.machine.folder, "free_mb": str(case.machine.free_bytes >> 20)})


def _find_database_clock_gap(case: Case) -> Iterator[Sign]:
    gap = case.machine.database_clock - case.at
    if abs(gap) >= CLOCKS_DIFFER:
        yield Sign({"gap_s": f"{gap.total_seconds():+.1f}"})


def _find_left_over_clients(case: Case) -> Iterator[Sign]:
    for client in case.machine.clients:
        yield Sign({"pid": str(client.pid), "version": client.version})


RULES: tuple[Rule, ...] = (
    Rule("diagnosis_job_failed", EventLevel.ERROR, _find_failed),
    Rule("diagnosis_job_failed_stateless", EventLevel.ERROR, _find_failed_without_restore_point),
    Rule("diagnosis_job_failed_older", EventLevel.ERROR, _find_failed_with_older),
    Rule("diagnosis_job_failed_gone", EventLevel.ERROR, _find_failed_and_gone),
    Rule("diagnosis_pause_snapshot_gone", EventLevel.ERROR, _find_lost_pauses),
    Rule("diagnosis_orphan", EventLevel.ERROR, _find_orphans),
    Rule("diagnosis_lease_free", EventLevel.ERROR, _find_free_lease),
    Rule("diagnosis_schema_other", EventLevel.ERROR, _find_other_schema),
    Rule("diagnosis_disk_full", EventLevel.ERROR, _find_full_disk),
    Rule("diagnosis_cluster_silent", EventLevel.ERROR, _find_silent),
    Rule("diagnosis_cluster_replaced", EventLevel.ERROR, _find_replaced),
    Rule("diagnosis_cluster_twice", EventLevel.ERROR, _find_twins),
    Rule("diagnosis_intent_foreign", EventLevel.ERROR, _find_foreign_intents),
    Rule("diagnosis_restore_point_gone", EventLevel.WARNING, _find_lost_restore_points),
    Rule("diagnosis_operation_overdue", EventLevel.WARNING, _find_overdue),
    Rule("diagnosis_closed_job_lives", EventLevel.WARNING, _find_revenants),
    Rule("diagnosis_job_missing", EventLevel.WARNING, _find_missing),
    Rule("diagnosis_cluster_stopped", EventLevel.WARNING, _find_stopped),
    Rule("diagnosis_no_savepoint_dir", EventLevel.WARNING, _find_without_savepoints),
    Rule("diagnosis_engine_missing", EventLevel.WARNING, _find_missing_engines),
    Rule("diagnosis_clock_flink", EventLevel.WARNING, _find_clock_gaps),
    Rule("diagnosis_clock_database", EventLevel.WARNING, _find_database_clock_gap),
    Rule("diagnosis_disk_low", EventLevel.WARNING, _find_little_space),
    Rule("diagnosis_client_left", EventLevel.WARNING, _find_left_over_clients),
    Rule("diagnosis_recovery_due", EventLevel.INFO, _find_recoveries),
    Rule("diagnosis_old_snapshots_gone", EventLevel.INFO, _find_lost_old_snapshots),
    Rule("diagnosis_foreign_jobs", EventLevel.INFO, _find_foreign_jobs),
)
