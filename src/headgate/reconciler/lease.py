"""Who reconciles: one server of several holds the lease, fenced by a number that only grows.

Losing it ends whatever this server could still submit; gaining it ends what the predecessor left.
What protects is the fence: it is checked by the database at every write, and by this server's own
clock right before every call. Moments are read from a clock that never goes back; the time of day is
asked too, because that clock stands still while the machine sleeps.
"""

import logging
from datetime import UTC, datetime, timedelta

from headgate.domain.errors import Unavailable
from headgate.ports.clock import Clock
from headgate.ports.flink import FlinkGateway
from headgate.ports.store import Store

log = logging.getLogger(__name__)

RETRY = timedelta(milliseconds=500)
"""How often a server without the lease asks for it: what a fail-over takes beyond the lease's length."""

SUBMISSION_LIFE = timedelta(seconds=120)
"""How long a submission may be under way in a client JVM that cannot be ended from here."""

_LONG_AGO = float("-inf")
_NEVER = datetime.min.replace(tzinfo=UTC)


class Lease:
    """This server's claim to reconcile. `fence` is None while another server holds the lease."""

    def __init__(self, store: Store, gateway: FlinkGateway, clock: Clock, holder: str) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._holder = holder
        self._due = self._sure_until = self._quiet_until = _LONG_AGO
        self._sure_before = _NEVER
        self._predecessor: str | None = None
        self.fence: int | None = None
        self.length = timedelta(seconds=10)
        self.renewal = timedelta(seconds=3)

    def keep(self) -> bool:
        """Take or renew the lease when that is due; whether this server holds it now."""
        asked_at, asked_on = self._clock.monotonic(), self._clock.now()
        if asked_at < self._due and (self.fence is None or self.may_send(self.fence)):
            return self.fence is not None
        self._due = asked_at + RETRY.total_seconds()
        try:
            fence, predecessor = self._acquire(asked_on)
        except Unavailable as error:
            log.error("the lease cannot be renewed: %s", error)
            if not self.may_send(self.fence):
                self.drop()
            return self.fence is not None
        if fence is None:
            self.drop()
            return False
        self._due = asked_at + self.renewal.total_seconds()
        self._sure_until, self._sure_before = asked_at + self.length.total_seconds(), asked_on + self.length
        if fence != self.fence:
            self.drop()  # another one held it meanwhile
            self._predecessor = predecessor or self._predecessor
            self._begin(fence)
        return True

    def may_send(self, fence: int | None) -> bool:
        """Whether `fence` is this server's and nobody else can have one yet. Asked right before every call to Flink."""
        is_ours = fence is not None and fence == self.fence
        return is_ours and self._clock.monotonic() < self._sure_until and self._clock.now() < self._sure_before

    def awaits_predecessor(self) -> bool:
        """Whether a submission of the server before this one may still come, from where it cannot be ended."""
        return self._clock.monotonic() < self._quiet_until

    def drop(self) -> None:
        """Stop reconciling at once: another server may have taken over."""
        if self.fence is None:
            return
        log.warning("the lease is lost; another server reconciles")
        self.fence = None
        self._gateway.close()

    def release(self) -> None:
        """Give the lease back, so that another server need not wait for its end."""
        self.fence = None
        with self._store.write() as work:
            work.lease.release(self._holder)

    def _acquire(self, now: datetime) -> tuple[int | None, str | None]:
        """The fence, where this server has the lease now, and who had it before without giving it back."""
        with self._store.write() as work:
            holder = work.lease.find_holder()
            fence = work.lease.acquire(self._holder, now, now + self.length)
        return fence, holder if holder != self._holder else None

    def _begin(self, fence: int) -> None:
        """Where this fails it is begun anew; by then the lease is ours, and no longer tells who had it before."""
        log.info("this server reconciles now (fence %d)", fence)
        if not self._gateway.end_predecessors(self._predecessor):
            log.info("what the server before this one was submitting is awaited for %s", SUBMISSION_LIFE)
            self._quiet_until = self._clock.monotonic() + SUBMISSION_LIFE.total_seconds()
        self.fence, self._predecessor = fence, None
