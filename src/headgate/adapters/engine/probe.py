"""The two questions that the local cluster is asked while it starts: which life, and how many slots.

Everything else that Headgate asks Flink goes through `adapters/flink/`.
"""

import json
import urllib.error
import urllib.request
from http.client import HTTPException

_TIMEOUT_S = 3.0
_INCARNATION_PREFIX = "flink-web-"

# A proxy of the environment must never stand between us and our own loopback address.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def find_incarnation(rest_url: str) -> str | None:
    """The uuid of the JobManager's present life; None where it does not answer (yet)."""
    entries = _get(f"{rest_url}/jobmanager/config")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("key") == "web.tmpdir":
            _, found, incarnation = str(entry.get("value", "")).rpartition(f"/{_INCARNATION_PREFIX}")
            return incarnation if found else None
    return None


def find_slots(rest_url: str) -> int | None:
    """How many slots have registered; None where the JobManager does not answer."""
    overview = _get(f"{rest_url}/overview")
    slots = overview.get("slots-total") if isinstance(overview, dict) else None
    return slots if isinstance(slots, int) else None


def _get(url: str) -> object:
    try:
        with _OPENER.open(url, timeout=_TIMEOUT_S) as response:
            answer: object = json.load(response)
            return answer
    except (urllib.error.URLError, OSError, HTTPException, ValueError):
        return None
