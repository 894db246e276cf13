"""The services of two servers on one PostgreSQL: what people ask for at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from headgate.adapters.db.connect import connect
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.domain.lifecycle import Verb
from headgate.domain.operations import Options, RestoreFrom
from headgate.services.operations import Operations
from tests.services.world import World

pytestmark = pytest.mark.real

CLICKS = 24
NONE = Options(restore_from=RestoreFrom.NONE)


def test_equal_requests_at_both_are_one_operation(postgresql_url: str, tmp_path: Path) -> None:
    with (
        closing(DatabaseStore(connect(postgresql_url))) as one,
        closing(DatabaseStore(connect(postgresql_url))) as other,
    ):
        world = World(one, tmp_path)
        world.add_cluster()
        job = world.add_published()
        services = (world.operations, Operations(other, world.clock, world.ids, world.wake))

        def click(number: int) -> str:
            return services[number % 2].request(world.actor, job.id, Verb.RUN, NONE).id

        with ThreadPoolExecutor(CLICKS) as pool:
            assert len(set(pool.map(click, range(CLICKS)))) == 1
        with other.read() as unit:
            assert len(unit.operations.list_open(job.id)) == 1
        assert world.list_event_types(job).count("OPERATION_JOINED") == CLICKS - 1
