"""What the REST interface of each version says: caches, retention, and what it can do since when."""

import urllib.error
from urllib.parse import urlsplit

import pytest

from headgate.adapters.flink.payloads import read_job
from headgate.domain.capabilities import Feature, choose_capabilities
from headgate.domain.observation import TriggerStatus
from headgate.domain.snapshots import PathStatus
from tests.adapters.flink.contract.real_world import RealWorld
from tests.adapters.flink.contract.worlds import Asked, new_id


def test_statistics_lag_behind_the_end(real_flink: Asked, real_world: RealWorld) -> None:
    """Why a savepoint is looked for in its directory first: the records come from a cache of 3 s."""
    job, trigger = real_flink.start(), new_id()
    real_world.ask(f"/jobs/{job}/checkpoints")
    real_flink.stop(job, trigger)
    location = real_flink.fate(job, trigger).location
    assert real_world.ask(f"/jobs/{job}/checkpoints")["latest"]["savepoint"] is None
    assert real_flink.evidence(job, trigger) == location
    shown = real_flink.until(
        lambda: real_world.ask(f"/jobs/{job}/checkpoints")["latest"]["savepoint"], lambda found: found is not None
    )
    assert shown["external_path"] == location


def test_a_cancelled_job_leaves_its_checkpoint(real_flink: Asked, real_world: RealWorld) -> None:
    """For every submission says so, whatever the cluster's own default is."""
    job = real_flink.start()
    path = f"/jobs/{job}/checkpoints"
    real_flink.until(lambda: real_world.ask(path)["counts"]["completed"], lambda count: count > 0)
    real_flink.cancel(job)
    real_flink.end_of(job)
    kept = real_flink.until(lambda: real_world.ask(path)["latest"]["completed"], lambda found: found is not None)
    newest = real_flink.until(
        lambda: real_world.ask(path)["latest"]["completed"]["external_path"],
        lambda found: real_flink.look_at(found) is PathStatus.AVAILABLE,
    )
    assert urlsplit(newest).path.startswith(urlsplit(str(real_world.cluster.checkpoint_dir)).path)
    assert kept["discarded"] is False


@pytest.mark.smoke
def test_a_job_is_known_by_its_id_too(real_flink: Asked, real_world: RealWorld) -> None:
    """The list of all jobs lacks one whose JobMaster does not answer in time; a 404 of its own alone denies it."""
    job = real_flink.start()
    assert read_job(real_world.ask(f"/jobs/{job}")) == real_flink.look(job)
    assert not answers(real_world, "GET", f"/jobs/{new_id()}")


PLACES = {
    Feature.CHECKPOINT_TRIGGER: ("POST", "/jobs/{job}/checkpoints"),
    Feature.RESOURCE_REQUIREMENTS: ("GET", "/jobs/{job}/resource-requirements"),
    Feature.APPLICATIONS: ("GET", "/applications/overview"),
}


@pytest.mark.smoke
def test_a_feature_is_there_since_its_line(real_flink: Asked, real_world: RealWorld) -> None:
    job = real_flink.start()
    capabilities = choose_capabilities(real_world.cluster.engine_version)
    found = {feature for feature, (method, path) in PLACES.items() if answers(real_world, method, path.format(job=job))}
    assert found == {feature for feature in PLACES if capabilities.has(feature)}


def answers(world: RealWorld, method: str, path: str) -> bool:
    """Whether there is such a place, whatever it says."""
    try:
        world.ask(path, method)
    except urllib.error.HTTPError as refusal:
        return refusal.code != 404
    return True


@pytest.mark.smoke
def test_a_failure_is_in_the_history_of_exceptions(real_flink: Asked, real_world: RealWorld) -> None:
    job = new_id()
    real_world.submit("fails", job)
    real_flink.until(
        lambda: real_world.ask(f"/jobs/{job}/exceptions")["exceptionHistory"]["entries"],
        lambda entries: bool(entries) and "on purpose" in entries[0]["stacktrace"],
    )


@pytest.mark.smoke
def test_a_version_says_which_it_is(real_world: RealWorld) -> None:
    assert real_world.gateway.count_slots(real_world.cluster).version == real_world.cluster.engine_version


def test_a_trigger_keeps_the_id_that_it_was_given(real_flink: Asked, real_world: RealWorld) -> None:
    job, trigger = real_flink.start(), new_id()
    order = real_world.order(job, trigger)
    body = {"target-directory": order.directory, "cancel-job": False, "triggerId": trigger}
    answer = real_world.rest_gateway.rest.post(real_world.cluster.url, f"/jobs/{job}/savepoints", body)
    assert answer["request-id"] == trigger
    assert real_flink.fate(job, trigger).status is TriggerStatus.COMPLETED
