"""Being told at once that another server has accepted something.

Without it nothing is lost: the loop looks at the database every second anyway.
"""

import threading
from collections.abc import Callable
from typing import Protocol


class Wakeups(Protocol):
    def listen(self, wake: Callable[[], None], stopping: threading.Event) -> None:
        """Call `wake` for everything that any server accepts, until `stopping` is set; returns soon after that."""
