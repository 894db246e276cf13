"""Clusters that are dead, hang or answer rubbish: nothing is concluded, and no other cluster waits for them."""

from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from headgate.adapters.clock import SystemClock
from tests.stories.house import House
from tests.stories.loopback import closed_address, deaf_address
from tests.stories.patience import await_that
from tests.stories.people import Json, Person
from tests.stories.specs import endless, jar

pytestmark = pytest.mark.real


@pytest.fixture
def deaf() -> Iterator[str]:
    with deaf_address() as url:
        yield url


@pytest.fixture(
    params=[b"<html>Welcome to nginx!</html>", b'{"jobs": 7}', b"\xff\xfe\x00"], ids=["html", "json", "bytes"]
)
def rubbish(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address that answers everything, with something that no JobManager says."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Rubbish, request.param))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.requirement("A-30", "D-08", "U-09")
def test_a_dead_and_a_hanging_cluster_are_unreachable_and_delay_nobody(
    house: House, annex: Person, deaf: str, test_jar: Path
) -> None:
    dead = closed_address()
    names = [annex.register("dead", dead), annex.register("hanging", deaf)]
    good = annex.register("good", house.flink.rest_url, savepoint_dir=f"file://{house.data}/savepoints")
    job = annex.start("beside bad ones", jar(annex.upload(test_jar), cluster=good))

    checked = annex.post("/clusters/dead/check")
    assert (checked["ok"], checked["problem"]["code"]) == (False, "flink_unavailable")
    assert checked["problem"]["advice"]
    for name in names:
        cluster = await_that(lambda name=name: _seen(annex, name), 30)  # type: ignore[misc]  # mypy cannot infer it
        assert cluster["reachability"]["state"] == "UNREACHABLE"
        assert cluster["reachability"]["as_of"] is None
        assert cluster["cause"]
    clock = SystemClock()
    for verb in ("pause", "resume", "savepoint"):
        began = clock.monotonic()
        job.succeed(verb)
        assert clock.monotonic() - began < 8, "a hung cluster never delays another"
    assert annex.get("/clusters/good")["reachability"]["state"] == "REACHABLE"

    stuck = annex.publish("on a dead one", jar("jobs.jar", cluster="dead"))
    run = stuck.ask("run")
    shown = stuck.show()
    assert (shown["phase"], shown["desired_state"]) == ("TRANSITIONING", "RUNNING"), "nothing is concluded"
    assert annex.ask("DELETE", f"/operations/{run['id']}").status_code == 202
    assert annex.await_end(run["id"])["status"] == "CANCELLED"
    assert stuck.show()["phase"] == "PUBLISHED"


def test_an_address_that_answers_rubbish_is_no_cluster(annex: Person, rubbish: str) -> None:
    annex.register("rubbish", rubbish)
    checked = annex.post("/clusters/rubbish/check")
    assert not checked["ok"]
    assert checked["problem"]["message"]
    cluster = await_that(lambda: _seen(annex, "rubbish"), 30)
    assert cluster["reachability"]["state"] == "UNREACHABLE"
    assert cluster["cause"]


@pytest.mark.parametrize(
    ("order", "path"),
    [
        pytest.param({"url": "ftp://flink:8081"}, "url", id="no http address"),
        pytest.param({"engine_version": "latest"}, "engine_version", id="no version"),
        pytest.param({"savepoint_dir": "savepoints"}, "savepoint_dir", id="a directory that is no URI"),
        pytest.param({"name": "no spaces please"}, "name", id="a name that is none"),
    ],
)
def test_a_registration_that_cannot_be_right_is_refused(annex: Person, order: dict[str, str], path: str) -> None:
    body = {"name": "new", "url": "http://127.0.0.1:1", "engine_version": "2.2.1", **order}
    problem = annex.refused("POST", "/clusters", 422, json=body)
    assert problem["code"] == "cluster_invalid"
    assert [fault["path"] for fault in problem["problems"]] == [path]


def test_one_flink_is_registered_once(annex: Person, house: House) -> None:
    annex.register("first", house.flink.rest_url)
    body = {"name": "second", "url": house.flink.rest_url, "engine_version": "2.2.1"}
    assert annex.refused("POST", "/clusters", 409, json=body)["code"] == "cluster_url_taken"


def test_sql_for_a_flink_version_that_is_not_installed_is_refused_with_the_command(annex: Person) -> None:
    annex.register("old", closed_address(), engine_version="1.99.0")
    job = annex.create("old engine", endless(cluster="old"))
    problem = annex.refused("POST", f"/jobs/{job.id}/draft/check", 404)
    assert problem["code"] == "engine_not_installed"
    assert "headgate engine install 1.99.0" in problem["hint"]


def _seen(person: Person, name: str) -> Json | None:
    """The cluster, once it was looked at."""
    cluster: Json = person.get(f"/clusters/{name}")
    return cluster if cluster["reachability"] is not None else None


class _Rubbish(BaseHTTPRequestHandler):
    def __init__(self, body: bytes, *args: object) -> None:
        self.body = body
        super().__init__(*args)  # type: ignore[arg-type]  # passed on as the server gave them

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests quiet."""
