"""The command tree, and what a command's end becomes for the shell.

Commands are named here and imported when they are called, so that `--help` stays fast. One table
says which error is which exit code; nothing else knows exit codes.
"""

import sys
from collections.abc import Mapping, Sequence
from enum import IntEnum

from cyclopts import App, CycloptsError

from headgate.cli.bugs import explain_bug
from headgate.cli.context import read_environment
from headgate.cli.help import HelpPage
from headgate.cli.words import Language, choose_language, choose_output, say
from headgate.domain.errors import (
    Conflict,
    HeadgateError,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotAuthorized,
    NotConverged,
    NotFound,
    RevisionRequired,
    StaleRevision,
)


class ExitCode(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    AUTHENTICATION = 5
    NOT_CONVERGED = 6
    INTERRUPTED = 130  # what shells report for a program ended by Ctrl-C


# The most special class counts; every other error is FAILED. Invalid is something wrong on this side
# (options, settings, a file that cannot be read): what the *server* finds wrong in a document is a refusal.
EXIT_CODES: dict[type[HeadgateError], ExitCode] = {
    NotFound: ExitCode.NOT_FOUND,
    NotAllowed: ExitCode.CONFLICT,
    Conflict: ExitCode.CONFLICT,
    StaleRevision: ExitCode.CONFLICT,
    RevisionRequired: ExitCode.CONFLICT,
    Invalid: ExitCode.USAGE,
    NotAuthenticated: ExitCode.AUTHENTICATION,
    NotAuthorized: ExitCode.AUTHENTICATION,
    NotConverged: ExitCode.NOT_CONVERGED,
    HeadgateError: ExitCode.FAILED,
}
# Refusals by the server, by HTTP status; every other status is FAILED.
EXIT_CODES_BY_STATUS: dict[int, ExitCode] = {
    401: ExitCode.AUTHENTICATION,
    403: ExitCode.AUTHENTICATION,
    404: ExitCode.NOT_FOUND,
    409: ExitCode.CONFLICT,
    412: ExitCode.CONFLICT,
    428: ExitCode.CONFLICT,
    504: ExitCode.NOT_CONVERGED,
}
# The result code that says that the requester's authority has ended.
_RESULT_NOT_LOGGED_IN = 401

_COMMANDS = {
    "dev": ("headgate.cli.dev:dev", "Start Headgate with an embedded Flink and SQLite."),
    "serve": ("headgate.cli.dev:serve", "Start the server alone, from settings."),
    "demo": ("headgate.cli.demo.command:demo", "Run a real job: pause, crash, resume, and compare the result."),
    "doctor": ("headgate.cli.doctor:doctor", "Say what is off, and what to do."),
    "job": ("headgate.cli.jobs:app", "Create, publish, run, pause, resume and stop jobs."),
    "operation": ("headgate.cli.operations:app", "Look at what was asked for, or withdraw it."),
    "snapshot": ("headgate.cli.snapshots:app", "Look at savepoints and checkpoints."),
    "cluster": ("headgate.cli.clusters:app", "Register, check and remove Flink clusters."),
    "engine": ("headgate.cli.engines:app", "Install and remove Flink versions on this machine."),
    "artifact": ("headgate.cli.artifacts:app", "Add and remove jars."),
}


def build_app(language: Language) -> App:
    """The command tree, with its help in `language`."""
    from headgate.cli.version import read_version

    app = App(
        name="headgate",
        help="Publish, run, pause, resume, stop and watch Apache Flink jobs.",
        help_format="plaintext",
        help_formatter=HelpPage(language),
        version=read_version,
        suppress_keyboard_interrupt=False,  # `main` says what goes on all the same
    )
    for position, (name, (target, text)) in enumerate(_COMMANDS.items()):
        app.command(target, name=name, help=text, sort_key=position)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    language = choose_language(words, read_environment())
    output = choose_output(words)
    try:
        build_app(language)(words, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _complain(error, language, output)
    except HeadgateError as error:
        return _report(error, language, output)
    except KeyboardInterrupt as interruption:
        code, facts = getattr(interruption, "code", "interrupted"), getattr(interruption, "facts", {})
        _write([say(language, code, facts)])
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.FAILED  # whoever read the output has gone away
    except Exception as bug:
        return _report(explain_bug(bug), language, output)
    return ExitCode.OK


def choose_exit_code(error: HeadgateError) -> ExitCode:
    """The exit code that `error` ends the command with."""
    from headgate.cli.client import ServerRefused
    from headgate.cli.waiting import OperationFailed

    if isinstance(error, ServerRefused):
        return EXIT_CODES_BY_STATUS.get(error.status, ExitCode.FAILED)
    if isinstance(error, OperationFailed) and error.operation.get("code") == _RESULT_NOT_LOGGED_IN:
        return ExitCode.AUTHENTICATION
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def _report(error: HeadgateError, language: Language, output: str) -> int:
    from headgate.cli.problems import build_document, describe_error
    from headgate.cli.session import AnsweredAlready

    code = choose_exit_code(error)
    if output and not isinstance(error, AnsweredAlready):
        _answer({**build_document(error, language), "exit_code": code}, output)
    _write(describe_error(error, language))
    return code


def _complain(complaint: CycloptsError, language: Language, output: str) -> int:
    from headgate.cli.complaints import describe_complaint

    text, hint = describe_complaint(complaint, language), say(language, "usage_hint")
    if output:
        _answer({"code": "usage", "detail": text, "hint": hint, "exit_code": ExitCode.USAGE}, output)
    _write([say(language, "error_head", {"text": text}), hint])
    return ExitCode.USAGE


def _answer(document: Mapping[str, object], output: str) -> None:
    """An error as the one document of the standard output, where one was asked for."""
    from headgate.cli.render import Output, print_document

    print_document(document, Output(output))


def _write(lines: Sequence[str]) -> None:
    from headgate.cli.render import write_note

    write_note("\n".join(lines))
