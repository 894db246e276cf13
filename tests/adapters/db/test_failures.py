"""A database that cannot be used says where and why, in the domain's words and without secrets."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from headgate.adapters.db.connect import connect, describe
from headgate.adapters.db.migrate import upgrade
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.domain.catalogue import Language, advice, message
from headgate.domain.errors import Invalid, Unavailable
from headgate.ports.store import JobFilter, Store
from tests.adapters.db.samples import add_job, artifact

SHORT = timedelta(milliseconds=60)


def _is_unavailable(error: Unavailable, where: str, cause: str) -> bool:
    texts = [message(error.code, error.facts, language) for language in Language]
    hints = [advice(error.code, error.facts, language) for language in Language]
    assert all(where in text for text in texts)
    assert all(hints)
    return error.code == "database_unavailable" and cause in error.cause


def test_a_locked_database(file_url: str) -> None:
    path = file_url.removeprefix("sqlite:///")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store = DatabaseStore(connect(file_url, busy_timeout=SHORT))
    with pytest.raises(Unavailable) as caught, store.write():
        pass
    assert _is_unavailable(caught.value, path, "database is locked")
    with store.read() as unit:
        assert unit.jobs.list_rows(JobFilter("default")) == []
    other.execute("ROLLBACK")
    other.close()
    with store.write() as unit:
        add_job(unit)
    store.close()


def test_a_turn_that_does_not_come(store: Store, engine: Engine) -> None:
    impatient = DatabaseStore(engine, patience=SHORT)
    with impatient.write(), pytest.raises(Unavailable, match="database_unavailable"):
        _run_in_thread(impatient)


def _run_in_thread(store: Store) -> None:
    def write() -> None:
        with store.write():
            pass

    with ThreadPoolExecutor(1) as pool:
        pool.submit(write).result()


def test_a_path_below_a_regular_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    path = tmp_path / "file" / "headgate.sqlite"
    engine = connect(f"sqlite:///{path}")
    with pytest.raises(Unavailable) as caught:
        upgrade(engine)
    assert _is_unavailable(caught.value, str(path), "unable to open database file")
    with pytest.raises(Unavailable, match="database_unavailable"), DatabaseStore(engine).read():
        pass
    engine.dispose()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "headgate.sqlite"
    path.write_bytes(b"this is a letter, not a database\n" * 100)
    engine = connect(f"sqlite:///{path}")
    with pytest.raises(Unavailable) as caught:
        upgrade(engine)
    assert _is_unavailable(caught.value, str(path), "file is not a database")
    engine.dispose()
    assert path.read_bytes().startswith(b"this is a letter")


def test_a_database_that_may_only_be_read(file_url: str) -> None:
    path = file_url.removeprefix("sqlite:///")
    store = DatabaseStore(connect(f"sqlite:///file:{path}?mode=ro&uri=true"))
    with store.read() as unit:
        assert unit.jobs.list_rows(JobFilter("default")) == []
    with pytest.raises(Unavailable) as caught, store.write() as unit:
        add_job(unit)
    assert _is_unavailable(caught.value, path, "readonly database")
    store.close()


def test_a_database_without_tables(tmp_path: Path) -> None:
    store = DatabaseStore(connect(f"sqlite:///{tmp_path / 'empty.sqlite'}"))
    with pytest.raises(Unavailable, match="no such table"), store.read() as unit:
        unit.clusters.list_all()
    store.close()


def _fill(store: Store) -> int:
    """Write until nothing more fits; how many units were written."""
    for number in range(10_000):
        with store.write() as unit:
            unit.artifacts.add(artifact(f"{number}.jar", entry_class="x" * 2000))
    return -1


def _count(store: Store) -> int:
    with store.read() as unit:
        return len(unit.artifacts.list_all("default"))


def test_a_full_database_refuses_the_write_keeps_the_rest_and_recovers(file_url: str) -> None:
    engine = connect(file_url)

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")

    event.listen(engine, "connect", limit)
    store = DatabaseStore(engine)
    with pytest.raises(Unavailable) as caught:
        _fill(store)
    assert _is_unavailable(caught.value, file_url.removeprefix("sqlite:///"), "database or disk is full")
    kept = _count(store)
    assert kept > 0
    event.remove(engine, "connect", limit)
    store.close()
    with store.write() as unit:
        unit.artifacts.add(artifact("after.jar"))
    assert _count(store) == kept + 1
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk; the page limit is tested everywhere")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"this root may not mount: {mounted.stderr.strip()}; the page limit is tested everywhere")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_refuses_the_write_keeps_the_rest_and_recovers(small_disk: Path) -> None:
    engine = connect(f"sqlite:///{small_disk / 'headgate.sqlite'}")
    upgrade(engine)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(200_000))
    store = DatabaseStore(engine)
    with pytest.raises(Unavailable) as caught:
        _fill(store)
    assert _is_unavailable(caught.value, str(small_disk), "")
    kept = _count(store)
    assert kept > 0
    ballast.unlink()
    with store.write() as unit:
        unit.artifacts.add(artifact("after.jar"))
    assert _count(store) == kept + 1
    store.close()


def test_a_disk_that_is_full_from_the_start(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(1024 * 1024))
    engine = connect(f"sqlite:///{small_disk / 'headgate.sqlite'}")
    with pytest.raises(Unavailable) as caught:
        upgrade(engine)
    assert _is_unavailable(caught.value, str(small_disk), "")
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    ["oracle+nothing://ann:s3cret@host/db", "nothing at all s3cret", "mysql+nodriver://ann:s3cret@host/db"],
    ids=["kind", "form", "driver"],
)
def test_a_url_that_no_database_answers_to(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        connect(url)
    assert caught.value.code == "database_url_invalid"
    assert "s3cret" not in str(caught.value) + message(caught.value.code, caught.value.facts, Language.EN)


@pytest.mark.parametrize("name", ["what?", "100%25", "a#b", "a b", "日"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / name / "headgate.sqlite"
    file.parent.mkdir()
    engine = connect(file)
    upgrade(engine)
    engine.dispose()
    assert [path.name for path in file.parent.iterdir()] == ["headgate.sqlite"]
    assert describe(engine) == str(file)


def test_where_a_database_is_never_names_a_secret() -> None:
    engine = connect("sqlite:////data/headgate.sqlite?timeout=3")
    assert describe(engine) == "/data/headgate.sqlite"
