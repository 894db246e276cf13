"""`headgate job`: make, look at and delete jobs. The verbs that act on Flink are in verbs.py."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from headgate.cli import columns
from headgate.cli.causes import shorten_cause, tidy_text
from headgate.cli.cells import format_time
from headgate.cli.jobfile import DraftText, read_job_file
from headgate.cli.jobview import explain_unseen, is_unseen, view_job
from headgate.cli.options import COMMON, Common, JobName, Limit, Sure
from headgate.cli.problems import describe_problem, explaining, naming
from headgate.cli.render import Output, Screen, print_answer, write_note
from headgate.cli.rephrasing import rephrase
from headgate.cli.session import WORKSPACE, AnsweredAlready, Declined, Session, open_session
from headgate.cli.verbs import VERBS
from headgate.domain.errors import HeadgateError
from headgate.domain.lifecycle import Lifecycle, Phase
from headgate.domain.recovery import RecoveryPolicy

app = App(name="job", help="Create, publish, run, pause, resume and stop jobs.")

# More paths than these say nothing more to a person; `job snapshots` has them all.
_PATHS_TOLD = 20
_CAUSE_LINES = 3
_RUNNING = frozenset({Phase.RUNNING, Phase.TRANSITIONING})

JobFilePath = Annotated[Path, Parameter(name=["--file", "-f"], help="Job file (YAML or JSON); - reads the input.")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Filters:
    """Which jobs are listed."""

    q: Annotated[str | None, Parameter(name="--search", help="Only jobs with this text in name or id.")] = None
    folder: Annotated[str | None, Parameter(name="--folder", help="Only jobs of this folder.")] = None
    phase: Annotated[
        tuple[Phase, ...],
        Parameter(name="--phase", negative="", help="Only jobs in this state; may be given several times."),
    ] = ()
    lifecycle: Annotated[Lifecycle | None, Parameter(name="--lifecycle", help="Only jobs at this stage of life.")] = (
        None
    )
    cluster: Annotated[str | None, Parameter(name="--cluster", help="Only jobs of this cluster.")] = None
    sort: Annotated[
        str | None,
        Parameter(name="--sort", help="Sort by created_at, name, folder or phase; -name turns the order round."),
    ] = None


@app.command
def create(*, file: JobFilePath, common: Common = COMMON) -> None:
    """Create a job from a job file; nothing is started."""
    source = read_job_file(file)
    body = {name: value for name, value in source.data.items() if name != "kind"}
    with open_session(common) as session, explaining(source, job=body.get("name", ""), file=file):
        job = session.client.post(f"{WORKSPACE}/jobs", body)
        _show_job(session.screen, job)


@app.command(name="list")
def list_jobs(*, filters: Filters = Filters(), limit: Limit = 200, common: Common = COMMON) -> None:
    """List jobs, with their states."""
    query = {
        "q": filters.q,
        "folder": filters.folder,
        "phase": filters.phase,
        "lifecycle": filters.lifecycle,
        "cluster": filters.cluster,
        "sort": filters.sort,
    }
    with open_session(common) as session:
        rows, has_more = session.client.list_some(f"{WORKSPACE}/jobs", limit, **query)
        screen = session.screen
        shown = [view_job(row, screen) for row in rows] if screen.output is Output.TABLE else rows
        screen.show_page(columns.JOBS, shown, has_more=has_more)


@app.command
def show(job: JobName, /, *, common: Common = COMMON) -> None:
    """Show one job: its states, what may be done, and the last warning."""
    with open_session(common) as session:
        found = session.get_job(job)
        _show_job(session.screen, found)
        if common.output is Output.TABLE and is_unseen(found):
            write_note(explain_unseen(found, session.screen))
        if found.get("warning") and common.output is Output.TABLE:
            _show_warning(session.screen, found["warning"], str(found["name"]))


@app.command
def draft(job: JobName, /, *, common: Common = COMMON) -> None:
    """Print the draft of a job: the text that the next publish freezes."""
    with open_session(common) as session:
        path = f"{session.get_job_path(job)}/draft"
        if common.output is Output.TABLE:
            print_answer(session.client.get_text(path, "application/yaml").rstrip())
        else:
            session.screen.show_record((), session.client.get(path))


@app.command
def update(job: JobName, /, *, file: JobFilePath, common: Common = COMMON) -> None:
    """Replace the draft of a job by the specification in a job file."""
    source = read_job_file(file)
    with open_session(common) as session, explaining(source, job=job, file=file):
        found = session.get_job(job)
        session.client.put(f"/jobs/{found['id']}/draft", source.data.get("spec", {}), found["draft_revision"])
        session.screen.show_done("draft_updated", job=job)


@app.command
def recovery(
    job: JobName,
    /,
    *,
    policy: Annotated[RecoveryPolicy, Parameter(name="--policy", help="What follows after a run failed or was lost.")],
    max_age: Annotated[
        str | None, Parameter(name="--max-age", help="Leave an older restore point to a person; such as 2h.")
    ] = None,
    attempts: Annotated[int | None, Parameter(name="--attempts", help="At most so many within an hour.")] = None,
    common: Common = COMMON,
) -> None:
    """Set whether a job that failed is started again by itself, from its newest restore point."""
    given = {"policy": policy, "max_age": max_age, "attempts": attempts}
    body = {"recovery": {name: value for name, value in given.items() if value is not None}}
    with open_session(common) as session, naming(job=job):
        found = session.get_job(job)
        changed = session.client.patch(f"/jobs/{found['id']}", body, found["revision"])
        _show_job(session.screen, changed)
        is_due = changed["recovery"]["next_attempt_at"] is not None
        if policy is RecoveryPolicy.RESTORE and changed["phase"] == Phase.FAILED and not is_due:
            session.screen.note("recovery_starts_nothing", job=job)


@app.command
def check(job: JobName, /, *, common: Common = COMMON) -> None:
    """Compile the draft of a job without running it."""
    with open_session(common) as session:
        path = session.get_job_path(job)
        with session.screen.patience("draft_compiles"):
            result = session.client.post(f"{path}/draft/check")
        if session.screen.output is not Output.TABLE or result["ok"]:
            _show_check(session.screen, result)
        if not result["ok"]:
            raise _describe_faults(session, path, job, result["problems"])


@app.command
def publish(
    job: JobName,
    /,
    *,
    message: Annotated[str, Parameter(name=["--message", "-m"], help="Description of the version.")],
    common: Common = COMMON,
) -> None:
    """Freeze the draft of a job as its next version; nothing is started."""
    with open_session(common) as session:
        path = session.get_job_path(job)
        with explaining(DraftText(_read_spec(session, path)), job=job):
            answer = session.client.post(f"{path}/versions", {"description": message})
        session.screen.show_record(columns.VERSIONS, answer.get("version", answer))


@app.command
def delete(
    job: JobName,
    /,
    *,
    is_sure: Sure = False,
    common: Common = COMMON,
) -> None:
    """Delete a job that is not running, with its history; the files of its snapshots stay."""
    with open_session(common) as session:
        found, screen = session.get_job(job), session.screen
        if found["phase"] not in _RUNNING:  # else the server refuses, and says why
            _tell_files(session, found)
            if not is_sure and not screen.confirm("delete_sure", job=found["name"]):
                raise Declined("nothing_done")
        with naming(job=job):
            deleted = session.client.delete(f"/jobs/{found['id']}", found["revision"])
        if screen.output is Output.TABLE:
            write_note(str(deleted["message"]))
        else:
            screen.show_record((), deleted)


@app.command
def versions(job: JobName, /, *, limit: Limit = 50, common: Common = COMMON) -> None:
    """List the published versions of a job, newest first."""
    _show_list(job, "versions", columns.VERSIONS, limit, common)


@app.command
def instances(job: JobName, /, *, limit: Limit = 50, common: Common = COMMON) -> None:
    """List the runs of a job on Flink, newest first."""
    _show_list(job, "instances", columns.INSTANCES, limit, common)


@app.command
def snapshots(job: JobName, /, *, limit: Limit = 50, common: Common = COMMON) -> None:
    """List the savepoints and checkpoints of a job, newest first."""
    _show_list(job, "snapshots", columns.SNAPSHOTS, limit, common)


@app.command
def events(job: JobName, /, *, limit: Limit = 50, common: Common = COMMON) -> None:
    """List what happened to a job, newest first."""
    _show_list(job, "events", columns.EVENTS, limit, common)


@app.command
def trace(job: JobName, /, *, limit: Limit = 50, common: Common = COMMON) -> None:
    """List the calls to Flink made for a job, newest first; --output json has requests and answers."""
    _show_list(job, "trace", columns.CALLS, limit, common)


@app.command
def operations(job: JobName, /, *, limit: Limit = 50, common: Common = COMMON) -> None:
    """List what was asked of a job and how it ended, newest first."""
    _show_list(job, "operations", columns.OPERATIONS, limit, common)


for _name, _command in VERBS.items():
    app.command(_command, name=_name)


def _show_list(job: str, name: str, shown: tuple[columns.Column, ...], limit: int, common: Common) -> None:
    with open_session(common) as session:
        path = f"{session.get_job_path(job)}/{name}"
        rows, has_more = session.client.list_some(path, limit)
        session.screen.show_page(shown, rows, has_more=has_more)


def _tell_files(session: Session, job: dict[str, Any]) -> None:
    """Where the files are that outlive the job: nothing knows of them afterwards."""
    kept, has_more = session.client.list_some(f"/jobs/{job['id']}/snapshots", _PATHS_TOLD)
    paths = [str(snapshot["path"]) for snapshot in kept if snapshot.get("path")]
    if paths and session.screen.output is Output.TABLE:
        session.screen.note("snapshots_stay", job=job["name"])
        write_note("\n".join(f"  {path}" for path in (*paths, *(["  ..."] if has_more else ()))))


def _show_job(screen: Screen, job: dict[str, Any]) -> None:
    screen.show_record(columns.JOB, view_job(job, screen) if screen.output is Output.TABLE else job)


def _show_warning(screen: Screen, warning: dict[str, Any], job: str) -> None:
    facts = {"text": rephrase(warning.get("message") or ""), "at": format_time(str(warning.get("at") or ""))}
    screen.note("job_warning", **facts)
    cause = str(warning.get("cause") or "")
    shown = shorten_cause(cause)[:_CAUSE_LINES]
    for line in shown:
        write_note(f"    {line}")
    if len(shown) < len(tidy_text(cause)):
        screen.note("whole_warning", job=job)
    if warning.get("advice"):
        screen.note("error_hint", text=rephrase(warning["advice"]))


def _show_check(screen: Screen, result: dict[str, Any]) -> None:
    if screen.output is not Output.TABLE:
        screen.show_record((), result)
        return
    if result.get("tables"):
        screen.show_rows(columns.TABLES, result["tables"])
    screen.note("draft_ok")


def _describe_faults(session: Session, path: str, job: str, problems: list[dict[str, Any]]) -> HeadgateError:
    origin = DraftText(_read_spec(session, path))
    lines = [line for problem in problems for line in describe_problem(problem, origin, session.screen.language)]
    return AnsweredAlready("draft_faulty", job=job, count=len(problems), problems_text="\n".join(lines))


def _read_spec(session: Session, path: str) -> dict[str, Any]:
    return session.client.get(f"{path}/draft")
