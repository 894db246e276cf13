"""A server in this process for every test, on the world of the services' tests.

`client` speaks with a good token under a known host name. Each answer is held against the OpenAPI
document: a refusal that its endpoint does not declare fails the test.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from headgate.adapters.db.memory import MemoryStore
from headgate.services.tokens import OneToken, digest_token
from headgate.web.app import create_app
from headgate.web.context import WebContext, WebSettings
from tests.services.world import World
from tests.web.witness import Witness

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="session")
def memory() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="session")
def witness(memory: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Witness:
    """The document is the same for every server, and takes a moment to make."""
    app = create_app(build_context(World(memory, tmp_path_factory.mktemp("witness"))))
    return Witness(app.openapi())


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
        probe=world.flink,
        wake=world.wake,
        authenticate=OneToken(digest_token(TOKEN), world.actor).authenticate,
        settings=WebSettings(allowed_hosts=("flink.example.org",), body_bytes=50_000, upload_bytes=100_000),
    )


@pytest.fixture
def context(world: World) -> WebContext:
    return build_context(world)


@pytest.fixture
def server(context: WebContext) -> TestClient:
    """Somebody without a token."""
    return TestClient(create_app(context), base_url="http://localhost", raise_server_exceptions=False)


@pytest.fixture
def client(context: WebContext, witness: Witness) -> Iterator[TestClient]:
    app = create_app(context)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(app, base_url="http://localhost", headers=headers, raise_server_exceptions=False) as client:
        client.event_hooks["response"].append(witness.hold_against)
        yield client
