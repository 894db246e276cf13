"""Plays many cases at once and kills the JobManager when everybody who waits for that is ready.

Cases share one Flink, so its death is everybody's: it comes when each case that is on has its server dead
and waits, and no other is on.
"""

import logging
import threading
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from headgate.reconciler.points import Point
from tests.crashes.performance import Performance, Surroundings
from tests.crashes.plays import Case, Force
from tests.crashes.theatre import Theatre

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Cases without a strike that are on at the same time: each has a server that starts twice."""
COHORT = 24
"""Cases that one strike may serve: more would wait for each other longer than they save."""


class Conductor:
    """`errors` has, for each case that was played, what went wrong: empty where nothing did."""

    def __init__(self, theatre: Theatre, test_jar: Path) -> None:
        self.errors: dict[str, str] = {}
        self.deaths: Counter[Point] = Counter()
        self._theatre = theatre
        self.around = Surroundings(theatre, test_jar, self, self.deaths)
        self._changed = threading.Condition()
        self._over = self._waiting = self._strikes = 0
        self._room = threading.Semaphore(AT_ONCE)

    def await_strike(self) -> None:
        """Called by a case whose server is dead: returns when the JobManager has been killed."""
        with self._changed:
            seen = self._strikes
            self._waiting += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._strikes > seen)

    def perform(self, cases: Sequence[Case]) -> None:
        """Play all cases, cohort after cohort; the plain ones beside the first."""
        # These need a strike before they can begin: it comes while nobody else is on.
        early = [case for case in cases if case.point is Point.GIVEN_UP]
        plain = [case for case in cases if case.force is Force.PLAIN and case not in early]
        struck = [case for case in cases if case.force is Force.JOB_MANAGER and case not in early]
        cohorts = [struck[start : start + COHORT] for start in range(0, len(struck), COHORT)] or [[]]
        with ThreadPoolExecutor(len(cases) or 1, thread_name_prefix="case") as pool:
            for number, cohort in enumerate(cohorts):
                first = [self._begin(pool, case) for case in early] if number == 0 else []
                if first:
                    self._strike_when_ready(first)
                later = [*cohort, *(plain if number == 0 else [])]
                on = [*first, *(self._begin(pool, case) for case in later)]
                while self._strike_when_ready(on):
                    pass

    def _begin(self, pool: ThreadPoolExecutor, case: Case) -> "Future[None]":
        future = pool.submit(self._play, case)
        future.add_done_callback(lambda done: self._finish(case, done))
        return future

    def _finish(self, case: Case, done: "Future[None]") -> None:
        error = done.exception()
        self.errors[case.id] = "".join(traceback.format_exception(error)) if error is not None else ""
        log.warning("%s: %s", case.id, "ended as it should" if error is None else error)
        with self._changed:
            self._over += 1
            self._changed.notify_all()

    def _strike_when_ready(self, on: "Sequence[Future[None]]") -> bool:
        """Kill the JobManager once all cases that are not over wait for it; False where all are over."""
        with self._changed:
            self._changed.wait_for(lambda: sum(not future.done() for future in on) == self._waiting)
            if not self._waiting:
                return False
            log.warning("the JobManager is killed for %d cases", self._waiting)
            try:
                self._theatre.strike()
            finally:  # should no new JobManager come, the cases find that out by themselves
                self._strikes += 1
                self._waiting = 0
                self._changed.notify_all()
        return True

    def _play(self, case: Case) -> None:
        # A struck case must not hold a place while it waits for those that have none.
        is_struck = case.force is Force.JOB_MANAGER or case.point is Point.GIVEN_UP
        with nullcontext() if is_struck else self._room:
            Performance(case, self.around).play()
