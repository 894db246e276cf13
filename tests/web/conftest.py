"""A server in this process, with a new world of the services' tests for every test.

`client` speaks with a good token under a known host name. Each answer is held against the OpenAPI
document: a refusal that its endpoint does not declare fails the test.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from headgate.adapters.db.memory import MemoryStore
from headgate.services.tokens import OneToken, digest_token
from headgate.web.app import create_app
from headgate.web.context import WebContext, WebSettings, build_services
from tests.services.world import World
from tests.web.witness import Witness

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="session")
def memory() -> Iterator[MemoryStore]:
    with closing(MemoryStore()) as store:
        yield store


@pytest.fixture(scope="session")
def application(memory: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """One application for all tests, as it takes a moment to make; each test gives it a world of its own."""
    return create_app(build_context(World(memory, tmp_path_factory.mktemp("application"))))


@pytest.fixture(scope="session")
def witness(application: FastAPI) -> Witness:
    return Witness(application.openapi())


@pytest.fixture
def world(memory: MemoryStore, tmp_path: Path) -> World:
    memory.restart()
    return World(memory, tmp_path)


def build_context(world: World) -> WebContext:
    return WebContext(
        store=world.store,
        clock=world.clock,
        ids=world.ids,
        compiler=world.compiler,
        files=world.files,
        engines=world.engines,
        probe=world.flink,
        machine=world.machine,
        wake=world.wake,
        sweep=world.sweep,
        start=world.start,
        authenticate=OneToken(digest_token(TOKEN), world.actor).authenticate,
        calls=world.calls,
        settings=WebSettings(allowed_hosts=("flink.example.org",), body_bytes=50_000, upload_bytes=100_000),
    )


@pytest.fixture
def context(world: World) -> WebContext:
    return build_context(world)


@pytest.fixture(scope="session")
def visitors(application: FastAPI, witness: Witness) -> Iterator[tuple[TestClient, TestClient]]:
    """Somebody with a token and somebody without."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    known = TestClient(application, base_url="http://localhost", headers=headers, raise_server_exceptions=False)
    unknown = TestClient(application, base_url="http://localhost", raise_server_exceptions=False)
    known.event_hooks["response"].append(witness.hold_against)
    with known, unknown:
        yield known, unknown


@pytest.fixture
def client(visitors: tuple[TestClient, TestClient], application: FastAPI, context: WebContext) -> TestClient:
    application.state.services = build_services(context)
    return visitors[0]


@pytest.fixture
def server(visitors: tuple[TestClient, TestClient], application: FastAPI, context: WebContext) -> TestClient:
    """Somebody without a token."""
    application.state.services = build_services(context)
    return visitors[1]
