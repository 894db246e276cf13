"""A call to Flink as it is kept for support: what was asked, what was answered, for which act.

Kept beside the history of a job, never read by `decide`: what counts there is in the rows of intents.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from headgate.domain.secrets import mask_document, mask_secrets

CALLS_KEPT = 200
"""Of each job: a week of ordinary life, or one bad hour whole."""

TEXT_KEPT = 2000
"""Characters of a request or an answer: every answer to an order, and the beginning of long statistics."""

# No secret may be cut in two before it is masked, and no answer of 32 MB be searched for secrets.
_SEARCHED = 4 * TEXT_KEPT


@dataclass(frozen=True, slots=True)
class CallSubject:
    """On whose behalf Flink is called: an act has an intent, a mere look has none."""

    job_id: str
    instance_id: str | None = None
    intent_id: str | None = None


@dataclass(frozen=True, slots=True)
class FlinkCall:
    """`number` grows within a job. `duration` is None while there is no answer; `error` says why there is none.

    A look that is repeated with the same answer is one call: made `times` times, lastly at `last_at`.
    """

    number: int
    at: datetime
    subject: CallSubject
    method: str
    path: str
    request: str = ""
    status: int | None = None
    answer: str = ""
    error: str = ""
    duration: timedelta | None = None
    times: int = 1
    last_at: datetime | None = field(default=None)

    @property
    def is_look(self) -> bool:
        """Whether it changes nothing in Flink."""
        return self.method == "GET"


def shorten_text(text: str) -> str:
    """A text as it is kept: without secrets, and of bounded length."""
    masked = mask_secrets(text[:_SEARCHED])
    if len(masked) <= TEXT_KEPT and len(text) <= _SEARCHED:
        return masked
    return f"{masked[:TEXT_KEPT]} ... ({len(text)} characters)"


def shorten_document(document: Any) -> str:
    """A document as the text that is kept of it."""
    return shorten_text(json.dumps(mask_document(document), ensure_ascii=False, default=str))
