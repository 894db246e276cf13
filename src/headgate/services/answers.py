"""Answers to idempotency keys: a request that is sent twice is carried out once.

The answer is written in the transaction of the act itself. Whoever comes second with the same key
cannot commit, and is given the first answer instead. Only acts that were done are kept: a refusal
changed nothing and may be judged anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from headgate.domain.errors import Conflict
from headgate.ports.clock import Clock
from headgate.ports.store import KeptAnswer, Store, UnitOfWork

KEY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class RequestMark:
    """What tells one request from another: whose key it is, and the digest of method, path and body."""

    owner: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answers:
    store: Store
    clock: Clock
    kept_for: timedelta

    def find(self, mark: RequestMark) -> KeptAnswer | None:
        """The first answer. Conflict("idempotency_key_reused") where the key came with another request."""
        with self.store.read() as unit:
            kept = unit.answers.find(mark.owner, mark.key)
        if kept is None or kept.at < self.clock.now() - self.kept_for:
            return None
        if kept.digest != mark.digest:
            raise Conflict("idempotency_key_reused", key=mark.key)
        return kept

    def keep(self, unit: UnitOfWork, mark: RequestMark, status: int, body: str) -> None:
        """Write the answer. Conflict("idempotency_key_busy") when another request was first."""
        now = self.clock.now()
        unit.answers.delete_before(now - self.kept_for)
        unit.answers.add(KeptAnswer(mark.owner, mark.key, mark.digest, status, body, now))

    def answer_once(self, mark: RequestMark, act: Callable[[], tuple[int, str]]) -> tuple[int, str]:
        """The answer of `act`, which keeps it, or the one that was kept before."""
        kept = self.find(mark)
        if kept is not None:
            return kept.status, kept.body
        try:
            return act()
        except Conflict as conflict:
            if conflict.code != "idempotency_key_busy":
                raise
            first = self.find(mark)
            if first is None:
                raise
            return first.status, first.body
