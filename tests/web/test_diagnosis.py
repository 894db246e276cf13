"""The diagnosis over HTTP: in the reader's language, with facts for programs, and without a change."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from headgate.domain.catalogue import Language
from headgate.domain.lifecycle import Settled
from headgate.web.wording import say
from tests.services.ailments import add_failed
from tests.services.world import World
from tests.web import shapes

PATH = "/api/v1/diagnosis"


@pytest.fixture(autouse=True)
def holder(world: World) -> None:
    now = world.clock.now()
    with world.store.write() as unit:
        unit.lease.acquire("the server", now, now + timedelta(hours=1))


def test_a_sound_server_says_so(world: World, client: TestClient) -> None:
    world.add_cluster()
    answer = client.get(PATH)
    told = answer.json()
    assert (answer.status_code, told["ok"], told["findings"]) == (200, True, [])
    assert (told["clusters"], told["jobs"], told["revision"]) == (1, 0, "0001")
    assert told["lease"]["holder"] == "the server"


@pytest.mark.requirement("A-38")
@pytest.mark.parametrize(
    ("language", "sentence", "command"),
    [
        pytest.param("en", "Job orders is suspended on the snapshot", "`headgate job resume orders`", id="english"),
        pytest.param("zh-CN", "作业 orders 暂停在", "`headgate job resume orders`", id="chinese"),
    ],
)
def test_what_is_off_is_said_with_what_to_do(
    language: str, sentence: str, command: str, world: World, client: TestClient
) -> None:
    world.add_cluster()
    world.add_settled(Settled.SUSPENDED)
    told = client.get(PATH, headers={"Accept-Language": language}).json()
    [finding] = told["findings"]
    assert told["ok"] is False
    assert finding.keys() == {*shapes.FINDING, "level", "since", "facts"}
    assert (finding["code"], finding["level"], finding["since"]) == ("diagnosis_pause_snapshot_gone", "ERROR", None)
    assert finding["message"].startswith(sentence)
    assert finding["facts"]["path"] in finding["message"]
    assert command in finding["advice"]


def test_verbs_and_acts_are_words(world: World, client: TestClient) -> None:
    world.machine.change(schema="9999")
    [finding] = client.get(PATH).json()["findings"]
    assert "9999" in finding["message"]
    assert "{" not in finding["message"] + finding["advice"]


@pytest.mark.parametrize(
    ("language", "sentence", "reason"),
    [
        pytest.param("en", "Job orders has failed", "by itself, and it has no restore point. ", id="english"),
        pytest.param("zh-CN", "作业 orders 已失败", "也没有恢复点。", id="chinese"),
    ],
)
def test_what_led_to_a_failure_follows_in_the_same_language(
    language: str, sentence: str, reason: str, world: World, client: TestClient
) -> None:
    add_failed(world)
    [finding] = client.get(PATH, headers={"Accept-Language": language}).json()["findings"]
    assert finding["message"].startswith(sentence)
    assert finding["message"].endswith(reason + say("lost_with_cluster", {}, Language(language[:2])))
    assert finding["cause"] == "what Flink says"
    assert "`headgate job run orders --from none`" in finding["advice"]
