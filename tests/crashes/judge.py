"""What must be true of every case, judged from outside: by Flink's list, its log, and the job's own ledger."""

from datetime import datetime
from pathlib import Path
from typing import Any

from tests.crashes.theatre import Life, Theatre, find_overlaps
from tests.stories.flink import Flink, find_folder
from tests.stories.ledger import Entry, find_start, list_runs, list_saved, read_ledger
from tests.stories.people import JobHandle, Json

_ORDERS = ("SQL", "POST", "PATCH")


def judge_rest(job: JobHandle, flink: Flink, end: tuple[str, str]) -> None:
    """The job rests where it should, nothing is open, and Flink shows just that."""
    shown = job.show()
    assert shown["phase"] == end[1], shown
    assert shown["operation"] is None, "something is open still"
    live = [shown["instance"]["flink_job_id"]] if end[1] == "RUNNING" else []
    assert flink.list_live(job.name) == live
    if end[1] == "SUSPENDED":
        point = shown["restore_point"]
        assert (find_folder(point["path"]) / "_metadata").is_file(), "SUSPENDED without a savepoint"
    for snapshot in job.list("snapshots"):
        assert (find_folder(snapshot["path"]) / "_metadata").is_file(), snapshot


def judge_history(job: JobHandle, theatre: Theatre, ledger: Path | None) -> None:
    """Never two Flink jobs at once, no submission that nobody answers for, and a count without a gap."""
    instances = sorted(job.list("instances"), key=lambda instance: int(instance["number"]))
    ours = [instance["flink_job_id"] for instance in instances]
    lives = theatre.list_lives(job.name)
    assert {life.flink_job_id for life in lives} <= set(ours), "a Flink job that no instance stands for"
    assert not find_overlaps([(life.flink_job_id, life.start, life.end) for life in lives])

    submissions = theatre.list_submissions(job.name)
    assert len(submissions) == len(set(submissions)), "a JobManager took the same submission twice"
    assert set(submissions) <= set(ours)
    assert {life.flink_job_id for life in lives} <= set(submissions), "the log of the JobManager has other words now"
    calls = list(reversed(job.list("trace")))
    _judge_orders(calls, ours)
    _judge_submissions(calls, lives)
    if ledger is not None:
        _judge_count(job, instances, read_ledger(ledger))


def _judge_orders(calls: list[Json], ours: list[str]) -> None:
    """The record of calls tells the same: no order about a job that is not ours, no stop under two names."""
    assert calls, "nothing was recorded"
    triggers: dict[str, set[str]] = {}
    for call in calls:
        if call["method"] in _ORDERS and call["path"].startswith("/jobs/"):
            assert call["path"].split("/")[2].partition("?")[0] in ours, call
            assert call["intent_id"], "an order without an intent"
        if call["path"].endswith("/stop"):
            triggers.setdefault(call["path"], set()).add(_find_value(call, "triggerId"))
    assert all(len(ids) == 1 for ids in triggers.values()), "a second stop trigger"


def _judge_submissions(calls: list[Json], lives: list[Life]) -> None:
    """Nothing was submitted while an earlier run was still shown alive."""
    ends = {life.flink_job_id: life.end for life in lives}
    sent: list[str] = []
    for call in calls:
        if call["method"] == "SQL":
            flink_job_id = call["path"].removeprefix("/jobs/")
        elif call["path"].endswith("/run"):
            flink_job_id = _find_value(call, "jobId")
        else:
            continue
        at = datetime.fromisoformat(call["at"]).timestamp() * 1000
        early = [one for one in sent if one != flink_job_id and ends.get(one, 0) > at]
        assert not early, f"{flink_job_id} was submitted before the end of {early}"
        sent.append(flink_job_id)
    assert set(ends) <= set(sent), "a Flink job that nobody recorded a submission of"


def _find_value(call: Json, key: str) -> str:
    """An id in the body of a request."""
    return str(call["request"]).partition(f'"{key}": "')[2][:32]


def _judge_count(job: JobHandle, instances: list[Json], entries: list[Entry]) -> None:
    """Each run began with exactly what its snapshot held, or with nothing, and never counted wrongly."""
    assert not [entry for entry in entries if entry.word == "wrong"]
    assert not find_overlaps(list_runs(entries)), "two runs counted at the same time"
    makers: dict[str, Any] = {snapshot["path"]: snapshot["instance"] for snapshot in job.list("snapshots")}
    ids = {instance["number"]: instance["flink_job_id"] for instance in instances}
    for instance in instances:
        began = find_start(entries, instance["flink_job_id"])
        if began is None:
            continue  # its tasks never ran
        path = instance["restored_from"]
        allowed = list_saved(entries, ids[makers[path]]) if path else [0]
        assert began in allowed, f"run {instance['number']} began with {began} instead of {allowed}"
