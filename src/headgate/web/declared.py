"""Which refusals an endpoint may answer with: declared beside it, documented from there.

Every status is declared with its codes; `openapi.py` turns them into the documented responses with
the catalogue's words, and a test holds the declarations against what endpoints really answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

# What any endpoint of the API may answer, whatever it does.
ALWAYS: dict[int, tuple[str, ...]] = {
    401: ("token_missing", "token_not_known"),
    413: ("body_too_large",),
    415: ("media_type_not_supported",),
    421: ("host_not_allowed",),
    422: ("body_malformed",),
    500: ("internal_error",),
    503: ("database_unavailable",),
}

CODES = "x-codes"

JOB = ("job_not_found",)
WORKSPACE = ("workspace_not_found",)
KEYS = ("idempotency_key_reused", "idempotency_key_busy")


def declare(refusals: Mapping[int, Sequence[str]] | None = None) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint: its own refusals and those that any endpoint has."""
    found: dict[int | str, dict[str, Any]] = {}
    given = refusals or {}
    for status in sorted({*ALWAYS, *given}):
        # A tuple: FastAPI adds to lists that it finds here, in place.
        codes = (*given.get(status, ()), *ALWAYS.get(status, ()))
        found[status] = {"description": "", CODES: codes}
    return found
