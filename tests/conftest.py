"""What all tests share: how many histories Hypothesis generates, and the engine that real tests run on.

Fixtures of one area live in the conftest of that area.
"""

import pytest
from hypothesis import settings

from headgate.adapters.engine.install import EngineFolder
from headgate.domain.clusters import EngineVersion
from headgate.ports.engines import Engine
from headgate.settings import load_settings

# No deadline for one example: a busy machine is no failure. `make test-long` takes the other profile.
settings.register_profile("headgate", max_examples=500, deadline=None)
settings.register_profile("long", max_examples=10_000, deadline=None)
settings.load_profile("headgate")


@pytest.fixture(scope="session")
def engine_221() -> Engine:
    """Flink 2.2.1, installed once into the cache that the program itself uses."""
    return EngineFolder(load_settings().cache_dir).install(EngineVersion("2.2.1"), lambda _: None)
