"""What a job is once an operation has succeeded: one sentence, so that nobody has to ask again."""

from headgate.cli.cells import format_size
from headgate.cli.client import Document
from headgate.cli.session import Session
from headgate.domain.lifecycle import Phase
from headgate.domain.operations import StopSnapshot


def tell_job(session: Session, operation: Document) -> None:
    """Answer with the state of the job that `operation` belongs to."""
    screen, job = session.screen, session.client.get(f"/jobs/{operation['job_id']}")
    point = describe_restore_point(job)
    facts = {"job": job["name"], "phase": job["phase"], "point": point}
    if operation["verb"] == "savepoint" and point:
        screen.answer("job_has_savepoint", **facts)
    elif job["phase"] == Phase.RUNNING and job.get("instance"):
        instance = job["instance"]
        numbers = {"number": instance["number"], "flink_job": instance["flink_job_id"], "version": instance["version"]}
        screen.answer("job_runs", **facts, **numbers)
        if is_behind(job):
            screen.note("job_runs_old_version", **facts, version=instance["version"], newest=job["newest_version"])
    elif point and _has_kept_state(job, operation):
        screen.answer("job_rests_on", **facts)
    else:
        screen.answer("job_is", **facts)


def _has_kept_state(job: Document, operation: Document) -> bool:
    """Whether the restore point is this operation's: after a stop without one it is an older one."""
    return job["phase"] == Phase.SUSPENDED or (operation.get("options") or {}).get("snapshot") == StopSnapshot.CREATE


def describe_restore_point(job: Document) -> str:
    """Its id, size and path, as far as they are known; empty where there is none."""
    point = job.get("restore_point")
    if not point:
        return ""
    size = f" ({format_size(point['size'])})" if point.get("size") is not None else ""
    return f"{point.get('snapshot_id') or ''}{size} {point.get('path') or ''}".strip()


def is_behind(job: Document) -> bool:
    """Whether a newer version is published than the one that runs."""
    newest, online = job.get("newest_version"), job.get("online_version")
    return newest is not None and online is not None and newest > online
