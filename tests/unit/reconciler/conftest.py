"""The store is made once and emptied for every test; a test takes the house, or builds its own on the store.

Whatever a test has let the reconciler tell must have words, and all the facts that the words name.
"""

from collections.abc import Iterator

import pytest

from headgate.adapters.db.memory import MemoryStore
from tests.unit.domain.told import check_event, check_finding
from tests.unit.reconciler.house import House


@pytest.fixture(scope="session")
def memory_store() -> Iterator[MemoryStore]:
    store = MemoryStore()
    yield store
    store.close()


@pytest.fixture
def house(memory_store: MemoryStore) -> Iterator[House]:
    made = House(memory_store)
    yield made
    for event in made.list_events():
        check_event(event)
    for finding in made.list_findings():
        check_finding(finding)
