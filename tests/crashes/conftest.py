"""The theatre, the performance of all chosen cases, and how many servers died at each point."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.ports.engines import Engine
from headgate.reconciler.points import Point
from headgate.settings import load_settings
from tests.crashes.conductor import Conductor
from tests.crashes.plays import Case
from tests.crashes.theatre import Theatre
from tests.jars.build import build_test_jar
from tests.telling import tell

SLOTS = 64
_DEATHS = pytest.StashKey[Counter[Point]]()


@pytest.fixture(scope="session")
def test_jar(engine_221: Engine) -> Path:
    """A jar with the Java test jobs."""
    return build_test_jar(engine_221, load_settings().cache_dir)


@pytest.fixture(scope="session")
def theatre(engine_221: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    with Theatre(tmp_path_factory.mktemp("crashes"), engine_221, SLOTS).opened() as theatre:
        yield theatre


@pytest.fixture(scope="session")
def performed(request: pytest.FixtureRequest, theatre: Theatre, test_jar: Path) -> Conductor:
    """All chosen cases, played."""
    params = [getattr(item, "callspec", None) for item in request.session.items]
    cases = [spec.params["case"] for spec in params if spec and isinstance(spec.params.get("case"), Case)]
    conductor = Conductor(theatre, test_jar)
    request.config.stash[_DEATHS] = conductor.deaths
    conductor.perform(cases)
    return conductor


def pytest_sessionfinish(session: pytest.Session) -> None:
    deaths = session.config.stash.get(_DEATHS, None)
    if deaths is not None:
        for point in Point:
            tell(session.config, "servers that died at each point", f"{deaths[point]:4}  {point}")
