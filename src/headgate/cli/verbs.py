"""`headgate job run|pause|resume|stop|restart|savepoint|declare-lost`: ask for an operation, and await it.

Options are sent only when they were given: what they mean when they were not, the server knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from headgate.cli import columns
from headgate.cli.options import COMMON, NO_WAITING, Common, JobName, Waiting
from headgate.cli.problems import naming
from headgate.cli.session import Session, open_session
from headgate.cli.waiting import show_operation
from headgate.domain.errors import Invalid
from headgate.domain.operations import ClaimMode, RestoreFrom, SavepointFormat, StopSnapshot

DryRun = Annotated[
    bool,
    Parameter(
        name="--dry-run",
        negative="",
        show_default=False,
        help="Only say what would be done, and what it would start from.",
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run starts."""

    restore_from: Annotated[RestoreFrom | None, Parameter(name="--from", help="What state to start from.")] = None
    snapshot: Annotated[
        str | None, Parameter(name="--snapshot-id", help="Snapshot to start from; implies --from snapshot.")
    ] = None
    version: Annotated[
        int | None, Parameter(name="--job-version", help="Published version to run; the newest by default.")
    ] = None
    allow_non_restored_state: Annotated[
        bool,
        Parameter(
            name="--allow-non-restored-state",
            negative="",
            show_default=False,
            help="Start also when the snapshot has state that the job no longer has.",
        ),
    ] = False
    claim_mode: Annotated[
        ClaimMode | None, Parameter(name="--claim-mode", help="Who owns the snapshot afterwards.")
    ] = None

    def to_body(self) -> dict[str, Any]:
        """The options of the request. Invalid("claim_mode_unused") where nothing is claimed."""
        if self.claim_mode is not None and self.restore_from is RestoreFrom.NONE:
            raise Invalid("claim_mode_unused")
        implied = RestoreFrom.SNAPSHOT if self.snapshot is not None else None
        return {
            "from": self.restore_from or implied,
            "snapshot_id": self.snapshot,
            "version": self.version,
            "allow_non_restored_state": self.allow_non_restored_state or None,
            "claim_mode": self.claim_mode,
        }


def run(
    job: JobName,
    /,
    *,
    options: RunOptions = RunOptions(),
    dry_run: DryRun = False,
    waiting: Waiting = NO_WAITING,
    common: Common = COMMON,
) -> None:
    """Start a new run of a job."""
    with open_session(common) as session:
        _operate(session, job, "run", options.to_body(), dry_run, waiting)


def pause(
    job: JobName,
    /,
    *,
    allow_state_loss: Annotated[
        bool,
        Parameter(
            name="--allow-state-loss",
            negative="",
            show_default=False,
            help="Stop also where no savepoint can be kept; all state is lost then.",
        ),
    ] = False,
    dry_run: DryRun = False,
    waiting: Waiting = NO_WAITING,
    common: Common = COMMON,
) -> None:
    """Make a savepoint of a running job, then end its run; resume continues from it."""
    with open_session(common) as session:
        _operate(session, job, "pause", {"allow_state_loss": allow_state_loss or None}, dry_run, waiting)


def resume(
    job: JobName,
    /,
    *,
    snapshot: Annotated[
        str | None, Parameter(name="--snapshot-id", help="Another snapshot than the one of the pause.")
    ] = None,
    dry_run: DryRun = False,
    waiting: Waiting = NO_WAITING,
    common: Common = COMMON,
) -> None:
    """Continue a paused job from the savepoint of its pause."""
    with open_session(common) as session:
        _operate(session, job, "resume", {"snapshot_id": snapshot}, dry_run, waiting)


def stop(
    job: JobName,
    /,
    *,
    snapshot: Annotated[StopSnapshot, Parameter(name="--snapshot", help="Whether to keep the state in a savepoint.")],
    force: Annotated[
        bool,
        Parameter(
            name="--force",
            negative="",
            show_default=False,
            help="Do not wait for the operation under way: cut it short.",
        ),
    ] = False,
    dry_run: DryRun = False,
    waiting: Waiting = NO_WAITING,
    common: Common = COMMON,
) -> None:
    """End the run of a job, with or without keeping its state."""
    with open_session(common) as session:
        _operate(session, job, "stop", {"snapshot": snapshot, "force": force or None}, dry_run, waiting)


def restart(
    job: JobName,
    /,
    *,
    keep_state: Annotated[
        bool, Parameter(name="--keep-state", negative="--discard-state", help="Whether the new run has the old state.")
    ],
    dry_run: DryRun = False,
    waiting: Waiting = NO_WAITING,
    common: Common = COMMON,
) -> None:
    """End the run of a job and start the same version again."""
    with open_session(common) as session:
        _operate(session, job, "restart", {"keep_state": keep_state}, dry_run, waiting)


def savepoint(
    job: JobName,
    /,
    *,
    form: Annotated[SavepointFormat | None, Parameter(name="--format", help="Form of the savepoint.")] = None,
    dry_run: DryRun = False,
    waiting: Waiting = NO_WAITING,
    common: Common = COMMON,
) -> None:
    """Make a savepoint of a running job, which goes on."""
    with open_session(common) as session:
        _operate(session, job, "savepoint", {"format": form}, dry_run, waiting)


def declare_lost(
    job: JobName,
    /,
    *,
    reason: Annotated[str, Parameter(name="--reason", help="Why nobody will ever know; kept with your name.")],
    dry_run: DryRun = False,
    waiting: Waiting = NO_WAITING,
    common: Common = COMMON,
) -> None:
    """Give up a job that nobody can see any more; whatever of it is still seen later is cancelled."""
    with open_session(common) as session:
        _operate(session, job, "declare_lost", {"reason": reason}, dry_run, waiting)


VERBS: dict[str, Callable[..., None]] = {
    "run": run,
    "pause": pause,
    "resume": resume,
    "stop": stop,
    "restart": restart,
    "savepoint": savepoint,
    "declare-lost": declare_lost,
}


def _operate(
    session: Session, job: str, verb: str, options: Mapping[str, Any], dry_run: bool, waiting: Waiting
) -> None:
    path = f"{session.get_job_path(job)}/operations"
    body = {"verb": verb, "options": {name: value for name, value in options.items() if value is not None}}
    with naming(job=job, verb=verb):
        answer = session.client.post(path, body, dry_run="true" if dry_run else None)
    if dry_run:
        session.screen.show_record(columns.PLAN, answer)
    else:
        show_operation(session, answer, waiting)
