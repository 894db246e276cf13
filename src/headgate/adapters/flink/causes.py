"""Flink's error texts, made short enough to keep without losing what they say.

What a person needs of a Java exception is its messages and the frames of their own code; what is
dropped first are the frames of Flink and of Java itself.
"""

import re

from headgate.domain.secrets import mask_secrets

MAX_CAUSE = 8_000  # characters: some screens of text, and a bounded row in the database
_FRAME = re.compile(r"^\s*(?:at \S.*\(.*\)|\.\.\. \d+ more)\s*$")
_INTERNAL_FRAME = re.compile(
    r"^\s*(?:\.\.\. \d+ more|at (?:\S*/)?(?:org\.apache\.|java\.|javax\.|jdk\.|sun\.|scala\.|com\.sun\.).*)$"
)


def shorten_cause(text: str) -> str:
    """`text` in at most `MAX_CAUSE` characters: whole where it fits, else without inner frames, else
    without any, else its beginning and its end, where the first and the last cause stand. Secrets are masked.
    """
    text = mask_secrets(text.strip())
    for unwanted in (_INTERNAL_FRAME, _FRAME):
        if len(text) <= MAX_CAUSE:
            return text
        text = "\n".join(line for line in text.splitlines() if not unwanted.match(line))
    if len(text) <= MAX_CAUSE:
        return text
    half = MAX_CAUSE // 2 - 5
    return f"{text[:half]}\n...\n{text[-half:]}"
