"""The job commands: what they send, and what they show of the answer."""

import io
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Recorded, make_job, page

JOB = "job-0123456789"
JOBS = "/workspaces/default/jobs"
FILE = """\
kind: job
name: delays
labels: {team: ops}
spec:
  type: SQL
  sql: |
    -- a comment
    CREATE TABLE t (a INT) WITH ('connector' = 'datagen');

    INSERT INTO nowhere SELECT a FRM t;
  parallelism: 1
"""


@pytest.fixture
def job_file(tmp_path: Path) -> Path:
    file = tmp_path / "delays.yaml"
    file.write_text(FILE)
    return file


def test_create_sends_the_file_without_its_kind(talk: Cli, server: Recorded, job_file: Path) -> None:
    server.answer("POST", JOBS, (201, make_job()))
    result = talk("job", "create", "-f", str(job_file))
    assert result.code == 0
    sent = server.requests[0]
    assert set(sent.body) == {"name", "labels", "spec"}
    assert sent.body["spec"]["sql"].startswith("-- a comment\n")
    assert sent.headers["idempotency-key"]
    assert sent.headers["accept-language"] == "en"
    assert "delays" in result.out


def test_a_refused_line_of_sql_is_shown_in_the_file(talk: Cli, server: Recorded, job_file: Path) -> None:
    problem = {"path": "spec.sql", "message": "unexpected FRM", "line": 4, "column": 29}
    server.answer(
        "POST",
        JOBS,
        (422, {"code": "sql_invalid", "detail": "The SQL is wrong.", "hint": "Mend it.", "problems": [problem]}),
    )
    result = talk("job", "create", "-f", str(job_file))
    assert result.code == 1
    assert result.err.splitlines() == [
        "Error: The SQL is wrong.",
        f"  {job_file}, line 10, column 33 (spec.sql): unexpected FRM",
        "    10 |     INSERT INTO nowhere SELECT a FRM t;",
        "       | " + " " * 32 + "^",
        "What to do: Mend it.",
    ]


def test_a_refused_field_is_shown_in_the_file(talk: Cli, server: Recorded, job_file: Path) -> None:
    problem = {"path": "spec.parallelism", "message": "too small"}
    server.answer("POST", JOBS, (422, {"code": "spec_invalid", "detail": "Wrong.", "problems": [problem]}))
    err = talk("job", "create", "-f", str(job_file)).err
    assert f"{job_file}, line 11, column 16 (spec.parallelism): too small" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1", "line 1, column 6"),
        ("- a list", "kind: job"),
        ("kind: cluster", "kind: job"),
        ("\tx: 1", "line 1, column 1"),
    ],
    ids=["cut off", "a list", "another kind", "tab"],
)
def test_a_file_that_is_no_job_is_refused_before_anything_is_sent(
    talk: Cli, server: Recorded, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "x.yaml").write_text(text)
    result = talk("job", "create", "-f", str(tmp_path / "x.yaml"))
    assert result.code == 2
    assert said in result.err
    assert not server.requests


def test_a_missing_file_is_named(talk: Cli) -> None:
    result = talk("job", "create", "-f", "/no/such/file.yaml")
    assert result.code == 2
    assert "/no/such/file.yaml" in result.err


def test_a_job_is_found_by_its_exact_name(talk: Cli, server: Recorded) -> None:
    server.answer("GET", JOBS, (200, page(make_job(id="job-9999999999", name="delays-2"), make_job())))
    server.answer("GET", f"/jobs/{JOB}", (200, make_job()))
    assert talk("job", "show", "delays", "--output", "json").document["id"] == JOB
    assert server.requests[0].query["q"] == "delays"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_unknown_name_is_not_found(talk: Cli, server: Recorded, language: str) -> None:
    server.answer("GET", JOBS, (200, page(make_job(name="delays-2"))))
    result = talk("job", "show", "delays", "--language", language)
    assert result.code == 3
    assert "delays" in result.err
    assert "headgate job list" in result.err


def test_a_name_that_looks_like_an_id_is_found_too(talk: Cli, server: Recorded) -> None:
    named = make_job(id="job-aaaaaaaaaa", name=JOB)
    server.answer("GET", f"/jobs/{JOB}", (404, {"code": "job_not_found"}))
    server.answer("GET", JOBS, (200, page(named)))
    server.answer("GET", "/jobs/job-aaaaaaaaaa", (200, named))
    assert talk("job", "show", JOB, "--output", "json").document["id"] == "job-aaaaaaaaaa"


