"""One command at work: its client, its screen, and how people name things.

Commands open a session, ask the client and show on the screen; nothing else holds both.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from headgate.cli.client import Client, Document, ServerRefused
from headgate.cli.context import find_context, read_environment
from headgate.cli.guesses import guess
from headgate.cli.interruption import Interrupted
from headgate.cli.options import Common
from headgate.cli.render import Screen
from headgate.cli.words import Language, choose_language
from headgate.domain.errors import HeadgateError, NotFound

WORKSPACE = "/workspaces/default"
_JOB_ID = re.compile(r"job-[0-9a-z]{10}")
_NOT_FOUND = 404
_NAMES_TO_GUESS_FROM = 1000


class AnsweredAlready(HeadgateError):
    """A bad end that the answer on the output tells of already: it is not followed by a second document."""


class Declined(HeadgateError):
    """A person was asked and said no."""


@dataclass(frozen=True, slots=True)
class Session:
    """The client and the screen of one command."""

    client: Client
    screen: Screen

    def get_job(self, name: str) -> Document:
        """The job of that id or name. NotFound("job_unknown")."""
        if _JOB_ID.fullmatch(name):
            try:
                return self.client.get(f"/jobs/{name}")
            except ServerRefused as refusal:
                if refusal.status != _NOT_FOUND:
                    raise
        return self.client.get(f"/jobs/{self._find_job_id(name)}")

    def get_job_path(self, name: str) -> str:
        """The path of that job in the API."""
        return f"/jobs/{name if _JOB_ID.fullmatch(name) else self._find_job_id(name)}"

    def get_cluster(self, name: str) -> Document:
        """The cluster of that name or id. NotFound("cluster_unknown")."""
        clusters = list(self.client.iterate("/clusters", 10_000))
        for cluster in clusters:
            if name in (cluster["name"], cluster["id"]):
                return cluster
        meant = self._guess(name, [str(cluster["name"]) for cluster in clusters])
        raise NotFound("cluster_unknown", cluster=name, meant=meant)

    def _find_job_id(self, name: str) -> str:
        for row in self.client.iterate(f"{WORKSPACE}/jobs", 10_000, q=name):
            if row["name"] == name:
                return str(row["id"])
        known = [str(row["name"]) for row in self.client.iterate(f"{WORKSPACE}/jobs", _NAMES_TO_GUESS_FROM)]
        raise NotFound("job_unknown", job=name, meant=self._guess(name, known))

    def _guess(self, name: str, known: list[str]) -> str:
        """A sentence that offers the like name, with a blank before it; empty where there is none."""
        meant = guess(name, known)
        blank = " " if self.screen.language is Language.EN else ""
        return blank + self.screen.say("did_you_mean", word=meant) if meant else ""


def make_screen(common: Common) -> Screen:
    """The screen of a command that needs no server."""
    return Screen(common.output, common.language or choose_language((), read_environment()))


@contextmanager
def open_session(common: Common) -> Iterator[Session]:
    """A session with the server of the present context."""
    screen = make_screen(common)
    with Client(find_context(common.context, read_environment()), screen.language) as client:
        try:
            yield Session(client, screen)
        except Interrupted:
            raise
        except KeyboardInterrupt:
            raise Interrupted("interrupted_request") from None
