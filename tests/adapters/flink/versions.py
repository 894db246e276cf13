"""The versions of Flink that the tests ask: one of each line that Headgate knows (a test holds that)."""

from typing import Final

from headgate.domain.clusters import EngineVersion

WHOLE: Final = EngineVersion("2.2.1")
"""Asked everything in every run."""

OTHERS: Final = (EngineVersion("1.20.5"), EngineVersion("2.3.0"))
"""Asked what is marked `smoke`, and everything by `make test-long SUITES=versions`."""
