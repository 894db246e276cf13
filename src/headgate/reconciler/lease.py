"""Who reconciles: one server of several holds the lease, fenced by a number that only grows.

Losing it ends whatever this server could still submit; gaining it ends what the predecessor left.
"""

import logging
from datetime import datetime, timedelta

from headgate.domain.errors import Unavailable
from headgate.ports.clock import Clock
from headgate.ports.flink import FlinkGateway
from headgate.ports.store import Store

log = logging.getLogger(__name__)


class Lease:
    """This server's claim to reconcile. `fence` is None while another server holds the lease."""

    def __init__(self, store: Store, gateway: FlinkGateway, clock: Clock, holder: str) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._holder = holder
        self._renew_at: datetime | None = None
        self.fence: int | None = None
        self.length = timedelta(seconds=10)
        self.renewal = timedelta(seconds=3)

    def keep(self) -> bool:
        """Take or renew the lease when that is due; whether this server holds it now."""
        now = self._clock.now()
        if self._renew_at is not None and now < self._renew_at:
            return self.fence is not None
        self._renew_at = now + self.renewal
        fence = self._acquire(now)
        if fence is not None and fence != self.fence:
            log.info("this server reconciles now (fence %d)", fence)
            self._gateway.end_predecessors()
        if fence is None and self.fence is not None:
            self.drop()
        self.fence = fence
        return fence is not None

    def drop(self) -> None:
        """Stop reconciling at once: another server may have taken over."""
        log.warning("the lease is lost; another server reconciles")
        self.fence = None
        self._gateway.close()

    def release(self) -> None:
        """Give the lease back, so that another server need not wait for its end."""
        if self.fence is None:
            return
        self.fence = None
        with self._store.write() as work:
            work.lease.release(self._holder)

    def _acquire(self, now: datetime) -> int | None:
        try:
            with self._store.write() as work:
                return work.lease.acquire(self._holder, now, now + self.length)
        except Unavailable as error:
            log.error("the lease cannot be renewed: %s", error)
            return None