def test_a_list_follows_its_pages_up_to_the_limit(talk: Cli, server: Recorded) -> None:
    first = page(*(make_job(name=f"a{i}") for i in range(2)), next_cursor="more")
    server.answer("GET", JOBS, (200, first), (200, page(make_job(name="a2"), make_job(name="a3"))))
    rows = talk("job", "list", "--limit", "3", "--output", "json").document
    assert [row["name"] for row in rows] == ["a0", "a1", "a2"]
    assert server.requests[1].query == {"limit": "2", "cursor": "more"}


def test_filters_are_sent_only_when_given(talk: Cli, server: Recorded) -> None:
    server.answer("GET", JOBS, (200, page()))
    talk("job", "list", "--phase", "RUNNING", "--phase", "FAILED", "--search", "x")
    assert set(server.requests[0].query) == {"phase", "q", "limit"}


def test_the_last_warning_stands_below_the_job(talk: Cli, server: Recorded) -> None:
    warning = {
        "message": "The pause failed.",
        "cause": "java.io.IOException: no",
        "advice": "Free space.",
        "at": "2026-01-31T12:00:00Z",
    }
    server.answer("GET", f"/jobs/{JOB}", (200, make_job(warning=warning)))
    err = talk("job", "show", JOB).err
    assert "⚠ 2026-01-31 12:00:00Z The pause failed." in err
    assert "java.io.IOException: no" in err
    assert "Free space." in err


def test_update_names_the_revision_that_it_replaces(talk: Cli, server: Recorded, job_file: Path) -> None:
    server.answer("GET", f"/jobs/{JOB}", (200, make_job()))
    server.answer("PUT", f"/jobs/{JOB}/draft", (200, {"type": "SQL"}))
    assert talk("job", "update", JOB, "-f", str(job_file)).code == 0
    assert server.requests[-1].headers["if-match"] == '"7"'
    assert server.requests[-1].body["type"] == "SQL"


@pytest.mark.parametrize("ok", [True, False], ids=["good", "faulty"])
def test_check_says_what_it_found(talk: Cli, server: Recorded, ok: bool) -> None:
    problems = [] if ok else [{"path": "spec.sql", "message": "no such table", "line": 2, "column": 8}]
    tables = [{"name": "t", "connector": "datagen", "role": "SOURCE", "options": {}}]
    server.answer(
        "POST", f"/jobs/{JOB}/draft/check", (200, {"ok": ok, "problems": problems, "tables": tables, "graph": []})
    )
    server.answer("GET", f"/jobs/{JOB}/draft", (200, {"type": "SQL", "sql": "SELECT 1\nFROM x y"}))
    result = talk("job", "check", JOB)
    assert result.code == (0 if ok else 1)
    if ok:
        assert "datagen" in result.out
    else:
        assert "spec.sql, line 2, column 8: no such table" in result.err
        assert "     2 | FROM x y" in result.err


def test_publish_sends_the_description(talk: Cli, server: Recorded) -> None:
    server.answer("GET", f"/jobs/{JOB}/draft", (200, {"type": "SQL", "sql": ""}))
    server.answer("POST", f"/jobs/{JOB}/versions", (201, {"version": {"number": 4, "description": "faster"}}))
    result = talk("job", "publish", JOB, "-m", "faster", "--output", "json")
    assert result.document["number"] == 4
    assert server.requests[-1].body == {"description": "faster"}


def test_delete_names_the_revision(talk: Cli, server: Recorded) -> None:
    server.answer("GET", f"/jobs/{JOB}", (200, make_job()))
    server.answer("GET", f"/jobs/{JOB}/snapshots", (200, page()))
    server.answer("DELETE", f"/jobs/{JOB}", (200, {"id": JOB, "message": "delays is deleted."}))
    result = talk("job", "delete", JOB)
    assert result.err == "delays is deleted.\n"
    assert server.requests[-1].headers["if-match"] == '"3"'


@pytest.mark.parametrize("what", ["versions", "instances", "snapshots", "events", "operations", "trace"])
@pytest.mark.parametrize("output", ["table", "json", "yaml"])
def test_what_belongs_to_a_job_is_listed(talk: Cli, server: Recorded, what: str, output: str) -> None:
    item = {"id": "x1", "number": 1, "message": "中文 text", "at": "2026-01-31T12:00:00Z", "size": 2048}
    server.answer("GET", f"/jobs/{JOB}/{what}", (200, page(item)))
    result = talk("job", what, JOB, "--output", output)
    assert result.code == 0
    assert result.out.strip()


