"""The options that many commands share.

Each group is a frozen dataclass whose fields become options of every command that takes it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from headgate.cli.render import Output
from headgate.cli.words import Language

JobName = Annotated[str, Parameter(help="Name or id of the job.")]
Sure = Annotated[bool, Parameter(name="--yes", negative="", show_default=False, help="Do not ask whether it is meant.")]
Limit = Annotated[int, Parameter(name="--limit", help="How many entries are shown at most.")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Common:
    """What every command takes."""

    output: Annotated[Output, Parameter(name="--output", help="Form of the answer, and of an error.")] = Output.TABLE
    language: Annotated[Language | None, Parameter(name="--language", help="Language of all texts.")] = None
    context: Annotated[
        Path | None, Parameter(name="--context", help="File with the address and token of the server.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Waiting:
    """What every command takes that starts an operation."""

    wait: Annotated[
        bool, Parameter(name="--wait", negative="", show_default=False, help="Wait until the operation has ended.")
    ] = False
    timeout: Annotated[
        float, Parameter(name="--timeout", help="Seconds to wait at most; the operation goes on afterwards.")
    ] = 600.0


COMMON = Common()
NO_WAITING = Waiting()
