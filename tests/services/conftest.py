"""A world of its own for every test, on one store that is emptied in between."""

from pathlib import Path

import pytest

from headgate.adapters.db.memory import MemoryStore
from tests.services.world import World


@pytest.fixture(scope="session")
def memory() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def world(memory: MemoryStore, tmp_path: Path) -> World:
    memory.restart()
    return World(memory, tmp_path)
