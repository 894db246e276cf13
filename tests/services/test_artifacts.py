"""Jars: rows and files together."""

import io
from dataclasses import replace

import pytest

from headgate.domain.errors import Invalid, NotAllowed, NotFound
from headgate.domain.spec import JobSpec, JobType
from headgate.domain.workspaces import DEFAULT_WORKSPACE, Actor
from tests.services.world import World, make_jar

JAR_JOB = JobSpec(JobType.JAR, artifact="app.jar")


def test_a_jar_is_kept_with_its_main_class(world: World) -> None:
    artifact = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", make_jar())
    assert artifact.entry_class == "demo.Main"
    assert world.files.get_path(artifact.digest).stat().st_size == artifact.size


def test_the_same_jar_under_the_same_name_is_one_artifact(world: World) -> None:
    content = make_jar()
    first = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", content)
    content.seek(0)
    assert world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", content) == first


def test_what_is_no_jar_leaves_nothing(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", io.BytesIO(b"not a jar"))
    assert refusal.value.code == "artifact_not_a_jar"
    assert world.artifacts.list_all(world.actor, DEFAULT_WORKSPACE) == []


@pytest.mark.parametrize("name", ["", "a/b.jar", "a\\b.jar", "a\x00.jar", "x" * 201, "art-0123456789"], ids=repr)
def test_a_name_that_will_not_do_is_refused(world: World, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        world.artifacts.add(world.actor, DEFAULT_WORKSPACE, name, make_jar())
    assert refusal.value.code == "artifact_invalid"


@pytest.mark.requirement("U-15")
class TestDelete:
    def test_a_draft_holds_it(self, world: World) -> None:
        artifact = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", make_jar())
        world.add_job(spec=JAR_JOB)
        with pytest.raises(NotAllowed) as refusal:
            world.artifacts.delete(world.actor, artifact.id)
        assert (refusal.value.code, refusal.value.facts["jobs"]) == ("artifact_in_use", "orders")

    def test_a_version_holds_it_though_the_name_means_another_by_now(self, world: World) -> None:
        artifact = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", make_jar())
        world.add_published(spec=JAR_JOB)
        newer = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", make_jar("demo.Newer"))
        assert newer.id != artifact.id
        with pytest.raises(NotAllowed):
            world.artifacts.delete(world.actor, artifact.id)

    def test_of_many_users_the_first_ten_are_named(self, world: World) -> None:
        artifact = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", make_jar())
        for number in range(12):
            world.add_published(f"job-{number:02}", JAR_JOB)
        with pytest.raises(NotAllowed) as refusal:
            world.artifacts.delete(world.actor, artifact.id)
        named = refusal.value.facts["jobs"].split(", ")
        assert (named, refusal.value.facts["count"]) == ([*(f"job-{n:02}" for n in range(10)), "..."], "12")

    def test_a_draft_that_means_a_newer_one_of_that_name_does_not_hold_it(self, world: World) -> None:
        older = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", make_jar())
        world.add_job("by-name", JAR_JOB)
        world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "app.jar", make_jar("demo.Newer"))
        world.add_job("by-id", replace(JAR_JOB, artifact=older.id))
        with pytest.raises(NotAllowed) as refusal:
            world.artifacts.delete(world.actor, older.id)
        assert refusal.value.facts["jobs"] == "by-id"

    def test_the_file_stays_while_another_workspace_has_the_content(self, world: World) -> None:
        elsewhere = Actor("li", "tok", frozenset({"elsewhere"}))
        first = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "a.jar", make_jar())
        world.artifacts.add(elsewhere, "elsewhere", "a.jar", make_jar())
        world.artifacts.delete(world.actor, first.id)
        assert world.files.get_path(first.digest).is_file()

    def test_its_file_goes_with_the_last_of_its_content(self, world: World) -> None:
        first = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "a.jar", make_jar())
        second = world.artifacts.add(world.actor, DEFAULT_WORKSPACE, "b.jar", make_jar())
        assert first.digest == second.digest
        world.artifacts.delete(world.actor, first.id)
        assert world.files.get_path(first.digest).is_file()
        world.artifacts.delete(world.actor, second.id)
        with pytest.raises(NotFound):
            world.files.get_path(first.digest)
