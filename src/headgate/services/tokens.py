"""Recognising whoever comes with a token. Until there are members, one token is one person.

The token itself is never kept here: only its digest, compared in constant time.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from headgate.domain.workspaces import Actor


@dataclass(frozen=True, slots=True)
class OneToken:
    """The one token of an installation; `digest` is the SHA-256 of its text (hex)."""

    digest: str
    actor: Actor

    def authenticate(self, token: str) -> Actor | None:
        """The actor of `token`, None for any other text."""
        return self.actor if hmac.compare_digest(digest_token(token), self.digest) else None


def digest_token(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
