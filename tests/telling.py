"""What a run of the tests tells at its end, in sections, whichever process found it out."""

import pytest

_TOLD = pytest.StashKey[dict[str, list[str]]]()
_KEY = "told"


def tell(config: pytest.Config, section: str, line: str) -> None:
    """A line under the title `section`."""
    config.stash.setdefault(_TOLD, {}).setdefault(section, []).append(line)


class Telling:
    """Carries the lines from the processes that run tests to the one that prints."""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_KEY] = session.config.stash.get(_TOLD, {})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object, error: object) -> None:
        config = getattr(node, "config")  # noqa: B009 - a type of the plugin that has none
        for section, lines in getattr(node, "workeroutput", {}).get(_KEY, {}).items():
            for line in lines:
                tell(config, section, line)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        for section, lines in config.stash.get(_TOLD, {}).items():
            terminalreporter.section(section)
            for line in lines:
                terminalreporter.write_line(line)
