"""`headgate doctor`: what the server finds, and what this machine tells where no server answers."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.cli.context import Context, write_context
from tests.cli.conftest import Cli, Recorded

GONE = {
    "code": "diagnosis_pause_snapshot_gone",
    "message": "Job orders is suspended, but its files are gone since 2026-01-01T10:00:00+00:00.",
    "advice": "Put that directory back.",
    "cause": "",
    "level": "ERROR",
    "since": None,
    "facts": {"job": "orders"},
}
FOREIGN = {**GONE, "code": "diagnosis_foreign_jobs", "level": "INFO", "message": "2 Flink jobs are not Headgate's."}
OLD_PID = 4_000_000  # above what Linux gives out by default


def told(*findings: dict[str, Any]) -> dict[str, Any]:
    ok = all(finding["level"] == "INFO" for finding in findings)
    return {"ok": ok, "at": "2026-01-01T10:00:00Z", "findings": list(findings), "lease": None, "clusters": 2, "jobs": 3}


@pytest.fixture
def online(server: Recorded, environment: pytest.MonkeyPatch) -> Recorded:
    environment.setenv("HEADGATE_URL", server.url)
    return server


class TestWithAServer:
    def test_nothing_is_off(self, cli: Cli, online: Recorded) -> None:
        online.answer("GET", "/diagnosis", (200, told()))
        result = cli("doctor")
        assert (result.code, result.out) == (0, "")
        assert result.err.strip() == "Nothing is off. Clusters asked: 2; jobs looked at: 3."

    def test_what_is_only_worth_knowing_is_not_off(self, cli: Cli, online: Recorded) -> None:
        online.answer("GET", "/diagnosis", (200, told(FOREIGN)))
        result = cli("doctor")
        assert result.code == 0
        assert "2 Flink jobs are not Headgate's." in result.out

    def test_what_is_off_stands_in_the_table_and_ends_with_1(self, cli: Cli, online: Recorded) -> None:
        online.answer("GET", "/diagnosis", (200, told(GONE, FOREIGN)))
        result = cli("doctor")
        assert result.code == 1
        for part in ("ERROR", "INFO", "since 2026-01-01 10:00:00Z", "Put that directory back."):
            assert part in result.out
        assert "Things that are off: 1." in result.err

    def test_a_program_gets_the_whole_answer_once(self, cli: Cli, online: Recorded) -> None:
        online.answer("GET", "/diagnosis", (200, told(GONE)))
        result = cli("doctor", "--output", "json")
        assert (result.code, result.document) == (1, told(GONE))

    def test_a_refusal_is_a_refusal(self, cli: Cli, online: Recorded) -> None:
        problem = {"code": "database_unavailable", "detail": "The database does not answer.", "hint": "Look at it."}
        online.answer("GET", "/diagnosis", (503, problem))
        result = cli("doctor", "--output", "json")
        assert (result.code, result.document["code"]) == (1, "database_unavailable")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data folder of a server that has ended."""
    made = tmp_path / "data"
    made.mkdir()
    write_context(made / "context.json", Context(f"http://127.0.0.1:{_free_port()}", "token", "", OLD_PID))
    return made


