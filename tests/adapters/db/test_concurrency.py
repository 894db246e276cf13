"""Threads and processes write at once: all succeed, none sees half of another."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

from headgate.adapters.db.connect import connect
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.ports.store import JobFilter, Store
from tests.adapters.db.samples import add_job, operation

ROOT = Path(__file__).resolve().parents[3]


def _take_numbers(store: Store, amount: int) -> list[int]:
    taken = []
    for _ in range(amount):
        with store.write() as unit:
            taken.append(unit.operations.next_number())
    return taken


def test_threads_write_in_turn(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = [number for found in pool.map(lambda _: _take_numbers(store, 25), range(8)) for number in found]
    assert sorted(taken) == list(range(1, 201))


def test_two_that_open_a_new_database_at_once_do_not_stand_in_each_other_s_way(tmp_path: Path) -> None:
    """SQLite itself refuses one of two that change the journal at once, once in some dozens of times."""
    start = Barrier(2)

    def open_first(url: str) -> str:
        engine = connect(url)
        start.wait()
        with engine.begin() as connection:
            mode: str = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        engine.dispose()
        return mode

    with ThreadPoolExecutor(2) as pool:
        for number in range(150):
            urls = [f"sqlite:///{tmp_path}/{number}.sqlite"] * 2
            assert list(pool.map(open_first, urls)) == ["wal", "wal"]


def test_processes_write_in_turn(database_url: str) -> None:
    amount, processes = 60, 3
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.db.writer", database_url, "count", str(amount)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    taken = [int(line) for process in running for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in running] == [0] * processes
    assert sorted(taken) == list(range(1, amount * processes + 1))


def test_readers_never_wait_for_a_writer_and_never_see_half_of_it(database_url: str) -> None:
    store = DatabaseStore(connect(database_url))
    done = Event()

    def write() -> None:
        for number in range(60):
            with store.write() as unit:
                made = add_job(unit, f"job-{number}")
                unit.operations.add(operation(made, unit.operations.next_number()))
        done.set()

    def read() -> int:
        looks = 0
        while not done.is_set():
            with store.read() as unit:
                for row in unit.jobs.list_rows(JobFilter("default")):
                    assert len(row.open_operations) == 1
            looks += 1
        return looks

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        pool.submit(write).result()
        assert all(reader.result() > 0 for reader in readers)
    store.close()


def test_a_reader_goes_on_while_a_write_is_open(database_url: str) -> None:
    store = DatabaseStore(connect(database_url))
    with store.write() as unit, ThreadPoolExecutor(1) as pool:
        add_job(unit)
        assert pool.submit(_count_jobs, store).result(timeout=10) == 0
    assert _count_jobs(store) == 1
    store.close()


def _count_jobs(store: Store) -> int:
    with store.read() as unit:
        return len(unit.jobs.list_rows(JobFilter("default")))
