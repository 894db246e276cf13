"""What benchmarks ask of a server: small SQL jobs, created, published and worked with over the API."""

from dataclasses import dataclass

from headgate.cli.client import Client, Document
from headgate.cli.context import Context
from headgate.cli.words import Language

# Small, endless, and with keyed state: a pause writes a true savepoint.
_SQL = """\
CREATE TABLE readings (sensor INT, amount INT) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '5',
  'fields.sensor.min' = '1',
  'fields.sensor.max' = '100'
);
CREATE TABLE totals (sensor INT, amount BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO totals SELECT sensor, SUM(amount) FROM readings GROUP BY sensor;
"""


class OperationFailed(Exception):
    """An operation of the benchmark ended badly; the text has the operation."""


@dataclass(frozen=True, slots=True)
class Work:
    """One server, as a user of its API."""

    client: Client

    @classmethod
    def at(cls, context: Context) -> "Work":
        return cls(Client(context, Language.EN))

    def register(self, name: str, url: str, version: str, savepoint_dir: str) -> None:
        """Register a session cluster by its address."""
        body = {"name": name, "url": url, "engine_version": version, "savepoint_dir": savepoint_dir}
        self.client.post("/clusters", body)

    def create(self, name: str, cluster: str, folder: str = "", interval: str = "60s") -> str:
        """A published job; its id."""
        spec = {"type": "SQL", "sql": _SQL, "cluster": cluster, "checkpointing": {"interval": interval}}
        job = self.client.post("/workspaces/default/jobs", {"name": name, "folder": folder, "spec": spec})
        self.client.post(f"/jobs/{job['id']}/versions", {"description": "first"})
        return str(job["id"])

    def ask(self, job_id: str, verb: str, **options: object) -> str:
        """Have an operation accepted; its id."""
        order = {"verb": verb, "options": options}
        return str(self.client.post(f"/jobs/{job_id}/operations", order)["id"])

    def wait(self, operation_id: str, timeout_s: float = 60.0) -> Document:
        """The operation, once it has succeeded. OperationFailed for any other end."""
        operation = self.client.get(f"/operations/{operation_id}", wait=timeout_s)
        if operation["status"] != "SUCCESS":
            raise OperationFailed(str(operation))
        return operation

    def do(self, job_id: str, verb: str, **options: object) -> Document:
        return self.wait(self.ask(job_id, verb, **options))
