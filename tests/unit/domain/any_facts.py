"""Any facts at all, also such as no history leads to: `decide` must answer them, and never harmfully.

Times are drawn around the limits that the policy names, so that both sides of each are met.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import strategies as st

from headgate.domain.clusters import Reachability
from headgate.domain.decisions import JobFacts
from headgate.domain.instances import Absence, FlinkJobId, FlinkStatus, Instance, InstanceEnd
from headgate.domain.intents import Answer, Intent, IntentKind
from headgate.domain.jobs import JobState
from headgate.domain.lifecycle import Lane, Settled, Verb, Wanted
from headgate.domain.observation import Evidence, JobSeen, Remains, Seen, TriggerSeen, TriggerStatus
from headgate.domain.operations import Finding, Operation, OperationStatus, Options, StepStatus, StopSnapshot
from headgate.domain.recovery import Recovery, RecoveryPolicy
from headgate.domain.restore import FromSnapshot, Refused, Stateless
from headgate.domain.snapshots import PathStatus, SnapshotId
from tests.unit.domain.facts import FIRST, JOB, NOW, SAVEPOINT, SECOND, instance, intent, operation


@dataclass(frozen=True)
class AnyCase:
    """One question to `decide`."""

    facts: JobFacts
    asked: Operation | None
    act: Intent | None
    look: Seen


lives = st.sampled_from([FIRST, FIRST, FIRST, SECOND, SECOND, None])
seldom = st.sampled_from([False] * 5 + [True])
spans = st.sampled_from([0, 1, 5, 9, 10, 11, 49, 60, 61, 299, 301, 599, 600, 601, 90_000]).map(
    lambda seconds: timedelta(seconds=seconds)
)
moments = spans.map(lambda span: NOW - span)
later = spans.map(lambda span: NOW + span)
absences = st.builds(Absence, lives, moments, spans, st.sampled_from([1, 2]))
findings = st.sampled_from(["start_timed_out", "overridden_by_force", "start_rejected"]).map(Finding)

FORCED = operation(Verb.STOP, Options(snapshot=StopSnapshot.NONE, force=True), number=9)
PLANS = [
    (Verb.RUN, Options()),
    (Verb.RESUME, Options()),
    (Verb.PAUSE, Options()),
    (Verb.PAUSE, Options(allow_state_loss=True)),
    (Verb.STOP, Options(snapshot=StopSnapshot.NONE)),
    (Verb.STOP, Options(snapshot=StopSnapshot.NONE, force=True)),
    (Verb.STOP, Options(snapshot=StopSnapshot.CREATE)),
    (Verb.RESTART, Options(keep_state=True)),
    (Verb.RESTART, Options(keep_state=False)),
    (Verb.SAVEPOINT, Options()),
    (Verb.DECLARE_LOST, Options(reason="the data centre is gone")),
]


@st.composite
def operations(draw: st.DrawFn, lane: Lane) -> Operation:
    verb, options = draw(st.sampled_from([(v, o) for v, o in PLANS if operation(v, o).lane is lane]))
    made = operation(verb, options, failing=draw(st.none() | findings))
    done = len(made.steps) if draw(seldom) else draw(st.integers(0, len(made.steps) - 1))
    statuses = [StepStatus.SUCCESS] * done + [draw(st.sampled_from(StepStatus)) for _ in made.steps[done:]]
    steps = tuple(replace(step, status=status) for step, status in zip(made.steps, statuses, strict=True))
    return replace(made, steps=steps, status=draw(st.sampled_from([OperationStatus.INIT, OperationStatus.OPERATING])))


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    end = draw(st.sampled_from([None] * len(InstanceEnd) + [*InstanceEnd]))
    return instance(
        draw(st.sampled_from([1, 1, 1, 2])), end=end, incarnation=draw(lives), absence=draw(st.none() | absences)
    )


@st.composite
def intents(draw: st.DrawFn, lane: Lane) -> Intent:
    kinds = [IntentKind.SAVEPOINT] if lane is Lane.SAVEPOINT else [k for k in IntentKind if k != "SAVEPOINT"]
    sent_at = draw(st.none() | moments)
    return intent(
        draw(st.sampled_from(kinds)),
        draw(st.none() | st.sampled_from(Answer)),
        operation_id=draw(st.sampled_from([None, "op-1"])),
        created_at=min(sent_at or NOW, draw(moments)),
        unreachable_before=draw(spans),
        incarnation=draw(lives),
        attempts=draw(st.sampled_from([1, 2, 7])),
        sent_at=sent_at,
        answered_at=draw(st.none() | moments | later),
        retry_at=draw(st.none() | moments | later),
    )


jobs_seen = st.builds(JobSeen, st.sampled_from(FlinkStatus), st.sampled_from([True, False, None]))
triggers = st.builds(TriggerSeen, st.sampled_from(TriggerStatus), st.just(SAVEPOINT), st.sampled_from(["", "boom"]))
strays = st.sampled_from([None] * 9 + [FlinkJobId("stray")])
looks = st.builds(
    Seen,
    at=moments,
    reachability=st.sampled_from([Reachability.REACHABLE] * 4 + [Reachability.UNREACHABLE]),
    incarnation=lives,
    high_availability=st.booleans(),
    unreachable_total=spans,
    job=st.none() | jobs_seen,
    trigger=st.none() | triggers,
    remains=st.sampled_from([None, Remains(), Remains()]),
    evidence=st.none() | st.sampled_from([Evidence(), Evidence(SAVEPOINT)]),
    absence=st.none() | absences | absences,
    restore_path=st.sampled_from([None, *PathStatus]),
    stray=strays,
    unknown_job=strays,
)
restores = st.sampled_from([None, Stateless(), FromSnapshot(SAVEPOINT), Refused(Finding("no_restore_point"))])


@st.composite
def job_facts(draw: st.DrawFn) -> JobFacts:
    settled = draw(st.sampled_from(Settled))
    # SUSPENDED always names its snapshot: the rows are kept so, and other tests see to it.
    must = settled is Settled.SUSPENDED
    state = JobState(
        JOB,
        settled,
        draw(st.none() | st.sampled_from(Wanted)),
        suspended_on=SnapshotId("snap-1") if must or draw(st.booleans()) else None,
        lost_at=draw(st.none() | moments),
        recovery_at=draw(st.none() | moments | later),
    )
    return JobFacts(
        state,
        draw(st.none() | instances()),
        savepoint_dir=draw(st.sampled_from([None, "file:///savepoints"])),
        restore=draw(restores),
        in_flight=draw(intents(Lane.SAVEPOINT)) if draw(seldom) else None,
        forced=FORCED if draw(seldom) else None,
        main_is_busy=draw(seldom),
        pause_is_gone=draw(seldom),
        policy=Recovery(draw(st.sampled_from(RecoveryPolicy))),
    )


@st.composite
def cases(draw: st.DrawFn) -> AnyCase:
    """A question in one lane: operation and open act belong to the same."""
    lane = Lane.SAVEPOINT if draw(seldom) else Lane.MAIN
    asked = None if draw(seldom) else draw(operations(lane))
    act = draw(st.none() | intents(lane))
    return AnyCase(draw(job_facts()), asked, act, draw(looks))
