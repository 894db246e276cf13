"""The command line against a real server: `headgate serve` as a process, without any Flink."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Result

FILE = """\
kind: job
name: {name}
folder: demo
spec:
  type: SQL
  sql: |
    CREATE TABLE a (x INT) WITH ('connector' = 'datagen');
    CREATE TABLE b (x INT) WITH ('connector' = 'blackhole');
    INSERT INTO b SELECT x FROM a;
"""
START_S = 60


@dataclass(frozen=True)
class Served:
    """A running server."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def context(self) -> Path:
        return self.folder / "context.json"

    @property
    def token(self) -> str:
        return str(json.loads(self.context.read_text())["token"])


Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served") / "data"
    folder.mkdir(mode=0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADGATE_")}
    environment["HEADGATE_CONFIG"] = str(folder.parent / "config")
    command = [sys.executable, "-m", "headgate", "serve", "--data", str(folder), "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + START_S
        while not (folder / "context.json").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        yield Served(folder, process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.fixture
def ask(cli: Cli, served: Served) -> Ask:
    """Runs one command line against that server; the answer as JSON."""

    def run(*arguments: str, output: str = "json") -> Result:
        return cli(*arguments, "--context", str(served.context), "--output", output)

    return run


@pytest.fixture
def job(ask: Ask, tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """A job named after the test."""
    file = tmp_path / "job.yaml"
    file.write_text(FILE.format(name=request.node.name[-60:].replace("[", "-").replace("]", "")))
    result = ask("job", "create", "-f", str(file))
    assert result.code == 0, result.err
    return result.document


def test_what_the_server_writes_is_its_owners_alone_in_an_open_folder_too(served: Served) -> None:
    assert served.folder.stat().st_mode & 0o055 == 0o055
    files = {file.name: file.stat().st_mode & 0o077 for file in served.folder.rglob("*")}
    assert {"headgate.sqlite", "headgate.sqlite-wal", "headgate.sqlite-shm", "context.json"} <= files.keys()
    assert not {name for name, mode in files.items() if mode}


def test_a_job_from_its_file_to_its_end(ask: Ask, job: Any, tmp_path: Path) -> None:
    name = job["name"]
    assert job["phase"] == "DRAFT"
    assert [row["id"] for row in ask("job", "list", "--search", name).document] == [job["id"]]
    assert ask("job", "publish", name, "-m", "first").document["number"] == 1
    assert ask("job", "versions", name).document[0]["description"] == "first"
    (tmp_path / "job.yaml").write_text((tmp_path / "job.yaml").read_text() + "  parallelism: 2\n")
    assert ask("job", "update", name, "-f", str(tmp_path / "job.yaml")).code == 0
    assert "parallelism: 2" in ask("job", "draft", name, output="table").out
    shown = ask("job", "show", name).document
    assert (shown["phase"], shown["draft_changed"]) == ("PUBLISHED", True)
    assert {event["type"] for event in ask("job", "events", name).document} >= {"JOB_CREATED", "VERSION_PUBLISHED"}
    assert ask("job", "delete", name).code == 0
    assert ask("job", "show", name).code == 3


@pytest.mark.parametrize("output", ["table", "yaml"])
def test_every_list_and_page_can_be_shown(ask: Ask, job: Any, output: str) -> None:
    for command in ("show", "versions", "instances", "snapshots", "events", "operations"):
        assert ask("job", command, job["name"], output=output).code == 0
    for concept in ("job", "operation", "cluster", "artifact"):
        assert ask(concept, "list", output=output).code == 0


@pytest.mark.parametrize("verb", ["pause", "resume", "savepoint"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_verb_that_does_not_fit_is_a_conflict(ask: Ask, job: Any, verb: str, language: str) -> None:
    result = ask("job", verb, job["name"], "--language", language)
    assert result.code == 4
    assert result.err.startswith("Error: " if language == "en" else "错误：")
    assert "怎么办" in result.err or language == "en"


def test_a_name_can_be_given_once(ask: Ask, job: Any, tmp_path: Path) -> None:
    result = ask("job", "create", "-f", str(tmp_path / "job.yaml"))
    assert result.code == 4
    assert job["name"] in result.err


def test_a_wrong_field_is_shown_where_it_stands(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(FILE.format(name="wrong") + "  paralelism: 2\n  checkpointing: {interval: often}\n")
    result = ask("job", "create", "-f", str(file))
    assert result.code == 1
    assert f"{file}, line 10, column 3 (spec.paralelism)" in result.err
    assert "Did you mean parallelism?" in result.err
    assert f"{file}, line 11, column 29 (spec.checkpointing.interval)" in result.err


@pytest.mark.parametrize("concept", ["operation", "snapshot", "cluster", "job"])
def test_what_does_not_exist_is_not_found(ask: Ask, concept: str) -> None:
    result = ask(concept, "show", "no-such-thing")
    assert result.code == 3
    assert result.document["exit_code"] == 3
    assert result.document["code"] in (f"{concept}_not_found", f"{concept}_unknown")


def test_a_wrong_token_is_an_authentication_failure(
    ask: Ask, cli: Cli, served: Served, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HEADGATE_URL", json.loads(served.context.read_text())["url"])
    environment.setenv("HEADGATE_TOKEN", "surely-not-the-token")
    result = cli("job", "list")
    assert result.code == 5
    assert "surely-not-the-token" not in result.err


def test_clusters_are_registered_checked_and_removed(ask: Ask) -> None:
    added = ask("cluster", "add", "far", "--url", "http://127.0.0.1:1", "--flink-version", "2.2.1", "--zone", "z1")
    assert added.document["zone"] == "z1"
    assert "far" in [cluster["name"] for cluster in ask("cluster", "list").document]
    assert ask("cluster", "show", "far").document["url"] == "http://127.0.0.1:1"
    check = ask("cluster", "check", "far")
    assert (check.code, check.document["ok"]) == (1, False)
    assert "far" in check.err
    assert ask("cluster", "remove", "far").code == 0
    assert ask("cluster", "show", "far").code == 3


@pytest.mark.parametrize(("version", "is_said"), [("2.3.0", False), ("2.9.0", True)])
def test_a_flink_that_was_not_tested_is_said_so(ask: Ask, version: str, is_said: bool) -> None:
    ask("cluster", "add", "fresh", "--url", "http://127.0.0.1:2", "--flink-version", version)
    try:
        shown = ask("cluster", "show", "fresh", output="table")
        assert ("not been tested with Flink 2.9.0" in " ".join(shown.out.split())) is is_said
    finally:
        ask("cluster", "remove", "fresh")


def test_a_flink_that_is_too_old_is_refused(ask: Ask) -> None:
    refused = ask("cluster", "add", "old", "--url", "http://127.0.0.1:2", "--flink-version", "1.18.1")
    assert refused.code == 1
    assert "claimMode" in refused.err
    assert "1.20" in refused.err


def test_jars_are_added_and_removed(ask: Ask, tmp_path: Path) -> None:
    jar = tmp_path / "app.jar"
    with zipfile.ZipFile(jar, "w") as zipped:
        zipped.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nMain-Class: a.Main\n")
        zipped.writestr("a/Main.class", b"\xca\xfe\xba\xbe")
    added = ask("artifact", "add", str(jar))
    assert added.code == 0, added.err
    assert added.document["entry_class"] == "a.Main"
    assert [row["name"] for row in ask("artifact", "list").document] == ["app.jar"]
    assert ask("artifact", "remove", "app.jar").code == 0
    assert ask("artifact", "remove", "app.jar").code == 3
    (tmp_path / "no.jar").write_text("not a jar")
    assert ask("artifact", "add", str(tmp_path / "no.jar")).code == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_second_server_on_the_folder_is_refused(cli: Cli, served: Served, language: str) -> None:
    result = cli("serve", "--data", str(served.folder), "--port", "0", "--language", language)
    assert result.code == 4
    assert str(served.folder) in result.err
    assert "--data" in result.err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_port_in_use_is_refused(cli: Cli, served: Served, tmp_path: Path, language: str) -> None:
    port = json.loads(served.context.read_text())["url"].rpartition(":")[2]
    result = cli("serve", "--data", str(tmp_path), "--port", port, "--language", language)
    assert result.code == 4
    assert port in result.err
    assert "--port" in result.err


def test_the_token_is_in_the_context_file_alone(ask: Ask, job: Any, served: Served) -> None:
    assert served.context.stat().st_mode & 0o777 == 0o600
    token = served.token.encode()
    holders = [file.name for file in served.folder.rglob("*") if file.is_file() and token in file.read_bytes()]
    assert holders == ["context.json"]
