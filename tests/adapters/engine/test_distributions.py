"""Which files an engine is made of, and what is refused before anything is downloaded."""

import pytest

from headgate.adapters.engine.distributions import choose_flink, choose_java, list_known_versions
from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import EngineFailed

DIGEST = "0" * 64


@pytest.mark.parametrize("version", ["1.20.5", "2.2.1", "2.3.0"])
def test_the_known_versions_are_pinned(version: str) -> None:
    found = choose_flink(EngineVersion(version))
    assert version in list_known_versions()
    assert found.requirement == f"apache-flink-libraries=={version}"
    assert len(found.sha256) == 64
    assert found.size > 200_000_000


@pytest.mark.parametrize(
    ("version", "digest", "code"),
    [
        pytest.param("2.9.0", "", "engine_version_unknown", id="unknown"),
        pytest.param("../2.2.1", DIGEST, "engine_version_unknown", id="not-a-version"),
        pytest.param("1.18.1", DIGEST, "flink_too_old", id="too-old"),
        pytest.param("2.9.0", "abc", "engine_digest_malformed", id="malformed-digest"),
    ],
)
def test_what_cannot_be_checked_is_refused(version: str, digest: str, code: str) -> None:
    with pytest.raises(EngineFailed) as caught:
        choose_flink(EngineVersion(version), digest)
    assert caught.value.code == code


def test_an_unknown_version_says_which_are_known() -> None:
    with pytest.raises(EngineFailed) as caught:
        choose_flink(EngineVersion("2.9.0"))
    assert "2.2.1" in caught.value.facts["known"]


def test_a_digest_allows_any_version() -> None:
    assert choose_flink(EngineVersion("2.9.0"), DIGEST).sha256 == DIGEST


def test_a_digest_of_ones_own_replaces_the_pinned_one() -> None:
    assert choose_flink(EngineVersion("2.2.1"), DIGEST).sha256 == DIGEST


def test_a_machine_without_java_is_told_so() -> None:
    with pytest.raises(EngineFailed) as caught:
        choose_java("plan9-mips")
    assert caught.value.code == "java_not_available"
    assert caught.value.facts["system"] == "plan9-mips"
