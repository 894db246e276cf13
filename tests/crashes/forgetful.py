"""A server that has forgotten what its predecessor sent, as platforms do that keep such things in memory.

Started as `python -m tests.crashes.forgetful`. It deletes the rows of runs and acts, and does not know its own
ids in Flink. The harness must find it out: what it cannot fail is no proof.
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from headgate.__main__ import main
from headgate.reconciler import observe


def forget(data: Path) -> None:
    with closing(sqlite3.connect(data / "headgate.sqlite")) as database, database:
        database.execute("DELETE FROM intents")
        database.execute("DELETE FROM instances")


if __name__ == "__main__":
    forget(Path(sys.argv[sys.argv.index("--data") + 1]))
    setattr(observe, "is_ours", lambda *_: False)  # noqa: B010 - mypy knows the name as an import there
    main()
