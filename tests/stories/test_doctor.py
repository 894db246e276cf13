"""`headgate doctor` on a real Flink: it finds what was broken behind Headgate's back, and nothing once it is mended."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from headgate.domain.instances import new_flink_job_id
from tests.stories.flink import Flink, find_folder
from tests.stories.house import House, run_headgate
from tests.stories.patience import await_that
from tests.stories.people import Person
from tests.stories.specs import endless

pytestmark = pytest.mark.real

Ask = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def ask_doctor(house: House) -> Ask:
    """The findings about one job by their codes, and whatever is said of clocks."""

    def ask(name: str, language: str = "en") -> dict[str, dict[str, Any]]:
        context = str(house.data / "context.json")
        ended = run_headgate(house.folder, "doctor", "--context", context, "--output", "json", "--language", language)
        told = json.loads(ended.stdout)
        assert ended.returncode == (0 if told["ok"] else 1), ended.stderr
        about = [f for f in told["findings"] if f["facts"].get("job") == name or "clock" in f["code"]]
        return {finding["code"]: finding for finding in about}

    return ask


def start_behind_our_back(flink: Flink, jar: Path, flink_job_id: str) -> None:
    """As a server did whose database has since been replaced by an old backup."""
    with httpx2.Client(base_url=flink.url, timeout=60, trust_env=False) as http, jar.open("rb") as content:
        form = {"jarfile": ("orphan.jar", content, "application/java-archive")}
        uploaded = http.post("/jars/upload", files=form).raise_for_status().json()["filename"].rpartition("/")[2]
        http.post(f"/jars/{uploaded}/run", json={"jobId": flink_job_id}).raise_for_status()


@pytest.mark.requirement("A-38", "U-11")
def test_an_orphan_and_a_missing_snapshot_are_found_and_gone_once_mended(
    person: Person, flink: Flink, house: House, test_jar: Path, ask_doctor: Ask
) -> None:
    paused = person.start("paused for the doctor", endless())
    paused.succeed("pause")
    path = paused.list("snapshots")[0]["path"]
    owner = person.publish("owner of an orphan", endless())
    orphan = new_flink_job_id(owner.id, 1)
    assert ask_doctor(paused.name) == ask_doctor(owner.name) == {}

    folder = find_folder(path)
    hidden = folder.rename(folder.with_name("hidden"))
    start_behind_our_back(flink, test_jar, orphan)
    await_that(lambda: orphan in [seen["jid"] for seen in flink.list_all() if seen["state"] == "RUNNING"], 60)

    gone = ask_doctor(paused.name)["diagnosis_pause_snapshot_gone"]
    assert gone["facts"]["path"] == path
    assert f"`headgate job resume {paused.name}`" in gone["advice"]
    found = ask_doctor(owner.name, "zh")
    assert found.keys() == {"diagnosis_orphan"}, "and the clocks of one machine do not differ"
    assert orphan in found["diagnosis_orphan"]["message"]
    assert f"curl -X PATCH '{flink.url}/jobs/{orphan}?mode=cancel'" in found["diagnosis_orphan"]["advice"]

    flink.cancel(orphan)
    hidden.rename(folder)
    await_that(lambda: ask_doctor(owner.name) == {}, 30)
    assert ask_doctor(paused.name) == {}
    paused.succeed("resume")
