"""A process of its own that writes to a store and says on its output what it has done.

python -m tests.adapters.db.writer URL middle       wait for ever in the middle of a transaction
python -m tests.adapters.db.writer URL committed    wait for ever after one commit
python -m tests.adapters.db.writer URL stream       commit for ever, naming each job once it is safe
python -m tests.adapters.db.writer URL count 50     take 50 operation numbers, one transaction each
"""

import signal
import sys
from itertools import count

from headgate.adapters.db.connect import connect
from headgate.adapters.db.unit_of_work import DatabaseStore
from tests.adapters.db.samples import add_job, instance, intent


def main(url: str, mode: str, amount: int = 0) -> None:
    store = DatabaseStore(connect(url))
    if mode == "middle":
        with store.write() as unit:
            add_job(unit)
            _say("written")
            signal.pause()
    if mode == "committed":
        with store.write() as unit:
            of = instance(add_job(unit))
            unit.instances.add(of)
            unit.intents.add(intent(of))
        _say("committed")
        signal.pause()
    if mode == "stream":
        for number in count():
            with store.write() as unit:
                add_job(unit, f"job-{number}")
            _say(f"job-{number}")
    for _ in range(amount):
        with store.write() as unit:
            number = unit.operations.next_number()
        _say(str(number))
    store.close()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
