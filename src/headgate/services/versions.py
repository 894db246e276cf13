"""Versions: publishing a draft as an immutable, numbered copy, and reading the copies.

A version pins what its draft names loosely: the artifact stands in it by id, so that a later upload
under the same name changes nothing that was published.
"""

from dataclasses import dataclass, field, replace

from headgate.domain.errors import Invalid, Problem
from headgate.domain.events import Event, EventType
from headgate.domain.jobs import Version
from headgate.domain.operations import Finding
from headgate.domain.spec import JobSpec, JobType, dump_spec, parse_spec
from headgate.domain.workspaces import Actor
from headgate.ports.clock import Clock
from headgate.ports.store import Store, UnitOfWork
from headgate.services.access import find_artifact, get_job
from headgate.services.drafts import unknown_artifact
from headgate.services.notices import LastChecks, list_notices
from headgate.services.receipts import Keep, keep_nothing

DESCRIPTION_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Versions:
    store: Store
    clock: Clock
    checks: LastChecks = field(default_factory=LastChecks)

    def publish(self, actor: Actor, job_id: str, description: str, keep: Keep[Version] = keep_nothing) -> Version:
        """The draft as the next version. Nothing is started. Invalid without a description."""
        text = description.strip()
        _check_description(text)
        with self.store.write() as unit:
            job = get_job(unit, actor, job_id)
            newest = unit.jobs.find_newest_version(job.id)
            now = self.clock.now()
            version = Version(
                job_id=job.id,
                number=newest.number + 1 if newest else 1,
                description=text,
                spec=pin_artifact(unit, job.workspace, _judge(unit.jobs.get_draft(job.id).spec)),
                created_at=now,
                created_by=actor.name,
            )
            unit.jobs.add_version(version)
            facts = {"version": str(version.number), "description": text}
            event = Event(job.id, job.workspace, now, EventType.VERSION_PUBLISHED, facts=facts, actor=actor.name)
            unit.events.record(event)
            keep(unit, version)
        return version

    def list_notices(self, unit: UnitOfWork, version: Version) -> list[Finding]:
        """What to know about a version that is being published in this transaction."""
        spec = unit.jobs.get_draft(version.job_id).spec
        return list(list_notices(spec, self.checks.find(version.job_id, spec)))

    def list_of_job(self, actor: Actor, job_id: str) -> list[Version]:
        """Newest first."""
        with self.store.read() as unit:
            return unit.jobs.list_versions(get_job(unit, actor, job_id).id)

    def get(self, actor: Actor, job_id: str, number: int) -> Version:
        with self.store.read() as unit:
            return unit.jobs.get_version(get_job(unit, actor, job_id).id, number)


def _judge(draft: JobSpec) -> JobSpec:
    """A draft by the rules of today: it may have been saved under those of an earlier release."""
    return parse_spec(dump_spec(draft))


def _check_description(text: str) -> None:
    if not text:
        problem = Problem("description", "field_required", (("field", "description"),))
        raise Invalid("description_required", problems=[problem])
    if len(text) > DESCRIPTION_LENGTH:
        limit = (("field", "description"), ("most", str(DESCRIPTION_LENGTH)))
        raise Invalid(problems=[Problem("description", "field_too_long", limit)])


def pin_artifact(unit: UnitOfWork, workspace: str, spec: JobSpec) -> JobSpec:
    """`spec` with its artifact by id. Invalid("spec_invalid") where there is no such artifact."""
    if spec.type is not JobType.JAR:
        return spec
    artifact = find_artifact(unit, workspace, spec.artifact)
    if artifact is None:
        raise Invalid("spec_invalid", problems=[unknown_artifact(spec.artifact)])
    return replace(spec, artifact=artifact.id, main_class=spec.main_class or artifact.entry_class)
