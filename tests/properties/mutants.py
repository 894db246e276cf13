"""Wrong cores, each one a line that a tired person might write: the histories must notice every one.

A mutant is a change of one function's source, so it breaks when the line it changes is rewritten:
then it has to be chosen anew, and still killed. How they are hunted is in `test_mutants.py`.
"""

import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from headgate.domain import decide, decide_start, decide_stop, evidence, restore, settle
from headgate.reconciler import observe
from tests.properties import openings
from tests.properties.world import World


@dataclass(frozen=True, slots=True)
class Mutant:
    """`before` becomes `after` in `function`, which breaks the invariant of this number.

    `opening` leads a history there; `ground` are the fields of the terrain on which it matters.
    """

    number: int
    function: Callable[..., Any]
    before: str
    after: str
    opening: Callable[[World], None] = openings.run
    ground: Mapping[str, Any] = field(default_factory=dict)

    def compile(self) -> CodeType:
        """The changed function's code, to be put in the place of its own."""
        source = textwrap.dedent(inspect.getsource(self.function))
        assert source.count(self.before) == 1, f"{self.function.__name__} has no line {self.before!r} any more"
        made: dict[str, Any] = {}
        code = compile(source.replace(self.before, self.after), inspect.getfile(self.function), "exec")
        exec(code, self.function.__globals__, made)
        changed: CodeType = made[self.function.__name__].__code__
        return changed


_LOCAL = {"savepoint_dir": "file:///savepoints"}

MUTANTS = {
    "an accepted cancellation counts as the end of the job": Mutant(
        1,
        decide._decide_cancel,
        "    if seen.job is None:\n",
        "    if intent.answer is Answer.ACCEPTED:\n"
        "        outcome = settle.cancelled(operation, job, FlinkStatus.CANCELED, '')\n"
        "        from dataclasses import replace\n"
        "        from headgate.domain.instances import InstanceEnd\n"
        "        return Settle('accepted', replace(outcome, instance_end=InstanceEnd.SUSPENDED))\n"
        "    if seen.job is None:\n",
        openings.cancel,
    ),
    "a start does not wait for the tasks of a lost JobManager": Mutant(
        1,
        decide._advance_submit,
        " + job.heartbeat_timeout",
        " - job.heartbeat_timeout",
        openings.lose_the_job_manager,
        {"high_availability": False, "linger_s": 45.0},
    ),
    "an unanswered submission is given up and sent again under a new id": Mutant(
        2,
        decide_start._decide_absent,
        "    surely_absent =",
        "    if intent.answer is Answer.OUTCOME_UNKNOWN:\n"
        "        no = settle.start_failed(job, Finding('no'), IntentStatus.NOT_DONE, InstanceEnd.NOT_STARTED)\n"
        "        from dataclasses import replace\n"
        "        return Settle('no answer', replace(no, operation=None, settled=None, wanted=None))\n"
        "    surely_absent =",
        openings.leave_a_start_unanswered,
    ),
    "a start goes out while the cluster does not answer": Mutant(
        2,
        decide._advance,
        "    if not seen.is_reachable:",
        "    if not seen.is_reachable and step.name is not StepName.SUBMIT:",
        openings.start_while_cut_off,
    ),
    "a run from the latest snapshot starts without state where there is none": Mutant(
        3,
        restore._choose_latest,
        'if newest.restored_from is None:\n        return Refused(Finding("no_restore_point"))',
        "if newest.restored_from is None:\n        return Stateless()",
        openings.run_again_from_latest,
    ),
    "a failed pause cancels the job": Mutant(
        3,
        decide_stop._give_stop_up,
        "if operation is not None and operation.options.allow_state_loss:",
        "if True:",
        openings.fail_a_pause,
        _LOCAL,
    ),
    "a pause counts though nothing lies where its savepoint should": Mutant(
        4,
        decide_stop._decide_gone,
        "if seen.evidence.savepoint:",
        "if seen.evidence:",
        openings.fail_the_job_during_a_pause,
        _LOCAL,
    ),
    "what is not shown right after the end is taken as not there": Mutant(
        4,
        observe._may_still_appear,
        "return intent.flink_job_id in look.just_ended",
        "return False",
        openings.miss_the_answer_of_a_pause,
        {"savepoint_dir": "s3://savepoints", "remembers_s": 0.3},
    ),
    "a pause with an unknown outcome is called off without looking for its savepoint": Mutant(
        4,
        decide_stop._decide_gone,
        "    if seen.evidence is None:\n",
        "    if seen.evidence is None:\n"
        "        finding = Finding('finished_while_stopping')\n"
        "        return Settle('unknown', settle.gone_while_stopping(seen.job and seen.job.status, finding))\n"
        "    if seen.evidence is None:\n",
        openings.miss_the_answer_of_a_pause,
        {**_LOCAL, "remembers_s": 0.3},
    ),
    "a stop that is still under way is given up at the second look": Mutant(
        5,
        decide_stop.decide_stop,
        "        return AwaitOutcome(",
        "        return _give_stop_up(operation, Finding('still_waiting')) or AwaitOutcome(",
        openings.stop_during_a_pause,
        _LOCAL,
    ),
    "a stop whose answer died with the server counts as not done": Mutant(
        6, decide_stop._decide_alive, "{Answer.REJECTED, Answer.MISSING,", "{None, Answer.REJECTED, Answer.MISSING,"
    ),
    "a missing job is never proven lost": Mutant(
        7,
        evidence.is_missing_for_good,
        "absence.sweeps < 2",
        "absence.sweeps < 10**9",
        openings.lose_the_job_manager,
        {"high_availability": False},
    ),
    "an operation closes while its intent is open": Mutant(
        7,
        settle.stop_failed_alive,
        "intent=IntentStatus.NOT_DONE",
        "intent=None",
        openings.fail_a_pause,
        _LOCAL,
    ),
}
