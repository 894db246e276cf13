"""The verbs: what is sent, how the end is awaited, and what a bad end is for the shell."""

from typing import Any

import pytest

from tests.cli.conftest import Cli, Recorded, make_job, make_operation, page

JOB = "job-0123456789"
PATH = f"/jobs/{JOB}/operations"


@pytest.mark.requirement("T0-01")
@pytest.mark.parametrize(
    ("arguments", "verb", "options"),
    [
        (["run", JOB], "run", {}),
        (["run", JOB, "--from", "latest"], "run", {"from": "LATEST"}),
        (["run", JOB, "--snapshot-id", "s1"], "run", {"from": "SNAPSHOT", "snapshot_id": "s1"}),
        (
            [
                "run",
                JOB,
                "--from",
                "latest",
                "--job-version",
                "2",
                "--allow-non-restored-state",
                "--claim-mode",
                "claim",
            ],
            "run",
            {"from": "LATEST", "version": 2, "allow_non_restored_state": True, "claim_mode": "CLAIM"},
        ),
        (["pause", JOB], "pause", {}),
        (["pause", JOB, "--allow-state-loss"], "pause", {"allow_state_loss": True}),
        (["resume", JOB], "resume", {}),
        (["resume", JOB, "--snapshot-id", "s1"], "resume", {"snapshot_id": "s1"}),
        (["stop", JOB, "--snapshot", "create"], "stop", {"snapshot": "CREATE"}),
        (["stop", JOB, "--snapshot", "none", "--force"], "stop", {"snapshot": "NONE", "force": True}),
        (["restart", JOB, "--keep-state"], "restart", {"keep_state": True}),
        (["restart", JOB, "--discard-state"], "restart", {"keep_state": False}),
        (["savepoint", JOB], "savepoint", {}),
        (["savepoint", JOB, "--format", "native"], "savepoint", {"format": "NATIVE"}),
        (["declare-lost", JOB, "--reason", "gone"], "declare_lost", {"reason": "gone"}),
    ],
    ids=lambda value: " ".join(value).replace(JOB, "") if isinstance(value, list) else "",
)
def test_a_verb_sends_what_was_said_and_nothing_else(
    talk: Cli, server: Recorded, arguments: list[str], verb: str, options: dict[str, Any]
) -> None:
    server.answer("POST", PATH, (202, make_operation("INIT", verb=verb)))
    result = talk("job", *arguments)
    assert result.code == 0
    assert server.requests[0].body == {"verb": verb, "options": options}
    assert "headgate operation show op-1 --wait" in result.err


def test_waiting_follows_the_operation_to_its_end(talk: Cli, server: Recorded) -> None:
    server.answer("POST", PATH, (202, make_operation("INIT", steps=[])))
    server.answer(
        "GET",
        "/operations/op-1",
        (200, make_operation()),
        (200, make_operation()),
        (200, make_operation("SUCCESS", code=0)),
    )
    result = talk("job", "pause", JOB, "--wait", "--output", "json")
    assert result.code == 0
    assert result.document["status"] == "SUCCESS"
    # Not a terminal: one line per change, not one per look.
    assert result.err.splitlines() == [
        "pause: Accepted; it has not begun yet.",
        "pause: step 1 of 1: stop with a savepoint",
    ]
    assert float(server.requests[1].query["wait"]) <= 2


