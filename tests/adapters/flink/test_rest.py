"""Every way in which an HTTP call can end falls into one class of failure: against a real socket."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.adapters.clock import SystemClock
from headgate.adapters.flink.rest import FlinkRest, RestLimits
from headgate.domain.errors import FlinkError, FlinkMissing, FlinkOutcomeUnknown, FlinkRejected, FlinkUnavailable
from tests.fakes.http_server import Behaviour, ScriptedServer, answer, close, cut_off, no_http

LIMITS = RestLimits(body_bytes=1000)
HASTY = RestLimits(read_s=0.3)
ERRORS = '{"errors":["Job could not be found.","org.apache.flink.X: gone"]}'


@pytest.fixture
def rest() -> Iterator[FlinkRest]:
    client = FlinkRest(SystemClock(), LIMITS)
    yield client
    client.close()


@pytest.fixture
def hasty() -> Iterator[FlinkRest]:
    client = FlinkRest(SystemClock(), HASTY)
    yield client
    client.close()


def post(rest: FlinkRest, behaviour: Behaviour) -> object:
    with ScriptedServer({"/x": behaviour}) as server:
        return rest.post(server.url, "/x", {"a": 1})


def get(rest: FlinkRest, behaviour: Behaviour) -> object:
    with ScriptedServer({"/x": behaviour}) as server:
        return rest.get(server.url, "/x")


CLASSES = [
    pytest.param(answer(ERRORS, 400), FlinkRejected, id="400"),
    pytest.param(answer(ERRORS, 409), FlinkRejected, id="409"),
    pytest.param(answer("denied", 403, "text/plain"), FlinkRejected, id="403 from a proxy"),
    pytest.param(answer(ERRORS, 404), FlinkMissing, id="404"),
    pytest.param(answer("<html>no such page</html>", 404), FlinkOutcomeUnknown, id="404 from a stranger"),
    pytest.param(answer(ERRORS, 408), FlinkOutcomeUnknown, id="408"),
    pytest.param(answer(ERRORS, 500), FlinkOutcomeUnknown, id="500"),
    pytest.param(answer("", 502), FlinkOutcomeUnknown, id="502"),
    pytest.param(answer(ERRORS, 503), FlinkOutcomeUnknown, id="503"),
    pytest.param(answer("", 302), FlinkOutcomeUnknown, id="redirection"),
    pytest.param(answer("<html>hello</html>"), FlinkOutcomeUnknown, id="not JSON"),
    pytest.param(answer(b"\xff\xfe\x00"), FlinkOutcomeUnknown, id="not text"),
    pytest.param(answer(b'"' + b"x" * 2000 + b'"'), FlinkOutcomeUnknown, id="too large"),
    pytest.param(cut_off, FlinkOutcomeUnknown, id="cut off"),
    pytest.param(close, FlinkOutcomeUnknown, id="closed"),
    pytest.param(no_http, FlinkOutcomeUnknown, id="no HTTP"),
]


@pytest.mark.parametrize(("behaviour", "expected"), CLASSES)
def test_the_class_of_an_order_that_failed(rest: FlinkRest, behaviour: Behaviour, expected: type[FlinkError]) -> None:
    with pytest.raises(FlinkError) as failure:
        post(rest, behaviour)
    assert type(failure.value) is expected
    assert failure.value.cause


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (answer("INNER-WORDS", 403, "text/plain"), "HTTP status 403, text/plain"),
        (answer('{"key": "INNER-WORDS"}', 500), "HTTP status 500, application/json"),
        (answer('{"errors": "INNER-WORDS"}', 404), "HTTP status 404, application/json"),
        (answer("INNER-WORDS", 200, "text/html; INNER-WORDS"), "the answer is not JSON: HTTP status 200, text/html"),
    ],
    ids=["refused", "another's JSON", "almost Flink's", "a page"],
)
def test_what_another_service_says_is_not_repeated(rest: FlinkRest, behaviour: Behaviour, told: str) -> None:
    with pytest.raises(FlinkError) as failure:
        post(rest, behaviour)
    assert failure.value.cause == told


def test_an_answer_is_read(rest: FlinkRest) -> None:
    assert post(rest, answer('{"request-id":"1"}', 202)) == {"request-id": "1"}


def test_an_empty_answer_is_no_fault(rest: FlinkRest) -> None:
    assert post(rest, answer("")) == {}


def test_a_look_is_never_refused(rest: FlinkRest) -> None:
    with pytest.raises(FlinkOutcomeUnknown) as failure:
        get(rest, answer(ERRORS, 400))
    assert failure.value.status == 400


def test_a_look_can_miss(rest: FlinkRest) -> None:
    with pytest.raises(FlinkMissing) as failure:
        get(rest, answer(ERRORS, 404))
    assert failure.value.cause == "Job could not be found.\norg.apache.flink.X: gone"


def test_a_refused_connection_was_surely_not_sent(rest: FlinkRest) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(FlinkUnavailable):
        rest.post(url, "/x", {})


@pytest.mark.parametrize(
    "url", [pytest.param("http://name.invalid:1", id="unknown host"), pytest.param("ftp://127.0.0.1", id="no HTTP url")]
)
def test_an_address_that_is_none_was_surely_not_sent(rest: FlinkRest, url: str) -> None:
    with pytest.raises(FlinkUnavailable):
        rest.post(url, "/x", {})


def test_a_hanging_server_is_given_up(hasty: FlinkRest) -> None:
    with ScriptedServer({}) as server:
        server.routes["/x"] = server.hang
        with pytest.raises(FlinkOutcomeUnknown):
            hasty.post(server.url, "/x", {})


def test_an_endless_answer_is_given_up(hasty: FlinkRest) -> None:
    with ScriptedServer({}) as server:
        server.routes["/x"] = server.drip
        with pytest.raises(FlinkOutcomeUnknown) as failure:
            hasty.get(server.url, "/x")
    assert "does not end" in failure.value.cause


@pytest.mark.requirement("A-30", "U-09")
@pytest.mark.parametrize("lost", [close, cut_off], ids=["no answer", "half an answer"])
def test_a_look_that_was_cut_off_is_repeated_once(rest: FlinkRest, lost: Behaviour) -> None:
    with ScriptedServer({"/x": [lost, answer("{}")]}) as server:
        assert rest.get(server.url, "/x") == {}
    with ScriptedServer({"/x": [lost, lost, answer("{}")]}) as server:
        with pytest.raises(FlinkOutcomeUnknown):
            rest.get(server.url, "/x")
        assert len(server.requests) == 2


def test_a_look_that_was_answered_or_waited_for_is_not_repeated(hasty: FlinkRest) -> None:
    with ScriptedServer({"/x": answer(ERRORS, 500)}) as server:
        server.routes["/y"] = server.hang
        for path in ("/x", "/y"):
            with pytest.raises(FlinkOutcomeUnknown):
                hasty.get(server.url, path)
        assert len(server.requests) == 2


def test_no_order_is_sent_twice(rest: FlinkRest) -> None:
    with ScriptedServer({"/x": close}) as server:
        with pytest.raises(FlinkOutcomeUnknown):
            rest.post(server.url, "/x", {})
        assert len(server.requests) == 1


def test_a_restarted_server_on_the_same_address_is_found_again(rest: FlinkRest) -> None:
    """A kept connection that the other side has closed is not mistaken for a lost request."""
    is_closed = threading.Event()

    def answer_and_close(connection: socket.socket) -> None:
        answer("{}")(connection)
        connection.shutdown(socket.SHUT_RDWR)
        is_closed.set()

    with ScriptedServer({"/x": [answer_and_close, answer("{}")]}) as server:
        rest.get(server.url, "/x")
        assert is_closed.wait(10)
        assert rest.get(server.url, "/x") == {}


def test_proxies_of_the_environment_are_not_used(rest: FlinkRest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert get(rest, answer("{}")) == {}


def test_a_long_text_keeps_its_root_cause(rest: FlinkRest) -> None:
    frames = "\\n".join(f"\\tat org.apache.flink.Inner.call(Inner.java:{line})" for line in range(500))
    long = f'{{"errors":["outer\\n{frames}\\nCaused by: root\\n\\tat my.Job.main(Job.java:7)"]}}'
    client = FlinkRest(SystemClock())
    with ScriptedServer({"/x": answer(long, 400)}) as server, pytest.raises(FlinkRejected) as failure:
        client.post(server.url, "/x", {})
    client.close()
    assert failure.value.cause == "outer\nCaused by: root\n\tat my.Job.main(Job.java:7)"


def test_an_upload_carries_the_file(rest: FlinkRest, tmp_path: Path) -> None:
    (tmp_path / "job.jar").write_bytes(b"content of a jar")
    with ScriptedServer({"/jars/upload": answer('{"filename":"/tmp/1_id.jar"}')}) as server:
        rest.upload(server.url, "/jars/upload", tmp_path / "job.jar", "id.jar")
    method, _, body = server.requests[0]
    assert method == "POST"
    assert b'name="jarfile"; filename="id.jar"' in body
    assert b"content of a jar" in body
