"""What a history may draw: grounds, spells of time, verbs with options, troubles that fit a verb.

Only the range of what may happen is here; `machine.py` makes it happen.
"""

from dataclasses import dataclass

from hypothesis import strategies as st

from headgate.domain.lifecycle import Verb
from headgate.domain.operations import Options, RestoreFrom, StopSnapshot
from tests.fakes.faults import CALLS_OF, Fault
from tests.properties.tally import PASSED_BY_ACTS
from tests.properties.world import Terrain

LENGTHS = {Fault.LATE_SUBMISSION: 4.0, Fault.ORPHAN_CLIENT: 6.0, Fault.SLOW_SAVEPOINT: 90.0}
"""How many seconds a fault lasts, where it has a length."""

_CALLS_OF_VERB = {
    Verb.RUN: ("submit",),
    Verb.RESUME: ("submit",),
    Verb.PAUSE: ("stop_with_savepoint",),
    Verb.STOP: ("cancel", "stop_with_savepoint"),
    Verb.RESTART: ("stop_with_savepoint", "cancel", "submit"),
    Verb.SAVEPOINT: ("trigger_savepoint",),
}
STARTS = frozenset({Verb.RUN, Verb.RESUME})
SAVES = frozenset({Verb.PAUSE, Verb.SAVEPOINT})
_POINT_OF_CALL = {
    "submit": "submit",
    "stop_with_savepoint": "stop",
    "trigger_savepoint": "savepoint",
    "cancel": "cancel",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault that meets `call`, and the point at which the server dies, for `down_s` seconds."""

    fault: Fault | None
    call: str
    point: str | None
    down_s: float


def requests_for(verb: Verb, call: str) -> st.SearchStrategy[Options]:
    """Options with which the verb makes this call."""
    if verb is Verb.STOP:
        snapshot = StopSnapshot.NONE if call == "cancel" else StopSnapshot.CREATE
        return st.builds(Options, snapshot=st.just(snapshot), force=st.booleans())
    if verb is Verb.RESTART and call != "submit":
        return st.just(Options(keep_state=call != "cancel"))
    return requests[verb]


def troubles_of(verb: Verb) -> st.SearchStrategy[Trouble]:
    """What can go wrong with this verb's own acts."""
    if verb is Verb.DECLARE_LOST:  # it calls nobody
        return st.builds(Trouble, st.none(), st.just(""), st.just("given_up"), st.sampled_from([0.0, 20.0]))
    return st.one_of([_troubles_of_call(call) for call in _CALLS_OF_VERB[verb]])


def _troubles_of_call(call: str) -> st.SearchStrategy[Trouble]:
    possible = sorted(fault for fault, calls in CALLS_OF.items() if call in calls)
    # What befalls this call alone is seen nowhere else.
    own = [fault for fault in possible if len(CALLS_OF[fault]) == 1]
    faults = st.sampled_from([*possible, *own, *own])
    points = st.sampled_from([*(f"{_POINT_OF_CALL[call]}.{point}" for point in PASSED_BY_ACTS), "settled"])
    none: st.SearchStrategy[None] = st.none()
    shapes = [(faults, none), (none, points), (faults, points)]
    if call == "submit":
        # Only a submission whose JobManager died is ever given up.
        shapes.append((st.just(Fault.JOB_MANAGER_RESTART), st.sampled_from([None, "given_up"])))
    pauses = st.sampled_from([0.0, 0.0, 20.0, 400.0])
    return st.one_of([st.builds(Trouble, fault, st.just(call), point, pauses) for fault, point in shapes])


terrains = st.builds(
    Terrain,
    high_availability=st.sampled_from([False, False, False, True]),
    savepoint_dir=st.sampled_from(["file:///savepoints"] * 3 + ["s3://savepoints"] * 2 + [None]),
    linger_s=st.sampled_from([0.0, 20.0, 45.0]),
    remembers_s=st.sampled_from([300.0, 300.0, 0.3]),
    checkpoint_dir=st.sampled_from([None, "file:///checkpoints", "file:///checkpoints", "s3://checkpoints"]),
    archives=st.booleans(),
    recovers=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
periods = st.sampled_from([0.05, 0.5, 1.5, 4.0, 12.0, 45.0, 70.0, 400.0])
picks = st.integers(0, 11)
requests: dict[Verb, st.SearchStrategy[Options]] = {
    Verb.RUN: st.builds(
        Options,
        restore_from=st.sampled_from([None, *RestoreFrom, RestoreFrom.LATEST, RestoreFrom.LATEST]),
        version=st.sampled_from([None, None, 1, 2]),
    ),
    Verb.PAUSE: st.builds(Options, allow_state_loss=st.booleans()),
    Verb.RESUME: st.just(Options()),
    Verb.STOP: st.builds(Options, snapshot=st.sampled_from(StopSnapshot), force=st.booleans()),
    Verb.RESTART: st.builds(Options, keep_state=st.booleans()),
    Verb.SAVEPOINT: st.just(Options()),
    Verb.DECLARE_LOST: st.just(Options(reason="nobody answers any more")),
}