@pytest.mark.parametrize(
    ("status", "result_code", "exit_code"),
    [("FAIL", 1, 1), ("EXCEPTION", 5, 1), ("TASK_STATUS_NO_DONE", 1, 1), ("CANCELLED", 1, 1), ("CANCELLED", 401, 5)],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_bad_end_is_told_with_cause_and_advice(
    talk: Cli, server: Recorded, status: str, result_code: int, exit_code: int, language: str
) -> None:
    ended = make_operation(
        status, code=result_code, message="No space.", cause="java.io.IOException: No space", advice="Free some."
    )
    server.answer("POST", PATH, (202, ended))
    result = talk("job", "pause", JOB, "--wait", "--language", language)
    assert result.code == exit_code
    for text in (status, "No space.", "java.io.IOException: No space", "Free some."):
        assert text in result.err


def test_a_timeout_is_six_and_says_that_it_goes_on(talk: Cli, server: Recorded) -> None:
    server.answer("POST", PATH, (202, make_operation()))
    server.answer("GET", "/operations/op-1", (200, make_operation()))
    result = talk("job", "pause", JOB, "--wait", "--timeout", "0.3")
    assert result.code == 6
    assert "headgate operation show op-1 --wait" in result.err


def test_a_dry_run_shows_the_plan_and_asks_for_nothing(talk: Cli, server: Recorded) -> None:
    plan = {"steps": [{"name": "submit"}], "restore_point": None, "risks": [{"message": "state is lost"}], "hash": "h1"}
    server.answer("POST", PATH, (200, plan))
    result = talk("job", "run", JOB, "--dry-run")
    assert server.requests[0].query == {"dry_run": "true"}
    assert "submit" in result.out
    assert "state is lost" in result.out


@pytest.mark.requirement("T0-26")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_verb_that_is_not_allowed_names_the_ones_that_are(talk: Cli, server: Recorded, language: str) -> None:
    phases = {"phase": "CANCELLED", "expected_phase": "CANCELLED", "allowed_verbs": ["run", "stop"]}
    server.answer("POST", PATH, (409, {"code": "verb_not_allowed", "detail": "No.", "hint": "Twice.", **phases}))
    result = talk("job", "pause", JOB, "--language", language)
    assert result.code == 4
    for said in ("pause", JOB, "CANCELLED", "run, stop"):
        assert result.err.count(said) == 1
    assert len(result.err.splitlines()) == 2


def test_what_is_under_way_is_told_in_the_servers_words(talk: Cli, server: Recorded) -> None:
    phases = {"phase": "RUNNING", "expected_phase": "SUSPENDED", "allowed_verbs": ["stop"]}
    problem = {"code": "verb_not_allowed", "detail": "A pause is under way.", "hint": "Use allow_state_loss: true."}
    server.answer("POST", PATH, (409, {**problem, **phases}))
    err = talk("job", "pause", JOB).err
    assert "A pause is under way." in err
    assert "Use --allow-state-loss." in err


def test_show_without_waiting_does_not_fail_with_the_operation(talk: Cli, server: Recorded) -> None:
    server.answer("GET", "/operations/op-1", (200, make_operation("FAIL", code=1)))
    assert talk("operation", "show", "op-1").code == 0
    assert talk("operation", "show", "op-1", "--wait").code == 1


def test_withdraw(talk: Cli, server: Recorded) -> None:
    server.answer("DELETE", "/operations/op-1", (200, make_operation("CANCELLED", code=1)))
    assert talk("operation", "withdraw", "op-1", "--output", "json").document["status"] == "CANCELLED"


def test_a_lost_answer_is_asked_for_again_under_the_same_key(talk: Cli, server: Recorded) -> None:
    server.answer("POST", PATH, (202, make_operation("INIT")))
    server.drop_next = True
    assert talk("job", "pause", JOB).code == 0
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert len(keys) == 2
    assert len(set(keys)) == 1


RUNNING = make_job(instance={"number": 3, "version": 1, "flink_job_id": "f" * 32}, online_version=1, newest_version=1)
POINT = {"snapshot_id": "snap-1", "at": "2026-01-31T12:00:00Z", "size": 5632, "path": "file:/sp/1"}


@pytest.mark.parametrize(
    ("operation", "job", "said"),
    [
        ({"verb": "run"}, RUNNING, f"delays is RUNNING as instance 3 (version 1), Flink job {'f' * 32}."),
        ({"verb": "pause"}, make_job(phase="SUSPENDED", restore_point=POINT), "snap-1 (5.5 KB) file:/sp/1"),
        (
            {"verb": "stop", "options": {"snapshot": "CREATE"}},
            make_job(phase="CANCELLED", restore_point=POINT),
            "snap-1",
        ),
        (
            {"verb": "stop", "options": {"snapshot": "NONE"}},
            make_job(phase="CANCELLED", restore_point=POINT),
            "delays is CANCELLED.",
        ),
        ({"verb": "savepoint"}, {**RUNNING, "restore_point": POINT}, "The savepoint: snap-1 (5.5 KB) file:/sp/1"),
        ({"verb": "restart"}, {**RUNNING, "newest_version": 2}, "Version 2"),
    ],
    ids=["run", "pause", "stop with a savepoint", "stop without", "savepoint", "an old version"],
)
def test_waiting_ends_with_a_sentence_on_the_job(
    talk: Cli, server: Recorded, operation: dict[str, Any], job: dict[str, Any], said: str
) -> None:
    server.answer("POST", PATH, (202, make_operation("SUCCESS", code=0, message="Done.", **operation)))
    server.answer("GET", f"/jobs/{JOB}", (200, job))
    result = talk("job", "savepoint", JOB, "--wait")
    assert result.code == 0
    assert said in result.out + result.err
    assert "Done." not in result.out


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (
            {"reachability": {"state": "UNREACHABLE", "since": "2026-01-31T12:00:00Z"}},
            "it has not since 2026-01-31 12:00:00Z",
        ),
        ({"operation": make_operation(id="op-0", verb="run")}, "waits until run (op-0) has ended. To cut that short"),
        (
            {"operation": make_operation(id="op-0", verb="run", waiting={"message": "Waiting for slots."})},
            "Waiting for slots. To cut that short: headgate job stop delays --snapshot none --force",
        ),
        ({"operation": make_operation()}, "Accepted."),
    ],
    ids=["silent cluster", "queue", "queue that waits", "nothing known"],
)
def test_what_an_operation_waits_for_is_said(talk: Cli, server: Recorded, job: dict[str, Any], said: str) -> None:
    waiting = make_operation("INIT", verb="stop", message="Accepted.")
    server.answer("GET", "/operations/op-1", (200, waiting))
    server.answer("GET", f"/jobs/{JOB}", (200, make_job(cluster="local", waiting=waiting, **job)))
    assert said in " ".join(talk("operation", "show", "op-1").out.split())
    if said != "Accepted.":
        assert said.partition(" To cut")[0] in " ".join(talk("job", "show", JOB).out.split())


