"""Two real server processes on one PostgreSQL, and who of them holds the lease.

Both serve the API; neither has a Flink of its own.
"""

import re
from pathlib import Path

from tests.postgresql import PostgreSql
from tests.stories.house import House
from tests.stories.patience import await_that

TOKEN = "one-token-for-all-servers"
_PID = re.compile(r":(\d+):at-")


class Servers:
    """`one` and `other`, each on a data folder of its own."""

    def __init__(self, folder: Path, postgresql: PostgreSql, database: str, **settings: str) -> None:
        self.one = House(folder / "one", command="serve")
        self.other = House(folder / "other", command="serve")
        self._postgresql = postgresql
        self._database = database
        self._settings = {"database_url": postgresql.name_url(database), "token": TOKEN, **settings}

    def start(self, *houses: House) -> None:
        for house in houses or (self.one, self.other):
            house.start(**self._settings)

    def end_all(self) -> None:
        for house in (self.one, self.other):
            house.end_all()

    def find_holder(self) -> House | None:
        """The server that holds the lease now: it runs, and its time has not run out."""
        told = "SELECT holder FROM leases WHERE until > clock_timestamp()"
        found = [_PID.search(str(holder)) for (holder,) in self._postgresql.say(told, self._database)]
        pids = {int(match[1]) for match in found if match}
        return next((house for house in (self.one, self.other) if house.is_running and house.pid in pids), None)

    def await_holder(self, seconds: float, *others: House) -> House:
        """The holder, once there is one that is none of `others`."""

        def look() -> House | None:
            holder = self.find_holder()
            return holder if holder not in others else None

        return await_that(look, seconds, lambda: self._postgresql.say("TABLE leases", self._database))

    def get_other(self, house: House) -> House:
        return self.other if house is self.one else self.one
