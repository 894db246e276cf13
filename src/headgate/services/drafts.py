"""Drafts: the editable text of a job, and checking it without running anything.

A check compiles SQL on the engine of the draft's cluster; of a JAR job it looks into the jar. It
contacts neither the cluster nor any connector's server.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from headgate.domain.clusters import Cluster
from headgate.domain.errors import NotFound, Problem
from headgate.domain.events import Event, EventType
from headgate.domain.jobs import Draft, Job
from headgate.domain.spec import JobSpec, JobType
from headgate.domain.workspaces import Actor
from headgate.ports.artifacts import ArtifactFiles
from headgate.ports.clock import Clock
from headgate.ports.sql import CheckedScript, SqlCompiler
from headgate.ports.store import Store, UnitOfWork
from headgate.services.access import find_artifact, get_job, require_revision
from headgate.services.notices import LastChecks


@dataclass(frozen=True, slots=True)
class Drafts:
    store: Store
    clock: Clock
    compiler: SqlCompiler
    files: ArtifactFiles
    checks: LastChecks = field(default_factory=LastChecks)

    def get(self, actor: Actor, job_id: str) -> Draft:
        with self.store.read() as unit:
            return unit.jobs.get_draft(get_job(unit, actor, job_id).id)

    def save(self, actor: Actor, job_id: str, spec: JobSpec, revision: int | None) -> Draft:
        """The draft with `spec`; the same text again is no edit. StaleRevision."""
        with self.store.write() as unit:
            job = get_job(unit, actor, job_id)
            before = unit.jobs.get_draft(job.id)
            require_revision(before.revision, revision)
            if before.spec == spec:
                return before
            now = self.clock.now()
            draft = replace(before, spec=spec, updated_at=now, updated_by=actor.name, revision=before.revision + 1)
            unit.jobs.update_draft(draft)
            facts = {"revision": str(draft.revision)}
            unit.events.record(Event(job.id, job.workspace, now, EventType.DRAFT_SAVED, facts=facts, actor=actor.name))
        return draft

    def check(self, actor: Actor, job_id: str) -> CheckedScript:
        """What compiling the draft finds; a faulty draft is no error.

        Unavailable("sql_client_failed"), NotFound("engine_not_installed") where it cannot be compiled at all.
        """
        with self.store.read() as unit:
            job = get_job(unit, actor, job_id)
            spec = unit.jobs.get_draft(job.id).spec
            cluster = unit.clusters.find_by_name(job.workspace, spec.cluster)
            if cluster is None:
                found = CheckedScript((unknown_cluster(spec.cluster),))
            elif spec.type is JobType.JAR:
                found = CheckedScript(self._check_jar(unit, job, spec))
            else:
                found = None
        if found is None:
            assert cluster is not None
            found = self._compile(cluster, spec)
        self.checks.remember(job.id, spec, found)
        return found

    def _compile(self, cluster: Cluster, spec: JobSpec) -> CheckedScript:
        return self.compiler.check(cluster.engine_version, spec.sql, _compiler_settings(spec), ())

    def _check_jar(self, unit: UnitOfWork, job: Job, spec: JobSpec) -> tuple[Problem, ...]:
        artifact = find_artifact(unit, job.workspace, spec.artifact)
        if artifact is None:
            return (unknown_artifact(spec.artifact),)
        main_class = spec.main_class or artifact.entry_class
        if not main_class:
            return (Problem("spec.main_class", "main_class_missing", (("artifact", artifact.name),)),)
        try:
            with zipfile.ZipFile(self.files.get_path(artifact.digest)) as jar:
                found = f"{main_class.replace('.', '/')}.class" in jar.namelist()
        except NotFound as missing:
            return (Problem("spec.artifact", missing.code, tuple(missing.facts.items())),)
        if found:
            return ()
        facts = (("main_class", main_class), ("artifact", artifact.name))
        return (Problem("spec.main_class", "main_class_not_in_jar", facts),)


def unknown_cluster(name: str) -> Problem:
    return Problem("spec.cluster", "spec_cluster_unknown", (("cluster", name),))


def unknown_artifact(name: str) -> Problem:
    return Problem("spec.artifact", "spec_artifact_unknown", (("artifact", name),))


def _compiler_settings(spec: JobSpec) -> Mapping[str, str]:
    """The Flink keys under which a script is compiled: those that change what the compiler makes of it."""
    settings = dict(spec.flink_config)
    settings["parallelism.default"] = str(spec.parallelism)
    if spec.checkpoint_interval is not None:
        settings["execution.checkpointing.interval"] = f"{spec.checkpoint_interval // timedelta(milliseconds=1)} ms"
    return settings
