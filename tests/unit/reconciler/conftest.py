"""The store is made once and emptied for every test; a test takes the house, or builds its own on the store."""

from collections.abc import Iterator

import pytest

from headgate.adapters.db.memory import MemoryStore
from tests.unit.reconciler.house import House


@pytest.fixture(scope="session")
def memory_store() -> Iterator[MemoryStore]:
    store = MemoryStore()
    yield store
    store.close()


@pytest.fixture
def house(memory_store: MemoryStore) -> House:
    return House(memory_store)
