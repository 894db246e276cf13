"""What only the composition root has: a clock that a server's end wakes."""

import threading

import pytest

from headgate.bootstrap import _EndableClock, _ToldToEnd


def test_the_clock_of_the_local_cluster_tells_the_time_and_is_woken_by_the_end() -> None:
    stopping = threading.Event()
    clock = _EndableClock(stopping)
    assert clock.monotonic() <= clock.monotonic()
    assert clock.now() <= clock.now()
    assert clock.skipped_to() is None
    clock.sleep(0)
    stopping.set()
    with pytest.raises(_ToldToEnd):
        clock.sleep(60)
