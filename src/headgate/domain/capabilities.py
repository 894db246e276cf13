"""What each line of Flink can do, and what it calls things: the one place that tells versions apart.

A line is a major and a minor number; its patch releases do not differ in anything kept here. Code
asks for a value of `Capabilities`, never for a version. What proves each value is in the contract
suite, which runs on every line of `LINES`; see docs/flink-facts.md.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from headgate.domain.clusters import EngineVersion


class Line(NamedTuple):
    """`1.20` of `1.20.5`."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


class Feature(StrEnum):
    """Something that Flink learned with some line."""

    CHECKPOINT_TRIGGER = "CHECKPOINT_TRIGGER"
    RUN_CONFIGURATION = "RUN_CONFIGURATION"
    RESOURCE_REQUIREMENTS = "RESOURCE_REQUIREMENTS"
    CLAIM_MODE = "CLAIM_MODE"
    APPLICATIONS = "APPLICATIONS"


class Since(NamedTuple):
    """The line that brought a feature, and where it is in Flink's REST interface."""

    line: Line
    place: str


SINCE: Final[dict[Feature, Since]] = {
    Feature.CHECKPOINT_TRIGGER: Since(Line(1, 17), "POST /jobs/:id/checkpoints"),
    Feature.RUN_CONFIGURATION: Since(Line(1, 17), "flinkConfiguration in POST /jars/:id/run"),
    Feature.RESOURCE_REQUIREMENTS: Since(Line(1, 18), "/jobs/:id/resource-requirements"),
    # Before that the field was called restoreMode.
    Feature.CLAIM_MODE: Since(Line(1, 20), "claimMode in POST /jars/:id/run"),
    Feature.APPLICATIONS: Since(Line(2, 3), "/applications/overview"),
}

NEEDED: Final = (Feature.RUN_CONFIGURATION, Feature.CLAIM_MODE)
"""Without these Headgate cannot keep what it promises: retained checkpoints, a claim mode for every restore."""


@dataclass(frozen=True, slots=True)
class KeyNames:
    """The configuration keys that changed their names."""

    restore_path: str
    claim_mode: str
    ignore_unclaimed: str
    savepoint_dir: str
    checkpoint_dir: str


_KEYS_1: Final = KeyNames(
    restore_path="execution.savepoint.path",
    claim_mode="execution.savepoint-restore-mode",
    ignore_unclaimed="execution.savepoint.ignore-unclaimed-state",
    savepoint_dir="state.savepoints.dir",
    checkpoint_dir="state.checkpoints.dir",
)
_KEYS_2: Final = KeyNames(
    restore_path="execution.state-recovery.path",
    claim_mode="execution.state-recovery.claim-mode",
    ignore_unclaimed="execution.state-recovery.ignore-unclaimed-state",
    savepoint_dir="execution.checkpointing.savepoint-dir",
    checkpoint_dir="execution.checkpointing.dir",
)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One line of Flink."""

    line: Line
    keys: KeyNames

    def has(self, feature: Feature) -> bool:
        return self.line >= SINCE[feature].line

    @property
    def features(self) -> tuple[Feature, ...]:
        return tuple(feature for feature in Feature if self.has(feature))


LINES: Final = (
    Capabilities(Line(1, 20), _KEYS_1),
    Capabilities(Line(2, 2), _KEYS_2),
    Capabilities(Line(2, 3), _KEYS_2),
)
"""Every line that the contract suite is kept on, oldest first."""

_VERSION: Final = re.compile(r"(\d+)\.(\d+)(?!\d)")


def parse_line(version: EngineVersion) -> Line:
    """The line of a version. What cannot be read counts as the newest known one."""
    match = _VERSION.match(version)
    return Line(int(match[1]), int(match[2])) if match else LINES[-1].line


def choose_capabilities(version: EngineVersion) -> Capabilities:
    """Those of the version's line, else of the nearest known one.

    Nearest is the newest line of the same major that is not newer, else the oldest of that major: Flink
    renames with a major. A major that is not known is taken for the nearest end of the list.
    """
    wanted = parse_line(version)
    related = [known for known in LINES if known.line.major == wanted.major]
    older = [known for known in related or LINES if known.line <= wanted]
    return older[-1] if older else (related or LINES)[0]


def is_other_line(registered: EngineVersion, running: str) -> bool:
    """Whether a Flink that says `running` of itself is of another line. What it says may be no version."""
    return _VERSION.match(running) is not None and parse_line(EngineVersion(running)) != parse_line(registered)


def is_known(version: EngineVersion) -> bool:
    """Whether the version's own line is kept here; else the nearest one stands in."""
    return choose_capabilities(version).line == parse_line(version)


def describe_missing(version: EngineVersion) -> str:
    """What `list_missing` found, in Flink's words; empty where nothing is missing."""
    return ", ".join(SINCE[feature].place for feature in list_missing(version))


def list_missing(version: EngineVersion) -> tuple[Feature, ...]:
    """What Headgate needs and a Flink of this version does not have: it cannot be used."""
    line = parse_line(version)
    return tuple(feature for feature in NEEDED if line < SINCE[feature].line)
