"""A process of its own that holds the lease, writes under its fence, and stops itself on the way, as SIGSTOP does.

python -m tests.adapters.db.holder URL write     stop in the middle of a writing transaction
python -m tests.adapters.db.holder URL between   stop between two writes

It says `fence N` first, and in the end what became of the write after it was woken.
"""

import os
import signal
import sys
from datetime import timedelta

from headgate.adapters.clock import SystemClock
from headgate.adapters.db.connect import connect
from headgate.adapters.db.unit_of_work import DatabaseStore
from headgate.domain.errors import Unavailable
from tests.adapters.db.samples import add_job

LENGTH = timedelta(seconds=1)


def main(url: str, where: str) -> None:
    store = DatabaseStore(connect(url), own_clock=True)
    now = SystemClock().now()
    with store.write() as unit:
        fence = unit.lease.acquire("holder", now, now + LENGTH)
    _say(f"fence {fence}")
    with store.write(fence) as unit:
        add_job(unit, "before")
    if where == "between":
        os.kill(os.getpid(), signal.SIGSTOP)
    try:
        with store.write(fence) as unit:
            add_job(unit, "first half")
            if where == "write":
                os.kill(os.getpid(), signal.SIGSTOP)
            add_job(unit, "second half")
    except Unavailable as error:
        _say(f"refused {error.code} {error.cause}")
    try:
        with store.write(fence) as unit:
            add_job(unit, "afterwards")
    except Unavailable as error:
        _say(f"refused {error.code}")
    store.close()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
