"""Several versions of Flink in one server: a client JVM for each, side by side, none in another's way."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from headgate.adapters.engine.install import EngineFolder
from headgate.adapters.flink.sql.client import SqlClient
from headgate.domain.clusters import EngineVersion
from headgate.settings import load_settings
from tests.adapters.flink.sql.conftest import SCRIPT, TABLES
from tests.adapters.flink.versions import OTHERS, WHOLE

pytestmark = pytest.mark.real

VERSIONS = sorted([WHOLE, *OTHERS])
# Flink learned MODEL after 2.0: an older client must not be asked in a newer one's place.
MODEL = "CREATE MODEL m INPUT (a STRING) OUTPUT (b STRING) WITH ('provider' = 'openai');\n"


def list_clients(run_dir: Path) -> dict[EngineVersion, int]:
    """Which versions have a client JVM, and its pid."""
    found: dict[EngineVersion, int] = {}
    for process in psutil.process_iter(["cmdline", "pid"]):
        words = process.info["cmdline"] or []
        if any(word.startswith(f"-Djava.io.tmpdir={run_dir}") for word in words):
            class_path = words[words.index("-classpath") + 1]
            found[next(version for version in VERSIONS if f"/{version}/" in class_path)] = process.info["pid"]
    return found


def test_three_versions_compile_at_once_each_in_its_own_client(tmp_path: Path) -> None:
    engines = EngineFolder(load_settings().cache_dir)
    client = SqlClient(lambda version: engines.install(version, lambda _: None), tmp_path)
    try:
        with ThreadPoolExecutor(len(VERSIONS)) as pool:
            good = list(pool.map(lambda version: client.check(version, SCRIPT, {}, ()), VERSIONS))
        clients = list_clients(tmp_path)
        assert [checked.problems for checked in good] == [()] * len(VERSIONS)
        assert set(clients) == set(VERSIONS)
        knows_models = {
            version
            for version in VERSIONS
            if not client.check(version, MODEL + TABLES + "INSERT INTO sink SELECT id FROM orders;", {}, ()).problems
        }
        assert knows_models == {"2.2.1", "2.3.0"}
        psutil.Process(clients[VERSIONS[0]]).kill()
        assert [client.check(version, SCRIPT, {}, ()).problems for version in VERSIONS] == [()] * len(VERSIONS)
        assert {version: pid for version, pid in list_clients(tmp_path).items() if pid == clients[version]}.keys() == {
            "2.2.1",
            "2.3.0",
        }
    finally:
        client.close()
    assert list_clients(tmp_path) == {}
