"""Answers of a JobManager for the scripted server: shaped as recorded, with made-up values."""

import json
from typing import Any

from headgate.domain.instances import FlinkJobId
from tests.fakes.http_server import Behaviour, answer

JOB = FlinkJobId("a" * 32)
LIFE_1 = "11111111-1111-1111-1111-111111111111"
LIFE_2 = "22222222-2222-2222-2222-222222222222"
TASKS = {"total": 2, "running": 2, "finished": 0}
NOT_FOUND = answer('{"errors":["not found"]}', 404)


def overview(state: str = "RUNNING", tasks: dict[str, int] | None = None, end: int = -1) -> Behaviour:
    return say({"jobs": [{"jid": JOB, "state": state, "tasks": tasks or TASKS, "end-time": end}]})


def life(uuid: str, archive: str = "") -> Behaviour:
    entries = [{"key": "web.tmpdir", "value": f"/tmp/flink-web-{uuid}"}]
    return say([*entries, {"key": "jobmanager.archive.fs.dir", "value": archive}])


def say(data: Any, status: int = 200) -> Behaviour:
    return answer(json.dumps(data), status)
