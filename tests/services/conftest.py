"""A world of its own for every test, on one store that is emptied in between."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headgate.adapters.db.memory import MemoryStore
from tests.services.world import World


@pytest.fixture(scope="session")
def memory() -> Iterator[MemoryStore]:
    with closing(MemoryStore()) as store:
        yield store


@pytest.fixture
def world(memory: MemoryStore, tmp_path: Path) -> World:
    memory.restart()
    return World(memory, tmp_path)
