"""New identifiers as an argument: whoever makes a row is given where its id comes from."""

from typing import Protocol


class Ids(Protocol):
    """Where the ids of rows come from."""

    def new(self, prefix: str) -> str:
        """A fresh id such as `job-4k2m9x7q1c`: the prefix, a hyphen, ten lower-case letters or digits."""

    def new_hex(self, digits: int) -> str:
        """So many random hexadecimal digits, as Flink wants them for job and trigger ids."""