@pytest.fixture
def sleeper() -> Iterator[int]:
    """The pid of a process that lives and answers nothing."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate(b"\n", timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _hang_up(listener: socket.socket) -> None:
    """Take the request and the look at the port, and say nothing."""
    for _ in range(2):
        listener.accept()[0].close()


class TestWithoutAServer:
    def examine(self, cli: Cli, folder: Path, *more: str) -> list[dict[str, Any]]:
        result = cli("doctor", "--context", str(folder / "context.json"), "--output", "json", *more)
        assert result.code == 1
        assert result.document["ok"] is False
        findings: list[dict[str, Any]] = result.document["findings"]
        assert all(finding["message"] and finding["advice"] for finding in findings)
        return findings

    def test_the_server_has_ended(self, cli: Cli, folder: Path) -> None:
        findings = self.examine(cli, folder)
        assert [finding["code"] for finding in findings] == ["server_not_reachable", "doctor_server_ended"]
        assert findings[1]["facts"]["pid"] == str(OLD_PID)
        assert f"`headgate dev --data {folder}`" in findings[1]["advice"]

    def test_a_process_lives_and_does_not_answer(self, cli: Cli, folder: Path, sleeper: int) -> None:
        url = f"http://127.0.0.1:{_free_port()}"
        write_context(folder / "context.json", Context(url, "token", "", sleeper))
        assert [finding["code"] for finding in self.examine(cli, folder)][1:] == ["doctor_server_hangs"]

    def test_a_younger_process_with_its_number_is_another_one(self, cli: Cli, folder: Path, sleeper: int) -> None:
        file = folder / "context.json"
        write_context(file, Context(f"http://127.0.0.1:{_free_port()}", "token", "", sleeper))
        os.utime(file, (0, 0))
        assert [finding["code"] for finding in self.examine(cli, folder)][1:] == ["doctor_server_ended"]

    def test_something_else_has_its_port(self, cli: Cli, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            thread = threading.Thread(target=_hang_up, args=(stranger,))
            thread.start()
            url = f"http://127.0.0.1:{stranger.getsockname()[1]}"
            write_context(folder / "context.json", Context(url, "token", "", OLD_PID))
            codes = [finding["code"] for finding in self.examine(cli, folder)]
            thread.join()
        assert codes == ["server_broke_off", "doctor_server_ended", "doctor_port_taken"]

    @pytest.mark.parametrize(
        "line",
        [
            pytest.param("2026-01-01T10:00:00.000Z ERROR   headgate.web: the disk is full", id="for-people"),
            pytest.param(
                json.dumps({"at": "2026-01-01T10:00:00.000Z", "level": "ERROR", "message": "the disk is full"}),
                id="for-programs",
            ),
        ],
    )
    def test_the_last_error_of_the_log(self, line: str, cli: Cli, folder: Path) -> None:
        (folder / "log").mkdir()
        lines = [line.replace("disk is full", "first one"), line, "  a traceback", "{broken", "", line[:20]]
        (folder / "log" / "headgate.log").write_text("\n".join(lines))
        finding = self.examine(cli, folder)[-1]
        assert (finding["code"], finding["level"]) == ("doctor_log_error", "WARNING")
        assert finding["since"] == "2026-01-01T10:00:00.000Z"
        assert finding["facts"]["text"].endswith("the disk is full")

    def test_no_folder(self, cli: Cli, folder: Path, tmp_path: Path) -> None:
        findings = self.examine(cli, folder, "--data", str(tmp_path / "elsewhere"))
        assert [finding["code"] for finding in findings] == ["server_not_reachable", "data_folder_unknown"]

    def test_a_folder_that_is_none(self, cli: Cli, folder: Path, tmp_path: Path) -> None:
        (folder / ".write-probe").mkdir()
        assert "data_dir_unusable" in [finding["code"] for finding in self.examine(cli, folder)]

    def test_a_server_elsewhere_leaves_nothing_to_see_here(self, cli: Cli, folder: Path) -> None:
        write_context(folder / "context.json", Context("http://headgate.invalid:1", "token", "", 1))
        assert [finding["code"] for finding in self.examine(cli, folder)] == ["server_not_reachable"]

    def test_no_server_was_ever_started(self, cli: Cli, tmp_path: Path) -> None:
        result = cli("doctor", "--data", str(tmp_path / "nothing"))
        assert result.code == 1
        assert "`headgate dev`" in result.out

    def test_in_chinese(self, cli: Cli, folder: Path) -> None:
        result = cli("doctor", "--context", str(folder / "context.json"), "--language", "zh")
        assert "已退出" in result.out
        assert "发现 2 个问题" in result.err
