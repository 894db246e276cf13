"""How two processes share the tests: what needs the same Flink stays together, and the longest begins."""

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED = ("tests/stories/", "tests/crashes/", "tests/adapters/flink/")
"""Folders whose tests share a Flink: they stay together, but for `APART`. Every other file is shared out by itself."""

APART = tuple(
    f"tests/stories/test_{name}.py"
    for name in (
        "high_availability",
        "two_servers",
        "backup",
        "recovery",
        "several_servers",
        "lost_jobmanager",
        "flink_versions",
    )
)
"""Stories with clusters and servers of their own: each may be told beside the others. Longest first."""

LONGEST = (*SHARED, *APART)
"""What begins, in this order."""


def choose_group(path: str) -> str:
    """The folder of `SHARED` that the file lies in, else the file."""
    if path in APART:
        return path
    return next((folder for folder in SHARED if path.startswith(folder)), path)


def rank(nodeid: str) -> int:
    """How early a test begins: the place of its group in `LONGEST`, then the properties, then all else."""
    group = choose_group(nodeid.partition("::")[0])
    if group in LONGEST:
        return LONGEST.index(group)
    return len(LONGEST) + (not group.startswith("tests/properties/"))


class ByPlace(LoadScopeScheduling):  # type: ignore[misc]  # its library has no types
    """A process runs all tests of a group, or none."""

    def _split_scope(self, nodeid: str) -> str:
        return choose_group(nodeid.partition("::")[0])


class Sharing:
    """Has no effect where one process runs all tests."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: object) -> ByPlace:
        config.option.loadscopereorder = False  # else groups begin by how many tests they have, not how long they take
        return ByPlace(config, log)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if hasattr(config, "workerinput"):
            items.sort(key=lambda item: rank(item.nodeid))
