"""SQL jobs: compiling a script without running it, and submitting it as one Flink job.

What is compiled is the user's own text; every position counts from 1 in that text. How a client
JVM is reached, and what its exceptions mean, belongs to the adapter.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import Problem


class TableRole(StrEnum):
    SOURCE = "SOURCE"
    SINK = "SINK"


@dataclass(frozen=True, slots=True)
class ScriptTable:
    """A table that the job reads or writes; one that it does both with stands here twice.

    `name` is the shortest name that finds it (`orders`, or `catalog.database.orders` outside the
    default). Values of secret `options` are masked. `connector` is empty where the catalogue of
    the table names none.
    """

    name: str
    connector: str
    role: TableRole
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One node of the compiled plan; `inputs` are the ids of the nodes that feed it."""

    id: int
    type: str
    description: str
    inputs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedScript:
    """What compiling found. With `problems`, the rest may be empty; without, the script can be submitted.

    `bounded` means batch mode: such a job ends by itself and has no savepoints.
    """

    problems: tuple[Problem, ...]
    tables: tuple[ScriptTable, ...] = ()
    graph: tuple[PlanNode, ...] = ()
    bounded: bool = False

    @property
    def is_ok(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class SqlSubmission:
    """One submission under an id of our choice.

    `jars` are added to the job's own class path, before the script's own ADD JAR. `configuration`
    has everything that the caller decided (parallelism, checkpointing, restore path ...) in the
    words of this engine version; it wins over the script's SET. Address, target, job id and job
    name come from their own fields. `may_send` is asked right before the job is sent.
    """

    version: EngineVersion
    script: str
    rest_url: str
    flink_job_id: str
    job_name: str
    configuration: Mapping[str, str] = field(default_factory=dict)
    jars: tuple[Path, ...] = ()
    may_send: Callable[[], bool] = lambda: True


class SqlCompiler(Protocol):
    """Compiles scripts. It contacts neither a cluster nor a connector's server."""

    def check(
        self, version: EngineVersion, script: str, settings: Mapping[str, str], jars: Sequence[Path]
    ) -> CheckedScript:
        """Compile `script` under `settings` (Flink keys) with `jars`.

        Unavailable("sql_client_failed") where the client JVM does not start or dies; NotFound("engine_not_installed")
        where the engine is missing. A faulty script is no error: its problems are in the result.
        """


class SqlSubmitter(Protocol):
    """Sends a script to a cluster as exactly one Flink job."""

    def submit(self, request: SqlSubmission) -> None:
        """Return when Flink has accepted the job.

        Invalid("sql_invalid", problems=...) before anything was sent; FlinkRejected for a clear
        refusal; FlinkUnavailable where surely nothing was sent (the client JVM did not start, or it may not be sent);
        FlinkOutcomeUnknown for any connection error, time-out, or death of the client JVM.
        """


class SubmissionFence(Protocol):
    """Makes sure that no submission comes late from a client JVM that nobody waits for."""

    def end_predecessors(self, run_dir: Path | None = None) -> int:
        """End the client JVMs that another server process left in its (or this server's) folder; how many lived."""

    def end_all(self) -> None:
        """End this process's own client JVMs: for a server that has lost its lease."""
