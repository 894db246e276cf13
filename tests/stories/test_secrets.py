"""What must not lie in the data folder once all stories have used it: the token, and the client JVMs' secrets."""

import stat
from pathlib import Path

import psutil
import pytest

from tests.stories.flink import Flink
from tests.stories.house import House
from tests.stories.patience import await_that
from tests.stories.people import Person
from tests.stories.specs import endless

pytestmark = pytest.mark.real

PASSWORD = "hunter2-of-the-story"
SHORTEST_SECRET = 20


def find_files_with(folder: Path, text: str) -> set[str]:
    """The files below `folder` that hold this text, by their paths in it."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 10
    return {str(file.relative_to(folder)) for file in files if text.encode() in file.read_bytes()}


def is_told(process: psutil.Process, text: str) -> bool:
    """Whether a process was given this text where others can read it."""
    return text in " ".join([*process.cmdline(), *process.environ().values()])


def test_no_file_holds_a_token_or_the_secret_of_a_client_jvm(
    house: House, person: Person, flink: Flink, tmp_path: Path
) -> None:
    secrets_file = tmp_path / "secrets"
    house.end()
    house.start("tests.stories.observed", story_secrets=str(secrets_file), log_level="DEBUG")
    person.sign_in()
    person.refused("GET", "/me", 401, headers={"Authorization": "Bearer somebody-elses-token-0123456789"})
    job = person.start("keeps secrets", endless())
    job.succeed("pause")
    faulty = endless()["sql"].replace("'blackhole'", f"'blackhoel', 'password' = '{PASSWORD}'")
    leaky = person.publish("has a password", {"type": "SQL", "sql": faulty})
    assert not leaky.check()["ok"]
    assert PASSWORD not in str(leaky.fail("run"))

    (secret,) = set(secrets_file.read_text(encoding="utf-8").split())
    assert len(secret) >= SHORTEST_SECRET
    (client_jvm,) = await_that(house.list_client_jvms, 10)
    assert find_files_with(house.data, secret) == set()
    for token in {*house.tokens, "somebody-elses-token-0123456789"}:
        found = find_files_with(house.data, token)
        assert found == ({"context.json"} if token == house.token else set())
    for process in [client_jvm, *house.list_flink_processes()]:
        assert not any(is_told(process, text) for text in (secret, *house.tokens))
    logs = [house.data / name for name in ("log", "run", "trace", "local/log")]
    assert not [log for log in logs if PASSWORD.encode() in b"".join(_read_all(log))]
    assert stat.S_IMODE((house.data / "context.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(house.data.stat().st_mode) == 0o700


def _read_all(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
