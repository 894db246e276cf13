"""Where real ids come from: the operating system's randomness."""

import secrets

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class RandomIds:
    """Ids that cannot be guessed and do not repeat."""

    def new(self, prefix: str) -> str:
        return f"{prefix}-{''.join(secrets.choice(_LETTERS) for _ in range(10))}"

    def new_hex(self, digits: int) -> str:
        return secrets.token_hex((digits + 1) // 2)[:digits]
