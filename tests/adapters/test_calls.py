"""The record of calls: what is kept of each, how much of it, and what a killed server leaves."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from headgate.adapters.calls import CallFiles
from headgate.domain.calls import CALLS_KEPT, TEXT_KEPT, CallSubject
from headgate.ports.calls import CallAnswer
from tests.fakes.clock import FakeClock

JOB = CallSubject("job-0000000001", "ins-1", "int-1")
STOP = f"/jobs/{'a' * 32}/stop"
TRIGGER = f"/jobs/{'a' * 32}/savepoints/{'b' * 32}"
WRITING = CallAnswer(200, '{"status":"IN_PROGRESS"}')


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def calls(tmp_path: Path, clock: FakeClock) -> CallFiles:
    return CallFiles(tmp_path / "trace", clock)


def order(calls: CallFiles, answer: CallAnswer | None = None, subject: CallSubject = JOB) -> None:
    with calls.about(subject):
        calls.end(calls.begin("POST", STOP, {"drain": False}), answer or CallAnswer(202, '{"request-id":"b"}'))


def look(calls: CallFiles, answer: CallAnswer = WRITING) -> None:
    with calls.about(JOB):
        calls.end(calls.begin("GET", TRIGGER, None), answer)


def test_an_order_is_kept_with_its_answer_its_time_and_its_act(calls: CallFiles, clock: FakeClock) -> None:
    with calls.about(JOB):
        call = calls.begin("POST", STOP, {"drain": False})
        clock.advance(0.25)
        calls.end(call, CallAnswer(202, '{"request-id":"b"}'))
    (kept,) = calls.list_of_job(JOB.job_id)
    assert (kept.number, kept.method, kept.path, kept.request) == (1, "POST", STOP, '{"drain": false}')
    assert (kept.status, kept.answer, kept.error) == (202, '{"request-id":"b"}', "")
    assert (kept.subject, kept.duration) == (JOB, timedelta(seconds=0.25))


def test_an_order_whose_server_died_is_seen_without_an_answer(
    calls: CallFiles, clock: FakeClock, tmp_path: Path
) -> None:
    with calls.about(JOB):
        calls.begin("POST", STOP, {"drain": False})
    next_server = CallFiles(tmp_path / "trace", clock)
    (kept,) = next_server.list_of_job(JOB.job_id)
    assert (kept.status, kept.answer, kept.error, kept.duration) == (None, "", "", None)
    order(next_server)
    assert [call.number for call in next_server.list_of_job(JOB.job_id)] == [2, 1]


def test_a_look_that_shows_nothing_new_is_counted(calls: CallFiles, clock: FakeClock, tmp_path: Path) -> None:
    order(calls)
    for _ in range(50):
        clock.advance(1)
        look(calls)
    look(calls, CallAnswer(200, '{"status":"COMPLETED"}'))
    for reader in (calls, CallFiles(tmp_path / "trace", clock)):
        done, writing, _ = reader.list_of_job(JOB.job_id)
        assert (done.times, writing.times) == (1, 50)
        assert writing.last_at is not None
        assert writing.last_at - writing.at == timedelta(seconds=49)


def test_an_order_between_two_equal_looks_keeps_them_apart(calls: CallFiles) -> None:
    look(calls)
    order(calls)
    look(calls)
    assert [call.method for call in calls.list_of_job(JOB.job_id)] == ["GET", "POST", "GET"]


def test_what_is_no_job_s_is_not_kept(calls: CallFiles, tmp_path: Path) -> None:
    calls.end(calls.begin("GET", "/jobs/overview", None), CallAnswer(200, "{}"))
    assert not (tmp_path / "trace").exists()


def test_only_the_newest_are_kept_and_the_file_stays_small(calls: CallFiles, tmp_path: Path) -> None:
    for number in range(10 * CALLS_KEPT):
        order(calls, CallAnswer(202, str(number)))
    kept = calls.list_of_job(JOB.job_id)
    assert [call.answer for call in kept] == [str(10 * CALLS_KEPT - 1 - back) for back in range(CALLS_KEPT)]
    (file,) = (tmp_path / "trace").iterdir()
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 4 * CALLS_KEPT


def test_a_long_text_is_cut_and_says_so(calls: CallFiles) -> None:
    order(calls, CallAnswer(200, "中" * 100_000))
    (kept,) = calls.list_of_job(JOB.job_id)
    assert kept.answer.startswith("中" * TEXT_KEPT)
    assert kept.answer.endswith("(100000 characters)")
    assert len(kept.answer) < TEXT_KEPT + 50


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ({"flinkConfiguration": {"s3.secret-key": "hush"}}, ""),
        ({"programArgsList": ["--password", "hush", "--table", "t"]}, ""),
        ({"programArgsList": ["--password=hush"]}, ""),
        ({"script": "CREATE TABLE a (x INT) WITH ('connector'='jdbc', 'password' = 'hush')"}, ""),
        ({"targetDirectory": "s3://key:hush@bucket/savepoints"}, ""),
        ({}, '{"errors":["password=hush is wrong"]}'),
        ({}, "x" * (TEXT_KEPT - 12) + " password=hush"),
    ],
)
def test_no_secret_is_kept(calls: CallFiles, tmp_path: Path, request_: object, answer: str) -> None:
    with calls.about(JOB):
        calls.end(calls.begin("POST", STOP, request_), CallAnswer(400, answer, answer))
    (file,) = (tmp_path / "trace").iterdir()
    text = file.read_text(encoding="utf-8")
    assert "hush" not in text
    assert "**" in text


def test_jobs_are_kept_apart_and_a_deleted_one_is_forgotten(calls: CallFiles, tmp_path: Path) -> None:
    other = CallSubject("job-0000000002")
    order(calls)
    order(calls, subject=other)
    calls.forget(JOB.job_id)
    assert calls.list_of_job(JOB.job_id) == []
    assert len(calls.list_of_job(other.job_id)) == 1
    assert [file.name for file in (tmp_path / "trace").iterdir()] == ["job-0000000002.jsonl"]


def test_a_disk_that_takes_nothing_is_said_once_and_is_in_nobody_s_way(
    tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "trace").write_text("no folder", encoding="utf-8")
    calls = CallFiles(tmp_path / "trace", clock)
    order(calls)
    look(calls)
    assert calls.list_of_job(JOB.job_id) == []
    assert len([record for record in caplog.records if "cannot be recorded" in record.message]) == 1


def test_an_answer_with_any_sign_for_a_new_line_is_read_again(
    calls: CallFiles, clock: FakeClock, tmp_path: Path
) -> None:
    text = "one\x85two\u2028three\u2029four\r\nfive"
    order(calls, CallAnswer(400, text))
    (kept,) = CallFiles(tmp_path / "trace", clock).list_of_job(JOB.job_id)
    assert (kept.status, kept.answer) == (400, text)


def test_a_line_that_was_written_by_halves_costs_nothing_else(
    calls: CallFiles, clock: FakeClock, tmp_path: Path
) -> None:
    order(calls)
    (file,) = (tmp_path / "trace").iterdir()
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*lines, lines[-1][:40], json.dumps({"number": 7}), ""]), encoding="utf-8")
    assert [call.status for call in CallFiles(tmp_path / "trace", clock).list_of_job(JOB.job_id)] == [202]
