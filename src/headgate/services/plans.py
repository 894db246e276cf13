"""Dry runs: what a verb would do now, what it restores from, and what a person should know before.

A plan is drawn from the same acceptance as the request itself. Its hash changes when any of it does,
so that somebody can act on exactly what they read.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from headgate.domain.clusters import ClusterState, Reachability
from headgate.domain.lifecycle import Phase, Verb
from headgate.domain.operations import ClaimMode, Finding, Step, StopSnapshot, plan_steps
from headgate.domain.restore import FromSnapshot, RestoreChoice, Stateless
from headgate.domain.snapshots import PathStatus, Snapshot, SnapshotOrigin
from headgate.services.acceptance import Accepted, Request
from headgate.services.operation_words import describe_options


@dataclass(frozen=True, slots=True)
class Plan:
    """`restore` is None where the verb starts nothing, or an open operation decides it first."""

    steps: tuple[Step, ...]
    version: int | None
    restore: RestoreChoice | None
    risks: tuple[Finding, ...]
    hash: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan is drawn from beside the rows of the job.

    `cluster` is the health of where it would act, `restore_path` whether the files that it would
    restore from are there now.
    """

    now: datetime
    cluster: ClusterState | None = None
    restore_path: PathStatus = PathStatus.UNKNOWN


def draw_plan(request: Request, accepted: Accepted, around: Surroundings) -> Plan:
    """The plan of an accepted request."""
    steps = plan_steps(request.verb, request.options)
    version = accepted.version.number if accepted.version else None
    risks = (
        *_list_order_risks(request),
        *_list_cluster_risks(around.cluster),
        *_list_state_risks(request),
        *_list_version_risks(request, accepted),
        *_list_restore_risks(request, accepted, around),
    )
    return Plan(steps, version, accepted.restore, risks, _digest(request, accepted, steps))


def _digest(request: Request, accepted: Accepted, steps: tuple[Step, ...]) -> str:
    parts = {
        "job": request.row.job.id,
        "verb": request.verb.value,
        "options": describe_options(request.options),
        "steps": [step.name.value for step in steps],
        "version": accepted.version.number if accepted.version else None,
        "restore": accepted.restore.path if isinstance(accepted.restore, FromSnapshot) else None,
        "phase": request.standing.expected_phase.value,
    }
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _list_order_risks(request: Request) -> Iterator[Finding]:
    heading = request.standing.heading
    if heading is None:
        return
    if request.verb is Verb.STOP and request.options.force:
        yield Finding("risk_force_cuts_short", {"verb": heading.verb.value})
    elif heading.has_sent:
        yield Finding("risk_waits_for_operation", {"verb": heading.verb.value})
    else:
        yield Finding("risk_supersedes_operation", {"verb": heading.verb.value})


def _list_cluster_risks(cluster: ClusterState | None) -> Iterator[Finding]:
    if cluster is not None and cluster.reachability is Reachability.UNREACHABLE:
        yield Finding("risk_cluster_unreachable", {"since": cluster.since.isoformat(timespec="seconds")})


def _list_state_risks(request: Request) -> Iterator[Finding]:
    verb, options = request.verb, request.options
    running = request.standing.expected_phase is Phase.RUNNING
    if verb is Verb.STOP and options.snapshot is StopSnapshot.NONE and running:
        yield Finding("risk_stop_discards_state")
    if verb is Verb.RESTART and not options.keep_state:
        yield Finding("risk_starts_without_state")
    if verb is Verb.PAUSE and options.allow_state_loss:
        yield Finding("risk_pause_may_lose_state")
    if verb is Verb.PAUSE:
        yield Finding("risk_source_retention")
    if verb is Verb.DECLARE_LOST:
        yield Finding("risk_declared_lost_may_live")
    if options.allow_non_restored_state:
        yield Finding("risk_non_restored_state")
    if options.claim_mode is ClaimMode.CLAIM:
        yield Finding("risk_claim_deletes_snapshot")


def _list_version_risks(request: Request, accepted: Accepted) -> Iterator[Finding]:
    """A resume and a restart go on with the version that ran, whatever was published since."""
    version, newest = accepted.version, request.versions[0] if request.versions else None
    if version is None or newest is None or request.verb is Verb.RUN or version.number == newest.number:
        return
    yield Finding("risk_not_newest_version", {"version": str(version.number), "newest": str(newest.number)})


def _list_restore_risks(request: Request, accepted: Accepted, around: Surroundings) -> Iterator[Finding]:
    if isinstance(accepted.restore, Stateless) and request.history.snapshots:
        yield Finding("risk_starts_without_state")
    if not isinstance(accepted.restore, FromSnapshot):
        return
    snapshot, path = accepted.restore.snapshot, accepted.restore.path
    # A look right now counts more than what was seen at some start before.
    recorded = snapshot.path_status if snapshot is not None else PathStatus.UNKNOWN
    found = recorded if around.restore_path is PathStatus.UNKNOWN else around.restore_path
    if found is PathStatus.GONE:
        yield Finding("risk_snapshot_gone", {"path": path})
    if snapshot is not None:
        yield from _list_snapshot_risks(snapshot, accepted, around.now)
    elif found is PathStatus.UNKNOWN:
        yield Finding("risk_path_not_known", {"path": path})


def _list_snapshot_risks(snapshot: Snapshot, accepted: Accepted, now: datetime) -> Iterator[Finding]:
    minutes = math.ceil((now - snapshot.created_at) / timedelta(minutes=1))
    yield Finding("risk_offsets_expired", {"age_min": str(max(minutes, 1))})
    if snapshot.origin is SnapshotOrigin.SAMPLED_CHECKPOINT:
        yield Finding("risk_sampled_checkpoint")
    version = accepted.version
    if version is not None and version.number != snapshot.job_version:
        facts = {"snapshot_version": str(snapshot.job_version), "version": str(version.number)}
        yield Finding("risk_other_version", facts)
    if accepted.cluster is not None and accepted.cluster.engine_version != snapshot.flink_version:
        facts = {"snapshot_version": snapshot.flink_version, "version": accepted.cluster.engine_version}
        yield Finding("risk_other_flink_version", facts)
