"""How two processes share the tests: what needs the same Flink stays together, and the longest begins."""

import pytest
from xdist.scheduler import LoadScopeScheduling

LONGEST = ("tests/stories/", "tests/crashes/", "tests/adapters/flink/")
"""Folders whose tests share a Flink. Every other file is shared out by itself."""


def choose_group(path: str) -> str:
    """The folder of `LONGEST` that the file lies in, else the file."""
    return next((folder for folder in LONGEST if path.startswith(folder)), path)


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
            ranks = {group: rank for rank, group in enumerate(LONGEST)}
            items.sort(key=lambda item: ranks.get(choose_group(item.nodeid.partition("::")[0]), len(LONGEST)))
