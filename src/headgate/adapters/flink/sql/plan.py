"""Reads what Flink says about a compiled script: its graph, and the tables that it reads and writes.

Pure: texts of Flink in, records of the port out. Values of secret options are masked here, so that
no one further out ever sees them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from headgate.domain.secrets import MASK, is_secret_key, mask_secrets
from headgate.ports.sql import PlanNode, TableRole

_PHYSICAL: Final = "== Physical Execution Plan =="
_NODE_NUMBER: Final = re.compile(r"\[\d+\](:(?=\S))?")
_PLAN_ROLES: Final = {
    "scanTableSource": TableRole.SOURCE,
    "lookupTableSource": TableRole.SOURCE,
    "dynamicTableSink": TableRole.SINK,
}
_NAME_PART: Final = re.compile(r"`((?:[^`]|``)*)`")
_EXPLAINED: Final = re.compile(
    r"(?P<scan>TableSourceScan\(table=\[\[(?P<parts>[^\[\]]*?)(?:\]|, (?:\w+=\[|watermark=)))"
    r"|(?P<lookup>LookupJoin\(table=\[(?P<looked_up>[^\]]*)\])"
    r"|(?P<sink>\bSink\(table=\[(?P<written>[^\]]*)\])"
)
_DEFAULT_PLACE: Final = ("default_catalog", "default_database")

Identifier = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class TableUse:
    """A table in a plan; `options` is None where the plan does not carry them."""

    identifier: Identifier
    role: TableRole
    options: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        return self.identifier[2] if self.identifier[:2] == _DEFAULT_PLACE else ".".join(self.identifier)


def mask_options(options: Mapping[str, str]) -> dict[str, str]:
    """The options with secret values replaced."""
    return {key: MASK if is_secret_key(key) else mask_secrets(value) for key, value in sorted(options.items())}


def read_graph(explained: str) -> tuple[PlanNode, ...]:
    """The operators in the JSON part of an explained plan, numbered from 1; empty where there is none."""
    _, found, text = explained.partition(_PHYSICAL)
    if not found:
        return ()
    nodes = json.loads(text).get("nodes", [])
    numbers = {node["id"]: number for number, node in enumerate(nodes, 1)}
    return tuple(
        PlanNode(
            id=numbers[node["id"]],
            type=_NODE_NUMBER.sub("", node.get("type", "")),
            description=_NODE_NUMBER.sub("", node.get("contents", ""), count=1),
            inputs=tuple(numbers[before["id"]] for before in node.get("predecessors", ()) if before["id"] in numbers),
        )
        for node in nodes
    )


def read_tables(compiled: str) -> tuple[TableUse, ...]:
    """The tables in a compiled plan's JSON, each once for a role, sources first.

    Options of a temporary table are not in the plan. Those of a table used with different hints
    are the first use's.
    """
    found: dict[tuple[Identifier, TableRole], TableUse] = {}
    for role, table in _walk(json.loads(compiled)):
        identifier = _read_identifier(table.get("identifier", ""))
        if identifier is not None:
            options = table.get("resolvedTable", {}).get("options")
            found.setdefault((identifier, role), TableUse(identifier, role, options))
    return _in_order(found)


def find_tables(explained: str) -> tuple[TableUse, ...]:
    """As `read_tables`, from an explained plan: for plans that Flink cannot put into JSON."""
    text = explained.partition("== Optimized Execution Plan ==")[2].partition(_PHYSICAL)[0]
    found: dict[tuple[Identifier, TableRole], TableUse] = {}
    for match in _EXPLAINED.finditer(text):
        parts = (
            match["parts"].split(", ") if match["scan"] else (match["looked_up"] or match["written"] or "").split(".")
        )
        if len(parts) >= 3:
            identifier = (parts[0], parts[1], parts[2] if match["scan"] else ".".join(parts[2:]))
            role = TableRole.SINK if match["sink"] else TableRole.SOURCE
            found.setdefault((identifier, role), TableUse(identifier, role))
    return _in_order(found)


def _in_order(found: Mapping[tuple[Identifier, TableRole], TableUse]) -> tuple[TableUse, ...]:
    return tuple(sorted(found.values(), key=lambda use: use.role is TableRole.SINK))


def _walk(part: Any) -> Iterator[tuple[TableRole, dict[str, Any]]]:
    if isinstance(part, list):
        for item in part:
            yield from _walk(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in _PLAN_ROLES and isinstance(value, dict) and isinstance(value.get("table"), dict):
                yield _PLAN_ROLES[key], value["table"]
            else:
                yield from _walk(value)


def _read_identifier(text: str) -> Identifier | None:
    parts = [part.replace("``", "`") for part in _NAME_PART.findall(text)]
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None
