"""The house that most stories share, a person in it, and a look at its Flink."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headgate.ports.engines import Engine
from headgate.settings import load_settings
from tests.jars.build import build_test_jar
from tests.stories.flink import Flink
from tests.stories.house import House
from tests.stories.people import JobHandle, Person
from tests.telling import tell

LAST = "test_secrets.py"
Say = Callable[[str], None]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What must not lie in the data folder is looked for once all other stories have used it."""
    items.sort(key=lambda item: item.path.name == LAST and item.path.parent == Path(__file__).parent)


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Say:
    """What a story measured, as a line at the end of the whole run."""
    return lambda line: tell(request.config, "measured by the stories", line)


@pytest.fixture(scope="session")
def house(engine_221: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server with its Flink, on a folder whose name is neither ASCII nor without a space."""
    house = House(tmp_path_factory.mktemp("story") / "家 house", "--slots", "8")
    try:
        house.start()
        yield house
    finally:
        house.end_all()


@pytest.fixture
def person(house: House) -> Iterator[Person]:
    """Somebody who leaves nothing running."""
    person = _Visitor(house)
    try:
        yield person
    finally:
        for job in person.jobs:
            job.end()
        person.leave()


@pytest.fixture
def flink(house: House) -> Flink:
    return Flink(house.flink.rest_url)


@pytest.fixture(scope="session")
def test_jar(engine_221: Engine) -> Path:
    """A jar with the Java test jobs; its manifest names CountingJob."""
    return build_test_jar(engine_221, load_settings().cache_dir)


@pytest.fixture
def artifact(person: Person, test_jar: Path) -> str:
    """The name of that jar, uploaded."""
    return person.upload(test_jar)


@pytest.fixture(scope="session")
def annex_house(engine_221: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server without a Flink of its own."""
    house = House(tmp_path_factory.mktemp("annex"), command="serve")
    try:
        house.start()
        yield house
    finally:
        house.end_all()


@pytest.fixture
def annex(annex_house: House) -> Iterator[Person]:
    """Somebody at that server, who leaves neither jobs nor clusters behind."""
    yield from _visit(annex_house)


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Person]:
    """Somebody at a server of their own, without a Flink, that gives up starts after twenty seconds."""
    house = House(tmp_path / "hasty", command="serve")
    try:
        house.start(start_deadline_s="20")
        yield from _visit(house)
    finally:
        house.end_all()


def _visit(house: House) -> Iterator[Person]:
    person = _Visitor(house)
    try:
        yield person
    finally:
        for job in person.jobs:
            job.end()
        for cluster in person.get("/clusters")["items"]:
            person.ask("DELETE", f"/clusters/{cluster['id']}")
        person.leave()


class _Visitor(Person):
    """Remembers the jobs that it made."""

    def __init__(self, house: House) -> None:
        self.jobs: list[JobHandle] = []
        super().__init__(house)

    def create(self, name: str, spec: dict[str, object]) -> JobHandle:
        job = super().create(name, spec)
        self.jobs.append(job)
        return job
