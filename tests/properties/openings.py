"""How histories may begin: the few acts that lead where a wrong core goes wrong.

Each is given to a world with nothing but a published job; what comes after is generated.
"""

from headgate.domain.lifecycle import Verb
from headgate.domain.operations import Options, RestoreFrom, StopSnapshot
from tests.fakes.faults import Fault
from tests.properties.world import World

_STATELESS = Options(restore_from=RestoreFrom.NONE)
_CANCEL = Options(snapshot=StopSnapshot.NONE)
_STOP = Options(snapshot=StopSnapshot.CREATE)


def run(world: World) -> None:
    world.request(Verb.RUN)
    world.run_for(20)


def cancel(world: World) -> None:
    run(world)
    world.request(Verb.STOP, _CANCEL)
    world.run_for(20)


def lose_the_job_manager(world: World) -> None:
    """And start again as soon as the loss is known."""
    run(world)
    world.flink.restart_job_manager(world.cluster, 1)
    world.run_for(20)
    world.request(Verb.RUN, _STATELESS)
    world.run_for(20)


def leave_a_start_unanswered(world: World) -> None:
    cancel(world)
    world.flink.inject(Fault.LATE_SUBMISSION, "submit", 200.0)
    world.request(Verb.RUN, _STATELESS)
    world.run_for(100)


def start_while_cut_off(world: World) -> None:
    cancel(world)
    world.flink.cut_off(world.cluster, 30)
    world.request(Verb.RUN, _STATELESS)
    world.run_for(20)


def run_again_from_latest(world: World) -> None:
    cancel(world)
    world.request(Verb.RUN, Options(restore_from=RestoreFrom.LATEST))
    world.run_for(20)


def fail_a_pause(world: World) -> None:
    run(world)
    world.flink.inject(Fault.SAVEPOINT_FAILS)
    world.request(Verb.PAUSE)
    world.run_for(20)


def fail_the_job_during_a_pause(world: World) -> None:
    _pause_slowly(world)
    for job in world.list_live_in_flink():
        world.flink.fail_job(job)
    world.run_for(20)


def stop_during_a_pause(world: World) -> None:
    _pause_slowly(world)
    world.request(Verb.STOP, _STOP)
    world.run_for(20)


def miss_the_answer_of_a_pause(world: World) -> None:
    """The JobManager has forgotten the trigger when it can be asked again."""
    run(world)
    world.request(Verb.PAUSE)
    world.run_for(0.05)
    world.flink.cut_off(world.cluster, 1.2)
    world.run_for(20)


def _pause_slowly(world: World) -> None:
    run(world)
    world.flink.inject(Fault.SLOW_SAVEPOINT, seconds=90)
    world.request(Verb.PAUSE)
    world.run_for(5)
