"""Artifacts: the jar files that jobs run, addressed by their content."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Artifact:
    """One jar. `digest` is the SHA-256 of its content (hex), which is also where its file lies;
    `size` in bytes; `entry_class` is the manifest's main class, empty where there is none.
    """

    id: str
    workspace: str
    name: str
    digest: str
    size: int
    entry_class: str
    created_at: datetime
    created_by: str
