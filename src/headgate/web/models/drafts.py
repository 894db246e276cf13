"""Drafts: the specification as JSON, and what a check found."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from headgate.domain.catalogue import Language
from headgate.domain.spec import MAX_PARALLELISM, JobType, RestoreStrategy
from headgate.ports.sql import CheckedScript, TableRole
from headgate.web.errors import render_problem
from headgate.web.models.shapes import ProblemPart, Shown

_TEXT = {"type": "string"}

# The domain reads specifications and reports every fault at once; this only tells people the shape.
SPEC_SCHEMA: dict[str, Any] = {
    "title": "JobSpec",
    "type": "object",
    "additionalProperties": False,
    "required": ["type"],
    "description": "The specification of a job.",
    "properties": {
        "type": {"type": "string", "enum": [kind.value for kind in JobType]},
        "sql": {**_TEXT, "description": "The script of a SQL job: one Flink job."},
        "artifact": {**_TEXT, "description": "The jar of a JAR job: the name or id of an artifact."},
        "main_class": {**_TEXT, "description": "The jar's own, if left out."},
        "args": {"type": "array", "items": _TEXT},
        "cluster": {**_TEXT, "default": "local", "description": "The name of a cluster."},
        "parallelism": {"type": "integer", "minimum": 1, "maximum": MAX_PARALLELISM, "default": 1},
        "checkpointing": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"interval": {**_TEXT, "examples": ["10s", "5 min"]}},
        },
        "savepoint_dir": {**_TEXT, "description": "A URI; the cluster's, if left out."},
        "restore": {
            "type": "object",
            "additionalProperties": False,
            "description": "What `from: DEFAULT` means.",
            "properties": {
                "strategy": {"type": "string", "enum": [strategy.value for strategy in RestoreStrategy]},
                "path": {**_TEXT, "description": "A URI, with CUSTOM."},
            },
        },
        "flink_config": {
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
            "description": "Flink's own keys; those that Headgate owns are refused.",
        },
    },
}

# Stands for a reference to it: the validator's generator refuses references that it has not made itself.
SPEC_MARK: dict[str, Any] = {"type": "object", "x-schema": "JobSpec"}

SpecBody = Annotated[dict[str, Any], WithJsonSchema(SPEC_MARK)]


class TableModel(Shown):
    """A table that the job reads or writes."""

    name: str
    connector: str
    role: TableRole
    options: dict[str, str]
    start_positions: list[str] = Field(description="Where a run may be told to begin reading; none are offered yet.")


class NodeModel(Shown):
    id: int
    type: str
    description: str
    inputs: list[int]


class CheckModel(Shown):
    """What compiling found; nothing was run."""

    ok: bool
    problems: list[ProblemPart]
    graph: list[NodeModel]
    tables: list[TableModel]
    bounded: bool = Field(description="The job ends by itself; it cannot be paused.")

    @classmethod
    def of(cls, checked: CheckedScript, language: Language) -> "CheckModel":
        return cls(
            ok=checked.is_ok,
            problems=[ProblemPart(**render_problem(problem, language)) for problem in checked.problems],
            graph=[
                NodeModel(id=node.id, type=node.type, description=node.description, inputs=list(node.inputs))
                for node in checked.graph
            ],
            tables=[
                TableModel(
                    name=table.name,
                    connector=table.connector,
                    role=table.role,
                    options=dict(table.options),
                    start_positions=[],
                )
                for table in checked.tables
            ],
            bounded=checked.bounded,
        )
