"""A job as the tables show it: nothing stands where nothing is known, and what is under way is told.

`--output json` and `yaml` show the server's answer as it is, and need none of this.
"""

from collections.abc import Mapping
from typing import Any

from headgate.cli.cells import format_time
from headgate.cli.client import Document
from headgate.cli.outcome import is_behind
from headgate.cli.render import Screen
from headgate.cli.rephrasing import rephrase
from headgate.domain.operations import OperationStatus

_REACHABLE = "REACHABLE"


def view_job(job: Document, screen: Screen) -> Document:
    """The job with the fields that its tables have beside the server's."""
    instance = job.get("instance")
    shown = dict(job)
    if not instance:
        # Nobody has asked Flink anything about this job yet.
        shown |= {"flink_status": None, "reachability": None, "total_run_s": None}
    reach = shown.get("reachability") or {}
    is_known = reach.get("state", _REACHABLE) == _REACHABLE
    if is_known and shown.get("flink_status") == "UNKNOWN":
        shown["flink_status"] = None
    is_running = instance is not None and not instance.get("ended_at") and is_known
    return {
        **shown,
        "phase_text": mark_phase(job),
        "total_run_s": shown.get("total_run_s") or None,
        "unreachable_since": None if is_known else reach.get("since"),
        "run_time_s": instance.get("duration_s") if instance is not None and is_running else None,
        "newest_version": job.get("newest_version") if is_behind(job) or not job.get("online_version") else None,
        "operation_text": _describe(job.get("operation"), job, screen),
        "waiting_text": _describe(job.get("waiting"), job, screen),
    }


def is_unseen(job: Document) -> bool:
    """Whether a run that has not ended cannot be seen now."""
    instance, reach = job.get("instance"), job.get("reachability") or {}
    if not instance or instance.get("ended_at"):
        return False
    return bool(reach.get("state", _REACHABLE) != _REACHABLE)


def mark_phase(job: Document) -> str:
    """The phase, with a mark where nobody can see now whether it is still so."""
    phase = str(job.get("phase", ""))
    return f"{phase} ⚠ {job['reachability']['state']}" if is_unseen(job) else phase


def explain_unseen(job: Document, screen: Screen) -> str:
    """Why the run of the job cannot be seen, since when, and what happens next."""
    reach = job["reachability"]
    facts = {"cluster": job.get("cluster", ""), "since": format_time(str(reach.get("since") or ""))}
    return screen.say(f"job_unseen_{str(reach['state']).lower()}", **facts)


def explain_wait(operation: Mapping[str, Any], job: Document, screen: Screen) -> str:
    """What an open operation waits for, as far as the server or the state of its job tell; else empty."""
    ahead, reach = job.get("operation"), job.get("reachability") or {}
    if ahead and ahead["id"] != operation["id"]:
        return _explain_queue(operation, ahead, job, screen)
    if waits_for := (operation.get("waiting") or {}).get("message"):
        return rephrase(waits_for)
    if operation["status"] == OperationStatus.INIT and reach.get("state", _REACHABLE) != _REACHABLE:
        since = format_time(str(reach.get("since") or ""))
        return screen.say("waits_until_reachable", cluster=job.get("cluster", ""), since=since)
    return ""


def _explain_queue(operation: Mapping[str, Any], ahead: Mapping[str, Any], job: Document, screen: Screen) -> str:
    facts = {"ahead": screen.say(f"verb_{ahead['verb']}"), "operation": ahead["id"], "job": job["name"]}
    parts = [screen.say("progress_queued", **facts), explain_wait(ahead, job, screen)]
    if operation["verb"] == "stop" and not (operation.get("options") or {}).get("force"):
        parts.append(screen.say("progress_force", **facts))
    return " ".join(part for part in parts if part)


def _describe(operation: Mapping[str, Any] | None, job: Document, screen: Screen) -> str | None:
    """The verb, the id, since when, and what it waits for."""
    if not operation:
        return None
    since = format_time(str(operation.get("started_at") or operation.get("requested_at") or ""))
    text = screen.say("operation_since", verb=operation.get("verb", ""), operation=operation["id"], at=since)
    return "\n".join(line for line in (text, explain_wait(operation, job, screen)) if line)
