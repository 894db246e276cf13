"""What the local cluster is told, as text."""

import re
from pathlib import Path

import pytest
import yaml

from headgate.adapters.engine.configuration import (
    ClusterFolder,
    Ports,
    file_uri,
    flink_configuration,
    job_manager_command,
    task_manager_command,
    write_configuration,
)
from headgate.domain.clusters import EngineVersion
from headgate.ports.engines import Engine, LocalClusterShape

ENGINE = Engine(EngineVersion("2.2.1"), Path("/engines/2.2.1"), Path("/java/bin/java"))
FOLDER = ClusterFolder(Path("/data"))


@pytest.fixture
def values() -> dict[str, str]:
    return flink_configuration(FOLDER, LocalClusterShape(slots=3, rest_store_duration_s=60), Ports(20001, 20002))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rest.async.store-duration", "60 s"),
        ("jobstore.expiration-time", "604800"),
        ("jobmanager.archive.fs.dir", "file:///data/local/archive"),
        ("execution.checkpointing.dir", "file:///data/checkpoints"),
        ("execution.checkpointing.savepoint-dir", "file:///data/savepoints"),
        ("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION"),
        ("taskmanager.numberOfTaskSlots", "3"),
        ("rest.port", "20001"),
        ("jobmanager.rpc.port", "20002"),
    ],
)
def test_the_cluster_is_told(values: dict[str, str], key: str, value: str) -> None:
    assert values[key] == value


def test_everything_stays_on_the_loopback_address(values: dict[str, str]) -> None:
    addresses = {key: value for key, value in values.items() if key.endswith(("address", "host"))}
    assert len(addresses) == 6
    assert set(addresses.values()) == {"127.0.0.1"}


def test_everything_temporary_stays_below_the_data_folder(values: dict[str, str]) -> None:
    assert {values[key] for key in ("web.tmpdir", "io.tmp.dirs", "blob.storage.directory")} == {"/data/local/tmp"}


def test_a_task_manager_has_at_most_a_gigabyte_in_all(values: dict[str, str]) -> None:
    sizes = {
        key: int(value.removesuffix(" mb")) for key, value in values.items() if key.startswith("taskmanager.memory.")
    }
    assert sum(size for key, size in sizes.items() if not key.endswith(".min")) <= 1024


def test_the_memory_of_the_processes_is_bounded() -> None:
    assert "-Xmx512m" in job_manager_command(ENGINE, FOLDER, "t")
    task_manager = task_manager_command(ENGINE, FOLDER, "t", 1)
    assert {"-Xmx384m", "-XX:MaxDirectMemorySize=192m", "-XX:MaxMetaspaceSize=224m"} <= set(task_manager)


def test_a_process_bears_its_mark_and_has_its_own_log() -> None:
    command = task_manager_command(ENGINE, FOLDER, "secret-mark", 2)
    assert "-Dheadgate.process=secret-mark" in command
    assert "-Dlog.file=/data/local/log/taskmanager-2.log" in command


def test_a_folder_with_any_name_survives_the_way_through_yaml(tmp_path: Path) -> None:
    folder = ClusterFolder(tmp_path / "数据: \"q\" 'a' #1 \\ %20")
    write_configuration(folder, LocalClusterShape(), Ports(1, 2))
    read = yaml.safe_load((folder.conf / "config.yaml").read_text(encoding="utf-8"))
    assert read == flink_configuration(folder, LocalClusterShape(), Ports(1, 2))


def test_an_address_is_not_percent_encoded() -> None:
    assert file_uri(Path("/a b/数据")) == "file:///a b/数据"


def test_logs_are_bounded(tmp_path: Path) -> None:
    folder = ClusterFolder(tmp_path)
    write_configuration(folder, LocalClusterShape(), Ports(1, 2))
    text = (folder.conf / "log4j.properties").read_text(encoding="utf-8")
    assert re.search(r"policies\.size\.size = 10MB", text)
    assert re.search(r"strategy\.max = 5", text)
