"""A store in memory that remembers what it has read until somebody writes.

Most passes of a history look and change nothing. The rows, statements and constraints are the real
ones: what was read is read anew after the next write into the same repository.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

from headgate.adapters.db.memory import MemoryStore
from headgate.ports.store import Store, UnitOfWork

_READING = ("get", "find", "list", "is_")
_JOINED = frozenset({("jobs", "get_row"), ("jobs", "list_rows"), ("operations", "list_busy_jobs")})
"""These read what several repositories write."""

Key = tuple[str, str, tuple[object, ...]]


class RememberingStore(Store):
    """For one thread, and the only one that writes into `store`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._answers: dict[Key, Any] = {}
        self._is_open = False

    def restart(self) -> None:
        """Forget everything: as new."""
        self._answers.clear()
        self._store.restart()

    @contextmanager
    def write(self, fence: int | None = None) -> Iterator[UnitOfWork]:
        written: set[str] = set()
        with self._alone(), self._store.write(fence) as work:
            try:
                yield _Unit(lambda repository, method: _note(written, work, repository, method)).as_unit()
            finally:
                self._forget(written)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A transaction begins only for what was not asked before."""
        with self._alone(), ExitStack() as stack:
            opened: list[UnitOfWork] = []

            def answer(repository: str, method: str, arguments: tuple[object, ...]) -> Any:
                key = (repository, method, arguments)
                if key not in self._answers:
                    if not opened:
                        opened.append(stack.enter_context(self._store.read()))
                    self._answers[key] = getattr(getattr(opened[0], repository), method)(*arguments)
                found = self._answers[key]
                return list(found) if isinstance(found, list) else found

            yield _Unit(lambda repository, method: lambda *given: answer(repository, method, given)).as_unit()

    def close(self) -> None:
        self._store.close()

    def _forget(self, written: set[str]) -> None:
        stale = [key for key in self._answers if key[0] in written or key[:2] in _JOINED]
        for key in stale if written else ():
            del self._answers[key]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nothing within a unit of work: so a call of Flink within one is found, as its guard reads rows."""
        if self._is_open:
            raise RuntimeError("a unit of work within a unit of work")
        self._is_open = True
        try:
            yield
        finally:
            self._is_open = False


def _note(written: set[str], work: UnitOfWork, repository: str, method: str) -> Callable[..., Any]:
    if not method.startswith(_READING):
        written.add(repository)
    return cast(Callable[..., Any], getattr(getattr(work, repository), method))


Choose = Callable[[str, str], Callable[..., Any]]


class _Unit:
    """A unit of work whose methods `choose` gives, by repository and name."""

    def __init__(self, choose: Choose, repository: str = "") -> None:
        self._choose = choose
        self._repository = repository

    def __getattr__(self, name: str) -> Any:
        return self._choose(self._repository, name) if self._repository else _Unit(self._choose, name)

    def as_unit(self) -> UnitOfWork:
        return cast(UnitOfWork, self)
