"""A server that dies by SIGKILL at a point, once it is told which: by the file that HEADGATE_CRASH_FILE names.

Started as `python -m tests.crashes.doomed`. The file holds `POINT` or `POINT:N` (the N-th time that it is
passed from then on). The program itself has no such switch: nothing can make a server die but this.
"""

import functools
import os
import signal
import threading
from pathlib import Path

from headgate import bootstrap
from headgate.__main__ import main
from headgate.reconciler.act import Tools
from headgate.reconciler.points import Point


class Doom:
    """Reads the file at every point; `DIED` beside it says at which one the server died."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._passed = 0

    def reached(self, point: Point) -> None:
        with self._lock:
            try:
                name, _, number = self._file.read_text(encoding="utf-8").partition(":")
            except FileNotFoundError:
                return
            if point != name:
                return
            self._passed += 1
            if self._passed == int(number or 1):
                self._file.with_name("DIED").write_text(point, encoding="utf-8")
                os.kill(os.getpid(), signal.SIGKILL)


def doom(file: Path, point: Point | None, number: int = 1) -> None:
    """Let the server that reads `file` die when it passes `point` the `number`-th time from now on; None: let it be."""
    if point is None:
        file.unlink(missing_ok=True)
        return
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{point}:{number}", encoding="utf-8")
    fresh.replace(file)


if __name__ == "__main__":
    fate = Doom(Path(os.environ["HEADGATE_CRASH_FILE"]))
    setattr(bootstrap, "Tools", functools.partial(Tools, reached=fate.reached))  # noqa: B010 - mypy knows the name as an import there
    main()
