"""A server whose client JVMs' secrets become known: they are noted in a file outside the data folder.

Started as `python -m tests.stories.observed`, with HEADGATE_STORY_SECRETS naming the file. Nothing
else differs from `python -m headgate`; only so can a story look for a secret that nothing else tells.
"""

import os
from pathlib import Path
from typing import Any

from py4j import java_gateway

from headgate.__main__ import main

_FILE = Path(os.environ["HEADGATE_STORY_SECRETS"])


class _NotedParameters(java_gateway.GatewayParameters):  # type: ignore[misc]  # py4j has no types
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.auth_token:  # py4j makes others of its own, without one
            with _FILE.open("a", encoding="utf-8") as file:
                file.write(f"{self.auth_token}\n")


if __name__ == "__main__":
    java_gateway.GatewayParameters = _NotedParameters
    main()
