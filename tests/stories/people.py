"""What a person does through the API, and what they are shown."""

from pathlib import Path
from typing import Any

import httpx2

from tests.stories.house import House
from tests.stories.patience import await_that

Json = dict[str, Any]
WORKSPACE = "/workspaces/default"
OPERATION_S = 60.0


class Person:
    """Somebody with the token of the house's server. After a new start `sign_in` takes the new one."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._http = _open(house)

    def sign_in(self) -> None:
        """Go on with the house's new server, and its new token."""
        self.leave()
        self._http = _open(self.house)

    def leave(self) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Any request; the answer as it comes."""
        return self._http.request(method, path, **more)

    def get(self, path: str, language: str = "en") -> Any:
        return self._read(self.ask("GET", path, headers={"Accept-Language": language}))

    def post(self, path: str, body: Any = None) -> Any:
        return self._read(self.ask("POST", path, json=body))

    def refused(self, method: str, path: str, status: int, **more: Any) -> Json:
        """The problem document of a request that must be refused with this status, in good form."""
        answer = self.ask(method, path, **more)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        problem: Json = answer.json()
        assert problem["status"] == status
        assert problem["code"]
        assert problem["detail"]
        assert problem["hint"], f"no advice for {problem['code']}"
        return problem

    def _read(self, answer: httpx2.Response) -> Any:
        assert answer.is_success, f"{answer.request.method} {answer.request.url.path}: {answer.text}"
        return answer.json() if answer.content else None

    def create(self, name: str, spec: Json) -> "JobHandle":
        job = self.post(f"{WORKSPACE}/jobs", {"name": name, "spec": spec})
        return JobHandle(self, job["id"], name)

    def publish(self, name: str, spec: Json) -> "JobHandle":
        """A job with its first version."""
        job = self.create(name, spec)
        job.publish("first")
        return job

    def start(self, name: str, spec: Json) -> "JobHandle":
        """A job that runs."""
        job = self.publish(name, spec)
        job.succeed("run")
        return job

    def register(self, name: str, url: str, **fields: Any) -> str:
        """The name of a session cluster, registered by its address."""
        order = {"name": name, "url": url, "engine_version": "2.2.1", **fields}
        return str(self.post("/clusters", order)["name"])

    def upload(self, jar: Path) -> str:
        """The name of an uploaded jar."""
        with jar.open("rb") as file:
            answer = self.ask("POST", f"{WORKSPACE}/artifacts", files={"file": (jar.name, file)})
        return str(self._read(answer)["name"])

    def await_end(self, operation_id: str, seconds: float = OPERATION_S) -> Json:
        """The operation once it has ended."""
        operation: Json = self.get(f"/operations/{operation_id}?wait={min(seconds, 60.0)}")
        assert operation["ended_at"], operation
        return operation


def _open(house: House) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {house.token}"}
    return httpx2.Client(base_url=f"{house.url}/api/v1", headers=headers, timeout=90.0, trust_env=False)


class JobHandle:
    """One job, and the verbs for it."""

    def __init__(self, person: Person, job_id: str, name: str) -> None:
        self.person = person
        self.id = job_id
        self.name = name

    def show(self, language: str = "en") -> Json:
        job: Json = self.person.get(f"/jobs/{self.id}", language)
        return job

    def list(self, what: str) -> list[Json]:
        """Its operations, instances, snapshots, events or versions, newest first."""
        items: list[Json] = self.person.get(f"/jobs/{self.id}/{what}?limit=200")["items"]
        return items

    def check(self) -> Json:
        checked: Json = self.person.post(f"/jobs/{self.id}/draft/check")
        return checked

    def publish(self, description: str) -> Json:
        version: Json = self.person.post(f"/jobs/{self.id}/versions", {"description": description})["version"]
        return version

    def change(self, spec: Json) -> None:
        """Replace the draft."""
        path = f"/jobs/{self.id}/draft"
        revision = self.person.ask("GET", path).headers["ETag"]
        answer = self.person.ask("PUT", path, json=spec, headers={"If-Match": revision})
        assert answer.status_code == 200, answer.text

    def ask(self, verb: str, **options: Any) -> Json:
        """An accepted operation."""
        operation: Json = self.person.post(f"/jobs/{self.id}/operations", {"verb": verb, "options": options})
        return operation

    def plan(self, verb: str, **options: Any) -> Json:
        """What a verb would do; nothing is done."""
        plan: Json = self.person.post(f"/jobs/{self.id}/operations?dry_run=true", {"verb": verb, "options": options})
        return plan

    def do(self, verb: str, seconds: float = OPERATION_S, **options: Any) -> Json:
        """An operation, once it has ended one way or the other."""
        return self.person.await_end(self.ask(verb, **options)["id"], seconds)

    def succeed(self, verb: str, **options: Any) -> Json:
        """As `do`, and it must have succeeded."""
        operation = self.do(verb, **options)
        assert (operation["status"], operation["code"]) == ("SUCCESS", 0), operation
        return operation

    def fail(self, verb: str, **options: Any) -> Json:
        """As `do`, and it must have ended as FAIL, with words for it and what to do about it."""
        operation = self.do(verb, **options)
        assert (operation["status"], operation["code"]) == ("FAIL", 1), operation
        assert operation["message"]
        assert operation["advice"], f"no advice for {operation['reason']}"
        return operation

    def refuse(self, verb: str, status: int = 409, /, **options: Any) -> Json:
        """The problem document of a verb that is not accepted."""
        body = {"verb": verb, "options": options}
        return self.person.refused("POST", f"/jobs/{self.id}/operations", status, json=body)

    def ask_and_see_it_sent(self, verb: str, **options: Any) -> Json:
        """An operation that has made its first call to Flink: from now on it finishes."""
        operation = self.ask(verb, **options)
        path = f"/operations/{operation['id']}"
        await_that(lambda: self.person.get(path)["steps"][0]["status"] != "WAITING", OPERATION_S)
        return operation

    def await_phase(self, *phases: str, seconds: float = OPERATION_S) -> Json:
        """The job once it is in one of these phases."""

        def look() -> Json | None:
            job = self.show()
            return job if job["phase"] in phases else None

        return await_that(look, seconds, self.show)

    def end(self) -> None:
        """Leave nothing of it running, whatever its state."""
        if "stop" in self.show()["allowed_verbs"]:
            self.do("stop", snapshot="NONE", force=True)
