"""A job ends while nobody looks, and then its cluster goes away too: how it ended is known all the same."""

import psutil
import pytest

from tests.stories.flink import Flink
from tests.stories.house import House
from tests.stories.patience import await_that
from tests.stories.people import Person
from tests.stories.specs import counted, endless

pytestmark = pytest.mark.real


@pytest.mark.requirement("D-07", "U-14", "A-36")
def test_a_job_keeps_its_final_status_after_its_cluster_is_gone(house: House, person: Person, flink: Flink) -> None:
    finished = person.start("finished unseen", counted("unseen", rows=120, per_second=20))
    cancelled = person.start("cancelled unseen", endless())
    ids = [job.show()["instance"]["flink_job_id"] for job in (finished, cancelled)]
    archive = house.data / "local" / "archive"
    house.kill()
    flink.cancel(ids[1])
    await_that(lambda: all((archive / flink_job_id).is_file() for flink_job_id in ids), 60)
    psutil.Process(house.flink.job_manager_pid).kill()

    house.start()
    person.sign_in()
    for job, phase, word in ((finished, "FINISHED", "FINISHED"), (cancelled, "CANCELLED", "CANCELED")):
        shown = job.await_phase(phase)
        assert (shown["phase"], shown["flink_status"]) == (phase, word)
        assert shown["instance"]["ended_at"] is not None
    assert not any(flink.knows(f"/jobs/{flink_job_id}") for flink_job_id in ids), "the new JobManager knows neither"
    assert flink.count_live() == 0
