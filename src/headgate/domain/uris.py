"""The form of a place that Flink reads from or writes to: a URI with its scheme, wherever one is entered.

Whether anything is there is for Flink and the store behind it to say.
"""

import re

_PLACE = re.compile(r"[a-z][a-z0-9+.-]*:/")


def is_place_uri(text: str) -> bool:
    """Whether `text` begins as a URI with a scheme and a path or host: `file:///data`, `s3://bucket/data`."""
    return _PLACE.match(text) is not None
