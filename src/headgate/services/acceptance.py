"""Whether a verb with its options may be accepted now: one rule each, in the order of a person's questions.

The verb itself is checked against the expected phase, so that a change of mind is possible while an
operation is under way. What only the outcome of that operation can tell is left to the reconciler.
"""

from dataclasses import dataclass, fields

from headgate.domain.capabilities import is_other_line
from headgate.domain.clusters import Cluster
from headgate.domain.errors import Invalid, NotFound, Problem
from headgate.domain.jobs import Version
from headgate.domain.lifecycle import Phase, Verb, is_allowed, list_phases_for
from headgate.domain.operations import VERB_OPTIONS, Options, RestoreFrom, StopSnapshot
from headgate.domain.restore import (
    FromSnapshot,
    History,
    Refused,
    RestoreChoice,
    choose_restore,
    find_paused_instance,
    is_state_at_stake,
)
from headgate.ports.clock import Clock
from headgate.ports.store import JobRow, UnitOfWork
from headgate.services.standing import Standing, derive_standing, look_at_clusters

_STARTS = frozenset({Verb.RUN, Verb.RESUME, Verb.RESTART})


@dataclass(frozen=True, slots=True)
class Request:
    """A verb, its options, and what of the job it is judged by. `instances` are newest first."""

    row: JobRow
    verb: Verb
    options: Options
    standing: Standing
    history: History
    versions: tuple[Version, ...]
    clusters: tuple[Cluster, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way that changes where the job goes."""
        return self.standing.heading is None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What will be carried out: the version to submit and what it restores from.

    Both are None for verbs that start nothing; `restore` is None too while another operation is
    under way that decides it.
    """

    version: Version | None = None
    cluster: Cluster | None = None
    restore: RestoreChoice | None = None


def load_request(unit: UnitOfWork, row: JobRow, verb: Verb, options: Options, clock: Clock) -> Request:
    """Everything that `accept` reads."""
    job_id = row.job.id
    history = History(row.state, unit.instances.list_of_job(job_id), unit.snapshots.list_of_job(job_id))
    return Request(
        row=row,
        verb=verb,
        options=options,
        standing=derive_standing(row, look_at_clusters(unit, row.job.workspace, clock)),
        history=history,
        versions=tuple(unit.jobs.list_versions(job_id)),
        clusters=tuple(unit.clusters.list_all(row.job.workspace)),
    )


def accept(request: Request) -> Accepted:
    """NotAllowed, NotFound or Invalid with the first rule that stands against the request."""
    _check_options(request)
    _check_phase(request)
    _check_savepoint_dir(request)
    if request.verb not in _STARTS:
        return Accepted()
    version = _choose_version(request)
    cluster = _choose_cluster(request, version)
    restore = _choose_restore(request, version)
    _check_flink_of_resume(request, cluster, restore)
    return Accepted(version, cluster, restore)


def _check_options(request: Request) -> None:
    verb, options, default = request.verb, request.options, Options()
    for field in fields(Options):
        given = getattr(options, field.name) != getattr(default, field.name)
        if given and field.name not in VERB_OPTIONS[verb]:
            known = ", ".join(sorted(VERB_OPTIONS[verb])).replace("restore_from", "from")
            facts = (("field", field.name), ("verb", verb.value), ("known", known))
            raise Invalid("options_invalid", problems=[Problem(f"options.{field.name}", "option_unknown", facts)])
    if verb is Verb.STOP and options.snapshot is None:
        raise _missing_option("snapshot", "stop_snapshot_required")
    if verb is Verb.RESTART and options.keep_state is None:
        raise _missing_option("keep_state", "keep_state_required")
    if verb is Verb.DECLARE_LOST and not options.reason.strip():
        raise _missing_option("reason", "reason_required")
    if options.restore_from is RestoreFrom.SNAPSHOT and options.snapshot_id is None:
        raise _missing_option("snapshot_id", "snapshot_id_required")
    if verb is Verb.RUN and options.snapshot_id and options.restore_from is not RestoreFrom.SNAPSHOT:
        raise _missing_option("snapshot_id", "snapshot_id_unused")


def _missing_option(name: str, code: str) -> Invalid:
    return Invalid("options_invalid", problems=[Problem(f"options.{name}", code, (("field", name),))])


def _check_phase(request: Request) -> None:
    standing, verb = request.standing, request.verb
    if is_allowed(verb, standing.expected_phase, standing.sight):
        return
    if verb is Verb.DECLARE_LOST:
        raise standing.refuse("not_out_of_sight", job=request.row.job.name)
    raise standing.refuse(
        "job_not_published" if standing.expected_phase is Phase.DRAFT else "verb_not_allowed",
        verb=verb.value,
        wanted_phases=", ".join(list_phases_for(verb)),
    )


def _check_savepoint_dir(request: Request) -> None:
    """A savepoint needs a place. Without one only a pause may go on, if losing the state was said."""
    verb, options = request.verb, request.options
    makes_savepoint = (
        verb in {Verb.PAUSE, Verb.SAVEPOINT}
        or (verb is Verb.STOP and options.snapshot is StopSnapshot.CREATE)
        or (verb is Verb.RESTART and options.keep_state is True)
    )
    if not makes_savepoint or request.standing.expected_phase is not Phase.RUNNING or options.allow_state_loss:
        return
    if _find_savepoint_dir(request) is None:
        raise request.standing.refuse("savepoint_dir_missing", verb=verb.value, job=request.row.job.name)


def _find_savepoint_dir(request: Request) -> str | None:
    """The savepoint directory of what runs, or of what an open operation is about to run."""
    heading, instance = request.standing.heading, request.row.instance
    version = heading.version if heading is not None else None
    if instance is not None and (instance.is_live or version is None):
        cluster = next((c for c in request.clusters if c.id == instance.cluster_id), None)
        return instance.spec.savepoint_dir or (cluster.savepoint_dir if cluster else None)
    spec = next((v.spec for v in request.versions if v.number == version), None)
    if spec is None:
        return None
    cluster = next((c for c in request.clusters if c.name == spec.cluster), None)
    return spec.savepoint_dir or (cluster.savepoint_dir if cluster else None)


def _choose_version(request: Request) -> Version:
    if request.verb is Verb.RUN:
        number = request.options.version
        if number is None:
            return request.versions[0]
    else:
        number = _find_online_version(request)
    version = next((v for v in request.versions if v.number == number), None)
    if version is None:
        raise NotFound("version_not_found", job=request.row.job.id, version=number)
    return version


def _find_online_version(request: Request) -> int | None:
    """The version that runs or is suspended; while a start is under way, the one that it starts."""
    opened = sorted(request.row.open_operations, key=lambda operation: operation.number, reverse=True)
    starting = next((operation.version for operation in opened if operation.version is not None), None)
    if starting is not None:
        return starting
    # What a pause holds, and not what failed to start since.
    instance = find_paused_instance(request.history) or request.row.instance
    return instance.version if instance is not None else None


def _choose_cluster(request: Request, version: Version) -> Cluster:
    # What goes on goes on where it was, whatever a version says by now.
    before = {Verb.RESUME: find_paused_instance(request.history), Verb.RESTART: request.row.instance}
    instance = before.get(request.verb)
    if instance is not None:
        found = next((c for c in request.clusters if c.id == instance.cluster_id), None)
    else:
        found = next((c for c in request.clusters if c.name == version.spec.cluster), None)
    if found is None:
        raise request.standing.refuse("cluster_missing", cluster=version.spec.cluster, version=version.number)
    return found


def _choose_restore(request: Request, version: Version) -> RestoreChoice | None:
    """What the start restores from. A refusal counts now only where nothing under way can change it."""
    is_silent = request.verb is Verb.RUN and request.options.restore_from is None
    if is_silent and (request.standing.expected_phase is Phase.SUSPENDED or is_state_at_stake(request.history)):
        known = len(request.history.snapshots)
        raise request.standing.refuse("from_required", job=request.row.job.name, snapshots=known)
    _check_snapshot(request)
    if not request.is_settled or request.verb is Verb.RESTART:
        return None
    choice = choose_restore(request.verb, request.options, version.spec.restore, request.history)
    if isinstance(choice, Refused):
        finding = choice.finding
        raise request.standing.refuse(finding.code, finding.cause, **finding.facts)
    return choice


def _check_flink_of_resume(request: Request, cluster: Cluster, restore: RestoreChoice | None) -> None:
    """A cluster may have another Flink than before the pause. A restore across versions is asked for by a run."""
    snapshot = restore.snapshot if isinstance(restore, FromSnapshot) and request.verb is Verb.RESUME else None
    if snapshot is not None and is_other_line(cluster.engine_version, snapshot.flink_version):
        facts = {"snapshot_version": snapshot.flink_version, "version": cluster.engine_version}
        raise request.standing.refuse("resume_on_other_flink", cluster=cluster.name, **facts)


def _check_snapshot(request: Request) -> None:
    wanted = request.options.snapshot_id
    if wanted is not None and all(snapshot.id != wanted for snapshot in request.history.snapshots):
        raise NotFound("snapshot_not_found", snapshot=wanted)
