"""How a command ends for the shell: one table, from error classes and from HTTP statuses."""

from pathlib import Path
from typing import Any

import pytest

from headgate.cli.app import ExitCode, choose_exit_code
from headgate.cli.client import ServerRefused
from headgate.cli.waiting import OperationFailed
from headgate.domain import errors
from tests.cli.conftest import Cli, Recorded, make_job, make_operation

JOB = "job-0123456789"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NotFound(), 3),
        (errors.NotAllowed(), 4),
        (errors.Conflict(), 4),
        (errors.StaleRevision(), 4),
        (errors.RevisionRequired(), 4),
        (errors.Invalid(), 2),
        (errors.NotAuthenticated(), 5),
        (errors.NotAuthorized(), 5),
        (errors.NotConverged(), 6),
        (errors.Unavailable(), 1),
        (errors.EngineFailed(), 1),
        (errors.FlinkMissing("gone"), 1),
        (OperationFailed(make_operation("FAIL", code=1)), 1),
        (OperationFailed(make_operation("EXCEPTION", code=5)), 1),
        (OperationFailed(make_operation("CANCELLED", code=401)), 5),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_class_of_error_has_its_exit_code(error: errors.HeadgateError, code: int) -> None:
    assert choose_exit_code(error) == code


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 1), (401, 5), (403, 5), (404, 3), (409, 4), (412, 4), (422, 1), (428, 4), (500, 1), (503, 1), (504, 6)],
    ids=str,
)
def test_each_status_of_the_server_has_its_exit_code(status: int, code: int) -> None:
    assert choose_exit_code(ServerRefused(status, {})) == code


def test_success_is_zero(talk: Cli, server: Recorded) -> None:
    server.answer("GET", f"/jobs/{JOB}", (200, make_job()))
    assert talk("job", "show", JOB).code == ExitCode.OK


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["job", "no-such-command"],
        ["job", "show"],
        ["job", "show", "a", "b"],
        ["job", "list", "--no-such-option"],
        ["job", "list", "--output", "xml"],
        ["job", "list", "--limit", "many"],
        ["job", "stop", "delays"],
        ["job", "stop", "delays", "--snapshot", "maybe"],
        ["artifact", "add"],
        ["cluster", "stop", "other"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_wrong_command_line_is_two_and_says_so(cli: Cli, arguments: list[str], language: str) -> None:
    result = cli(*arguments, "--language", language)
    assert result.code == ExitCode.USAGE
    assert result.err.startswith("Error: " if language == "en" else "错误：")
    assert "Traceback" not in result.err
    assert result.out == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_server_is_one_and_names_the_command_that_starts_one(
    cli: Cli, environment: pytest.MonkeyPatch, language: str
) -> None:
    environment.setenv("HEADGATE_URL", "http://127.0.0.1:1")
    result = cli("job", "list", "--language", language)
    assert result.code == ExitCode.FAILED
    assert "headgate dev" in result.err
    assert "http://127.0.0.1:1" in result.err


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[1, 2]", b""], ids=["not JSON", "not an object", "nothing"])
def test_another_program_at_that_address_is_recognised(talk: Cli, server: Recorded, body: bytes) -> None:
    server.answer("GET", f"/jobs/{JOB}", (200, body))
    result = talk("job", "show", JOB)
    assert result.code in (ExitCode.OK, ExitCode.FAILED)
    assert "Traceback" not in result.err


@pytest.mark.parametrize("problem", [{}, {"detail": "no"}, b"<html>bad gateway</html>"], ids=["empty", "bare", "html"])
def test_a_poor_refusal_is_still_told(talk: Cli, server: Recorded, problem: Any) -> None:
    server.answer("GET", f"/jobs/{JOB}", (502, problem))
    result = talk("job", "show", JOB)
    assert result.code == ExitCode.FAILED
    assert result.err.startswith("Error: ")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_bug_is_one_sentence_and_a_file(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("password=hunter22")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("headgate.cli.app.build_app", fail)
    result = cli("job", "list", "--language", language)
    (file,) = tmp_path.glob("headgate-*.log")
    assert (result.code, result.out) == (ExitCode.FAILED, "")
    assert str(file) in result.err
    assert "Traceback" not in result.err
    assert "ZeroDivisionError" in file.read_text(encoding="utf-8")
    assert "hunter22" not in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
