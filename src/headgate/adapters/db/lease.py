"""The lease in the database: who reconciles, and the fence that shuts an old holder out.

The fence is what protects; the times only say when another one may try.
"""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from headgate.adapters.db import tables
from headgate.adapters.db.columns import Moment
from headgate.domain.diagnosis import LeaseSeen
from headgate.domain.errors import Unavailable
from headgate.ports.store import LeaseStore

_NAME = "reconciler"
_leases = tables.leases
_own = _leases.c.name == _NAME
# Locked where rows can be: between this look and the commit nobody else takes the lease.
_read = select(_leases.c.holder, _leases.c.fence, _leases.c.until).where(_own).with_for_update()
_holder = select(_leases.c.holder).where(_own)
_now = select(func.clock_timestamp(type_=Moment()))
_look = select(_leases.c.holder, _leases.c.fence, _leases.c.until).where(_own)
_shared = select(_leases.c.holder, _leases.c.fence).where(_own).with_for_update(read=True)


class DatabaseLease(LeaseStore):
    """One row; a renewal keeps the fence, a change of holder raises it."""

    def __init__(self, connection: Connection, *, own_clock: bool) -> None:
        """With `own_clock` the database says what the time is: servers whose clocks differ then agree."""
        self._connection = connection
        self._own_clock = own_clock

    def acquire(self, holder: str, now: datetime, until: datetime) -> int | None:
        if self._own_clock:
            length, now = until - now, self._connection.execute(_now).scalar_one()
            until = now + length
        row = self._connection.execute(_read).first()
        if row is None:
            self._connection.execute(insert(_leases).values(name=_NAME, holder=holder, fence=1, until=until))
            return 1
        if row.holder not in (None, holder) and row.until > now:
            return None
        fence = row.fence if row.holder == holder else row.fence + 1
        self._connection.execute(update(_leases).where(_own).values(holder=holder, fence=fence, until=until))
        return int(fence)

    def find_holder(self) -> str | None:
        return self._connection.execute(_holder).scalar()

    def release(self, holder: str) -> None:
        """Give it up, so that the next one need not wait. Nothing happens where another holds it."""
        self._connection.execute(update(_leases).where(_own, _leases.c.holder == holder).values(holder=None))

    def find(self) -> LeaseSeen | None:
        row = self._connection.execute(_look).first()
        return None if row is None else LeaseSeen(row.holder, row.fence, row.until)


def require_fence(connection: Connection, fence: int) -> None:
    """Unavailable("lease_lost") unless `fence` is the newest one and still held."""
    row = connection.execute(_shared).first()
    if row is None or row.fence != fence or row.holder is None:
        raise Unavailable("lease_lost", fence=fence)
