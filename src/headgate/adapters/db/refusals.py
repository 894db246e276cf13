"""What the database's own guards refuse, as errors of the domain.

SQLite names the columns of a broken rule, PostgreSQL its name: the table has both.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from headgate.domain.errors import Conflict


@dataclass(frozen=True, slots=True)
class Guard:
    """One rule of the schema: how the databases name it, and the code under which it is explained."""

    columns: str
    name: str
    code: str


GUARDS: tuple[Guard, ...] = (
    Guard("jobs.workspace, jobs.name", "uq_jobs_workspace_name", "job_name_taken"),
    Guard("clusters.workspace, clusters.name", "uq_clusters_workspace_name", "cluster_name_taken"),
    Guard("answers.owner, answers.key", "pk_answers", "idempotency_key_busy"),
    Guard("intents.job_id, intents.lane", "uq_intents_open", "intent_already_open"),
    Guard("instances.job_id", "uq_instances_live", "instance_already_live"),
    Guard("versions.job_id, versions.number", "pk_versions", "version_exists"),
)


def explain(error: IntegrityError, **facts: Any) -> Conflict:
    """The error of the domain for a refusal; `facts` name what was refused."""
    text = str(error.orig)
    for guard in GUARDS:
        if text.endswith(f"UNIQUE constraint failed: {guard.columns}") or f'"{guard.name}"' in text:
            return Conflict(guard.code, cause=text, **facts)
    return Conflict("row_refused", cause=text, **facts)
