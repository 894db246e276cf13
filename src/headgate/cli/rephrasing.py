"""The server's words in the words of the command line.

The API speaks of fields (`from: LATEST`, `options.snapshot_id`), a person here of options (`--from
latest`, `--snapshot-id`). Where a sentence has to be another one altogether, the catalogue has it
under `cli_CODE`; its facts are those that the command knows.
"""

import re
from collections.abc import Mapping

from headgate.cli.words import Language, advise, has_words, say

_OWN = "cli_"
# Fields of requests that are options here. What is not named keeps its path: it is a field of a job file.
_OPTIONS = {
    "options.from": "--from",
    "options.restore_from": "--from",
    "options.snapshot_id": "--snapshot-id",
    "options.version": "--job-version",
    "options.claim_mode": "--claim-mode",
    "options.allow_non_restored_state": "--allow-non-restored-state",
    "options.allow_state_loss": "--allow-state-loss",
    "options.snapshot": "--snapshot",
    "options.force": "--force",
    "options.keep_state": "--keep-state",
    "options.format": "--format",
    "phase": "--phase",
    "lifecycle": "--lifecycle",
    "sort": "--sort",
    "limit": "--limit",
    "q": "--search",
    "wait": "--timeout",
    "description": "--message",
    "engine_version": "--flink-version",
    "url": "--url",
}
_NOT_INSIDE_A_WORD = r"(?<![A-Za-z_`-])"
_PHRASES = tuple(
    (re.compile(_NOT_INSIDE_A_WORD + pattern), option)
    for pattern, option in (
        (r"from:? (LATEST|NONE|SNAPSHOT|DEFAULT)\b", "--from {}"),
        (r"snapshot: (CREATE|NONE)\b", "--snapshot {}"),
        (r"allow_state_loss: (true)\b", "--allow-state-loss"),
        (r"keep_state: (true)\b", "--keep-state"),
        (r"keep_state: (false)\b", "--discard-state"),
        (r"(allow_state_loss)\b", "--allow-state-loss"),
        (r"(snapshot_id)\b", "--snapshot-id"),
        (r"(claim_mode)\b", "--claim-mode"),
        (r"(allow_non_restored_state)\b", "--allow-non-restored-state"),
        (r"(keep_state)\b", "--keep-state"),
    )
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:\+00:00|Z)")


def name_field(path: str) -> str:
    """The option that a field of a request is here, else the path itself."""
    bare = re.sub(r"\.\d+$", "", path)
    return _OPTIONS.get(bare, path)


def rephrase(text: str) -> str:
    """A sentence of the server with options for fields, and times as the tables write them."""
    for pattern, option in _PHRASES:
        text = _replace(pattern, option, text)
    return _TIME.sub(r"\1 \2Z", text)


def _replace(pattern: re.Pattern[str], option: str, text: str) -> str:
    return pattern.sub(lambda match: option.format(match[1].lower()), text)


def say_own(language: Language, code: str, facts: Mapping[str, object]) -> tuple[str, str] | None:
    """The command line's own sentence and advice for a code of the server; None where it has none."""
    own = f"{_OWN}{code}"
    return (say(language, own, facts), advise(language, own, facts)) if has_words(own) else None
