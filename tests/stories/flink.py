"""What Flink itself says, asked behind Headgate's back, and what others may do to it there."""

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ENDED = frozenset({"FINISHED", "CANCELED", "FAILED"})


class Flink:
    """One JobManager, by its REST address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def list_jobs(self, name: str) -> list[dict[str, Any]]:
        """Every Flink job of this name, ended ones too, oldest first."""
        return [job for job in self.list_all() if job["name"] == name]

    def list_all(self) -> list[dict[str, Any]]:
        """Every Flink job, ended ones too, oldest first."""
        jobs: list[dict[str, Any]] = self._ask("GET", "/jobs/overview")["jobs"]
        return sorted(jobs, key=lambda job: int(job["start-time"]))

    def list_live(self, name: str) -> list[str]:
        """The ids of the Flink jobs of this name that have not ended."""
        return [job["jid"] for job in self.list_jobs(name) if job["state"] not in ENDED]

    def count_live(self) -> int:
        """All jobs that have not ended, whatever they are called."""
        return sum(job["state"] not in ENDED for job in self.list_all())

    def count_slots(self) -> int:
        """All task slots, taken or free."""
        return int(self._ask("GET", "/overview")["slots-total"])

    def knows(self, path: str) -> bool:
        """Whether Flink has an answer under this path; a 404 is none."""
        try:
            self._ask("GET", path)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return False
        return True

    def cancel(self, flink_job_id: str) -> None:
        """What an operator of the cluster may do at any time."""
        self._ask("PATCH", f"/jobs/{flink_job_id}?mode=cancel")

    def stop(self, flink_job_id: str, directory: str) -> None:
        """Stop a job with a savepoint, as its operator may."""
        self._ask("POST", f"/jobs/{flink_job_id}/stop", {"targetDirectory": directory, "drain": False})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        content = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"} if content else {}
        request = urllib.request.Request(f"{self.url}{path}", content, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def find_folder(path: str) -> Path:
    """The local folder of a snapshot's path; Flink writes `file:/...` and does not percent-encode."""
    assert path.startswith("file:/"), path
    return Path("/" + path.removeprefix("file:").lstrip("/"))


def read_printed(data: Path, identifier: str) -> list[tuple[str, tuple[int, ...]]]:
    """The rows that a print sink with this identifier wrote into the TaskManagers' logs: (kind, values)."""
    pattern = re.compile(rf"{re.escape(identifier)}> ([+-][IUD])\[([^\]]*)\]")
    text = "".join(
        log.read_text(encoding="utf-8", errors="replace") for log in sorted((data / "local" / "log").glob("task*.log*"))
    )
    return [(kind, tuple(int(value) for value in row.split(","))) for kind, row in pattern.findall(text)]
