"""How two processes share the tests: what needs the same Flink stays together, and the longest begins."""

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED = ("tests/stories/", "tests/crashes/", "tests/adapters/flink/")
"""Folders whose tests share a Flink: they stay together. Every other file is shared out by itself."""

LONGEST = (*SHARED, "tests/properties/")
"""What begins, in this order."""


def choose_group(path: str) -> str:
    """The folder of `SHARED` that the file lies in, else the file."""
    return next((folder for folder in SHARED if path.startswith(folder)), path)


def rank(nodeid: str) -> int:
    """How early a test begins: the place of its folder in `LONGEST`."""
    return next((place for place, folder in enumerate(LONGEST) if nodeid.startswith(folder)), len(LONGEST))


class ByPlace(LoadScopeScheduling):  # type: ignore[misc]  # its library has no types
    """A process runs all tests of a group, or none."""

    def _split_scope(self, nodeid: str) -> str:
        return choose_group(nodeid.partition("::")[0])


class Sharing:
    """Has no effect where one process runs all tests."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: object) -> ByPlace:
        return ByPlace(config, log)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if hasattr(config, "workerinput"):
            items.sort(key=lambda item: rank(item.nodeid))