def test_a_withdrawal_that_is_not_through_yet_says_so(talk: Cli, server: Recorded) -> None:
    server.answer("DELETE", "/operations/op-1", (200, make_operation("INIT", message="Accepted.")))
    result = talk("operation", "withdraw", "op-1")
    assert "op-1 is being withdrawn" in result.err
    assert "Accepted." not in result.out


def test_a_plan_has_a_line_for_each_risk_and_no_hash(talk: Cli, server: Recorded) -> None:
    risks = [{"message": "State is lost."}, {"message": "It has not answered since 2026-11-21T16:34:57+00:00."}]
    server.answer("POST", PATH, (200, {"steps": [], "restore_point": None, "risks": risks, "hash": "h" * 64}))
    out = talk("job", "run", JOB, "--dry-run").out
    assert "State is lost.\n" in out
    assert "since 2026-11-21 16:34:57Z" in out
    assert "h" * 64 not in out


def test_operations_name_their_jobs(talk: Cli, server: Recorded) -> None:
    gone = make_operation("SUCCESS", id="op-2", job_id="job-9999999999")
    server.answer("GET", "/workspaces/default/operations", (200, page(make_operation(), gone)))
    server.answer("GET", "/workspaces/default/jobs", (200, page(make_job())))
    server.answer("GET", f"/jobs/{JOB}", (200, make_job()))
    server.answer("GET", "/operations/op-1", (200, make_operation("SUCCESS")))
    server.answer("GET", "/operations/op-2", (200, gone))
    listed = talk("operation", "list").out
    assert "delays" in listed
    assert "job-9999999999" in listed
    assert "delays" in talk("operation", "show", "op-1").out
    assert talk("operation", "show", "op-2").code == 0