def test_deleting_says_first_where_files_stay(talk: Cli, server: Recorded) -> None:
    server.answer("GET", f"/jobs/{JOB}", (200, make_job(phase="CANCELLED")))
    server.answer("GET", f"/jobs/{JOB}/snapshots", (200, page({"id": "s1", "path": "file:/sp/1"})))
    server.answer("DELETE", f"/jobs/{JOB}", (200, {"id": JOB, "message": "delays is deleted."}))
    said = talk("job", "delete", JOB).err.splitlines()
    assert said[1:] == ["  file:/sp/1", "delays is deleted."]


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("", 1), ("y", 0), ("是", 0)])
def test_deleting_is_asked_for_on_a_terminal(
    talk: Cli, server: Recorded, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    server.answer("GET", f"/jobs/{JOB}", (200, make_job(phase="CANCELLED")))
    server.answer("GET", f"/jobs/{JOB}/snapshots", (200, page()))
    server.answer("DELETE", f"/jobs/{JOB}", (200, {"id": JOB, "message": "delays is deleted."}))
    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    monkeypatch.setattr("sys.stderr", Terminal())
    assert talk("job", "delete", JOB).code == code
    assert len(server.find("DELETE", f"/jobs/{JOB}")) == 1 - code
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert talk("job", "delete", JOB, "--yes").code == 0


def test_a_list_that_goes_on_says_so(talk: Cli, server: Recorded) -> None:
    server.answer("GET", f"/jobs/{JOB}/events", (200, page(*({"id": str(n)} for n in range(3)))))
    assert "2 shown" in talk("job", "events", JOB, "--limit", "2").err
    assert talk("job", "events", JOB, "--limit", "3").err == ""


def test_a_draft_shows_nothing_where_nothing_is_known(talk: Cli, server: Recorded) -> None:
    unknown = {"flink_status": "UNKNOWN", "reachability": {"state": "REACHABLE"}, "total_run_s": 0.0, "instance": None}
    server.answer("GET", f"/jobs/{JOB}", (200, make_job(phase="DRAFT", **unknown)))
    out = talk("job", "show", JOB).out
    assert "UNKNOWN" not in out
    assert "REACHABLE" not in out
    assert "0.0 s" not in out


def test_a_job_out_of_reach_says_since_when_and_what_was_known(talk: Cli, server: Recorded) -> None:
    reach = {
        "state": "UNREACHABLE",
        "since": "2026-01-31T12:00:00Z",
        "as_of": "2026-01-31T11:59:55Z",
        "last_known": "RUNNING",
    }
    instance = {"number": 1, "flink_job_id": "f1", "duration_s": 99.0}
    server.answer("GET", f"/jobs/{JOB}", (200, make_job(flink_status="UNKNOWN", reachability=reach, instance=instance)))
    out = talk("job", "show", JOB).out
    for said in ("2026-01-31 12:00:00Z", "2026-01-31 11:59:55Z", "RUNNING", "UNKNOWN"):
        assert said in out
    assert "1 min 39 s" not in out  # nobody knows whether it still runs


@pytest.mark.requirement("T0-18")
@pytest.mark.parametrize(
    ("phase", "policy", "due", "is_told"),
    [
        pytest.param("FAILED", "restore", None, True, id="it has failed already"),
        pytest.param("FAILED", "restore", "2026-01-31T12:00:10Z", False, id="an attempt is due"),
        pytest.param("RUNNING", "restore", None, False, id="it runs"),
        pytest.param("FAILED", "none", None, False, id="no recovery is set"),
    ],
)
def test_whoever_sets_a_recovery_too_late_is_told_that_it_starts_nothing(
    talk: Cli, server: Recorded, phase: str, policy: str, due: str | None, is_told: bool
) -> None:
    server.answer("GET", f"/jobs/{JOB}", (200, make_job(phase=phase)))
    shown = {"policy": policy.upper(), "max_age": None, "attempts": 5, "next_attempt_at": due, "held": None}
    server.answer("PATCH", f"/jobs/{JOB}", (200, make_job(phase=phase, recovery=shown)))
    result = talk("job", "recovery", JOB, "--policy", policy)
    assert result.code == 0
    assert (f"headgate job run {JOB} --from latest" in result.out + result.err) is is_told
