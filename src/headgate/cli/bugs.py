"""The end of a command that nobody expected: one sentence for the person, the details in a file of their own.

Expected failures are errors with a code; they never come here.
"""

import os
import tempfile
import traceback

from headgate.domain.errors import HeadgateError


def explain_bug(bug: Exception) -> HeadgateError:
    """The error to tell of `bug`; its traceback is kept in a new file that only its owner can read."""
    from headgate.logs import Redactor

    text = Redactor().redact("".join(traceback.format_exception(bug)))
    kind = type(bug).__name__
    try:
        descriptor, name = tempfile.mkstemp(prefix="headgate-", suffix=".log")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return HeadgateError("cli_bug_unwritten", kind=kind)
    return HeadgateError("cli_bug", kind=kind, file=name)
