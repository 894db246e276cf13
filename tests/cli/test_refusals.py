"""What is said of a refusal: each problem's own advice, options for fields, and one document for programs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from headgate.cli.rephrasing import name_field, rephrase
from tests.cli.conftest import Cli, Recorded, make_job, make_operation, page

JOB = "job-0123456789"
JOBS = "/workspaces/default/jobs"
OPERATIONS = f"/jobs/{JOB}/operations"
TRACE = (
    "x.Wrapper: no\n\tat a.b(C.java:1)\nCaused by: java.io.IOException: No space\n\tat d.e(F.java:2)\n"
    + "\tat g.h(I.java:3)\n" * 60
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Set from: LATEST.", "Set --from latest."),
        ("start without state (from NONE)", "start without state (--from none)"),
        ("或选择不带状态启动（from NONE）", "或选择不带状态启动（--from none）"),
        ("only with allow_state_loss: true", "only with --allow-state-loss"),
        ("stop with snapshot: CREATE.", "stop with --snapshot create."),
        ("`keep_state` and http://x/snapshot_ids stay", "`keep_state` and http://x/snapshot_ids stay"),
        ("since 2026-11-21T16:34:57+00:00.", "since 2026-11-21 16:34:57Z."),
        ("A savepoint from NONESUCH", "A savepoint from NONESUCH"),
    ],
)
def test_words_of_the_api_become_options(text: str, said: str) -> None:
    assert rephrase(text) == said


@pytest.mark.parametrize(
    ("path", "name"),
    [("options.from", "--from"), ("phase.0", "--phase"), ("spec.sql", "spec.sql"), ("", "")],
)
def test_fields_of_requests_are_named_as_options(path: str, name: str) -> None:
    assert name_field(path) == name


def test_each_problem_has_its_own_advice(talk: Cli, server: Recorded) -> None:
    problems = [
        {
            "path": "spec.sql",
            "code": "sql_select",
            "message": "No sink.",
            "hint": "Write INSERT.",
            "line": 1,
            "column": 1,
        },
        {"path": "spec.sql", "code": "sql_syntax", "message": "Odd.", "hint": "Mind the comma.", "line": 2},
    ]
    server.answer("POST", f"/jobs/{JOB}/draft/check", (200, {"ok": False, "problems": problems}))
    server.answer("GET", f"/jobs/{JOB}/draft", (200, {"type": "SQL", "sql": "SELECT 1\nFROM x y"}))
    result = talk("job", "check", JOB)
    assert "      What to do: Write INSERT." in result.err.splitlines()
    assert "      What to do: Mind the comma." in result.err.splitlines()
    assert f"headgate job update {JOB} -f FILE" in result.err


def test_a_mistyped_field_is_marked_at_its_name_and_guessed(talk: Cli, server: Recorded, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("kind: job\nname: a\nspec:\n  parallelsm: 3\n")
    hint = "The fields are: args, parallelism, sql."
    problem = {"path": "spec.parallelsm", "code": "field_unknown", "message": "There is no field.", "hint": hint}
    server.answer(
        "POST", JOBS, (422, {"code": "spec_invalid", "detail": "Wrong.", "hint": "Correct.", "problems": [problem]})
    )
    err = talk("job", "create", "-f", str(file)).err
    assert f"{file}, line 4, column 3 (spec.parallelsm)" in err
    assert "Did you mean parallelism?" in err
    assert "What to do: Correct." not in err  # each problem says more than that


def test_a_name_that_is_taken_names_the_file_and_the_way_out(talk: Cli, server: Recorded, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("kind: job\nname: delays\nspec: {}\n")
    server.answer("POST", JOBS, (409, {"code": "job_name_taken", "detail": "Taken.", "hint": "Choose."}))
    assert f"headgate job update delays -f {file}" in talk("job", "create", "-f", str(file)).err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_missing_token_names_the_variable_not_the_header(talk: Cli, server: Recorded, language: str) -> None:
    server.answer("GET", JOBS, (401, {"code": "token_missing", "detail": "x", "hint": "Authorization: Bearer"}))
    err = talk("job", "list", "--language", language).err
    assert "HEADGATE_TOKEN" in err
    assert "Bearer" not in err


def test_a_trace_is_told_once_by_its_root(talk: Cli, server: Recorded) -> None:
    ended = make_operation("FAIL", code=1, message="It failed.", cause=TRACE, advice="Free some.")
    server.answer("POST", OPERATIONS, (202, ended))
    result = talk("job", "pause", JOB, "--wait")
    assert (result.out + result.err).count("java.io.IOException: No space") == 1
    assert (result.out + result.err).count("It failed.") == 1
    assert "\tat " not in result.out + result.err
    assert "headgate operation show op-1 --output json" in result.err
    assert len(result.err.splitlines()) < 8


def test_an_operation_is_shown_with_the_root_and_whole_in_json(talk: Cli, server: Recorded) -> None:
    server.answer("GET", "/operations/op-1", (200, make_operation("FAIL", code=1, cause=TRACE)))
    shown = talk("operation", "show", "op-1")
    assert "java.io.IOException: No space" in shown.out
    assert "\tat " not in shown.out
    assert talk("operation", "show", "op-1", "--output", "json").document["cause"] == TRACE


def read(output: str, text: str) -> Any:
    return yaml.safe_load(text)  # JSON is YAML


@pytest.mark.parametrize("output", ["json", "yaml"])
@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["job", "show", JOB], "job_unknown", 3),
        (["job", "show"], "usage", 2),
        (["job", "pause", "delays"], "verb_not_allowed", 4),
        (["artifact", "add", "no-such.jar"], "file_unreadable", 2),
    ],
    ids=["unknown", "usage", "refused", "own"],
)
def test_an_error_is_one_document_for_programs(
    talk: Cli, server: Recorded, output: str, arguments: list[str], code: str, exit_code: int
) -> None:
    server.answer("GET", JOBS, (200, page(make_job())))
    server.answer("GET", f"/jobs/{JOB}", (404, {"code": "job_not_found"}))
    server.answer("POST", OPERATIONS, (409, {"code": "verb_not_allowed", "detail": "No.", "phase": "FAILED"}))
    result = talk(*arguments, "--output", output)
    document = read(output, result.out)
    assert result.code == exit_code
    assert (document["code"], document["exit_code"]) == (code, exit_code)
    assert document["detail"] in result.err


def test_a_bad_end_is_not_followed_by_a_second_document(talk: Cli, server: Recorded) -> None:
    server.answer("POST", OPERATIONS, (202, make_operation("FAIL", code=1)))
    result = talk("job", "pause", JOB, "--wait", "--output", "json")
    assert result.code == 1
    assert result.document["status"] == "FAIL"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["jobs"], "Did you mean job?"),
        (["job", "lst"], "Did you mean list?"),
        (["job", "list", "--phse", "x"], "Did you mean --phase?"),
        (["job", "list", "--phase", "RUNING"], "Did you mean running?"),
        (["job", "list", "--phase", "nonsense"], "choose from: draft, published"),
        (["frobnicate"], "job, operation, snapshot"),
        (["job", "restart", "x"], "--keep-state / --discard-state"),
        (["job", "stop", "x"], "--snapshot create|none"),
        (["job", "run", "x", "--from", "none", "--claim-mode", "claim"], "--claim-mode"),
        (["dev", "--port", "99999"], "--port must be a number from 0 to 65535"),
        (["dev", "--slots", "0"], "--slots must be a number from 1 to 256"),
        (["dev", "--flink-version", "9.9"], "--flink-version must be written like 2.2.1"),
        (["job", "list", "--context", "no-such.json"], "no-such.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_slip_is_met_with_what_was_probably_meant(talk: Cli, arguments: list[str], said: str) -> None:
    result = talk(*arguments)
    assert result.code in (1, 2)
    assert said in result.err


def test_an_address_that_is_none_is_named(cli: Cli, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HEADGATE_URL", "ftp:foo")
    result = cli("job", "list")
    assert result.code == 2
    assert "ftp:foo" in result.err


def test_a_like_job_is_offered(talk: Cli, server: Recorded) -> None:
    server.answer("GET", JOBS, (200, page()), (200, page(make_job(name="orders"))))
    assert "Did you mean orders?" in talk("job", "show", "ordes").err
