"""What is known of one job, in as few words as a test needs: sound defaults, and what the test is about.

The job runs on a cluster that answers, as instance 1, in the JobManager `FIRST`. A test names only
what differs.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from headgate.domain.clusters import ClusterId, Incarnation, Reachability
from headgate.domain.decide import decide
from headgate.domain.decisions import Decision, JobFacts, Outcome, Settle
from headgate.domain.instances import Absence, FlinkStatus, Instance, InstanceEnd, InstanceId, new_flink_job_id
from headgate.domain.intents import Answer, Intent, IntentId, IntentKind
from headgate.domain.jobs import JobId, JobState
from headgate.domain.lifecycle import VERBS, Lane, Settled, Verb, Wanted
from headgate.domain.observation import Evidence, JobSeen, Remains, Seen, TriggerSeen, TriggerStatus
from headgate.domain.operations import Operation, OperationId, OperationStatus, Options, StepStatus, plan_steps
from headgate.domain.policy import Policy
from headgate.domain.restore import Stateless
from headgate.domain.snapshots import Snapshot, SnapshotId, SnapshotKind, SnapshotOrigin, SnapshotStatus
from headgate.domain.spec import JobSpec, JobType
from tests.unit.domain.told import check_decision

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FIRST, SECOND = Incarnation("first life"), Incarnation("second life")
JOB = JobId("job-1")
FLINK_JOB = new_flink_job_id(JOB, 1)
SAVEPOINT = "file:///savepoints/job-1/int-1/savepoint-1"
SPEC = JobSpec(JobType.SQL, sql="INSERT INTO a SELECT * FROM b")
POLICY = Policy()
NO_OPTIONS = Options()
_SENTENCE = re.compile(r"([a-z]|Flink )")


def ago(**span: float) -> datetime:
    """The moment so long before now: `ago(minutes=5)`."""
    return NOW - timedelta(**span)


def instance(number: int = 1, **more: Any) -> Instance:
    """A live instance; `end=...` makes it one that has ended."""
    made = Instance(
        id=InstanceId(f"ins-{number}"),
        job_id=JOB,
        number=number,
        version=1,
        cluster_id=ClusterId("clu-1"),
        flink_job_id=new_flink_job_id(JOB, number),
        spec=SPEC,
        created_at=ago(hours=2),
        incarnation=FIRST,
    )
    return replace(made, **more)


ENDED = instance(end=InstanceEnd.CANCELLED)


def job(settled: Settled = Settled.RUNNING, of: Instance | None = ENDED, **more: Any) -> JobFacts:
    """A job that rests; its newest instance has ended unless `of` is given. `state_...` goes to its state."""
    state = {name.removeprefix("state_"): more.pop(name) for name in list(more) if name.startswith("state_")}
    if settled is Settled.SUSPENDED:
        state.setdefault("suspended_on", SnapshotId("snap-1"))
    facts = JobFacts(JobState(JOB, settled, **state), of, savepoint_dir="file:///savepoints", restore=Stateless())
    return replace(facts, **more)


def running(**more: Any) -> JobFacts:
    """A job that rests RUNNING on a live instance."""
    return job(Settled.RUNNING, more.pop("of", instance()), **{"state_wanted": Wanted.RUNNING, **more})


def operation(verb: Verb, options: Options = NO_OPTIONS, *, sent: int = 0, **more: Any) -> Operation:
    """An open operation; `sent` of its steps have begun, all but the last of these with success."""
    steps = list(plan_steps(verb, options))
    for place in range(sent):
        steps[place] = replace(steps[place], status=StepStatus.SUCCESS if place < sent - 1 else StepStatus.OPERATING)
    made = Operation(
        id=OperationId(f"op-{verb}"),
        number=1,
        job_id=JOB,
        workspace="default",
        verb=verb,
        options=options,
        status=OperationStatus.OPERATING if sent else OperationStatus.INIT,
        steps=tuple(steps),
        requested_by="ann",
        requested_at=ago(minutes=1),
        version=1 if VERBS[verb].target is Wanted.RUNNING else None,
    )
    return replace(made, **more)


def intent(kind: IntentKind, answer: Answer | None = Answer.ACCEPTED, **more: Any) -> Intent:
    """An open act, sent a second ago to `FIRST` and answered at once; `cause` goes with a refusal."""
    is_savepoint = kind is IntentKind.SAVEPOINT
    made = Intent(
        id=IntentId("int-1"),
        job_id=JOB,
        instance_id=InstanceId("ins-1"),
        cluster_id=ClusterId("clu-1"),
        flink_job_id=FLINK_JOB,
        operation_id=OperationId("op-owner"),
        lane=Lane.SAVEPOINT if is_savepoint else Lane.MAIN,
        kind=kind,
        key=FLINK_JOB,
        created_at=ago(seconds=1),
        unreachable_before=timedelta(0),
        incarnation=FIRST,
        directory="file:///savepoints/job-1/int-1",
        answer=answer,
        attempts=1,
        sent_at=ago(seconds=1),
        answered_at=None if answer is None else ago(seconds=0.9),
    )
    return replace(made, **more)


def seen(status: FlinkStatus | None = None, **more: Any) -> Seen:
    """A look at a cluster that answers now; `status` None: it does not show the job.

    `tasks_running`, `failure` and `ended_at` are the job's; a `trigger` may be a status alone. The job
    has left nothing to start from.
    """
    facts = {name: more.pop(name) for name in ("tasks_running", "failure", "ended_at") if name in more}
    shown = JobSeen(status, **facts) if status is not None else None
    if isinstance(more.get("trigger"), TriggerStatus):
        more["trigger"] = TriggerSeen(more["trigger"])
    look = Seen(NOW, Reachability.REACHABLE, FIRST, False, timedelta(0), shown, remains=Remains())
    return replace(look, **more)


def unreachable(**more: Any) -> Seen:
    """A look at a cluster that does not answer."""
    return replace(seen(), reachability=Reachability.UNREACHABLE, **more)


def completed(path: str = SAVEPOINT, failure: str = "") -> TriggerSeen:
    return TriggerSeen(TriggerStatus.COMPLETED, path, failure)


def failed(failure: str = "") -> TriggerSeen:
    return TriggerSeen(TriggerStatus.FAILED, failure=failure)


def missing(sweeps: int = 2, life: Incarnation = FIRST, **span: float) -> Absence:
    """The job has been missing for so long: `missing(life=SECOND, seconds=10)`."""
    return Absence(life, ago(**span), timedelta(0), sweeps)


FOUND, NOTHING_LEFT = Evidence(SAVEPOINT), Evidence()
RESTARTED: dict[str, Any] = {"incarnation": SECOND, "absence": missing(life=SECOND, seconds=10)}
"""A new JobManager has missed the job in two sweeps, ten seconds apart."""


def snapshot(number: int = 1, of: int = 1, **more: Any) -> Snapshot:
    """A completed savepoint of instance `of`; a higher number is a newer one."""
    made = Snapshot(
        id=SnapshotId(f"snap-{number}"),
        job_id=JOB,
        instance_id=f"ins-{of}",
        instance_number=of,
        job_version=1,
        kind=SnapshotKind.SAVEPOINT,
        origin=SnapshotOrigin.STOP_WITH_SAVEPOINT,
        status=SnapshotStatus.COMPLETED,
        path=f"file:///savepoints/{number}",
        created_at=ago(hours=1) + timedelta(minutes=number),
        flink_version="2.2.1",
    )
    return replace(made, **more)


def decided(
    facts: JobFacts, look: Seen, asked: Operation | None = None, act: Intent | None = None, now: datetime = NOW
) -> Decision:
    """What is decided for these facts under the default policy; it always says why, in words that exist."""
    decision = decide(facts, asked, act, look, POLICY, now)
    assert _SENTENCE.match(decision.because), decision
    check_decision(decision)
    return decision


def settled(decision: Decision) -> Outcome:
    """The outcome of a decision that must be a settling."""
    assert isinstance(decision, Settle), decision
    return decision.outcome
