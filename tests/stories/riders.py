"""People who pause and resume jobs at whichever server answers, however often servers die under them."""

import threading
import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2

from headgate.adapters.clock import SystemClock
from tests.stories.patience import await_that
from tests.stories.people import Json
from tests.stories.servers import TOKEN, Servers

ANSWER_S = 90.0


@dataclass
class Rider:
    """One person with jobs of their own, all of which run at first. `done` are the operations that ended."""

    servers: Servers
    jobs: list[str]
    random: Random
    done: list[Json] = field(default_factory=list)

    def ride(self, enough: threading.Event) -> None:
        """Pause and resume the jobs in turn until there is enough; the last one asked for is awaited."""
        runs = dict.fromkeys(self.jobs, True)
        while not enough.is_set():
            for job in self.jobs:
                self.done.append(self._do(job, "pause" if runs[job] else "resume"))
                runs[job] = not runs[job]
                if enough.is_set():
                    return

    def _do(self, job: str, verb: str) -> Json:
        body, key = {"verb": verb}, {"Idempotency-Key": uuid.uuid4().hex}
        asked = self.await_answer("POST", f"/jobs/{job}/operations", json=body, headers=key)

        def look() -> Json | None:
            operation: Json = self.await_answer("GET", f"/operations/{asked['id']}?wait=2")
            return operation if operation["ended_at"] else None

        return await_that(look, ANSWER_S, lambda: self.await_answer("GET", f"/operations/{asked['id']}"))

    def await_answer(self, method: str, path: str, **more: Any) -> Any:
        """The answer of any server; one that dies meanwhile, or whose database is away, is not asked again at once."""
        clock = SystemClock()
        for _ in range(600):
            house = self.random.choice((self.servers.one, self.servers.other))
            try:
                answer = self._ask(house.url, method, path, **more)
            except httpx2.TransportError:
                answer = None
            if answer is not None and answer.status_code != 503:
                assert answer.is_success, answer.text
                return answer.json()
            clock.sleep(0.1)
        raise AssertionError(f"no server answered {method} {path}")

    def _ask(self, url: str, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {TOKEN}", **more.pop("headers", {})}
        with httpx2.Client(base_url=f"{url}/api/v1", timeout=15.0, trust_env=False) as http:
            return http.request(method, path, headers=headers, **more)
